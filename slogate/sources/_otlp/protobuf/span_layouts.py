"""How attributes follow each other in the spans of a file, learnt from those that are not found.

    attributes of spans ──learn──► keys and their orders ──► an expression that finds whole spans

Spans of an instrumentation mostly have the same keys in the same order, and values of few lengths.
Where there are many orders, the expression takes the keys in any. Of the attributes only those are
kept that make a difference: beside a route or a path, nothing else can be the endpoint.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slogate.sources._otlp.protobuf.span_expression import (
    KEPT,
    encoded,
    expression,
    in_front,
    texts,
    values,
)
from slogate.sources._otlp.protobuf.wire import fields
from slogate.sources._otlp.semantics import PATHS, ROUTE, endpoint_key

# so many orders of keys, attributes in one; so many lengths of each are told one by one
_MOST_ORDERS, _MOST_ATTRIBUTES, _MOST_LENGTHS = 12, 64, 12
_MOST_KNOWN, _MOST_KEYS, _SHARE, _ENOUGH = 64, 128, 32, 0.9
# so many spans are learnt from at first, then one for so many that are found
_MOST_LEARNT, _PER_SPAN, _FIRST_SPANS = 2_000, 16, 32
_SPAN, _KIND, _ATTRIBUTE, _ROUTE = 0x12, 0x30, 0x4A, b"route"
_LONGEST = 2_048
_KEY = re.compile(rb"\x4a[\x80-\xff]?.\x0a(.)([^\x12]*)\x12", re.DOTALL)


class _Part(NamedTuple):
    """An attribute: its key, what is in front of its value, or of its text, how long that is."""

    key: str
    head: bytes
    size: int
    is_text: bool


@dataclass(slots=True)
class _Values:
    """What was in front of the values of a key, and how long those are; if all are texts."""

    heads: dict[bytes, int] = field(default_factory=dict)
    longest: int = 0
    texts: bool = True

    def learn(self, part: _Part) -> None:
        """Learn from an attribute that has the key."""
        self.longest = max(self.longest, part.size)
        self.texts = self.texts and part.is_text
        if len(self.heads) <= _MOST_LENGTHS:
            self.heads[part.head] = part.size

    def ways(self, key: str, *, endpoint: bool = False) -> bytes:
        """What matches the attribute: with values of these lengths, of any if those are many.

        An endpoint has to be a text, and not an empty one.
        """
        if len(self.heads) > _MOST_LENGTHS or not self.texts >= endpoint:
            return texts(key.encode()) if endpoint else values(key.encode(), 2 * self.longest)
        ways = (re.escape(head) + b".{%d}" % size for head, size in self.heads.items())
        return b"(?:" + b"|".join(ways) + b")"


@dataclass(slots=True)
class SpanLayouts:
    """The orders so far, of spans of these kinds; `paths` are groups of an attribute with a path.

    Of the `wanted` keys those of `unrouted` are of use only where there is no route.
    """

    kinds: frozenset[bytes]
    wanted: frozenset[str]
    unrouted: frozenset[str]
    width: int = KEPT + 1
    paths: dict[int, dict[int, int]] = field(default_factory=dict)
    _keys: dict[str, _Values] = field(default_factory=dict)
    _orders: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _split: Callable[[bytes], list[Any]] | None = None
    _credit: int = _MOST_LEARNT * _PER_SPAN
    _learnt: int = 0
    _expressions: int = 0

    def split(self, some: bytes) -> list[Any]:
        """The fields of scopes: what is between spans, in turns with the groups of a span."""
        if self._split is None:
            if not self._orders and not self._expressions:
                # nothing is to be found yet
                return [some]
            self._compile()
        return self._split(some)  # type: ignore[misc]

    def pay(self, spans: int) -> None:
        """So many spans were found: more may be learnt."""
        self._credit = min(_MOST_LEARNT * _PER_SPAN, self._credit + spans)

    def learn(self, some: bytes) -> None:
        """Learn how the attributes of spans that were not found follow each other."""
        for span in fields(some, 0, len(some)):
            if self._credit < _PER_SPAN:
                break
            if span.tag != _SPAN:
                continue
            self._credit -= _PER_SPAN
            told = list(fields(some, span.content, span.end))
            kind = next((some[each.content : each.end] for each in told if each.tag == _KIND), b"")
            if kind not in self.kinds:
                continue
            self._learnt += 1
            parts = [_part(some[each.at : each.end]) for each in told if each.tag == _ATTRIBUTE]
            if None not in parts and len(parts) <= _MOST_ATTRIBUTES:
                self._learn(parts)  # type: ignore[arg-type]
        if self._learnt >= _FIRST_SPANS * (1 + self._expressions) ** 2:
            self._split = None

    def _learn(self, parts: list[_Part]) -> None:
        if len(self._keys) > _MOST_KEYS or len(self._orders) > _MOST_KNOWN:
            self._orders = Counter(dict(self._orders.most_common(_MOST_ORDERS)))
            often = {key for order in self._orders for key in order}
            self._keys = {key: self._keys[key] for key in often}
        for part in parts:
            self._keys.setdefault(part.key, _Values()).learn(part)
        self._orders[tuple(part.key for part in parts)] += 1

    def _compile(self) -> None:
        paths: list[str] = []
        found = expression(self.kinds, self._patterns(paths))
        self._split, self.width = found.split, found.groups + 1
        self.paths = {
            found.groupindex[_path(at).decode()]: in_front(key.encode())
            for at, key in enumerate(paths)
        }
        self._expressions += 1
        # what was learnt long ago counts for less
        self._orders = Counter({order: many // 2 for order, many in self._orders.items()})
        self._learnt = 0

    def _patterns(self, paths: list[str]) -> list[bytes]:
        """What matches the attributes of a span; `paths` get the keys of each group of a path."""
        every = self._orders.total()
        often = [
            (order, many)
            for order, many in self._orders.most_common(_MOST_ORDERS)
            if many * _SHARE > every
        ]
        if sum(many for _, many in often) >= _ENOUGH * every:
            return [self._in_order(order, paths) for order, _ in often]
        found, left = [], list(self._keys)
        for key in (ROUTE, *PATHS):
            if key in left:
                if endpoint_key((key,), self.unrouted) is None:
                    break
                found.append(self._in_any_order(left, key, paths))
                left.remove(key)
        return [*found, self._in_any_order(left, None, paths)]

    def _in_order(self, order: tuple[str, ...], paths: list[str]) -> bytes:
        endpoint, found, before = endpoint_key(order, self.unrouted), b"", False
        for key in order:
            kept = self._tells(key, endpoint)
            if kept != before:
                found += b"(" if kept else b")"
            found += self._endpoint(key, paths) if key == endpoint else self._keys[key].ways(key)
            before = kept
        return found + b")" * before

    def _in_any_order(self, keys: list[str], endpoint: str | None, paths: list[str]) -> bytes:
        found: list[bytes] = []
        kept, required = [], b""
        for key in keys:
            if key == endpoint:
                ways = self._endpoint(key, paths)
                kept.append(ways if key != ROUTE else b"(?P<%b>%b)" % (_ROUTE, ways))
                required = b"(?(%b)|(?!))" % (_ROUTE if key == ROUTE else _path(len(paths) - 1))
            elif self._tells(key, endpoint):
                kept.append(b"(" + self._keys[key].ways(key) + b")")
            else:
                found.append(self._keys[key].ways(key))
        # not possessive: groups in a repetition that is are lost by Python where it goes back
        return b"(?:" + b"|".join([*found, *kept] or [b"(?!)"]) + b")*" + required

    def _endpoint(self, key: str, paths: list[str]) -> bytes:
        """What matches the attribute that is the endpoint; in a group where it is a path."""
        if key == ROUTE:
            return self._keys[key].ways(key, endpoint=True)
        paths.append(key)
        return b"(?P<%b>%b)" % (_path(len(paths) - 1), texts(key.encode()))

    def _tells(self, key: str, endpoint: str | None) -> bool:
        """Whether an attribute makes a difference beside the endpoint."""
        return key in self.wanted and (endpoint is None or key not in self.unrouted)


def _path(number: int) -> bytes:
    """The name of a group that has a path."""
    return b"path%d" % number


def _part(raw: bytes) -> _Part | None:
    """An attribute, if it is written as all are that are not too long."""
    found = _KEY.match(raw)
    at = found.end() if found else 0
    head = at + 1 if raw[at : at + 1] < b"\x80" else at + 2
    size = len(raw) - head
    if not found or raw[at:head] != encoded(size) or not found[1][0] == len(found[2]) < 128:
        return None
    text = 1 + len(encoded(max(0, size - 2)))
    is_text = size > 2 and raw[head : head + text] == b"\x0a" + encoded(size - text)
    if is_text:
        head, size = head + text, size - text
    try:
        return _Part(found[2].decode(), raw[:head], size, is_text) if size <= _LONGEST else None
    except UnicodeDecodeError:
        return None
