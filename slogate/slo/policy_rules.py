"""Lint rules on how budgets and SLOs are judged: waivers, confidence, what happens without data."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from slogate.objectives._base import Objective, Waiver
from slogate.promises.promise import Promise
from slogate.slo.rules import Facts, Found, Rule, budget, firsts, promised_heads, slo
from slogate.slo.spec import Spec
from slogate.slo.spots import in_budget, in_slo, where
from slogate.units import US_PER_SECOND, format_share

LONG_WAIVER_DAYS = 90
LEAST_CONFIDENCE = Fraction(90, 100)
_DAY_US = 86_400 * US_PER_SECOND


def _waivers(spec: Spec) -> Iterator[tuple[Objective, Waiver]]:
    """The waivers that let something pass."""
    for objective in firsts(spec):
        waiver = objective.scope.waiver
        if waiver is not None and objective.scope.severity == "error":
            yield objective, waiver


def _waiver_over(spec: Spec, facts: Facts) -> Iterator[Found]:
    for objective, waiver in _waivers(spec):
        if waiver.until_ts < facts.now_ts:
            message = f"the waiver of '{objective.scope.name}' ran out on {waiver.until}"
            spot = in_budget(spec, objective, "waive", "until")
            yield spot, message, "take it out; the budget blocks again"


def _waiver_long(spec: Spec, facts: Facts) -> Iterator[Found]:
    for objective, waiver in _waivers(spec):
        if waiver.until_ts - facts.now_ts > LONG_WAIVER_DAYS * _DAY_US:
            message = (
                f"the waiver of '{objective.scope.name}' lasts until {waiver.until}, "
                f"over {LONG_WAIVER_DAYS} days from now"
            )
            spot = in_budget(spec, objective, "waive", "until")
            yield spot, message, "choose an earlier day, or another limit"


def _confidence(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        sure = objective.scope.confidence
        if sure < LEAST_CONFIDENCE:
            wrong = format_share(1 - sure)
            message = (
                f"at {format_share(sure)} confidence a run right at the limit "
                f"is judged wrongly up to {wrong} of the time"
            )
            yield in_budget(spec, objective, "confidence"), message, "95% is usual"


def _observed(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        if objective.scope.judge == "observed":
            message = (
                f"'{objective.scope.name}' is judged by the observed value, the point rule of "
                "other tools: chance alone can pass or fail it"
            )
            yield in_budget(spec, objective, "judge"), message, "leave `judge` out"


def _missing_passes(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    every: list[Objective | Promise] = [*firsts(spec), *promised_heads(spec)]
    for judged in every:
        settings = judged.scope if isinstance(judged, Objective) else judged
        if settings.on_no_data != "block" and settings.severity == "error":
            message = f"'{settings.name}' does not block when there is no data"
            spot = where(spec, judged, "on_no_data")
            yield spot, message, "a test that broke would look like one that passed"


def _unsure_passes(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        scope = objective.scope
        if scope.on_inconclusive == "pass" and scope.severity == "error":
            message = f"'{scope.name}' passes, without a word, when the run cannot tell"
            spot = in_budget(spec, objective, "on_inconclusive")
            yield spot, message, "`on_inconclusive: warn` lets it through and says so"


def _waiver_idle(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        scope = objective.scope
        if scope.waiver is not None and scope.severity != "error":
            message = f"severity {scope.severity} never blocks, so that there is nothing to waive"
            spot = in_budget(spec, objective, "waive")
            yield spot, message, "take one of the two out"


def _empty_good(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised_heads(spec):
        if promise.slice_us is not None and promise.empty == "good":
            message = f"'{promise.name}' counts slices without any request as good"
            spot = in_slo(spec, promise, "empty_slices")
            yield spot, message, "leave `empty_slices` out, or write `bad`"


POLICY_RULES: tuple[Rule, ...] = (
    Rule(
        id="waiver-over",
        severity="warning",
        help="A waiver has run out.",
        why="The budget blocks again since that day; who reads the file believes it does not.",
        wrong=budget("p95: 300ms", "waive: {until: 2024-02-29, reason: known}"),
        right=budget("p95: 300ms"),
        asks=frozenset({"clock"}),
        check=_waiver_over,
    ),
    Rule(
        id="waiver-without-end",
        severity="warning",
        help="A waiver lasts longer than 90 days.",
        why="Nobody looks again at a breach that is waived for so long: the limit is another one.",
        wrong=budget("p95: 300ms", "waive: {until: 9999-12-31, reason: known}"),
        right=budget("p95: 500ms"),
        asks=frozenset({"clock"}),
        check=_waiver_long,
    ),
    Rule(
        id="waiver-without-effect",
        severity="warning",
        help="A budget that never blocks is waived.",
        why=(
            "`severity: warn` and `info` never change the exit code. Whoever raises the severity "
            "later finds that the budget is waived as well."
        ),
        wrong=budget("p95: 300ms", "severity: warn", "waive: {until: 2024-02-29, reason: known}"),
        right=budget("p95: 300ms", "severity: warn"),
        check=_waiver_idle,
    ),
    Rule(
        id="low-confidence",
        severity="warning",
        help="A confidence under 90% makes wrong verdicts common.",
        why=(
            "Confidence is per side: at 80% one run in five that is right at the limit is judged "
            "wrongly, and people learn to press the button again."
        ),
        wrong=budget("p95: 300ms", "confidence: 80%"),
        right=budget("p95: 300ms", "confidence: 95%"),
        check=_confidence,
    ),
    Rule(
        id="point-rule",
        severity="info",
        help="The observed value decides, as in other tools; noise decides with it.",
        why=(
            "The p95 of the same service differs from run to run. Compared without its interval, "
            "chance passes a slow build and fails a fast one."
        ),
        wrong=budget("p95: 300ms", "judge: observed"),
        right=budget("p95: 300ms"),
        check=_observed,
    ),
    Rule(
        id="no-data-passes",
        severity="warning",
        help="A budget or an SLO that has nothing to judge does not block.",
        why=(
            "A load test that sent nothing, a renamed endpoint, a log that is no longer shipped: "
            "all of them look like success."
        ),
        wrong=budget("p95: 300ms", "on_no_data: pass"),
        right=budget("p95: 300ms"),
        check=_missing_passes,
    ),
    Rule(
        id="inconclusive-passes",
        severity="info",
        help="A budget passes silently when the run cannot tell.",
        why=(
            "A short run is always inconclusive, and then never stops anything. `warn` passes too, "
            "and leaves a trace in the report."
        ),
        wrong=budget("p95: 300ms", "on_inconclusive: pass"),
        right=budget("p95: 300ms", "on_inconclusive: warn"),
        check=_unsure_passes,
    ),
    Rule(
        id="empty-slices-good",
        severity="warning",
        help="Slices without a request count as good.",
        why=(
            "A service that is down and gets no requests any more keeps its promise: the longer "
            "the outage the better the figure."
        ),
        wrong=slo(
            "budgeting: timeslices", "slice: 5m", "slice_objective: 95%", "empty_slices: good"
        ),
        right=slo("budgeting: timeslices", "slice: 5m", "slice_objective: 95%"),
        check=_empty_good,
    ),
)
