"""Lint rules on limits of budgets: contradictions, and what the planned load cannot reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from slogate.objectives._base import Objective
from slogate.slo.rules import Facts, Found, Planned, Rule, budgets_of, firsts
from slogate.slo.rules import budget as example
from slogate.slo.spec import Spec
from slogate.stats.run_length import zero_bad_requests
from slogate.units import US_PER_SECOND, format_count, format_rate, format_share, format_span

REACHABLE = Fraction(95, 100)
INVERTED = Fraction(1, 2)
SHORTEST_SECONDS = 10


def _order(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for same in _same_requests(spec):
        rungs = sorted(
            (o for o in same if o.quantile is not None), key=lambda o: o.quantile or Fraction(0)
        )
        rungs += [o for o in same if o.kind == "maximum"]
        for index, objective in enumerate(rungs):
            below = [o for o in rungs[:index] if o.quantile != objective.quantile]
            lower = max(below, key=lambda o: o.limit, default=objective)
            if lower.limit > objective.limit:
                other = lower.scope.name != objective.scope.name
                of = f" of '{lower.scope.name}'" if other else ""
                message = f"{objective.key} {objective.text} is under {lower.key} {lower.text}{of}"
                yield objective, message, f"raise {objective.key} or lower {lower.key}"


def _same_requests(spec: Spec) -> Iterable[list[Objective]]:
    """Objectives of the same requests, judged alike, in one budget or in several."""
    found: dict[object, list[Objective]] = {}
    for objective in spec.objectives:
        scope = objective.scope
        judged = (scope.selection, scope.failures, scope.severity, scope.waiver)
        found.setdefault(judged, []).append(objective)
    return found.values()


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
    for objective in spec.objectives if planned is not None else ():
        allowed, rate = _allowed(objective), planned.rate_of(objective) if planned else None
        if allowed is None or not 0 < allowed < 1 or objective.scope.judge == "observed":
            continue
        if planned is None or not rate:
            continue
        judged = int(_judged_us(objective, planned) / US_PER_SECOND * rate)
        needed = zero_bad_requests(float(allowed), float(1 - objective.scope.confidence))
        if judged < needed:
            message = (
                f"{objective.key} needs {format_count(needed)} requests even if none is bad; "
                f"this run judges {_sureness(planned, objective)} {format_count(judged)}"
            )
            longer = format_span((objective.scope.warmup_us / US_PER_SECOND) + needed / rate)
            yield objective, message, f"run for {longer} or more, or {_milder(objective)}"


def _sureness(planned: Planned, objective: Objective) -> str:
    return "about" if objective.id in planned.rates else "at most"


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


def _inverted(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in spec.objectives:
        if objective.kind == "errors" and objective.limit >= INVERTED:
            message = f"errors {objective.text} lets that much of the requests fail"
            meant = f"errors is what may fail: write {format_share(1 - objective.limit, 9)}"
            yield objective, message, meant if objective.limit < 1 else "errors is what may fail"


def _none_may_fail(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in spec.objectives:
        if objective.kind == "errors" and objective.limit == 0:
            message = "a single failed request of any number fails the run"
            yield objective, message, "a share such as 0.1% tells a fault from a hiccup"


LIMIT_RULES: tuple[Rule, ...] = (
    Rule(
        id="limits-out-of-order",
        severity="error",
        help="A higher percentile, or max, has a lower limit than a lower percentile.",
        why=(
            "What holds of 99% of the requests holds of 95%: the longer limit can never be "
            "reached, so that one of the two is not what was meant."
        ),
        wrong=example("p95: 300ms", "p99: 200ms"),
        right=example("p95: 200ms", "p99: 300ms"),
        check=_order,
    ),
    Rule(
        id="mean-over-max",
        severity="error",
        help="The mean may be longer than the longest request.",
        why="The mean is never over the maximum, so that this limit decides nothing.",
        wrong=example("mean: 2s", "max: 1s"),
        right=example("mean: 200ms", "max: 1s"),
        check=_mean_above,
    ),
    Rule(
        id="errors-inverted",
        severity="warning",
        help="Half of the requests or more may fail.",
        why=(
            "`errors` is the share that may fail, an objective the share that must not. The wrong "
            "way round a budget passes while nearly everything fails."
        ),
        wrong=example("errors: 99%"),
        right=example("errors: 1%"),
        check=_inverted,
    ),
    Rule(
        id="zero-errors",
        severity="info",
        help="No request may fail at all.",
        why=(
            "The longer the run the surer it fails: one connection that was reset among a million "
            "requests blocks a release. A share is judged with its uncertainty, zero is not."
        ),
        wrong=example("errors: 0"),
        right=example("errors: 0.1%"),
        check=_none_may_fail,
    ),
    Rule(
        id="throughput-out-of-reach",
        severity="warning",
        help="More than 95% of the planned rate is demanded.",
        why=(
            "A load test gets no more answers than it sends requests. Users that wait for slow "
            "answers send fewer, so that a healthy service misses a demand this close to the plan."
        ),
        wrong=example("throughput: 99/s"),
        right=example("throughput: 90/s"),
        given=("--run-time", "60s", "--rate", "100/s"),
        asks=frozenset({"plan"}),
        check=_throughput,
    ),
    Rule(
        id="too-few-requests",
        severity="warning",
        help="The planned run has too few requests to pass, even without a bad one.",
        why=(
            "A p99 needs 371 requests before not one slow request among them says anything: "
            "until then the verdict is inconclusive, which blocks, however fast the service is."
        ),
        wrong=example("p99: 800ms"),
        right=example("p90: 800ms"),
        given=("--run-time", "30s", "--rate", "10/s"),
        asks=frozenset({"plan"}),
        check=_too_few,
    ),
    Rule(
        id="too-short",
        severity="warning",
        help="The planned run leaves less than 10 s after the warm-up.",
        why="Under 10 s nothing is judged: the run ends in no verdict.",
        wrong=example("p90: 800ms", "warmup: 25s"),
        right=example("p90: 800ms", "warmup: 5s"),
        given=("--run-time", "30s", "--rate", "100/s"),
        asks=frozenset({"plan"}),
        check=_too_short,
    ),
)
