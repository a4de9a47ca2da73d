"""How attributes follow each other in the spans of a scope, learnt from the first of them.

    attributes of spans ──learn──► keys and their orders ──► an expression that finds whole spans

Spans of an instrumentation mostly have the same keys in the same order, and values of few lengths.
Where there are many orders, the expression takes the keys in any. A span that has another key is
to be read attribute by attribute.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slogate.sources._otlp.protobuf.span_expression import KEPT, LONGEST, expression, values
from slogate.sources._otlp.semantics import ROUTE

# so many orders of keys, attributes in one; so many lengths of each are told one by one
_MOST_ORDERS, _MOST_ATTRIBUTES, _MOST_LENGTHS = 8, 64, 12
_MOST_KNOWN, _MOST_KEYS, _SHARE, _ENOUGH = 32, 128, 16, 0.9
# so many spans are learnt from at first, then one for so many that are found
_MOST_LEARNT, _PER_SPAN, _FIRST_SPANS = 2_000, 16, 32


class Part(NamedTuple):
    """An attribute: its key, what is in front of its value, how long that is; if it is kept."""

    key: bytes
    head: bytes
    size: int
    kept: bool


@dataclass(slots=True)
class _Key:
    """A key: what is in front of its values, and how long those are; if it was ever kept."""

    name: bytes
    heads: dict[bytes, int] = field(default_factory=dict)
    longest: int = 0
    kept: bool = False

    def learn(self, part: Part) -> None:
        """Learn from an attribute that has the key."""
        self.longest = max(self.longest, part.size)
        self.kept = self.kept or part.kept
        if len(self.heads) <= _MOST_LENGTHS:
            self.heads[part.head] = part.size

    def ways(self) -> bytes:
        """What matches the attribute: with values of these lengths, of any if those are many."""
        if len(self.heads) > _MOST_LENGTHS:
            return values(self.name, 2 * self.longest)
        ways = (re.escape(head) + b".{%d}" % size for head, size in self.heads.items())
        return b"(?:" + b"|".join(ways) + b")"


# of each key of an order, if it is kept
_Order = tuple[tuple[bytes, bool], ...]


@dataclass(slots=True)
class SpanLayouts:
    """The orders so far; `known` are the numbers of what spans tell, by their groups.

    Keys of `unrouted` are of use only where there is no route.
    """

    kinds: Iterable[bytes]
    unrouted: frozenset[str] = frozenset()
    known: dict[tuple[bytes | None, ...], int] = field(default_factory=dict)
    width: int = 0
    _keys: dict[bytes, _Key] = field(default_factory=dict)
    _orders: Counter[_Order] = field(default_factory=Counter)
    _split: Callable[[bytes], list[Any]] | None = None
    _credit: int = _MOST_LEARNT * _PER_SPAN
    _learnt: int = 0
    _expressions: int = 0
    _early: int = 3

    def split(self, some: bytes) -> list[Any]:
        """The fields of a scope: what is between spans, in turns with the groups of a span."""
        if self._split is None:
            if not self._orders and self._early:
                # nothing is to be found yet
                self._early -= 1
                self.width = KEPT + 1
                return [some]
            found = expression(self.kinds, self._patterns())
            self._split, self.width, self.known = found.split, found.groups + 1, {}
            self._expressions += 1
            # what was learnt long ago counts for less
            self._orders = Counter({order: many // 2 for order, many in self._orders.items()})
            self._learnt = 0
        return self._split(some)

    def pay(self, spans: int) -> None:
        """So many spans were found: more may be learnt."""
        self._credit = min(_MOST_LEARNT * _PER_SPAN, self._credit + spans)

    def wants(self) -> bool:
        """Whether there is still something to be learnt."""
        return self._credit >= _PER_SPAN

    def learn(self, parts: Sequence[Part]) -> None:
        """Learn how the attributes of a span that was not found follow each other."""
        self._credit -= _PER_SPAN
        self._learnt += 1
        if len(parts) <= _MOST_ATTRIBUTES and all(part.size <= LONGEST for part in parts):
            if len(self._keys) > _MOST_KEYS or len(self._orders) > _MOST_KNOWN:
                self._orders = Counter(dict(self._orders.most_common(_MOST_ORDERS)))
                often = {key for order in self._orders for key, _ in order}
                if len(self._keys) > _MOST_KEYS:
                    self._keys = {key: self._keys[key] for key in often}
            for part in parts:
                self._keys.setdefault(part.key, _Key(part.key[2:-1])).learn(part)
            self._orders[tuple((part.key, part.kept) for part in parts)] += 1
        if self._learnt >= _FIRST_SPANS * (1 + self._expressions) ** 2:
            self._split = None

    def _patterns(self) -> list[bytes]:
        """What matches the attributes of a span; groups for those to keep."""
        every = self._orders.total()
        often = [
            (order, many)
            for order, many in self._orders.most_common(_MOST_ORDERS)
            if many * _SHARE > every
        ]
        if sum(many for _, many in often) >= _ENOUGH * every:
            return [self._in_order(order) for order, _ in often]
        return [self._in_any_order(routed=True), self._in_any_order(routed=False)]

    def _in_order(self, order: _Order) -> bytes:
        found, before = b"", False
        for key, kept in order:
            if kept != before:
                found += b"(" if kept else b")"
            found += self._keys[key].ways()
            before = kept
        return found + b")" * before

    def _in_any_order(self, *, routed: bool) -> bytes:
        found: list[bytes] = []
        kept: list[bytes] = []
        for key in self._keys.values():
            name = key.name.decode()
            tells = not routed if name in self.unrouted else key.kept
            if not tells:
                found.append(key.ways())
            elif name != ROUTE:
                kept.append(b"(" + key.ways() + b")")
            elif routed:
                kept.append(b"(?P<route>" + key.ways() + b")")
        found += kept
        # not possessive: groups in a repetition that is are lost by Python where it goes back
        told = b"(?:" + b"|".join(found or [b"(?!)"]) + b")*"
        return told + b"(?(route)|(?!))" if routed else told
