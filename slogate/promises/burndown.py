"""An error budget over its window, part by part: how much was left, and how fast it burnt.

For pictures. A plan is summed up between more edges than a verdict needs, by the same survey and
the same book, so that the last of the moments says what the verdict says. What is not certain
counts as bad, as in the verdict.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from slogate.model.beside import Burn
from slogate.model.slots import Edges, Every
from slogate.model.survey import Sums, Survey
from slogate.promises.book import Book
from slogate.promises.promise import MINUTE_US, Plan
from slogate.promises.statement import Counted
from slogate.promises.surveys import edges_of, survey_of

PARTS = 56


def moments_of(plan: Plan) -> tuple[int, ...]:
    """Where the parts of the window end, whole slices or minutes; its start comes first."""
    start, end = plan.period.start_ts, plan.at
    slots = plan.slots
    unit = slots.step_us if isinstance(slots, Every) else MINUTE_US
    step = max(unit, -(-(end - start) // (PARTS * unit)) * unit)
    first = start
    if isinstance(slots, Every):  # a slice belongs to one part
        first = slots.start_ts + -(-(start - slots.start_ts) // unit) * unit
    return (*range(first, end, step), end) if end > first else ()


def parted(plan: Plan) -> tuple[Plan, Survey]:
    """The plan, and what is to be summed up for it, with edges at all moments."""
    edges = Edges(at=tuple(sorted({*edges_of(plan).at, *moments_of(plan)})))
    if isinstance(plan.slots, Edges):
        plan = replace(plan, slots=edges)
    return plan, replace(survey_of(plan), edges=edges)


def burn_of(plan: Plan, survey: Survey, sums: Sums) -> Burn | None:
    """What the sums say; None where the window has nothing to count, or no parts."""
    return burn_from(plan, Book.of(plan, survey.edges, sums))


def burn_from(plan: Plan, book: Counted) -> Burn | None:
    """The same of whatever tells what a time uses of the budget."""
    moments = moments_of(plan)
    objective = plan.promise.objective
    if len(moments) < 2 or not (whole := book.use(moments[0], moments[-1])).total:
        return None
    allowed = (1 - objective) * whole.total
    left: list[float | None] = []
    rates: list[float | None] = []
    for before, moment in zip((moments[0], *moments), moments, strict=False):
        spent = book.use(moments[0], moment)
        left.append(float(1 - Fraction(spent.bad) / allowed))
        if moment > before:
            rate = book.use(before, moment).burn(objective)
            rates.append(None if rate is None else float(rate))
    return Burn(moments=moments, left=tuple(left), rates=tuple(rates))
