"""Judges promises at the end of each week of a course, as `slogate check --at` would.

Each is judged twice: over its own window, which decides whether it is kept, and over the week
alone, which tells what of it is this week's doing. A week has no policy and no alerts, and is
enough with its part of `min_events`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from slogate.composing import judge_composites
from slogate.gate import survey
from slogate.measuring.measure import Asking
from slogate.model.calendar import Period, Rolling
from slogate.model.run import Run
from slogate.promises.judge import judge, judge_sums
from slogate.promises.production import Production, known_of, reaching
from slogate.promises.promise import Plan, Promise, plan
from slogate.promises.surveys import survey_of
from slogate.reports._weekly.week import Row
from slogate.store.layout import Store
from slogate.verdict import Finding

_ALONE = " alone"
Findings = Mapping[str, Finding]
Judge = Callable[[Sequence[Plan]], Sequence[Sequence[Finding]]]


def alone(promise: Promise, week: Period) -> Promise:
    """The same promise over one week."""
    whole = promise.period(week.end_ts).length_us
    part = min(Fraction(1), Fraction(week.length_us, whole))
    return replace(
        promise,
        window=Rolling(length_us=week.length_us),
        window_text=f"{promise.window_text}{_ALONE}",
        min_events=max(1, math.ceil(promise.min_events * part)),
        alerts=(),
        policy=(),
    )


def counted(store: Store, stored: Sequence[Run], threads: int | None) -> Judge:
    """Judges by a service's stored production: one pass over it for all plans."""

    def judge_all(plans: Sequence[Plan]) -> Sequence[Sequence[Finding]]:
        asked_for = [
            replace(survey_of(each), id=str(number)) for number, each in enumerate(plans)
        ]  # fmt: skip
        surveyed = survey(store, reaching(stored, plans), asked_for, threads=threads)
        return [
            judge_sums(
                each, surveyed[str(number)], known_of(_production(stored, plans, each), each)
            )
            for number, each in enumerate(plans)
        ]

    return judge_all


def _production(stored: Sequence[Run], plans: Sequence[Plan], of: Plan) -> Production:
    """The runs that a plan rests on: with its window, as a check of that moment has them."""
    if _is_alone(of.promise):
        together = [replace(of, since=of.period.start_ts)]
    else:
        together = [p for p in plans if p.at == of.at and not _is_alone(p.promise)]
    return Production(service=of.promise.service, at=of.at, runs=reaching(stored, together))


def _is_alone(promise: Promise) -> bool:
    return promise.window_text.endswith(_ALONE)


def asked(asking: Asking) -> Judge:
    """Judges by what servers answer, one moment after the other."""

    def judge_all(plans: Sequence[Plan]) -> Sequence[Sequence[Finding]]:
        return [
            judge(found.plan, found.tallies, found.known)
            for each in plans
            for found in asking.measure([each])
        ]

    return judge_all


def composed(
    store: Store, stored: Callable[[str], Sequence[Run]], threads: int | None
) -> Judge:  # fmt: skip
    """Judges composites by the production of all services that they are made of."""

    def judge_all(plans: Sequence[Plan]) -> Sequence[Sequence[Finding]]:
        return [[found] for found in judge_composites(store, plans, stored, threads)]

    return judge_all


def rows(
    promises: Sequence[Promise],
    weeks: Sequence[Period],
    judge_all: Judge,
    *,
    source: str,
    owners: Mapping[str, str | None],
    ends: int | None = None,
) -> list[Row]:
    """The rows of some promises of one service; `ends` of the last weeks are judged as a whole."""
    first = 0 if ends is None else len(weeks) - ends
    plans = [
        (at, plan(each, week.end_ts))
        for at, week in enumerate(weeks)
        for promise in promises
        for each in ((promise,) if at >= first else ()) + (alone(promise, week),)
    ]
    found: list[tuple[dict[str, Finding], dict[str, Finding]]] = [({}, {}) for _ in weeks]
    judged = judge_all([each for _, each in plans])
    for (at, each), findings in zip(plans, judged, strict=True):
        found[at][_is_alone(each.promise)].update({one.id: one for one in findings})
    return [
        row
        for promise in promises
        for row in _rows(promise, found, source, owners.get(promise.place.file), weeks[-1].end_ts)
    ]


def _rows(
    promise: Promise,
    found: Sequence[tuple[Findings, Findings]],
    source: str,
    owner: str | None,
    at: int,
) -> list[Row]:
    """One row, or one for each value that its label had in any of the weeks."""
    whole, part = promise.id, f"{promise.id}{_ALONE}"
    tails = {
        name.removeprefix(start)
        for pair in found
        for start, findings in zip((whole, part), pair, strict=True)
        for name in findings
        if name == start or name.startswith(f"{start}/")
    }
    if len(tails) > 1 and promise.by is not None:  # without any value in some week
        tails -= {""}
    return [
        Row(
            id=f"{whole}{tail}",
            service=promise.service,
            promised=float(promise.objective),
            window=promise.window_text,
            length_us=promise.period(at).length_us,
            ends=tuple(ends.get(f"{whole}{tail}", ends.get(whole)) for ends, _ in found),
            weeks=tuple(weeks.get(f"{part}{tail}", weeks.get(part)) for _, weeks in found),
            source=source,
            owner=owner,
            place=f"{promise.place.file}:{promise.place.line}",
        )
        for tail in sorted(tails)
    ]


def unread(
    promises: Sequence[Promise], weeks: Sequence[Period], why: str, owners: Mapping[str, str | None]
) -> list[Row]:
    """Rows of promises of which nothing could be read."""
    nothing = (None,) * len(weeks)
    return [
        Row(
            id=promise.id,
            service=promise.service,
            promised=float(promise.objective),
            window=promise.window_text,
            length_us=None,
            ends=nothing,
            weeks=nothing,
            owner=owners.get(promise.place.file),
            place=f"{promise.place.file}:{promise.place.line}",
            trouble=why,
        )
        for promise in promises
    ]


def course(at: int, length_us: int, count: int) -> tuple[Period, ...]:
    """So many weeks, oldest first, the last of which ends at the moment."""
    starts = range(at - count * length_us, at, length_us)
    return tuple(Period(start_ts=start, end_ts=start + length_us) for start in starts if start >= 0)
