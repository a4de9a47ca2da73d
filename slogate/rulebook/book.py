"""The rules of all SLOs of a spec: `book(asked, metric)`, or all that cannot be said, at once.

What Prometheus cannot do as slogate does it, and what is assumed of the metric, is a note: nothing
is left out in silence. SLOs that no rule can express are faults with their place in the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from slogate.errors import Fault, SpecError
from slogate.model.calendar import Calendar
from slogate.promises.promise import Promise
from slogate.rulebook.alerting import Words, alerts
from slogate.rulebook.good import Inexpressible
from slogate.rulebook.measure import Measure
from slogate.rulebook.metric import Metric, measure_of
from slogate.rulebook.promql import is_label, length
from slogate.rulebook.queries import measure_of_queries
from slogate.rulebook.recordings import budget, recordings
from slogate.rulebook.rules import IDENTITY, RESERVED, Alert, Group, Record, Series, period_us
from slogate.slo.asked import Asked
from slogate.stats.burn_rate import workbook

NO_METRIC = "it says what is good of requests, and no metric is named that counts them"
_HOW = "--metric http_request_duration_seconds; or give the SLO an indicator with queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One SLO over one window with its measure and its rules."""

    asked: Asked
    measure: Measure
    groups: tuple[Group, ...]

    @property
    def series(self) -> Series:
        """What it records."""
        return Series.of(self.asked.promise)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What it fires."""
        return tuple(
            rule for group in self.groups for rule in group.rules if isinstance(rule, Alert)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The sheets of all SLOs, in the order of the specs, and what there is to know of them."""

    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]

    def of(self, service: str) -> Book:
        """Those of one service."""
        return Book(
            sheets=tuple(s for s in self.sheets if s.asked.promise.service == service), notes=()
        )

    @property
    def services(self) -> tuple[str, ...]:
        """Their services, in order."""
        return tuple(dict.fromkeys(sheet.asked.promise.service for sheet in self.sheets))


def with_usual_alerts(asked: Asked) -> Asked:
    """The SLO with the workbook's alerts that some traffic can set off, if it asks for none."""
    promise = asked.promise
    if promise.alerts:
        return asked
    period = period_us(promise.window)
    usual = tuple(p for p in workbook(period) if p.is_reachable(promise.objective, period))
    return replace(asked, promise=replace(promise, alerts=usual))


def book(asked: Sequence[Asked], metric: Metric | None, *, pending_us: int = 0) -> Book:
    """The rules; SpecError with every SLO that has none."""
    faults: list[Fault] = []
    notes: list[str] = []
    sheets = []
    for each in asked:
        try:
            sheets.append(_sheet(each, metric, pending_us, notes.append))
        except Inexpressible as error:
            faults.append(_fault(each.promise, error))
    if faults:
        raise SpecError(faults)
    return Book(sheets=tuple(sheets), notes=tuple(dict.fromkeys(notes)))


def _fault(promise: Promise, error: Inexpressible) -> Fault:
    return Fault(
        file=promise.place.file,
        line=promise.place.line,
        column=promise.place.column,
        path=promise.name,
        message=str(error),
        hint=error.hint,
    )


def _sheet(
    asked: Asked, metric: Metric | None, pending_us: int, note: Callable[[str], None]
) -> Sheet:
    promise = asked.promise
    if promise.by is not None and (promise.by in RESERVED or not is_label(promise.by)):
        why = f"the label '{promise.by}' of `by` cannot be one of a recorded series"
        raise Inexpressible(why, f"{', '.join(IDENTITY)} and severity are those of the rules")
    measure = _measure(asked, metric)
    words = Words(labels=dict(_labels(asked, note)), pending_us=pending_us)
    name = f"slogate/{promise.id}"
    rules: list[Record | Alert] = [*recordings(promise, measure), *alerts(asked, measure, words)]
    groups = (
        Group(name=name, rules=tuple(rules), every_us=promise.slice_us),
        budget(promise, measure),
    )
    for line in (*measure.notes, *_notes(promise)):
        note(f"{promise.service}/{promise.name}: {line}")
    return Sheet(asked=asked, measure=measure, groups=groups)


def _measure(asked: Asked, metric: Metric | None) -> Measure:
    promise = asked.promise
    if asked.indicator is not None:
        measure = measure_of_queries(asked.indicator)
    elif metric is not None:
        measure = measure_of(metric, promise.selection, promise.by, promise.events)
    else:
        raise Inexpressible(NO_METRIC, _HOW)
    if measure.moment and promise.slice_us is None:
        raise Inexpressible(
            "its query tells a value at a moment, of which no events can be counted",
            "budgeting: timeslices, with slice: 1m and slice_objective: 100%",
        )
    return measure


def _labels(asked: Asked, note: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    """What is written of owner and labels, where an alert can carry it."""
    taken = {*RESERVED, asked.promise.by}
    owner = {"owner": asked.owner} if asked.owner is not None else {}
    for name, text in {**owner, **asked.labels}.items():
        if is_label(name) and name not in taken:
            yield name, text
        else:
            note(f"{asked.promise.service}: the label '{name}' is left out: no alert can carry it")


def _notes(promise: Promise) -> Iterator[str]:
    """What Prometheus does in another way."""
    if not promise.alerts:
        yield "it asks for no alerts and has recording rules alone; `alerts: google`, or --google"
    if isinstance(promise.window, Calendar):
        period = length(period_us(promise.window))
        yield (
            f"Prometheus knows no calendar: factors and budget are those of {period}, "
            "the shortest that the period can be, up to now"
        )
    if promise.slice_us is not None:
        yield (
            f"slices of {length(promise.slice_us)} begin where Prometheus evaluates the "
            "rules; the scrape interval has to be a quarter of it or less"
        )
    if promise.corrections:
        yield "corrections are not in the rules: silence the alerts, `amtool silence add`"
