"""`max: 5s`: no request may take longer.

A fact of the run: the largest measured duration of all requests, failed ones too.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.model.evidence import UNBOUNDED_US, Evidence, Need
from slogate.model.window import Window
from slogate.objectives import _levels
from slogate.objectives._base import Allowance, Contrast, Judgement, Kind, Objective, duration_limit
from slogate.units import format_between, format_count, format_duration
from slogate.verdict import Outcome


def parse(key: str, text: str) -> tuple[Fraction, Fraction | None]:
    """`5s` as (limit in µs, None)."""
    del key
    return duration_limit(text), None


def needs(objective: Objective, window: Window) -> Need:
    """Find the largest measured duration."""
    return Need(id=objective.id, selection=objective.scope.selection, window=window, measure="max")


def judge(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> Judgement:
    """Compare the largest duration with the limit."""
    del window, floor
    if evidence.max_us is None:
        raise ValueError(f"{objective.id}: no request has a response time")
    inside = evidence.max_us <= objective.limit
    word = "within" if inside else "over"
    observed = None if evidence.max_us == UNBOUNDED_US else evidence.max_us
    least = evidence.best.max_us if evidence.best else evidence.max_us
    took = format_duration(observed, 4) if least == observed else format_between(least, observed)
    facts = (
        f"the slowest of {format_count(evidence.total)} requests of "
        f"{objective.scope.selection} took {took}"
    )
    return Judgement(
        outcome=Outcome.PASS if inside else Outcome.FAIL,
        reason=f"{facts}, {word} the {format_duration(float(objective.limit))} budget",
        facts=facts,
        inside=inside,
        observed=observed,
        total=evidence.total,
        population="all requests as measured",
    )


def compared(allowance: Allowance, window: Window) -> Need:
    """Find the largest measured duration."""
    return Need(
        id=allowance.id,
        selection=allowance.scope.selection,
        window=window,
        measure="max",
    )


PLUGIN = Kind(
    name="maximum",
    keys=re.compile("max"),
    unit="us",
    help="no request may take longer than this",
    example="max: 5s",
    schema={"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(us|µs|ms|s|m|h|d|w)\s*)+$"},
    parse=parse,
    needs=needs,
    judge=judge,
    contrast=Contrast(scale="ratio", measure=_levels.maximum, needs=compared),
)
