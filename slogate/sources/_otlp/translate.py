"""Telemetry → chunks of rows: the part that files and the receiver have in common.

Takes spans and metrics resource by resource, keeps what was asked for, and counts the rest by
reason. Remembers what must be remembered from one message to the next: the last points of
cumulative series, which names of a metric a service uses, which metrics tell
outcomes, and which services there were. Refuses what would count requests twice: spans beside
histograms, two services as one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from slogate.sources._base import EARLIEST_TS, LATEST_TS, Chunk
from slogate.sources._histograms import Rows
from slogate.sources._otlp.buckets import UNITS, check, counted, in_a_bucket, sum_us, whole_us
from slogate.sources._otlp.increases import Increase, Increases, Nothing, series
from slogate.sources._otlp.outcomes import Metric as Key
from slogate.sources._otlp.outcomes import Outcomes
from slogate.sources._otlp.owners import Owners, labels
from slogate.sources._otlp.requests import Columns, Requests
from slogate.sources._otlp.semantics import Facts, facts, kind_of, word
from slogate.sources._otlp.settings import FAMILIES, Settings
from slogate.sources._otlp.telemetry import (
    CUMULATIVE,
    DELTA,
    KINDS,
    MOST_COUNTED,
    Attributes,
    Losses,
    Malformed,
    Metric,
    Point,
    Resource,
    Span,
)

ROWS = 65_536
OTHER_METRICS = "data points of other histograms"
OTHER_SPANS = "data points of spans of other kinds"
OTHER_SERVICES = "telemetry of other services"


class Ambiguous(ValueError):
    """The telemetry would be counted twice or mixed up; the message says what, `hint` how not."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class _Of(NamedTuple):
    """Whose data points they are, what they have in common."""

    key: Key
    identity: Hashable
    labels: dict[str, str]
    unit: Fraction


@dataclass(slots=True)
class Translator:
    """Rows of both series, until they are taken; `seen` are the names of histograms left out."""

    settings: Settings
    losses: Losses = field(default_factory=Losses)
    requests: Requests = field(default_factory=Requests)
    histograms: Rows = field(default_factory=Rows)
    increases: Increases = field(default_factory=Increases)
    outcomes: Outcomes = field(default_factory=Outcomes)
    ready: list[Chunk] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _service: str | None = None
    _signal: str | None = None
    _owners: Owners = field(default_factory=Owners)

    def __post_init__(self) -> None:
        """A series that began before we listen is counted from its first point on."""
        skip = self.settings.first == "skip"
        self.increases.since_ns = LATEST_TS * 1_000 if skip else self.settings.since_ns

    def spans(self, resource: Resource, spans: Iterable[Span]) -> None:
        """Take the spans of a resource."""
        if self.settings.signal == "metrics":
            self.losses.left_out["spans"] += sum(1 for _ in spans)
            return
        labels = self.labels(resource.attributes)
        own = [key for key in self.settings.labels if key not in resource.attributes]
        mine: bool | None = None
        for span in spans:
            if mine is None:
                mine = self._is_mine(resource, "traces")
            if not mine:
                self.losses.left_out[OTHER_SERVICES] += 1
                continue
            told = {key: word(str(v)) for key in own if (v := span.attributes.get(key)) is not None}
            try:
                self.requests.add(span, {**labels, **told} if told else labels)
            except Malformed as error:
                self.losses.bad[str(error)] += 1

    def columns(self, columns: Columns) -> None:
        """Take spans as columns."""
        if self.settings.signal == "metrics":
            self.losses.left_out["spans"] += len(columns.of)
            return
        whose = dict.fromkeys(columns.whose)
        mine = {at for at in whose if self._is_mine(columns.resources[at], "traces")}
        if len(mine) < len(whose):
            places = [at for at, whose in enumerate(columns.whose) if whose in mine]
            self.losses.left_out[OTHER_SERVICES] += len(columns.of) - len(places)
            columns = columns.at(places)
        numbers = self._owners.numbers(columns, self.settings.labels, self.requests)
        self.requests.extend(columns, numbers)

    def metrics(self, resource: Resource, scope: str, metrics: Iterable[Metric]) -> None:
        """Take the histograms of a resource."""
        labels = self.labels(resource.attributes)
        for metric in metrics:
            if reason := self.reason_against(resource, metric.name):
                self.losses.left_out[reason] += sum(1 for _ in metric.points)
            else:
                identity = (frozenset(resource.attributes.items()), scope, metric.name)
                key = (resource.service, metric.name)
                self._histogram(metric, key, identity, labels)

    def reason_against(self, resource: Resource, metric: str) -> str | None:
        """Why the points of a histogram of that name are left out; None if they are not."""
        if self.settings.signal == "traces":
            return "data points"
        if not self._is_asked_for(resource, metric):
            return OTHER_METRICS
        return None if self._is_mine(resource, "metrics") else OTHER_SERVICES

    def is_kind(self, attributes: Attributes) -> bool:
        """Whether a point is of requests, and not of spans of a kind that nobody asked for."""
        kind = kind_of(attributes)
        return kind is None or KINDS.get(kind) in self.settings.kinds

    def unit(self, written: str) -> Fraction | None:
        """How many µs the unit of a histogram has; None where it is not known."""
        return UNITS.get(written) or (self.settings.unit if not written else None)

    def _histogram(
        self, metric: Metric, key: Key, identity: Hashable, labels: dict[str, str]
    ) -> None:
        unit = self.unit(metric.unit)
        for point in metric.points:
            if not point.recorded:
                self.losses.left_out["data points without a value"] += 1
                continue
            if unit is None:
                self.losses.bad[_no_unit(metric.unit)] += 1
                continue
            if not self.is_kind(point.attributes):
                self.losses.left_out[OTHER_SPANS] += 1
                continue
            try:
                self._point(metric, point, _Of(key, identity, labels, unit))
            except Malformed as error:
                self.losses.bad[str(error)] += 1

    def _point(self, metric: Metric, point: Point, of: _Of) -> None:
        if not EARLIEST_TS <= point.time_ns // 1_000 <= LATEST_TS:
            raise Malformed("its time is no time between 2001 and 2100")
        self.increases.silence.check(point.time_ns)
        if point.total > MOST_COUNTED:
            raise Malformed("its count is absurd")
        if (point.sum or 0) < 0:
            raise Malformed("its sum is negative")
        if metric.temporality not in {DELTA, CUMULATIVE}:
            raise Malformed("it does not say whether it is cumulative")
        point = in_a_bucket(point)
        # what it says must hold by itself before it is compared with another
        check(point.buckets, point.total, point.max, of.unit)
        known = facts(point.attributes)
        if known.told:
            self.outcomes.learn(of.key)
        stream = series(of.identity, point.attributes)
        add = self.increases
        increase = (add.delta if metric.temporality == DELTA else add.cumulative)(stream, point)
        if isinstance(increase, Nothing):
            self.losses.left_out[increase.reason] += 1
        elif increase.total:
            labels = {**of.labels, **self.labels(point.attributes)}
            self._rows(increase, known, of, labels)

    def _rows(self, increase: Increase, known: Facts, of: _Of, labels: dict[str, str]) -> None:
        """The rows of what was counted; those of one bucket have the sum, the last the longest."""
        start, end = increase.start_ns // 1_000, -(-increase.end_ns // 1_000)
        if start < EARLIEST_TS:
            raise Malformed("its start is no time between 2001 and 2100")
        clear = known.told or self.settings.ok or self.outcomes.told_by(of.key)
        rows = self.histograms if clear else self.outcomes.waiting(of.key)
        found = counted(increase.buckets, increase.total, increase.max, of.unit)
        longest = None if increase.max is None else whole_us(increase.max, of.unit)
        if longest is not None and longest <= found[-1][0][0]:
            longest = None
        total = sum_us(increase.sum, of.unit) if len(found) == 1 else None
        rows.add_buckets(
            [(low, high, count) for (low, high), count in found],
            ts=start, step_us=max(1, end - start), endpoint=known.endpoint, method=known.method,
            status=known.status, ok=not known.failed if clear else None, sum_us=total,
            max_us=longest, labels=labels,
        )  # fmt: skip

    def _is_asked_for(self, resource: Resource, name: str) -> bool:
        """Whether a histogram is of requests, and not the old name beside the new one."""
        if self.settings.metrics:
            asked = name in self.settings.metrics
        else:
            family = FAMILIES.get(name)
            key = (resource.service, family or "")
            asked = family is not None and self._names.setdefault(key, name) == name
        if not asked and len(self.seen) < 20:
            self.seen[word(name)] = None
        return asked

    def _is_mine(self, resource: Resource, signal: str) -> bool:
        """Whether it is of the service that is asked for; Ambiguous where that is not clear."""
        if self.settings.signal == "either":
            self._signal = self._signal or signal
            if self._signal != signal:
                raise Ambiguous(
                    "it holds spans and histograms, which tell of the same requests",
                    "take one of them: --option signal=traces, or --option signal=metrics",
                )
        service, asked = resource.service, self.settings.service
        if asked is not None:
            return asked in {"*", service}
        if self._service is None:
            self._service = service
        if self._service != service:
            first = word(self._service) or "(none)"
            raise Ambiguous(
                f"it tells of several services: {first}, {word(service) or '(none)'}, …",
                "take one: --option service=NAME, or all as one: --option 'service=*'",
            )
        return True

    def labels(self, attributes: Attributes) -> dict[str, str]:
        """The attributes that are kept as labels."""
        return labels(attributes, self.settings.labels)

    @property
    def waiting(self) -> int:
        """How many rows there are."""
        return len(self.requests) + len(self.histograms) + len(self.outcomes)

    def forget(self) -> None:
        """Drop the rows that there are."""
        self.requests.forget()
        self.requests.sampled = 0
        self.histograms, self.ready = Rows(), []
        self.outcomes.forget()

    def chunks(self, *, final: bool = False) -> list[Chunk]:
        """The rows that fill a chunk, or all of them at the end; with what was lost meanwhile."""
        found, self.ready = self.ready, []
        if len(self.requests) >= ROWS or (final and len(self.requests)):
            found.append(Chunk(rows=self.requests.batch()))
        if len(self.histograms) >= ROWS or (final and len(self.histograms)):
            found.append(self.histograms.chunk())
        return found + self.outcomes.chunks(final=final)


def _no_unit(unit: str) -> str:
    if unit:
        return f"its unit '{word(unit)[:20]}' is none of s, ms, us, ns"
    return "it tells no unit (say which: --option unit=ms)"
