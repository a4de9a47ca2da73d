"""Stores with a history: verdicts on many runs, judged from counts as a check would judge them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from builders import SECOND, START, evidence, objective, run, spec, subject

from slogate.evaluate import Floor, judge
from slogate.history.choice import Choice
from slogate.history.course import courses
from slogate.objectives._base import Objective
from slogate.reports.json import document
from slogate.store.layout import Store, open_store
from slogate.store.verdicts import write_verdict
from slogate.verdict import Verdict

HOUR = 3_600 * SECOND
LIMIT_MS = 300


def commit(number: int) -> str:
    """The commit of the run of that number."""
    return hashlib.sha1(str(number).encode()).hexdigest()


@cache
def ladder(ms: float) -> tuple[tuple[Fraction, int], ...]:
    """Order statistics whose 95th percentile is so many ms."""
    return tuple((Fraction(i, 1000), int(ms * 1000 * i / 950)) for i in range(1, 1001))


def judged(
    number: int,
    ms: float,
    *,
    line: str = f"p95: {LIMIT_MS}ms",
    bad: Sequence[int] | int = 1,
    total: Sequence[int] | int = 100,
    floor: Floor | None = None,
    scope: dict[str, Any] | None = None,
    **changes: Any,
) -> Verdict:
    """The verdict on run number so-and-so, an hour after the one before, whose p95 is so long.

    Of `total` requests in each of ten batches `bad` are over the limit.
    """
    start = START + number * HOUR
    seconds = changes.pop("seconds", 200)
    it = run(
        seconds,
        **{"id": f"run-{number:03}", "commit": commit(number), "branch": "main", **changes},
    )
    moved = {
        name: getattr(it, name) + start - START
        for name in ("start_ts", "ramped_ts", "stop_ts", "end_ts")
    }
    it = replace(it, **moved)
    chosen: Objective = objective(line, **(scope or {}))
    counted = evidence(bad, total, ladder=ladder(ms))
    floors = {} if floor is None else {chosen.id: floor}
    found = judge([spec(chosen)], subject(it), {chosen.id: counted}, floors, "0.1.0")
    return replace(found, id=f"{found.id[:8]}{number:08}")


def store_of(folder: Path, verdicts: Iterable[Verdict]) -> Store:
    """A store that keeps these verdicts, and their runs' manifests."""
    from slogate.store.manifest import write_run

    store = open_store(folder, create=True)
    for each in verdicts:
        write_verdict(store, each.id, document(each))
        write_run(store, each.subject.run)
    return store


def course_of(verdicts, **choice):
    """The course of the one objective of the verdicts."""
    (found,) = courses(Choice(**choice).entries([document(each) for each in verdicts]))
    return found


def stepped(before: float, after: float, at: int = 30, count: int = 60) -> list[Verdict]:
    """Verdicts on runs whose p95 wobbles by 2% around one level, then around another."""
    return [
        judged(number, (before if number < at else after) * (1 + 0.01 * (number * 7 % 5 - 2)))
        for number in range(count)
    ]
