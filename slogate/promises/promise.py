"""A service level objective over one window: the noun, and what has to be counted for it.

An SLO of the spec with several windows is several promises. Everything is judged at whole minutes,
`at` being the end of the last: so counts by the minute answer exactly. A rolling window ends there;
a calendar window is the period that holds the moment before, as far as it has passed.

Slices are aligned to the epoch, those of a calendar window to its start; a slice belongs to a
window if it lies in it as a whole and has passed. A slice that a correction touches is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from slogate.model.calendar import Calendar, Period, Recurring, Rolling, days_of
from slogate.model.closure import Correction, closures
from slogate.model.indicator import Indicator
from slogate.model.predicate import Predicate
from slogate.model.selection import Selection
from slogate.model.slots import Account, Edges, Every, Slots
from slogate.stats.burn_rate import Pair, workbook
from slogate.stats.error_budget import Budgeting, Empty
from slogate.units import US_PER_SECOND
from slogate.verdict import Place, Severity

MINUTE_US = 60 * US_PER_SECOND
DAY_US = 1_440 * MINUTE_US
HISTORY_US = 28 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """What people do when no more than `remaining` of the budget is left."""

    remaining: Fraction
    message: str
    freeze: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """An SLO that a composite is made of: whose requests, which of them are good, how it weighs."""

    name: str
    weight: Fraction
    service: str = ""
    selection: Selection = Selection()
    events: Predicate | None = None
    min_events: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`objective` of the selected requests are good over the window.

    `window_text` is the window as in the id. `slice_us` is set for the two budgetings by slices,
    `alerts` are empty where none are asked for. `events` says which of the requests count at all,
    None: all. With an `indicator` a server is asked, and `selection` says nothing; nor does it of a
    composite, which is made of `components`.
    """

    service: str
    name: str
    selection: Selection
    objective: Fraction
    window: Recurring
    window_text: str
    place: Place
    budgeting: Budgeting = "occurrences"
    slice_us: int | None = None
    slice_objective: Fraction = Fraction(1)
    empty: Empty = "excluded"
    by: str | None = None
    min_events: int = 1
    severity: Severity = "error"
    on_no_data: Literal["block", "warn", "pass"] = "block"
    alerts: tuple[Pair, ...] = ()
    policy: tuple[PolicyRule, ...] = ()
    corrections: tuple[Correction, ...] = ()
    events: Predicate | None = None
    indicator: Indicator | None = None
    components: tuple[Component, ...] = ()

    @property
    def noun(self) -> str:
        """What is counted where no slices are."""
        if self.indicator is None:
            return "requests"
        return "points" if self.indicator.measure == "threshold" else "events"

    @property
    def whose(self) -> str:
        """Whose requests or events these are, in words."""
        if self.components:
            return f"{len(self.components)} SLOs, weighed,"
        return str(self.selection) if self.indicator is None else self.service

    @property
    def id(self) -> str:
        """Stable in the history: `service/name/window`."""
        return f"{self.service}/{self.name}/{self.window_text}"

    @property
    def zone(self) -> str:
        """The time zone of its days."""
        return self.window.zone if isinstance(self.window, Calendar) else "UTC"

    def period(self, at: int) -> Period:
        """The whole window that is judged at the moment, some of it perhaps still to come."""
        return self.window.at(at - 1 if isinstance(self.window, Calendar) else at)

    def pairs(self, period_us: int) -> tuple[Pair, ...]:
        """The pairs of windows whose burn rates are told."""
        return self.alerts or workbook(period_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A promise at a moment: the period, its closures up to then, and the slots of time.

    `at` is the end of the last minute, or slice, that has passed. `since` is where counting begins,
    for burn rates and history perhaps before the period. Tallies are of `scale` to an event, where
    shares are measured and no counts.
    """

    promise: Promise
    at: int
    period: Period
    since: int
    closed: tuple[Period, ...]
    slots: Slots
    scale: int = 1

    @property
    def account(self) -> Account:
        """What is to be counted."""
        promise = self.promise
        return Account(id=promise.id, selection=promise.selection, slots=self.slots, by=promise.by)


def whole_minute(ts: int) -> int:
    """The end of the last whole minute before the moment, or the moment."""
    return ts // MINUTE_US * MINUTE_US


def plan(promise: Promise, at: int) -> Plan:
    """What to count to judge the promise at a whole minute."""
    step = promise.slice_us
    if step is not None and isinstance(promise.window, Rolling):
        at = at // step * step
    period = promise.period(at)
    if step is not None and isinstance(promise.window, Calendar):
        at = period.start_ts + (at - period.start_ts) // step * step
    trailing = [
        at - us for pair in promise.pairs(period.length_us) for us in (pair.long_us, pair.short_us)
    ]
    history = HISTORY_US if step is None or step >= MINUTE_US else 0
    if promise.indicator is not None:  # a server is not asked for more than what decides
        history = 0
    since = max(0, min(period.start_ts, at - history, *trailing))
    stretch = Period(start_ts=since, end_ts=at)
    closed = closures(promise.corrections, stretch)
    slots: Slots
    if step is not None:
        phase = period.start_ts if isinstance(promise.window, Calendar) else 0
        start = phase - (phase - since) // step * step
        slots = Every(start_ts=start, step_us=step, count=max(0, (at - start) // step))
    else:
        spans = [edge for span in closed for edge in (span.start_ts, span.end_ts)]
        days = days_of(stretch, promise.zone)
        inside = {e for e in (*trailing, *spans, *days, period.start_ts) if since < e < at}
        slots = Edges(at=(since, *sorted(inside), at))
    return Plan(promise=promise, at=at, period=period, since=since, closed=closed, slots=slots)


def plans(promises: Sequence[Promise], at: int) -> list[Plan]:
    """The plan of each promise at the moment."""
    return [plan(promise, at) for promise in promises]
