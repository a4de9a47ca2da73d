"""Attributes of spans taken apart at once, as they follow each other in the spans before.

    attributes of spans ──learn──► a pattern for each order of keys ──take──► what is wanted of them

Spans of an instrumentation have the same keys in the same order, and values of few lengths. All
lengths are literal in a pattern, so that nothing in a value is taken for another attribute. What
has no pattern is read attribute by attribute; that is also so where what is wanted does not repeat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# so many orders of keys, attributes in one, lengths of each; so many spans are learnt from
_MOST_ORDERS, _MOST_ATTRIBUTES, _MOST_LENGTHS, _MOST_LEARNT = 6, 64, 48, 2_000
_FIRST_SPANS = 32
_PER_SPAN, _MOST_CREDIT, _MOST_KNOWN, _LONGEST = 4, 8_000, 20_000, 2_048
_NOTHING = re.compile(b"(?!)").match


class Part(NamedTuple):
    """An attribute: its key, what is in front of its value, how long that is; if it is kept."""

    key: bytes
    head: bytes
    size: int
    kept: bool


@dataclass(slots=True)
class _Order:
    """Keys one behind the other: what is in front of their values, and how long those are."""

    kept: tuple[bool, ...]
    heads: list[dict[bytes, int]]
    spans: int = 0
    due: int = _FIRST_SPANS

    def pattern(self) -> bytes:
        """What matches the attributes; a group for those to keep in a row."""
        found, before = b"", False
        for kept, heads in zip(self.kept, self.heads, strict=True):
            if kept != before:
                found += b"(" if kept else b")"
            ways = (re.escape(head) + b".{%d}" % size for head, size in heads.items())
            found += b"(?:" + b"|".join(ways) + b")"
            before = kept
        return found + b")" * before


@dataclass(slots=True)
class SpanLayouts:
    """The orders so far; `match` is that of the last span, `known` what tells of the request."""

    match: Callable[..., Any] = _NOTHING
    known: dict[tuple[bytes, ...], bytes | None] = field(default_factory=dict)
    _orders: dict[tuple[bytes, ...], _Order] = field(default_factory=dict)
    _matches: list[Callable[..., Any]] = field(default_factory=list)
    _learnt: int = 0
    _credit: int = _MOST_CREDIT

    def other(self, data: bytes, at: int, end: int) -> Any:
        """The match of another order, which is the last one then; None if there is none."""
        for match in self._matches:
            if found := match(data, at, end):
                self.match = match
                return found
        return None

    def key(
        self, told: tuple[bytes, ...], read: Callable[[bytes | None], bytes | None]
    ) -> bytes | None:
        """What tells of the request of a span; `told` are its name, what follows, what is kept.

        `read` finds it out, in other bytes if given any. It is remembered if the attributes that
        are not kept make no difference.
        """
        if (found := self.known.get(told)) is not None:
            return found
        found = read(None)
        if told not in self.known:
            self._credit -= _PER_SPAN
            if self._credit <= 0:
                self.match, self._matches = _NOTHING, []
            if sum(map(len, told)) <= _LONGEST:
                if len(self.known) >= _MOST_KNOWN:
                    self.known.clear()
                alone = read(b"".join((*told[2:], told[1])))
                self.known[told] = found if found == alone else None
        return found

    def pay(self, spans: int) -> None:
        """So many spans were read: of few of them what they tell of the request was unknown."""
        self._credit = min(_MOST_CREDIT, self._credit + spans)

    def wants(self) -> bool:
        """Whether there is still something to be learnt."""
        return self._learnt < _MOST_LEARNT and self._credit > 0

    def learn(self, parts: Sequence[Part]) -> None:
        """Learn how the attributes of a span that has no pattern follow each other."""
        self._learnt += 1
        keys = tuple(part.key for part in parts)
        order = self._orders.get(keys)
        if order is None:
            if not 0 < len(parts) <= _MOST_ATTRIBUTES or len(self._orders) >= _MOST_ORDERS:
                return
            order = _Order(tuple(part.kept for part in parts), [{} for _ in parts])
            self._orders[keys] = order
        for part, heads in zip(parts, order.heads, strict=True):
            if len(heads) < _MOST_LENGTHS:
                heads[part.head] = part.size
        order.spans += 1
        if order.spans >= order.due:
            order.due += order.spans
            seen = [each for each in self._orders.values() if each.spans >= _FIRST_SPANS]
            self._matches = [re.compile(each.pattern(), re.DOTALL).match for each in seen]
