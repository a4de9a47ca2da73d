"""`throughput: 50/s`: at least fifty successes a second.

A fact of the run, over the whole judged window.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.model.evidence import Evidence, Need
from slogate.model.window import Window
from slogate.objectives import _levels
from slogate.objectives._base import Allowance, Contrast, Judgement, Kind, Objective
from slogate.units import US_PER_SECOND, format_count, format_rate, format_span, parse_rate
from slogate.verdict import Outcome


def parse(key: str, text: str) -> tuple[Fraction, Fraction | None]:
    """`50/s` as (successes a second, None)."""
    del key
    rate = parse_rate(text)
    if rate == 0:
        raise ValueError("a throughput of 0 demands nothing")
    return rate, None


def needs(objective: Objective, window: Window) -> Need:
    """Count successes."""
    return Need(
        id=objective.id, selection=objective.scope.selection, window=window, measure="throughput"
    )


def judge(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> Judgement:
    """Compare successes a second with the demanded rate, exactly."""
    del floor
    good = evidence.total - evidence.bad
    rate = Fraction(good * US_PER_SECOND, window.length_us)
    inside = rate >= objective.limit
    word = "at least" if inside else "under"
    count, shown = format_count(good), format_rate(rate)
    if evidence.best is not None and (most := evidence.best.total - evidence.best.bad) > good:
        count = f"{count} to {format_count(most)}"
        shown += f" to {format_rate(Fraction(most * US_PER_SECOND, window.length_us))}"
    facts = (
        f"{count} successes of {objective.scope.selection} in "
        f"{format_span(window.seconds)} are {shown}"
    )
    return Judgement(
        outcome=Outcome.PASS if inside else Outcome.FAIL,
        reason=f"{facts}, {word} the {format_rate(objective.limit)} demanded",
        facts=f"{facts}, {format_rate(objective.limit)} demanded",
        inside=inside,
        observed=float(rate),
        good=good,
        total=evidence.total,
        population="successful requests",
    )


def compared(allowance: Allowance, window: Window) -> Need:
    """Count successes."""
    return Need(
        id=allowance.id,
        selection=allowance.scope.selection,
        window=window,
        measure="throughput",
    )


PLUGIN = Kind(
    name="throughput",
    keys=re.compile("throughput"),
    unit="per_second",
    help="at least this many successes a second",
    example="throughput: 50/s",
    schema={"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*/\s*(s|m|h)\s*$"},
    parse=parse,
    needs=needs,
    judge=judge,
    contrast=Contrast(
        scale="ratio", measure=_levels.throughput, needs=compared, higher_is_worse=False
    ),
)
