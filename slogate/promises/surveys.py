"""What is to be summed up for a plan: the edges at which its windows, corrections and days end."""

from __future__ import annotations

from collections.abc import Iterator

from slogate.model.calendar import Period, Rolling, days_of
from slogate.model.slots import Edges, Every
from slogate.model.survey import Slicing, Survey
from slogate.promises.promise import DAY_US, Plan


def survey_of(plan: Plan) -> Survey:
    """What is to be summed up for one plan."""
    promise = plan.promise
    slices = None
    if isinstance(plan.slots, Every):
        timed = promise.budgeting == "timeslices"
        slices = Slicing(slots=plan.slots, objective=promise.slice_objective if timed else None)
    return Survey(
        id=promise.id,
        selection=promise.selection,
        edges=edges_of(plan),
        slices=slices,
        by=promise.by,
        events=promise.events,
    )


def edges_of(plan: Plan) -> Edges:
    """Where spans end. A slice that something ends within is a span of its own."""
    slots = plan.slots
    if isinstance(slots, Edges):
        return slots
    found = {slots.start(0), slots.start(max(slots.count, 1))}
    for ts in _moments(plan):
        slot, off = divmod(ts - slots.start_ts, slots.step_us)
        found |= {slots.start(at) for at in (slot, slot + bool(off)) if 0 <= at <= slots.count}
    return Edges(at=tuple(sorted(found)))


def _moments(plan: Plan) -> Iterator[int]:
    """The ends of whatever is told of a plan."""
    promise, period = plan.promise, plan.period
    yield from (period.start_ts, plan.at)
    yield from (
        plan.at - us
        for pair in promise.pairs(period.length_us)
        for us in (pair.long_us, pair.short_us)
    )
    yield from (ts for span in plan.closed for ts in (span.start_ts, span.end_ts))
    yield from days_of(Period(start_ts=plan.since, end_ts=plan.at + 1), promise.zone)
    if isinstance(promise.window, Rolling):
        yield kept_since(period)


def kept_since(period: Period) -> int:
    """What of a rolling window is still in it when a quarter of its days have passed."""
    return period.start_ts + period.length_us // DAY_US // 4 * DAY_US
