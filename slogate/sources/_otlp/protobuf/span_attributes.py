"""What the attributes of a span in OTLP's protobuf, and what follows them, tell of its request.

    attributes, events, status ──► the few bytes of them that tell something, which repeat

The attributes are looked at one by one, each remembered by its bytes. What is written otherwise is
odd: the classes are to read the span.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.protobuf.span_layouts import Part
from slogate.sources._otlp.protobuf.wire import fields
from slogate.sources._otlp.semantics import ROUTE

_ATTRIBUTE, _EVENT, _STATUS, _GROUP = 0x4A, 0x5A, 0x7A, 3
_CODE, _VALUE, _FIRST_OF_REST = b"\x18", b"\x12", 10
_DROPPED, _WANTED, _UNROUTED, _ROUTE, _NO_ROUTE, _ODD = range(6)
_MOST, _LONGEST, _LONGEST_REST, _MOST_VALUES = 20_000, 2_048, 64, 500
# an attribute with its tag and length, if that is one byte
_LEAST, _LONG = 5, 130
Known = TypeVar("Known")


@dataclass(slots=True)
class SpanAttributes:
    """What is remembered from span to span, by the bytes; `wanted` are keys, as `unrouted` are.

    Those of `unrouted` are wanted where there is no route.
    """

    wanted: frozenset[str]
    unrouted: frozenset[str]
    _keys: dict[bytes, int] = field(default_factory=dict)
    _attributes: dict[bytes, int] = field(default_factory=dict)
    _many: dict[bytes, int] = field(default_factory=dict)
    _passed: set[bytes] = field(default_factory=set)
    _rests: dict[bytes, bytes | None] = field(default_factory=dict)

    def key(self, data: bytes, at: int, end: int, name: bytes) -> bytes | None:  # noqa: C901 (calls cost)
        """The bytes of a span that tell of the request, from where attributes are; None if odd."""
        parts, unrouted, known = [name], b"", self._attributes.get
        passed, routed = self._passed, False
        while at < end and data[at] == _ATTRIBUTE:
            stop = at + 2 + data[at + 1]
            raw = data[at:stop]
            which = known(raw)
            if which is None:
                if _LEAST < stop - at < _LONG:
                    value = at + 5 + data[at + 3]
                    # one of many values that nobody asks for, and which is all that follows
                    if data[at + 2 : value] in passed and data[value] == stop - value - 1:
                        at = stop
                        continue
                raw, which = self._attribute(data, at)
                stop = at + len(raw)
            if which == _UNROUTED:
                unrouted += raw
            elif which:
                parts.append(raw)
                if which == _ODD:
                    return None
                if which != _WANTED:
                    routed = which == _ROUTE
            at = stop
        rest = self._rest(data[at:end])
        if rest is None:
            return None
        if not routed:
            parts.append(unrouted)
        parts.append(rest)
        return b"".join(parts)

    def _attribute(self, data: bytes, at: int) -> tuple[bytes, int]:
        """An attribute, and what becomes of it."""
        size, content = data[at + 1], 2
        if size > 127:
            if data[at + 2] > 127:
                return b"", _ODD
            size, content = size & 127 | data[at + 2] << 7, 3
        raw = data[at : at + content + size]
        # up to the first byte of the value
        value = content + 3 + raw[content + 1] if size > 1 else 0
        key = raw[content:value]
        if (which := self._keys.get(key)) is None:
            which = self._learn(key)
        if which == _ODD or not _is_all(raw, value):
            return (raw, _ODD) if size else (raw, _DROPPED)
        if which == _ROUTE and not from_protobuf.a_span(raw, self.wanted).attributes.get(ROUTE):
            which = _NO_ROUTE
        many = self._many[key] = self._many.get(key, 0) + 1
        if many <= _MOST_VALUES:
            kept(self._attributes, raw, which)
        elif which == _DROPPED:
            self._passed.add(key)
        return raw, which

    def parts(self, data: bytes, at: int, end: int) -> list[Part] | None:
        """The attributes of a span one by one; None if they are no plain ones."""
        found: list[tuple[bytes, bytes, int, int]] = []
        while at < end and data[at] == _ATTRIBUTE:
            raw, _ = self._attribute(data, at)
            content = 2 if raw[1] < 128 else 3
            value = content + 3 + raw[content + 1] if len(raw) > content + 1 else 0
            key = raw[content:value]
            if self._keys.get(key, _ODD) == _ODD or not _is_all(raw, value):
                return None
            head = value + (1 if raw[value] < 128 else 2)
            found.append((key, raw[:head], len(raw) - head, self._keys[key]))
            at += len(raw)
        routed = any(which == _ROUTE for *_, which in found)
        wanted = {_WANTED, _ROUTE} if routed else {_WANTED, _UNROUTED}
        return [Part(key, head, size, which in wanted) for key, head, size, which in found]

    def other(self, data: bytes, at: int, end: int) -> bytes | None:
        """Something where a span of another kind has nothing odd, which could say another kind."""
        while at < end and data[at] == _ATTRIBUTE:
            size = data[at + 1]
            if size < 128:
                at += 2 + size
            elif data[at + 2] < 128:
                at += 3 + (size & 127 | data[at + 2] << 7)
            else:
                return None
        return self._rest(data[at:end])

    def _learn(self, raw: bytes) -> int:
        """What becomes of an attribute that begins so, up to the first byte of its value."""
        if len(self._keys) >= _MOST:
            self._keys.clear()
            self._many.clear()
            self._passed.clear()
        if len(raw) < 3 or raw[0] != 0x0A or not len(raw) - 3 == raw[1] < 128 or raw[-1:] != _VALUE:
            return _ODD
        try:
            key = raw[2:-1].decode()
        except UnicodeDecodeError:
            return _ODD
        which = _WANTED if key in self.wanted else _DROPPED
        if key == ROUTE:
            which = _ROUTE
        elif key in self.unrouted:
            which = _UNROUTED
        return kept(self._keys, raw, which)

    def _rest(self, raw: bytes) -> bytes | None:
        """What a span tells behind its attributes: status, exceptions of one that failed."""
        try:
            return self._rests[raw]
        except KeyError:
            found = _rest(raw)
            return kept(self._rests, raw, found) if len(raw) <= _LONGEST_REST else found


def kept(known: dict[bytes, Known], raw: bytes, found: Known) -> Known:
    """What was found for these bytes; it is remembered unless they are too long."""
    if len(raw) <= _LONGEST:
        if len(known) >= _MOST:
            known.clear()
        known[raw] = found
    return found


def _is_all(raw: bytes, at: int) -> bool:
    """Whether a length, of two bytes at most, is of all that follows."""
    left = len(raw) - at
    if left < 129:
        return left > 0 and raw[at] == left - 1
    return raw[at + 1] < 128 and (raw[at] & 127 | raw[at + 1] << 7) == left - 2 and raw[at] > 127


def _rest(raw: bytes) -> bytes | None:
    """The fields of a span behind its attributes that tell something; None if others are there."""
    status, events = b"", b""
    for tag, at, _, end in fields(raw, 0, len(raw)):
        if tag >> 3 < _FIRST_OF_REST or tag & 7 == _GROUP:
            return None
        if tag == _STATUS:
            status += raw[at:end]
        elif tag == _EVENT:
            events += raw[at:end]
    # without a code it did not fail, and nobody asks for its exception
    return events + status if _CODE in status else status
