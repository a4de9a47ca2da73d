"""`mean: 150ms`: the mean duration; a failure counts at least as just over the limit.

Just over (a microsecond), so that failures alone can never keep it. Judged by the t interval
over the ten batches, on integer sums of microseconds.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.model.evidence import UNBOUNDED_US, Evidence, Need
from slogate.model.window import Window
from slogate.objectives import _levels
from slogate.objectives._base import (
    Allowance,
    Contrast,
    Judgement,
    Kind,
    Objective,
    duration_limit,
)
from slogate.stats.mean import MeanBatch, MeanInterval, decide_mean, mean_interval
from slogate.units import format_between, format_count, format_duration, format_estimate
from slogate.verdict import Outcome

_WORD = {
    Outcome.PASS: "within",
    Outcome.FAIL: "over",
    Outcome.INCONCLUSIVE: "too close to call against",
}
_POPULATION = {
    "slow": "all requests, a failure counts at least the limit",
    "drop": "successful requests",
    "measured": "all requests as measured",
}


def parse(key: str, text: str) -> tuple[Fraction, Fraction | None]:
    """`150ms` as (limit in µs, None)."""
    del key
    return duration_limit(text), None


def needs(objective: Objective, window: Window) -> Need:
    """Sum durations by batch."""
    return Need(
        id=objective.id,
        selection=objective.scope.selection,
        window=window,
        measure="mean",
        limit_us=int(objective.limit) + 1,
        failures=objective.scope.failures,
    )


def judge(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> Judgement:
    """Compare the interval of the mean with the limit."""
    del window, floor
    batches = [MeanBatch(count=batch.total, sum_us=batch.sum_us) for batch in evidence.batches]
    found = mean_interval(batches, float(1 - objective.scope.confidence))
    inside = evidence.sum_us <= objective.limit * evidence.total
    outcome = _decide(objective, found, inside=inside)
    limit = format_duration(float(objective.limit))
    observed = None if evidence.sum_us >= UNBOUNDED_US else found.observed
    shown = format_estimate(found.observed, (found.lower, found.upper))
    if (best := evidence.best) is not None and best.total and best.sum_us < evidence.sum_us:
        shown = format_between(best.sum_us / best.total, observed)
    facts = (
        f"mean of {objective.scope.selection} is {shown} over "
        f"{format_count(evidence.total)} requests"
    )
    return Judgement(
        outcome=outcome,
        reason=f"{facts}, {_WORD[outcome]} the {limit} budget",
        facts=facts,
        inside=inside,
        observed=observed,
        interval=(found.lower, found.upper),
        total=evidence.total,
        population=_POPULATION[objective.scope.failures],
    )


def _decide(objective: Objective, found: MeanInterval, *, inside: bool) -> Outcome:
    if objective.scope.judge == "observed":
        return Outcome.PASS if inside else Outcome.FAIL
    return Outcome(decide_mean(found, float(objective.limit)))


def compared(allowance: Allowance, window: Window) -> Need:
    """Sum durations; without a limit that a failure could count as, those of successes."""
    failures = allowance.scope.failures
    return Need(
        id=allowance.id,
        selection=allowance.scope.selection,
        window=window,
        measure="mean",
        failures="drop" if failures == "slow" else failures,
    )


PLUGIN = Kind(
    name="mean",
    keys=re.compile("mean"),
    unit="us",
    help="the mean duration may not be longer than this",
    example="mean: 150ms",
    schema={"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(us|µs|ms|s|m|h|d|w)\s*)+$"},
    parse=parse,
    needs=needs,
    judge=judge,
    contrast=Contrast(scale="ratio", measure=_levels.mean, needs=compared),
)
