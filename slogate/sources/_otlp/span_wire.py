"""Spans of OTLP's protobuf, most of them read from their bytes, as columns.

    …spans ──head, attributes, rest──► when, in which trace, and the few bytes that tell what

The head of a span (ids, name, kind, times) is of one shape. Of what follows only the attributes
that tell of the request are kept; together with the name they are a message, too, which repeats:
each is read once by the classes. A span that is written otherwise (unknown fields, another order,
one that is there twice) is read by the classes as a whole, in its turn. The message has to be
valid: whoever has it scanned has it checked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import le, sub
from struct import iter_unpack
from typing import NamedTuple, TypeVar

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp import from_protobuf
from slogate.sources._otlp.from_json import OTHER_KINDS
from slogate.sources._otlp.requests import Columns, Kind, told
from slogate.sources._otlp.semantics import ROUTE, UNROUTED
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Span
from slogate.sources._otlp.wire import LARGE, fields

# a span up to its times; what has no fixed length is bounded, and its length is looked at after
_HEAD = re.compile(
    rb"\x12([\x80-\xff]?[\x00-\x7f])\x0a\x10(.{16})\x12\x08(.{8})(\x1a[\x00-\x7f].{0,127}?)?"
    rb"(?:\x22(?:\x00|\x08.{8}))?(\x2a[\x00-\x7f].{0,127}?)\x30([\x00-\x7f])(\x39.{8}\x41.{8})",
    re.DOTALL,
)
_TIMES, _TAG_OF_END = "<xQxQ", 9
_END, _ATTRIBUTE, _EVENT, _STATUS, _GROUP = 0x41, 0x4A, 0x5A, 0x7A, 3
_CODE, _VALUE, _FIRST_OF_REST = b"\x18", b"\x12", 10
_DROPPED, _WANTED, _UNROUTED, _ROUTE, _NO_ROUTE, _ODD = range(6)
_MOST, _LONGEST, _LONGEST_REST, _MOST_VALUES = 20_000, 2_048, 64, 500
# an attribute with its tag and length, if that is one byte
_LEAST, _LONG = 5, 130
_Known = TypeVar("_Known")


class _Run(NamedTuple):
    """Spans one behind the other, up to an odd one; where they end, how many are of other kinds."""

    columns: Columns
    end: int
    others: int


@lru_cache(maxsize=8)
def scanner(settings: Settings) -> Scanner:
    """A scanner for spans that are asked for by these settings."""
    kinds = frozenset(bytes([kind]) for kind in settings.kinds)
    return Scanner(settings, kinds, settings.wanted, UNROUTED - set(settings.labels))


@dataclass(slots=True)
class Scanner:
    """What is remembered from message to message, by the bytes."""

    settings: Settings
    kinds: frozenset[bytes]
    wanted: frozenset[str]
    unrouted: frozenset[str]
    _keys: dict[bytes, int] = field(default_factory=dict)
    _attributes: dict[bytes, int] = field(default_factory=dict)
    _many: dict[bytes, int] = field(default_factory=dict)
    _passed: set[bytes] = field(default_factory=set)
    _rests: dict[bytes, bytes | None] = field(default_factory=dict)
    _told: dict[bytes, Kind] = field(default_factory=dict)

    def scan(
        self, data: bytes, at: int, end: int, losses: Losses
    ) -> Iterator[Columns | Iterator[Span]]:
        """The spans of a scope whose fields are there, in their order."""
        while at < end:
            run = self._run(data, at, end)
            if run.columns.of and not _fit(run.columns):
                yield self._slowly(data[at : run.end], losses)
            else:
                losses.left_out[OTHER_KINDS] += run.others
                yield _in_us(run.columns)
            at = run.end
            if at < end:
                behind = _odd(data, at, end)
                yield self._slowly(data[at:behind], losses)
                at = behind

    def _slowly(self, some: bytes, losses: Losses) -> Iterator[Span]:
        items = from_protobuf.spans_of(some)
        return from_protobuf.spans(items, self.settings.kinds, self.wanted, losses)

    def _run(self, data: bytes, at: int, end: int) -> _Run:
        """The spans from there on, with times as they are, up to the first that is odd."""
        match, kinds = _HEAD.match, self.kinds
        times: list[bytes] = []
        columns = Columns([], [], [], [], [], [])
        here: dict[bytes, int] = {}
        others = 0
        while found := match(data, at, end):
            size, trace, span, state, name, kind, when = found.groups()
            stop = at + 2 + size[0] if len(size) == 1 else at + 3 + (size[0] & 127 | size[1] << 7)
            place = found.end()
            if len(name) != name[1] + 2 or when[_TAG_OF_END] != _END or place > stop:
                break
            if state:
                if len(state) != state[1] + 2:
                    break
                name = state + name
            key = (self._key if kind in kinds else self._other)(data, place, stop, name)
            if key is None:
                break
            at = stop
            if kind not in kinds:
                others += 1
                continue
            of = here.get(key)
            if of is None:
                of = here[key] = len(columns.kinds)
                columns.kinds.append(self._kind(key))
            times.append(when)
            columns.traces.append(trace)
            columns.spans.append(span)
            columns.of.append(of)
        if times:
            starts, ends = zip(*iter_unpack(_TIMES, b"".join(times)), strict=True)
            columns = columns._replace(starts=starts, durations=ends)
        return _Run(columns, at, others)

    def _key(self, data: bytes, at: int, end: int, name: bytes) -> bytes | None:  # noqa: C901 (calls cost)
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
            _kept(self._attributes, raw, which)
        elif which == _DROPPED:
            self._passed.add(key)
        return raw, which

    def _other(self, data: bytes, at: int, end: int, name: bytes) -> bytes | None:
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
        if len(raw) < 3 or raw[0] != 0x0A or len(raw) != raw[1] + 3 or raw[-1:] != _VALUE:
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
        return _kept(self._keys, raw, which)

    def _rest(self, raw: bytes) -> bytes | None:
        """What a span tells behind its attributes: status, exceptions of one that failed."""
        try:
            return self._rests[raw]
        except KeyError:
            found = _rest(raw)
            return _kept(self._rests, raw, found) if len(raw) <= _LONGEST_REST else found

    def _kind(self, raw: bytes) -> Kind:
        """What a span tells; `raw` is a message with all of it."""
        if (found := self._told.get(raw)) is None:
            span = from_protobuf.a_span(raw, self.wanted)
            found = _kept(self._told, raw, Kind(told(span), span.attributes))
        return found


def _kept(known: dict[bytes, _Known], raw: bytes, found: _Known) -> _Known:
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


def _odd(data: bytes, at: int, end: int) -> int:
    """Where fields of a scope end that are no spans of the shape: at least one, not too many."""
    for field_ in fields(data, at, end):
        if field_.at > at and (_HEAD.match(data, field_.at, end) or field_.end - at > LARGE):
            return field_.at
    return end


def _fit(columns: Columns) -> bool:
    """Whether all times, which are in ns and not taken apart yet, can be."""
    starts, ends = columns.starts, columns.durations
    if min(starts) < EARLIEST_TS * 1_000 or max(starts) // 1_000 > LATEST_TS:
        return False
    return all(map(le, starts, ends)) and max(map(sub, ends, starts)) <= LONGEST_US * 1_000


def _in_us(columns: Columns) -> Columns:
    """The columns with whole µs; a duration is rounded up."""
    starts, ends = columns.starts, columns.durations
    return columns._replace(
        starts=[start // 1_000 for start in starts],
        durations=[-(-took // 1_000) for took in map(sub, ends, starts)],
    )
