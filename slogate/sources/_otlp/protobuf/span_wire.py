"""Spans of OTLP's protobuf, most of them read from their bytes, as columns.

    a scope ──expression──► whole spans: when, in which trace, and the few bytes that tell what
            └─between them─► spans one by one; odd ones by the classes

The spans of a scope are found all at once, where they are as those before were; what is between
them is read one by one, and learnt from. The message has to be valid: whoever has it scanned has
it checked before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

from slogate.sources._otlp.json.from_json import OTHER_KINDS
from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.protobuf import span_expression as of
from slogate.sources._otlp.protobuf.span_attributes import SpanAttributes
from slogate.sources._otlp.protobuf.span_layouts import SpanLayouts
from slogate.sources._otlp.protobuf.span_singly import Row, Singly, has_spans
from slogate.sources._otlp.protobuf.span_times import durations
from slogate.sources._otlp.protobuf.wire import LARGE, fields
from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.semantics import ROUTE, UNROUTED
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Malformed, Span

_MOST, _MOST_SCOPES, _MOST_BLANK = 10_000, 8, 1_000


class _Runs(NamedTuple):
    """Spans of a scope in their order, as columns or to be read by the classes; others left out."""

    found: list[Columns | bytes]
    others: int


@lru_cache(maxsize=8)
def scanner(settings: Settings) -> Scanner:
    """A scanner for spans that are asked for by these settings."""
    asked = frozenset(bytes([kind]) for kind in settings.kinds)
    unrouted = UNROUTED - set(settings.labels)
    return Scanner(settings, Singly(asked, SpanAttributes(settings.wanted, unrouted)))


@dataclass(slots=True)
class Scanner:
    """What is remembered from message to message, by the bytes."""

    settings: Settings
    singly: Singly
    _scopes: dict[bytes, SpanLayouts] = field(default_factory=dict)
    _blank: set[bytes] = field(default_factory=set)

    def scan(
        self, data: bytes, at: int, end: int, losses: Losses
    ) -> Iterator[Columns | Iterator[Span]]:
        """The spans of a scope whose fields are there, in their order."""
        begin = data[at : min(at + of.LONGEST, end)]
        for some in _shares(data, at, end):
            layouts = self.layouts(begin)
            try:
                runs = self._runs(layouts, some)
            except Malformed:
                yield self._slowly(some, losses)
                continue
            if runs.others:
                losses.left_out[OTHER_KINDS] += runs.others
            for each in runs.found:
                yield self._slowly(each, losses) if isinstance(each, bytes) else each

    def layouts(self, begin: bytes) -> SpanLayouts:
        """How attributes follow each other in spans of a scope that begins so."""
        if self.singly.forget():
            for each in self._scopes.values():
                each.known.clear()
        scope = begin[: 2 + begin[1]] if begin[:1] == b"\x0a" and len(begin) > 1 else b""
        if (found := self._scopes.get(scope)) is None:
            scope = scope if len(self._scopes) < _MOST_SCOPES else b""
            of_these = SpanLayouts(self.singly.asked, self.singly.attributes.unrouted)
            found = self._scopes.setdefault(scope, of_these)
        return found

    def _slowly(self, some: bytes, losses: Losses) -> Iterator[Span]:
        items = from_protobuf.spans_of(some)
        return from_protobuf.spans(items, self.settings.kinds, self.settings.wanted, losses)

    def _runs(self, layouts: SpanLayouts, some: bytes) -> _Runs:
        """The spans of a scope; Malformed if only the classes can tell what they are."""
        parts = layouts.split(some)
        width = layouts.width
        columns = [parts[at::width] for at in range(width)]
        sizes = map(self.singly.sizes.__getitem__, columns[of.SIZE])
        if list(map(len, columns[of.WHOLE])) != list(sizes):
            raise Malformed("a span is not as long as it says")
        gaps = [each for each in enumerate(columns[0]) if each[1] and self._tells(each[1])]
        starts, others = columns[of.START], 0
        if None in starts:
            others = starts.count(None)
            # of the spans in front of a gap those that are asked for
            gaps = [(at - starts[:at].count(None), gap) for at, gap in gaps]
            columns[1:] = [list(compress(column, starts)) for column in columns[1:]]
        told = list(zip(columns[of.STATE], columns[of.NAME], *columns[of.KEPT :], strict=True))
        numbers = list(map(layouts.known.get, told))
        if None in numbers:
            self._learn(layouts.known, numbers, told, columns[of.WHOLE])
        layouts.pay(len(numbers))
        rows = (*(columns[at] for at in (of.START, of.END, of.TRACE, of.SPAN)), numbers)
        if gaps:
            return self._between(layouts, list(zip(*rows, strict=True)), gaps, others)
        return _Runs([self._columns(rows)] if numbers else [], others)

    def _learn(
        self,
        known: dict[tuple[bytes | None, ...], int],
        numbers: list[int | None],
        told: list[tuple[bytes | None, ...]],
        wholes: list[bytes],
    ) -> None:
        """Find the numbers of what spans tell, where they are not known."""
        if len(known) > _MOST:
            known.clear()
        for at in [at for at, number in enumerate(numbers) if number is None]:
            if (found := known.get(told[at])) is None:
                found = self.singly.number(b"".join(filter(None, told[at])))
                if self.singly.kinds[found].attributes.get(ROUTE, True):
                    known[told[at]] = found
                else:
                    # what is not kept makes a difference where there is a route that is none
                    found = self.singly.alone(wholes[at])
            numbers[at] = found

    def _between(
        self, layouts: SpanLayouts, rows: list[Row], gaps: list[tuple[int, bytes]], others: int
    ) -> _Runs:
        """The spans of a scope, with more in gaps, which each have a place in the rows."""
        found: list[list[Row] | bytes] = [[]]
        begun = 0
        for place, gap in gaps:
            more, passed = self.singly.runs(layouts, gap)
            others += passed
            for run in (rows[begun:place], *more):
                if isinstance(run, list) and isinstance(found[-1], list):
                    found[-1] += run
                else:
                    found.append(run)
            begun = place
        found.append(rows[begun:])
        columns = [
            run if isinstance(run, bytes) else self._columns(tuple(zip(*run, strict=True)))
            for run in found if run
        ]  # fmt: skip
        return _Runs(columns, others)

    def _tells(self, gap: bytes) -> bool:
        """Whether there are spans between others; Malformed if there are no whole fields."""
        if gap in self._blank:
            return False
        if has_spans(gap):
            return True
        if len(gap) <= of.LONGEST and len(self._blank) < _MOST_BLANK:
            self._blank.add(gap)
        return False

    def _columns(self, rows: tuple[Sequence[Any], ...]) -> Columns:
        """Rows as columns; Malformed if a time of theirs cannot be."""
        starts, ends, traces, spans, numbers = rows
        begun, took = durations(b"".join(starts), b"".join(ends))
        return Columns(begun, took, traces, spans, numbers, self.singly.kinds)


def _shares(data: bytes, at: int, end: int) -> Iterator[bytes]:
    """The fields of a scope, together unless they are large."""
    begun = at
    if end - at > LARGE:
        for each in fields(data, at, end):
            if each.end - begun > LARGE and each.at > begun:
                yield data[begun : each.at]
                begun = each.at
    yield data[begun:end]
