"""A request → rows by service: one translator a service, for as long as the receiver lives.

Not thread-safe: whoever calls it keeps the order of requests, in which cumulative series are
compared with themselves.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from slogate import intake
from slogate.model.series import Series
from slogate.recorders.otlp import objects
from slogate.recorders.otlp.answers import JSON, Signal
from slogate.recorders.otlp.objects import check_json, check_protobuf
from slogate.recorders.otlp.repeats import Repeats
from slogate.sources._otlp.documents import take_json, take_protobuf, uncollected
from slogate.sources._otlp.json.from_json import kinds_of
from slogate.sources._otlp.json.span_lines import PLAIN, SpanLines
from slogate.sources._otlp.protobuf.from_protobuf import available
from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.semantics import word
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.silence import AHEAD, AHEAD_NS, SILENT_NS
from slogate.sources._otlp.telemetry import Losses, Malformed, Metric, Resource, Span
from slogate.sources._otlp.translate import Translator
from slogate.store.parts import conforming

if TYPE_CHECKING:
    import pyarrow as pa

UNKNOWN = "unknown_service"
MOST_SERVICES = 1_000
LONGEST_NAME = 200
# an object takes a hundred times the memory of its brackets, or of an empty field
SMALL, DENSE = 1 << 20, 8
_OPENINGS, _EMPTY = (b"{", b"["), (b"\x0a\x00", b"\x12\x00")

Rows = list[tuple[str, Series, "pa.Table"]]


@dataclass(slots=True)
class Router:
    """Translates requests; `service` takes all telemetry as one service's.

    By `clock_ns` is told which series have long been silent.
    """

    settings: Settings
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    clock_ns: Callable[[], int] = time.time_ns
    losses: Losses = field(default_factory=Losses)
    repeats: Repeats = field(default_factory=Repeats)
    _translators: dict[str, Translator] = field(default_factory=dict)
    _touched: dict[str, Translator] = field(default_factory=dict)
    _lines: SpanLines = field(default_factory=SpanLines)
    _forgotten_ns: int = 0
    _refused: Malformed | None = None

    def take(self, signal: Signal, kind: str, body: bytes) -> tuple[Rows, Losses]:
        """The rows of a request by service, and what was not kept of it; Malformed if nothing."""
        self.losses, self._touched, self._refused = Losses(), {}, None
        try:
            with uncollected():
                self._take(signal, kind, body)
        except Malformed as error:
            if not self._waiting():
                raise
            self.losses.bad[str(error)] += 1
        if self._refused and not (self._waiting() or self.losses.left_out):
            # there was nothing else
            raise self._refused
        try:
            return self._rows(), self.losses
        finally:
            # should a row of one request be one that nobody can store, the next has none of it
            for translator in self._touched.values():
                translator.forget()

    def _waiting(self) -> bool:
        return any(translator.waiting for translator in self._touched.values())

    def _rows(self) -> Rows:
        """What the translators have, as the series has it; StoreError if it could not be stored."""
        chunks = [
            (service, chunk)
            for service, translator in self._touched.items()
            for chunk in translator.chunks(final=True)
        ]
        return [
            (service, chunk.series, table)
            for service, chunk in chunks
            for table in conforming(
                intake.prepare(chunk, self.labels, intake.Tally()), chunk.series
            )
        ]

    def _take(self, signal: Signal, kind: str, body: bytes) -> None:
        signs = _OPENINGS if kind == JSON else _EMPTY
        if len(body) > SMALL and sum(map(body.count, signs)) > len(body) // DENSE:
            raise Malformed("it holds more objects than telemetry has")
        if kind != JSON:
            available()
            check_protobuf(body, signal)
            take_protobuf(self, body, signal)
            return
        # however many of its objects are spans, they are not too many
        few = signal == "traces" and body.count(b"{") <= objects.MOST
        if few and body.startswith(PLAIN) and self._lines.take(self, body):
            return
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed("it is no JSON") from None
        if document == {}:
            return
        traces, metrics, _ = kinds_of(document)
        if not (traces if signal == "traces" else metrics):
            raise Malformed(f"it is no message of {signal}")
        check_json(document)
        take_json(self, document)

    def spans(self, resource: Resource, spans: Iterable[Span]) -> None:
        """Take the spans of a resource, those that came before left out."""
        if translator := self._taking(resource):
            fresh = self.repeats.new(self._in_time(spans), self.losses)
            translator.spans(resource, fresh)
        else:
            self._refuse(sum(1 for _ in spans))

    def columns(self, columns: Columns) -> None:
        """Take spans as columns, those that came before left out."""
        latest = self.clock_ns() + AHEAD_NS
        if max(columns.starts, default=0) > latest:
            kept = [at for at, start in enumerate(columns.starts) if start <= latest]
            self.losses.bad[AHEAD] += len(columns.starts) - len(kept)
            columns = columns.at(kept)
        services = [self.service or resource.service for resource in columns.resources]
        places: dict[str, list[int]] = {}
        for at, whose in enumerate(columns.whose):
            places.setdefault(services[whose], []).append(at)
        for mine in places.values():
            some = columns if len(places) == 1 else columns.at(mine)
            if translator := self._taking(some.resources[some.whose[0]]):
                translator.columns(self.repeats.fresh(some, self.losses))
            else:
                self._refuse(len(mine))

    def _in_time(self, spans: Iterable[Span]) -> Iterator[Span]:
        """The spans without those of the future, which are counted."""
        latest = self.clock_ns() + AHEAD_NS
        for span in spans:
            if span.start_ns > latest:
                self.losses.bad[AHEAD] += 1
            else:
                yield span

    def metrics(self, resource: Resource, scope: str, metrics: Iterable[Metric]) -> None:
        """Take the histograms of a resource."""
        if translator := self._taking(resource):
            translator.metrics(resource, scope, metrics)
        else:
            self._refuse(sum(1 for metric in metrics for _ in metric.points))

    def _taking(self, resource: Resource) -> Translator | None:
        """Who takes what a resource sent; None where that is refused, and only that."""
        try:
            return self._of(resource)
        except Malformed as error:
            self._refused = error
            return None

    def _refuse(self, many: int) -> None:
        if many:
            self.losses.bad[str(self._refused)] += many

    def _of(self, resource: Resource) -> Translator:
        name = self.service or word(resource.service) or UNKNOWN
        if len(quote(name, safe="")) > LONGEST_NAME:
            raise Malformed("its service.name is too long for the name of a folder")
        # the one that was heard last is the last of them
        translator = self._translators.pop(name, None)
        if translator is None:
            if len(self._translators) >= MOST_SERVICES:
                self._let_go()
            translator = Translator(self.settings)
            translator.increases.silence.forgotten_ns = self._forgotten_ns
        self._translators[name] = translator
        translator.losses = self.losses
        translator.increases.silence.now_ns = self.clock_ns()
        self._touched[name] = translator
        return translator

    def _let_go(self) -> None:
        """Forget the service that has been silent for longest, if that is over an hour."""
        name, translator = next(iter(self._translators.items()))
        heard_ns = translator.increases.silence.now_ns
        if self.clock_ns() - heard_ns <= SILENT_NS:
            raise Malformed("there are too many services")
        del self._translators[name]
        # should it come back, nothing of before is counted again
        self._forgotten_ns = max(self._forgotten_ns, heard_ns)
