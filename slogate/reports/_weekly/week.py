"""A week as it is told of: what was promised, what was kept, which runs failed and why.

Everything of a promise is a finding as `slogate check` would have it, at the end of each week of a
short course: over the promise's own window (`ends`), and over the week alone (`weeks`). A week that
is not known is None or an outcome of its own; nothing turns into "kept" for want of data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from slogate.model.calendar import Period
from slogate.reports._budget import budget_of
from slogate.units import US_PER_SECOND
from slogate.verdict import Finding, Outcome

DAY_US = 86_400 * US_PER_SECOND


class State(StrEnum):
    """How a promise stands, the worst first; `unread`: what it needs could not be read."""

    BROKEN = "broken"
    UNREAD = "unread"
    INVALID = "invalid"
    NO_DATA = "no_data"
    INCONCLUSIVE = "inconclusive"
    KEPT = "kept"


WORST_FIRST = tuple(State)
_STATES = {
    Outcome.FAIL: State.BROKEN,
    Outcome.INVALID: State.INVALID,
    Outcome.NO_DATA: State.NO_DATA,
    Outcome.INCONCLUSIVE: State.INCONCLUSIVE,
    Outcome.PASS: State.KEPT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise, or one value of its label, over the course of weeks, oldest first.

    `source` says where the findings come from: counted in the store, asked of a server, or verdicts
    that were stored before; `trouble` why there are none.
    """

    id: str
    service: str
    promised: float | None
    window: str
    length_us: int | None
    ends: tuple[Finding | None, ...]
    weeks: tuple[Finding | None, ...]
    source: str = "store"
    owner: str | None = None
    place: str | None = None
    trouble: str | None = None

    @property
    def now(self) -> Finding | None:
        """How it stands over its own window."""
        return self.ends[-1]

    @property
    def week(self) -> Finding | None:
        """What the week alone was like."""
        return self.weeks[-1]

    @property
    def state(self) -> State:
        """How it stands now."""
        return self.state_at(0)

    def state_at(self, back: int) -> State:
        """Kept is only what is known to be: over its window, and with data of that very week."""
        if self.trouble is not None:
            return State.UNREAD
        end, week = self.ends[-1 - back], self.weeks[-1 - back]
        if end is None:
            return State.NO_DATA
        if end.outcome is not Outcome.PASS:
            return _STATES[end.outcome]
        if week is not None and week.outcome in {Outcome.NO_DATA, Outcome.INVALID}:
            return _STATES[week.outcome]
        return State.KEPT

    @property
    def news(self) -> str | None:
        """`newly broken`, `recovered`; None where nothing changed or nobody knows."""
        if len(self.ends) < 2:
            return None
        before, now = self.state_at(1), self.state
        if before is now or State.BROKEN not in {before, now} or State.NO_DATA is before:
            return None
        if now is State.BROKEN:
            return "newly broken"
        return "recovered" if now is State.KEPT else None

    @property
    def slipped(self) -> bool:
        """Whether the week alone was worse than promised."""
        return self.week is not None and self.week.outcome is Outcome.FAIL

    def left(self, back: int = 0) -> float | None:
        """The share of the budget that was left so many weeks ago, in the worst case."""
        return left_of(self.ends[-1 - back]) if back < len(self.ends) else None

    @property
    def burn(self) -> float | None:
        """How many times the sustainable rate the budget burned in the week."""
        budget = None if self.week is None else budget_of(self.week)
        return None if budget is None else float(budget["spent"])

    @property
    def spent(self) -> float | None:
        """What of the whole window's budget the week spent; None where it is no part of it."""
        week, now = self.week, self.now
        if week is None or now is None or self.length_us is None:
            return None
        mine, whole = budget_of(week), budget_of(now)
        if mine is None or whole is None or not whole.get("allowed") or now.window is None:
            return None
        inside = week.window is not None and week.window[0] >= now.window[0]
        return float(mine["bad"]) / float(whole["allowed"]) if inside else None


def left_of(finding: Finding | None) -> float | None:
    """The share of the budget that is left, in the worst case; negative if overspent."""
    budget = None if finding is None else budget_of(finding)
    return None if budget is None else float(budget["remaining"])


def good_of(finding: Finding | None) -> float | None:
    """The share that was good, in the worst case; None where nothing is known."""
    if finding is None or finding.good_share is None or finding.outcome is Outcome.NO_DATA:
        return None
    return finding.good_share.observed


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """A load test of the week, and what the last verdict on it says; None if it has none."""

    id: str
    service: str
    ts: int
    outcome: Outcome | None
    reasons: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """All there is to tell. `weeks` are the course, oldest first, the last is the one told of.

    `troubles` are why the report is not whole; `notes` what a reader should know besides.
    `unpromised` are services with data that no SLO speaks of.
    """

    version: str
    weeks: tuple[Period, ...]
    compared: bool
    rows: tuple[Row, ...]
    runs: tuple[LoadRun, ...]
    runs_before: tuple[LoadRun, ...]
    specs: int
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unpromised: tuple[str, ...] = ()

    @property
    def span(self) -> Period:
        """The time that is told of."""
        return self.weeks[-1]

    @property
    def worst_first(self) -> list[Row]:
        """Broken before unknown before kept; the less is left, the sooner."""
        return sorted(self.rows, key=_badness)

    def count(self, *states: State, back: int = 0) -> int:
        """How many promises stand so, or stood so many weeks ago."""
        return sum(row.state_at(back) in states for row in self.rows)

    @property
    def state(self) -> State:
        """The worst of all; nothing promised, or not all read, is never kept."""
        worst = min((row.state for row in self.rows), key=WORST_FIRST.index, default=State.NO_DATA)
        return State.UNREAD if worst is not State.BROKEN and self.troubles else worst


def _badness(row: Row) -> tuple[int, bool, float, float, str]:
    left = row.left()
    minor = row.now is not None and row.now.severity != "error"
    known = 2.0 if left is None else left
    return WORST_FIRST.index(row.state), minor, known, -(row.burn or 0.0), row.id


def failed(runs: Sequence[LoadRun]) -> list[LoadRun]:
    """Those that have no pass, the newest first."""
    bad = [run for run in runs if run.outcome is not Outcome.PASS or run.trouble is not None]
    return sorted(bad, key=lambda run: (run.outcome is not Outcome.FAIL, -run.ts, run.id))
