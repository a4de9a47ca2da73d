"""Changes of the level of an objective over its load runs, and what people know of them.

Scanned are measurements: runs that were judged and not invalid, failed ones included, one value a
run. Service level objectives are not: their windows overlap, so that each verdict shares most of
its data with the one before, and every excursion looks like a change.

A change for the worse is `known` when it was acknowledged, `recovered` when the level has come
back since, `past` when something else is counted today; else it is `new`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from slogate.history.course import Course
from slogate.history.entry import Entry
from slogate.stats.change_points import MIN_EFFECT, SIDE, Change, change_points

Status = Literal["new", "known", "recovered", "past", "better"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A change that people know of: of which objective, about when, and why it is all right."""

    objective: str
    ts: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The level moved between the runs `last` and `first`; perhaps as early or late as told.

    `before` and `after` are the medians on both sides, in the document's unit.
    """

    objective: str
    unit: str
    last: Entry
    first: Entry
    earliest: Entry
    latest: Entry
    before: float
    after: float
    status: Status
    known: Known | None = None

    @property
    def ratio(self) -> float | None:
        """How much it moved as a share of what it was; None from zero, or to infinity."""
        if self.before == 0 or self.before + self.after == float("inf"):
            return None
        return self.after / self.before - 1


def shifts(course: Course, known: Sequence[Known] = ()) -> list[Shift]:
    """The changes of level, oldest first."""
    if course.last.kind != "load":
        return []
    own = [each for each in known if each.objective == course.id]
    stretches = course.stretches()
    return list(
        chain.from_iterable(
            _of_stretch(stretch, own, is_last=stretch is stretches[-1]) for stretch in stretches
        )
    )


def _of_stretch(entries: list[Entry], known: Sequence[Known], *, is_last: bool) -> list[Shift]:
    changes = change_points([entry.value for entry in entries if entry.value is not None])
    moments = [entry.ts for entry in entries]
    found = []
    for change in changes:
        note = next((each for each in known if _is_at(each, change, moments)), None)
        found.append(
            Shift(
                objective=entries[0].objective,
                unit=entries[0].unit,
                last=entries[change.at - 1],
                first=entries[change.at],
                earliest=entries[change.earliest],
                latest=entries[change.latest],
                before=change.before,
                after=change.after,
                status=_status(
                    change, changes[-1].after, entries[0].unit, known=note, is_last=is_last
                ),
                known=note,
            )
        )
    return found


def _is_at(known: Known, change: Change, moments: Sequence[int]) -> bool:
    """Whether that is the change that was acknowledged; its place may have moved by a few runs.

    Two changes are at least as many runs apart, so that none passes for its neighbour.
    """
    at = bisect_left(moments, known.ts)
    return abs(at - change.at) < SIDE


def _status(change: Change, now: float, unit: str, *, known: Known | None, is_last: bool) -> Status:
    if not _is_worse(change.after, change.before, unit):
        return "better"
    if known is not None:
        return "known"
    if not is_last:
        return "past"
    return "new" if _is_worse(now, change.before, unit, by=MIN_EFFECT) else "recovered"


def _is_worse(value: float, than: float, unit: str, by: float = 0.0) -> bool:
    """Whether a level is worse than another by more than a share of it."""
    if unit == "per_second":
        return value < than * (1 - by)
    return value > than * (1 + by)
