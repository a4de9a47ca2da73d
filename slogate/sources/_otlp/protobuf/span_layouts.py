"""How attributes follow each other in the spans of a scope, learnt from the first of them.

    attributes of spans ──learn──► an order of keys ──► an expression that finds whole spans

Spans of an instrumentation have the same keys in the same order, and values of few lengths. What
has an order that was not learnt is to be read attribute by attribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slogate.sources._otlp.protobuf.span_expression import LONGEST, expression, values

# so many orders of keys, attributes in one; so many lengths of each are told one by one
_MOST_ORDERS, _MOST_ATTRIBUTES, _MOST_LENGTHS = 8, 64, 12
_MOST_KNOWN, _SHARE = 32, 16
# so many spans are learnt from at first, then one for so many that are found; and when
_MOST_LEARNT, _PER_SPAN, _FIRST_SPANS, _NEXT = 2_000, 16, 32, 4


class Part(NamedTuple):
    """An attribute: its key, what is in front of its value, how long that is; if it is kept."""

    key: bytes
    head: bytes
    size: int
    kept: bool


@dataclass(slots=True)
class _Order:
    """Keys one behind the other: what is in front of their values, and how long those are."""

    keys: tuple[bytes, ...]
    kept: tuple[bool, ...]
    heads: list[dict[bytes, int]]
    longest: list[int]
    spans: int = 0

    def learn(self, parts: Sequence[Part]) -> None:
        """Learn from a span that has these keys."""
        self.spans += 1
        for at, part in enumerate(parts):
            self.longest[at] = max(self.longest[at], part.size)
            if len(self.heads[at]) <= _MOST_LENGTHS:
                self.heads[at][part.head] = part.size

    def pattern(self) -> bytes:
        """What matches the attributes; a group for those to keep in a row."""
        found, before = b"", False
        for key, kept, heads, longest in zip(
            self.keys, self.kept, self.heads, self.longest, strict=True
        ):
            if kept != before:
                found += b"(" if kept else b")"
            found += _ways(key[2:-1], heads, longest)
            before = kept
        return found + b")" * before


def _ways(key: bytes, heads: dict[bytes, int], longest: int) -> bytes:
    """What matches an attribute: with a value of these lengths, or of any if those are many."""
    if len(heads) > _MOST_LENGTHS:
        return values(key, 2 * longest)
    ways = (re.escape(head) + b".{%d}" % size for head, size in heads.items())
    return b"(?:" + b"|".join(ways) + b")"


@dataclass(slots=True)
class SpanLayouts:
    """The orders so far; `known` are the numbers of what spans tell, by their groups."""

    kinds: Iterable[bytes]
    known: dict[tuple[bytes | None, ...], int] = field(default_factory=dict)
    width: int = 0
    _orders: dict[tuple[bytes, ...], _Order] = field(default_factory=dict)
    _split: Callable[[bytes], list[Any]] | None = None
    _credit: int = _MOST_LEARNT * _PER_SPAN
    _learnt: int = 0
    _due: int = _FIRST_SPANS

    def split(self, some: bytes) -> list[Any]:
        """The fields of a scope: what is between spans, in turns with the groups of a span."""
        if self._split is None:
            seen = sorted(self._often(), key=lambda order: -order.spans)[:_MOST_ORDERS]
            found = expression(self.kinds, [order.pattern() for order in seen])
            self._split, self.width, self.known = found.split, found.groups + 1, {}
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
            keys = tuple(part.key for part in parts)
            if keys not in self._orders:
                if len(self._orders) >= _MOST_KNOWN:
                    self._orders = {order.keys: order for order in self._often()}
                kept = tuple(part.kept for part in parts)
                self._orders[keys] = _Order(keys, kept, [{} for _ in parts], [0 for _ in parts])
            self._orders[keys].learn(parts)
        if self._learnt >= self._due:
            self._due *= _NEXT
            self._split = None

    def _often(self) -> list[_Order]:
        """The orders that not only a few spans have."""
        return [each for each in self._orders.values() if each.spans * _SHARE > self._learnt]
