"""Lint rules on how a budget is judged: waivers, confidence, policies, what it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from slogate.model.predicate import holds
from slogate.slo.rules import Facts, Found, Rule, firsts
from slogate.slo.spec import Spec
from slogate.units import US_PER_SECOND, format_share

LONG_WAIVER_DAYS = 90
LEAST_CONFIDENCE = Fraction(90, 100)
_DAY_US = 86_400 * US_PER_SECOND


def _waiver_over(spec: Spec, facts: Facts) -> Iterator[Found]:
    for objective in firsts(spec):
        waiver = objective.scope.waiver
        if waiver is not None and waiver.until_ts < facts.now_ts:
            message = f"the waiver of '{objective.scope.name}' ran out on {waiver.until}"
            yield objective, message, "take it out; the budget blocks again"


def _waiver_long(spec: Spec, facts: Facts) -> Iterator[Found]:
    for objective in firsts(spec):
        waiver = objective.scope.waiver
        if waiver is not None and waiver.until_ts - facts.now_ts > LONG_WAIVER_DAYS * _DAY_US:
            message = (
                f"the waiver of '{objective.scope.name}' lasts until {waiver.until}, "
                f"over {LONG_WAIVER_DAYS} days from now"
            )
            yield objective, message, "choose an earlier day, or another limit"


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
            yield objective, message, "95% is usual"


def _observed(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        if objective.scope.judge == "observed":
            message = (
                f"'{objective.scope.name}' is judged by the observed value, the point rule of "
                "other tools: chance alone can pass or fail it"
            )
            yield objective, message, "leave `judge` out"


def _missing_passes(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        scope = objective.scope
        if scope.on_no_data != "block" and scope.severity == "error":
            message = f"'{scope.name}' does not block when there is no data"
            yield objective, message, "a test that broke would look like one that passed"


def _server_errors(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        success = objective.scope.selection.success
        if holds(success, ok=False, status=500, duration_us=0):
            message = f"'{objective.scope.name}' counts a request that failed with 500 as a success"
            yield objective, message, "write `ok and …` or `status < 500 and …`"


def _method(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        endpoint = objective.scope.selection.endpoint
        if endpoint is None or endpoint.method is not None:
            continue
        found = re.match(
            r"(get|put|post|patch|delete|head|options)\s+\S", endpoint.name, re.IGNORECASE
        )
        if found is not None:
            message = f"'{endpoint.name}' is taken as a name for any method"
            yield objective, message, f"write the method in capitals: {found[1].upper()} …"


def _everything(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        endpoint = objective.scope.selection.endpoint
        latency = any(o.quantile is not None for o in spec.objectives if o.scope == objective.scope)
        if latency and (endpoint is None or endpoint.name.strip("*") == ""):
            message = (
                f"'{objective.scope.name}' puts one latency limit on requests of every endpoint; "
                "a change in the mix of requests moves it"
            )
            yield objective, message, "one budget an endpoint says where it is slow"


POLICY_RULES: tuple[Rule, ...] = (
    Rule(
        id="waiver-over",
        severity="warning",
        help="A waiver has run out.",
        check=_waiver_over,
    ),
    Rule(
        id="waiver-without-end",
        severity="warning",
        help="A waiver lasts longer than 90 days.",
        check=_waiver_long,
    ),
    Rule(
        id="low-confidence",
        severity="warning",
        help="A confidence under 90% makes wrong verdicts common.",
        check=_confidence,
    ),
    Rule(
        id="point-rule",
        severity="info",
        help="The observed value decides, as in other tools; noise decides with it.",
        check=_observed,
    ),
    Rule(
        id="no-data-passes",
        severity="warning",
        help="A budget that has nothing to judge does not block.",
        check=_missing_passes,
    ),
    Rule(
        id="failures-succeed",
        severity="warning",
        help="The definition of success holds of a request that failed with 500.",
        check=_server_errors,
    ),
    Rule(
        id="lower-case-method",
        severity="warning",
        help="An endpoint begins with a method in lower case, which no request is named by.",
        check=_method,
    ),
    Rule(
        id="mixed-latency",
        severity="info",
        help="One percentile over requests of all endpoints.",
        check=_everything,
    ),
)
