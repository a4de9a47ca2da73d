"""Lint rules on SLOs against what a store holds of production: only told when a store is named."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from slogate.model.calendar import Rolling
from slogate.model.predicate import And, Comparison, Not, Or, Predicate
from slogate.model.series import split_endpoint
from slogate.promises.promise import DAY_US, Promise
from slogate.slo.alert_rules import can_fire, named, pairs_of
from slogate.slo.rules import Fact, Facts, Found, Held, Rule, heads, slo
from slogate.slo.spec import Spec
from slogate.slo.spots import in_slo
from slogate.units import format_count, format_duration, format_share, significant

# finer buckets than that leave open what hardly ever decides
COARSE = Fraction(5, 100)
# what came in less than a day says little of a month
_LEAST_US = DAY_US


def _held(spec: Spec, facts: Facts) -> Held | None:
    return None if facts.held is None else facts.held.get(spec.service)


def _unknown_service(spec: Spec, facts: Facts) -> Iterator[Found]:
    first = next(heads(spec), None)
    held = _held(spec, facts)
    if first is not None and facts.held is not None and (held is None or not held.endpoints):
        message = f"the store holds no production of the service '{spec.service}'"
        yield first, message, "slogate import --kind production --service …; or is it misspelt?"


def _requests(promise: Promise, held: Held) -> int:
    """How many requests of its endpoint are there; labels are not looked at."""
    endpoint = promise.selection.endpoint
    return sum(
        requests
        for name, requests in held.endpoints
        if endpoint is None or endpoint.matches(*split_endpoint(name))
    )


def _unknown_endpoint(spec: Spec, facts: Facts) -> Iterator[Found]:
    held = _held(spec, facts)
    for promise in heads(spec) if held is not None and held.endpoints else ():
        if held is not None and promise.selection.endpoint and not _requests(promise, held):
            seen = ", ".join(name for name, _ in held.endpoints[:3])
            message = f"no request of {promise.selection.endpoint} is in the store"
            yield in_slo(spec, promise, "endpoint"), message, f"there are: {seen}"


def _hourly(promise: Promise, held: Held | None) -> Fraction | None:
    """Requests an hour, as far as is known; None where that is too little."""
    if held is None or held.span_us < _LEAST_US or not (requests := _requests(promise, held)):
        return None
    return Fraction(requests * (DAY_US // 24), held.span_us)


def _never_enough(spec: Spec, facts: Facts) -> Iterator[Found]:
    for promise in spec.promises:
        hourly = _hourly(promise, _held(spec, facts))
        if hourly is None or not isinstance(promise.window, Rolling):
            continue
        expected = int(hourly * promise.window.length_us / (DAY_US // 24))
        if promise.min_events > expected:
            message = (
                f"min_events {format_count(promise.min_events)} is more than the "
                f"{format_count(expected)} requests that come in {promise.window_text}"
            )
            spot = in_slo(spec, promise, "min_events")
            yield spot, message, "it would never be judged: a longer window, or fewer events"


def _budget_under_one(spec: Spec, facts: Facts) -> Iterator[Found]:
    for promise in spec.promises:
        hourly = _hourly(promise, _held(spec, facts))
        if hourly is None or not isinstance(promise.window, Rolling) or promise.slice_us:
            continue
        expected = hourly * promise.window.length_us / (DAY_US // 24)
        budget = (1 - promise.objective) * expected
        if budget < 1:
            message = (
                f"about {format_count(int(expected))} requests come in {promise.window_text}: "
                f"{format_share(1 - promise.objective, 9)} of them is a budget of "
                f"{significant(float(budget), 2)} requests"
            )
            yield promise, message, "the first failure breaks it: a longer window, or promise less"


def _quiet_alert(spec: Spec, facts: Facts) -> Iterator[Found]:
    for promise, spot, pair in pairs_of(spec, spec.promises):
        hourly = _hourly(promise, _held(spec, facts))
        period_us = promise.period(facts.now_ts).length_us
        if hourly is None or promise.slice_us is not None:
            continue
        if not can_fire(promise, pair, period_us, "requests", hourly):
            rate = significant(float(hourly), 2)
            message = (
                f"at about {rate} requests an hour there are too few in {named(pair)} to fire, "
                "even if all of them fail"
            )
            yield spot, message, "take longer windows"


def _limits(predicate: Predicate) -> Iterator[int]:
    match predicate:
        case Comparison(field="duration", value=value):
            yield value
        case Not(operand=operand):
            yield from _limits(operand)
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _limits(left)
            yield from _limits(right)
        case _:
            return


def _inside_a_bucket(spec: Spec, facts: Facts) -> Iterator[Found]:
    held = _held(spec, facts)
    edges = held.edges_us if held is not None else None
    for promise in heads(spec) if edges else ():
        for limit in _limits(promise.selection.success):
            for low, high in pairwise((0, *(edges or ()))):
                if low < limit < high and high - low > COARSE * limit:
                    ends = [f"{format_duration(end, 9)}" for end in (low, high)]
                    message = (
                        f"{format_duration(limit, 9)} lies inside the bucket {' to '.join(ends)} "
                        "of the stored histograms: what falls into it is undecided"
                    )
                    spot = in_slo(spec, promise, "good")
                    yield spot, message, f"promise {ends[0]} or {ends[1]}, or add a bucket there"


_STORE = ("--store", ".slogate")
_ASKS: frozenset[Fact] = frozenset({"store"})

STORE_RULES: tuple[Rule, ...] = (
    Rule(
        id="service-without-data",
        severity="warning",
        help="The store holds no production of the service.",
        why="The SLO ends in `no data` for ever; most often a name is spelt in two ways.",
        wrong=slo().replace("slos:", "service: shopp\nslos:"),
        right=slo(),
        given=_STORE,
        asks=_ASKS,
        check=_unknown_service,
    ),
    Rule(
        id="endpoint-without-data",
        severity="warning",
        help="No request of an SLO's endpoint is in the store.",
        why="Nothing will ever be judged: routes were renamed, or a template is written as a path.",
        wrong=slo("endpoint: POST /orders"),
        right=slo("endpoint: POST /order"),
        given=_STORE,
        asks=_ASKS,
        check=_unknown_endpoint,
    ),
    Rule(
        id="min-events-out-of-reach",
        severity="warning",
        help="`min_events` is more than a window holds.",
        why="Fewer requests are no data, which blocks: at this traffic there is never a verdict.",
        wrong=slo("window: 7d", "objective: 99%", "min_events: 1000000"),
        right=slo("window: 7d", "objective: 99%", "min_events: 100"),
        given=_STORE,
        asks=_ASKS,
        check=_never_enough,
    ),
    Rule(
        id="budget-under-a-request",
        severity="warning",
        help="The budget of the whole window is less than one request.",
        why="At this traffic the first failure breaks the promise: it is one of 100% in disguise.",
        wrong=slo("objective: 99.99%", "window: 7d"),
        right=slo("objective: 99%", "window: 7d"),
        given=_STORE,
        asks=_ASKS,
        check=_budget_under_one,
    ),
    Rule(
        id="alert-without-traffic",
        severity="warning",
        help="So few requests come in an alert's windows that it can never fire.",
        why=(
            "Where few requests make up the factor an alert waits until it is sure. A service that "
            "has two requests an hour may be down all night without an alarm."
        ),
        wrong=slo("objective: 80%", "window: 30d", "alerts: [{budget: 0.6%, long: 1h, short: 1m}]"),
        right=slo("objective: 80%", "window: 30d", "alerts: [{budget: 5%, long: 1d, short: 2h}]"),
        given=_STORE,
        asks=_ASKS,
        check=_quiet_alert,
    ),
    Rule(
        id="limit-inside-a-bucket",
        severity="warning",
        help="A limit lies between two bounds of the stored histograms.",
        why=(
            "Which requests of that bucket kept the limit nobody knows: unless it is nearly empty "
            "the verdict is inconclusive."
        ),
        wrong=slo("good: ok and duration <= 400ms", "objective: 99%"),
        right=slo("good: ok and duration <= 500ms", "objective: 99%"),
        given=_STORE,
        asks=_ASKS,
        check=_inside_a_bucket,
    ),
)
