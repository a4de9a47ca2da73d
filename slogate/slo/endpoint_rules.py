"""Lint rules on what is spoken of: which requests, and which of them count as good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate, holds
from slogate.model.selection import Endpoint, Selection
from slogate.objectives._base import Objective
from slogate.promises.promise import Promise
from slogate.slo.rules import Facts, Found, Rule, budget, firsts, heads, listed, slo, slo_item
from slogate.slo.spec import Spec
from slogate.slo.spots import where
from slogate.units import US_PER_SECOND

_METHODS = "GET|PUT|POST|PATCH|DELETE|HEAD|OPTIONS"
# `.*` is that of a glob too (`/logo.*`) unless nothing stands before its dot
_REGEX = re.compile(
    r"(?:(?<=/)|^)\.\*|\.\+|\\[dwsDWS/.]|\[\^?[^\]]*-[^\]]*\][+*]|\[\^|\(\?:|^\^|\$$|\([^)]*\|"
)
_HOUR_US = 3_600 * US_PER_SECOND
# a predicate of so many comparisons is tried with every pair of values around them
_MOST_COMPARISONS = 8

Judged = Objective | Promise


def _all(spec: Spec) -> Iterator[tuple[Judged, str, Selection]]:
    """Each budget and each SLO, its name, and what it speaks of."""
    for objective in firsts(spec):
        yield objective, objective.scope.name, objective.scope.selection
    for promise in heads(spec):
        yield promise, promise.name, promise.selection


def _endpoints(spec: Spec) -> Iterator[tuple[Judged, Endpoint]]:
    for judged, _, selection in _all(spec):
        if selection.endpoint is not None:
            yield judged, selection.endpoint


def _method(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for judged, endpoint in _endpoints(spec):
        found = re.match(rf"({_METHODS})\s+/", endpoint.name, re.IGNORECASE)
        if endpoint.method is None and found is not None:
            message = f"'{endpoint.name}' is taken as a name for any method"
            spot = where(spec, judged, "endpoint")
            yield spot, message, f"write the method in capitals: {found[1].upper()} …"


def _method_alone(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for judged, endpoint in _endpoints(spec):
        if endpoint.method is None and re.fullmatch(_METHODS, endpoint.name):
            message = f"'{endpoint.name}' is taken as the name of an endpoint, not as a method"
            spot = where(spec, judged, "endpoint")
            yield spot, message, f'write "{endpoint.name} *" for all with that method'


def _regex(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for judged, endpoint in _endpoints(spec):
        found = _REGEX.search(endpoint.name)
        if found is not None:
            message = f"'{found[0]}' stands for itself: endpoints are no regular expressions"
            spot = where(spec, judged, "endpoint")
            yield spot, message, "only * is special, it stands for any text"


def _everything(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    timed = {o.scope.name for o in spec.objectives if o.quantile is not None}
    for judged, name, selection in _all(spec):
        endpoint = selection.endpoint
        if isinstance(judged, Promise):
            latency = _speaks_of_duration(selection.success)
        else:
            latency = name in timed
        if latency and (endpoint is None or endpoint.name.strip("*") == ""):
            message = (
                f"'{name}' puts one latency limit on requests of every endpoint; "
                "a change in the mix of requests moves it"
            )
            yield judged, message, "one for each endpoint says where it is slow"


def _fails_well(success: Predicate) -> bool:
    """Whether a request that failed at once is a good one."""
    return holds(success, ok=False, status=500, duration_us=0) is True


def _server_errors(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for objective in firsts(spec):
        success = objective.scope.selection.success
        if _fails_well(success) and not _trouble(success):
            name = objective.scope.name
            message = f"'{name}' counts a request that failed with 500 as a success"
            spot = where(spec, objective, "ok")
            yield spot, message, "write `ok and …` or `status < 500 and …`"


def _fast_failures(spec: Spec, facts: Facts) -> Iterator[Found]:
    counted = {
        (promise.selection.endpoint, promise.selection.where)
        for each in facts.of_service(spec)
        for promise in each.promises
        if not _fails_well(promise.selection.success)
    }
    for promise in heads(spec) if (None, ()) not in counted else ():
        success = promise.selection.success
        here = (promise.selection.endpoint, promise.selection.where)
        if here not in counted and _fails_well(success) and not _trouble(success):
            message = f"'{promise.name}' counts a failure that comes fast as good"
            spot = where(spec, promise, "good")
            yield spot, message, "write `ok and …`, or add an SLO with `good: ok`"


def _meaningless(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for judged, name, selection in _all(spec):
        trouble = _trouble(selection.success)
        if trouble is not None:
            key = "good" if isinstance(judged, Promise) else "ok"
            message = f"the `{key}` of '{name}' {trouble[0]}"
            yield where(spec, judged, key), message, trouble[1]


def _trouble(success: Predicate) -> tuple[str, str] | None:
    """Why a definition of success cannot be meant: what it does, and a hint."""
    found = {*_answers(success)}
    # a single comparison with every status there is asks for a response at all
    if found == {True} and len([*_comparisons(success)]) != 1:
        return "holds of every request, so that nothing is ever bad", "say what is bad"
    if found == {False}:
        return "holds of no request, so that everything is bad", "`and` where `or` is meant?"
    best = holds(success, ok=True, status=200, duration_us=1)
    worst = holds(success, ok=False, status=500, duration_us=_HOUR_US)
    if worst and not best:
        return "holds of what is bad and not of what is good", "turn the comparison round"
    return None


def _answers(success: Predicate) -> Iterator[bool | None]:
    """What a predicate says of requests around all of its limits."""
    comparisons = [*_comparisons(success)]
    if len(comparisons) > _MOST_COMPARISONS:
        return
    around = {
        field: {c.value + step for c in comparisons if c.field == field for step in (-1, 0, 1)}
        for field in ("status", "duration")
    }
    statuses = {value for value in around["status"] if 100 <= value <= 599} | {200, 404, 500}
    durations = {value for value in around["duration"] if value >= 0} | {0, _HOUR_US}
    for ok, status, duration in product((True, False), statuses, durations):
        yield holds(success, ok=ok, status=status, duration_us=duration)


def _comparisons(predicate: Predicate) -> Iterator[Comparison]:
    match predicate:
        case Comparison():
            yield predicate
        case Not(operand=operand):
            yield from _comparisons(operand)
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _comparisons(left)
            yield from _comparisons(right)
        case Ok():
            return


def _speaks_of_duration(predicate: Predicate) -> bool:
    return any(comparison.field == "duration" for comparison in _comparisons(predicate))


ENDPOINT_RULES: tuple[Rule, ...] = (
    Rule(
        id="failures-succeed",
        severity="warning",
        help="The definition of success holds of a request that failed with 500.",
        why="Errors are counted by it: a service that fails every request keeps `errors: 1%`.",
        wrong=budget("errors: 1%", "ok: duration <= 2s"),
        right=budget("errors: 1%", "ok: ok and duration <= 2s"),
        check=_server_errors,
    ),
    Rule(
        id="fast-failures-good",
        severity="warning",
        help="A latency SLO counts fast failures as good, and no other SLO counts failures.",
        why=(
            "Errors are often the fastest answers: while the service fails at once, its latency "
            "SLO looks better than ever. Nothing else of this service would tell."
        ),
        wrong=slo("good: duration <= 400ms"),
        right=listed(
            "slos",
            slo_item("good: duration <= 400ms"),
            slo_item("name: available", "good: ok", "objective: 99.9%"),
        ),
        asks=frozenset({"files"}),
        check=_fast_failures,
    ),
    Rule(
        id="success-without-meaning",
        severity="error",
        help="What counts as good is always so, never, or the wrong way round.",
        why=(
            "`status < 500 or status >= 400` holds of everything, `duration > 400ms` of the slow: "
            "the objective can never be missed, never be met, or rewards failure."
        ),
        wrong=slo("good: status < 500 or status >= 400"),
        right=slo("good: status < 500 and status != 429"),
        check=_meaningless,
    ),
    Rule(
        id="lower-case-method",
        severity="warning",
        help="An endpoint begins with a method in lower case, which no request is named by.",
        why="It matches nothing, and the first run ends in `no data`.",
        wrong=budget("endpoint: post /order", "p95: 300ms"),
        right=budget("endpoint: POST /order", "p95: 300ms"),
        check=_method,
    ),
    Rule(
        id="method-alone",
        severity="warning",
        help="An endpoint is a method without a name.",
        why="It is looked for as a name, which no request has: all runs end in `no data`.",
        wrong=budget("endpoint: POST", "p95: 300ms"),
        right=budget('endpoint: "POST /order/*"', "p95: 300ms"),
        check=_method_alone,
    ),
    Rule(
        id="endpoint-regex",
        severity="warning",
        help="An endpoint is written as a regular expression.",
        why="Only `*` is special. `/items/.*` matches names that hold a dot, most likely none.",
        wrong=budget('endpoint: "GET /items/[0-9]+"', "p95: 300ms"),
        right=budget('endpoint: "GET /items/*"', "p95: 300ms"),
        check=_regex,
    ),
    Rule(
        id="mixed-latency",
        severity="info",
        help="One latency limit over requests of all endpoints.",
        why=(
            "When more cheap requests come the percentile falls, though no request became faster; "
            "a slow endpoint that is called rarely is never seen."
        ),
        wrong=budget("endpoint:", "p95: 300ms").replace("    endpoint:\n", ""),
        right=budget("p95: 300ms"),
        check=_everything,
    ),
)
