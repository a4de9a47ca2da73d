"""Lint rules on limits: contradictions among them, and what the planned load cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from slogate.objectives._base import Objective
from slogate.slo.rules import Facts, Found, Planned, Rule, budgets_of, firsts
from slogate.slo.spec import Spec
from slogate.stats.run_length import zero_bad_requests
from slogate.units import US_PER_SECOND, format_count, format_rate, format_share, format_span

REACHABLE = Fraction(95, 100)
SHORTEST_SECONDS = 10


def _order(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for budget in budgets_of(spec):
        rungs = sorted(
            (o for o in budget if o.quantile is not None), key=lambda o: o.quantile or Fraction(0)
        )
        rungs += [o for o in budget if o.kind == "maximum"]
        for index, objective in enumerate(rungs):
            lower = max(rungs[:index], key=lambda o: o.limit, default=objective)
            if lower.limit > objective.limit:
                message = f"{objective.key} {objective.text} is under {lower.key} {lower.text}"
                yield objective, message, f"raise {objective.key} or lower {lower.key}"


def _mean_above(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for budget in budgets_of(spec):
        top = next((o for o in budget if o.kind == "maximum"), None)
        for objective in budget:
            if objective.kind == "mean" and top is not None and objective.limit > top.limit:
                message = f"mean {objective.text} is over max {top.text}"
                yield objective, f"{message}, so it can never be the limit", "lower the mean"


def _throughput(spec: Spec, facts: Facts) -> Iterator[Found]:
    rate = facts.planned.rate if facts.planned else None
    for objective in spec.objectives if rate is not None else ():
        if objective.kind == "throughput" and objective.limit > REACHABLE * Fraction(rate or 0):
            message = (
                f"{objective.text} is over {format_share(REACHABLE)} of the "
                f"{format_rate(rate or 0)} that the load test plans"
            )
            yield objective, message, "plan more users, or promise less"


def _judged_us(objective: Objective, planned: Planned) -> int:
    return max(0, planned.run_us - objective.scope.warmup_us)


def _too_few(spec: Spec, facts: Facts) -> Iterator[Found]:
    planned = facts.planned
    if planned is None or planned.rate is None:
        return
    for objective in spec.objectives:
        allowed = _allowed(objective)
        judged = int(_judged_us(objective, planned) / US_PER_SECOND * planned.rate)
        if allowed is None or not 0 < allowed < 1 or objective.scope.judge == "observed":
            continue
        needed = zero_bad_requests(float(allowed), float(1 - objective.scope.confidence))
        if judged < needed:
            message = (
                f"{objective.key} needs {format_count(needed)} requests even if none is bad; "
                f"this run judges at most {format_count(judged)}"
            )
            longer = format_span(
                (objective.scope.warmup_us / US_PER_SECOND) + needed / planned.rate
            )
            yield objective, message, f"run for {longer} or more, or {_milder(objective)}"


def _milder(objective: Objective) -> str:
    return "promise a lower percentile" if objective.quantile is not None else "allow more failures"


def _allowed(objective: Objective) -> Fraction | None:
    """The share of bad requests that is allowed, for kinds that are judged by one."""
    if objective.quantile is not None:
        return 1 - objective.quantile
    return objective.limit if objective.kind == "errors" else None


def _too_short(spec: Spec, facts: Facts) -> Iterator[Found]:
    planned = facts.planned
    for objective in firsts(spec) if planned is not None else ():
        judged = _judged_us(objective, planned) / US_PER_SECOND if planned else 0.0
        if judged < SHORTEST_SECONDS:
            message = f"after the warm-up {format_span(judged)} are left to judge"
            yield objective, f"{message}; {SHORTEST_SECONDS} s are the least", "run longer"


LIMIT_RULES: tuple[Rule, ...] = (
    Rule(
        id="limits-out-of-order",
        severity="error",
        help="A higher percentile, or max, has a lower limit than a lower percentile.",
        check=_order,
    ),
    Rule(
        id="mean-over-max",
        severity="error",
        help="The mean may be longer than the longest request.",
        check=_mean_above,
    ),
    Rule(
        id="throughput-out-of-reach",
        severity="warning",
        help="More than 95% of the planned rate is demanded.",
        check=_throughput,
    ),
    Rule(
        id="too-few-requests",
        severity="warning",
        help="The planned run has too few requests to pass, even without a bad one.",
        check=_too_few,
    ),
    Rule(
        id="too-short",
        severity="warning",
        help="The planned run leaves less than 10 s after the warm-up.",
        check=_too_short,
    ),
)
