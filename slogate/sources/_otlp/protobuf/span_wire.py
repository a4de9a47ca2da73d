"""Spans of OTLP's protobuf, most of them read from their bytes, as columns.

    …spans ──head, attributes, rest──► when, in which trace, and the few bytes that tell what

The head of a span (ids, name, kind, times) is of one shape. Of what follows only what tells of the
request is kept; together with the name they are a message, too, which repeats:
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
from typing import NamedTuple

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp.json.from_json import OTHER_KINDS
from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.protobuf.span_attributes import SpanAttributes, kept
from slogate.sources._otlp.protobuf.wire import LARGE, fields
from slogate.sources._otlp.requests import Columns, Kind, told
from slogate.sources._otlp.semantics import UNROUTED
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Span

# a span up to its times; what has no fixed length is bounded, and its length is looked at after
_HEAD = re.compile(
    rb"\x12([\x80-\xff]?[\x00-\x7f])\x0a\x10(.{16})\x12\x08(.{8})(\x1a[\x00-\x7f].{0,127}?)?"
    rb"(?:\x22(?:\x00|\x08.{8}))?(\x2a[\x00-\x7f].{0,127}?)\x30([\x00-\x7f])(\x39.{8}\x41.{8})",
    re.DOTALL,
)
_TIMES, _TAG_OF_END = "<xQxQ", 9
_END = 0x41


class _Run(NamedTuple):
    """Spans one behind the other, up to an odd one; where they end, how many are of other kinds."""

    columns: Columns
    end: int
    others: int


@lru_cache(maxsize=8)
def scanner(settings: Settings) -> Scanner:
    """A scanner for spans that are asked for by these settings."""
    kinds = frozenset(bytes([kind]) for kind in settings.kinds)
    unrouted = UNROUTED - set(settings.labels)
    return Scanner(settings, kinds, SpanAttributes(settings.wanted, unrouted))


@dataclass(slots=True)
class Scanner:
    """What is remembered from message to message, by the bytes."""

    settings: Settings
    kinds: frozenset[bytes]
    attributes: SpanAttributes
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
        return from_protobuf.spans(items, self.settings.kinds, self.settings.wanted, losses)

    def _run(self, data: bytes, at: int, end: int) -> _Run:
        """The spans from there on, with times as they are, up to the first that is odd."""
        match, asked, attributes = _HEAD.match, self.kinds, self.attributes
        layouts, known = attributes.layouts, attributes.layouts.known
        layout, others = layouts.match, 0
        rows: list[tuple[bytes, bytes, bytes, int]] = []
        here: dict[bytes, int] = {}
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
            if kind not in asked:
                if attributes.other(data, place, stop) is None:
                    break
                at, others = stop, others + 1
                continue
            if parts := layout(data, place, stop):
                parts = (name, data[parts.end() : stop], *parts.groups())
                key = known.get(parts) or attributes.by_layout(parts, data, place, stop)
            else:
                key = attributes.unlike(data, place, stop, name)
                layout = layouts.match
            if key is None:
                break
            at = stop
            rows.append((when, trace, span, here.setdefault(key, len(here))))
        if not rows:
            return _Run(Columns([], [], [], [], [], []), at, others)
        layouts.pay(len(rows))
        times, traces, spans, of = zip(*rows, strict=True)
        starts, ends = zip(*iter_unpack(_TIMES, b"".join(times)), strict=True)
        kinds = list(map(self._kind, here))
        columns = Columns(starts, ends, list(traces), list(spans), list(of), kinds)
        return _Run(columns, at, others)

    def _kind(self, raw: bytes) -> Kind:
        """What a span tells; `raw` is a message with all of it."""
        if (found := self._told.get(raw)) is None:
            span = from_protobuf.a_span(raw, self.settings.wanted)
            found = kept(self._told, raw, Kind(told(span), span.attributes))
        return found


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
