"""Lint rules on two objectives of a service: what contradicts, repeats or undermines the other.

All specs of a service that are looked at together count, whatever file they are in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from slogate.model.predicate import And, Comparison, Predicate, holds
from slogate.objectives._base import Objective
from slogate.promises.promise import Promise
from slogate.slo.rules import (
    Fact,
    Facts,
    Found,
    Rule,
    budget,
    heads,
    item,
    listed,
    promised_heads,
    slo,
    slo_item,
)
from slogate.slo.spec import Spec
from slogate.units import format_duration, format_share

_FILES: frozenset[Fact] = frozenset({"files"})
# what production may be slower by than the load test demands without a word
_HEADROOM = 3


def _same_budget(spec: Spec, facts: Facts) -> Iterator[Found]:
    seen: dict[tuple[object, ...], Objective] = {}
    for each in facts.of_service(spec):
        for objective in each.objectives:
            first = seen.setdefault(_alike(objective), objective)
            if each is spec and first.scope.name != objective.scope.name:
                yield objective, _overlap(objective, first), "keep one of the two"


def _alike(objective: Objective) -> tuple[object, ...]:
    scope = objective.scope
    same = (objective.kind, objective.quantile, scope.selection, scope.failures)
    return (*same, scope.severity, scope.judge, scope.warmup_us, scope.waiver)


def _overlap(objective: Objective, other: Objective) -> str:
    """Which of two objectives of the same requests decides."""
    looser, stricter = objective, other
    if (objective.limit < other.limit) is (objective.kind != "throughput"):
        looser, stricter = other, objective
    told = f"{looser.key} {looser.text} of '{looser.scope.name}'"
    if looser.limit == stricter.limit:
        return f"{told} is demanded by '{stricter.scope.name}' already"
    return f"{told} decides nothing: '{stricter.scope.name}' demands {stricter.text}"


def _same_promise(spec: Spec, facts: Facts) -> Iterator[Found]:
    seen: dict[tuple[object, ...], Promise] = {}
    for each in facts.of_service(spec):
        for promise in each.promises:
            first = seen.setdefault(_meaning(promise), promise)
            if first.name != promise.name and each is spec:
                message = f"'{promise.name}' promises what '{first.name}' does"
                yield promise, message, "keep one: each has its alerts, and breaks with the other"


def _meaning(promise: Promise) -> tuple[object, ...]:
    what = (promise.selection, promise.objective, promise.window, promise.by, promise.severity)
    return (*what, promise.budgeting, promise.slice_us, promise.slice_objective, promise.empty)


def _names(spec: Spec, facts: Facts) -> Iterator[Found]:
    taken: dict[tuple[str, str], str] = {}
    for each in facts.of_service(spec):
        for room, judged, name in _named(each):
            first = taken.setdefault((room, _folded(name)), name)
            if first != name and each is spec:
                message = f"'{name}' and '{first}' differ in case or punctuation only"
                yield judged, message, "as names of metrics and files they are one"


def _named(spec: Spec) -> Iterator[tuple[str, Objective | Promise, str]]:
    seen: set[str] = set()
    for objective in spec.objectives:
        if objective.scope.name not in seen:
            yield "budgets", objective, objective.scope.name
        seen.add(objective.scope.name)
    for promise in promised_heads(spec):
        yield "slos", promise, promise.name


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_") or name


def _within(success: Predicate) -> int | None:
    """The longest duration of a good request in µs; None if that is no plain limit."""
    match success:
        case And(left=left, right=right):
            limits = [limit for side in (left, right) if (limit := _within(side)) is not None]
            return min(limits, default=None)
        case Comparison(field="duration", operator="<=", value=value):
            return value
        case Comparison(field="duration", operator="<", value=value):
            return value - 1
        case _:
            return None


def _share(promise: Promise) -> Fraction:
    """The share of good requests in what is promised, or in a good slice."""
    sliced = promise.budgeting == "timeslices"
    return promise.slice_objective if sliced else promise.objective


Tested = Mapping[object, list[Objective]]


def _tested(specs: Sequence[Spec]) -> Tested:
    """What budgets demand, by the requests that they speak of."""
    found: dict[object, list[Objective]] = {}
    for spec in specs:
        for objective in spec.objectives:
            selection = objective.scope.selection
            found.setdefault((selection.endpoint, selection.where), []).append(objective)
    return found


def _of(promise: Promise, tested: Tested) -> list[Objective]:
    return tested.get((promise.selection.endpoint, promise.selection.where), [])


def _rank(objective: Objective) -> Fraction | None:
    return Fraction(1) if objective.kind == "maximum" else objective.quantile


def _promises(spec: Spec, facts: Facts) -> Iterator[Promise]:
    for each in facts.of_service(spec):
        yield from heads(each)


def _slower_than_promised(spec: Spec, facts: Facts) -> Iterator[Found]:
    all_of_them, of_this = _tested(facts.of_service(spec)), _tested([spec])
    for promise in _promises(spec, facts):
        limit, share = _within(promise.selection.success), _share(promise)
        every, own = _of(promise, all_of_them), _of(promise, of_this)
        if limit is None or any(
            (rank := _rank(o)) is not None and rank >= share and o.limit <= limit for o in every
        ):
            continue
        looser = [o for o in own if o.quantile is not None and o.quantile <= share]
        worst = max(looser, key=lambda o: o.quantile or Fraction(0), default=None)
        if worst is not None and worst.limit > limit:
            promised = f"{format_share(share, 9)} within {format_duration(limit, 9)}"
            message = (
                f"a run with a {worst.key} of {worst.text} passes, and breaks what "
                f"'{promise.name}' promises of production: {promised}"
            )
            hint = f"demand {_percentile(share)}: {format_duration(limit, 9).replace(' ', '')}"
            yield worst, message, f"{hint} or less of the load test"


def _percentile(share: Fraction) -> str:
    return f"p{format_share(share, 9).rstrip('%')}"


def _more_failures_than_promised(spec: Spec, facts: Facts) -> Iterator[Found]:
    all_of_them, of_this = _tested(facts.of_service(spec)), _tested([spec])
    for promise in _promises(spec, facts):
        allowed = 1 - _share(promise)
        every, own = _of(promise, all_of_them), _of(promise, of_this)
        fails = holds(promise.selection.success, ok=False, status=500, duration_us=0) is False
        demanded = [o.limit for o in every if o.kind == "errors"]
        if not fails or not demanded or min(demanded) <= allowed:
            continue
        for objective in own:
            if objective.kind == "errors":
                message = (
                    f"errors {objective.text} of a load test are more than the "
                    f"{format_share(allowed, 9)} that '{promise.name}' allows production"
                )
                yield objective, message, f"demand errors: {format_share(allowed, 9)} or less"


def _promised_less(spec: Spec, facts: Facts) -> Iterator[Found]:
    all_of_them = _tested(facts.of_service(spec))
    for promise in heads(spec):
        limit, share = _within(promise.selection.success), _share(promise)
        rungs = [
            o for o in _of(promise, all_of_them) if o.quantile is not None and o.quantile >= share
        ]
        nearest = min(rungs, key=lambda o: (o.quantile or Fraction(1), o.limit), default=None)
        if limit is not None and nearest is not None and limit >= _HEADROOM * nearest.limit:
            message = (
                f"'{promise.name}' lets production take {format_duration(limit, 9)}, the load test "
                f"demands {nearest.key} {nearest.text}"
            )
            yield promise, message, "production may get that much slower and nobody is told"


_TESTED = budget("p99: %s")
_PROMISED = slo("good: ok and duration <= 400ms", "objective: 99%")

PAIR_RULES: tuple[Rule, ...] = (
    Rule(
        id="budget-slower-than-slo",
        severity="warning",
        help="A run at the limit of its budget breaks what production promised.",
        why=(
            "The gate lets through a build that cannot keep the SLO: production is the first to "
            "notice."
        ),
        wrong=_TESTED % "800ms" + _PROMISED,
        right=_TESTED % "350ms" + _PROMISED,
        asks=_FILES,
        check=_slower_than_promised,
    ),
    Rule(
        id="budget-fails-more-than-slo",
        severity="warning",
        help="A load test may fail more requests than production promised.",
        why="A build that fails so many requests passes the gate and spends the budget at once.",
        wrong=budget("errors: 1%") + slo("good: ok", "objective: 99.9%"),
        right=budget("errors: 0.1%") + slo("good: ok", "objective: 99.9%"),
        asks=_FILES,
        check=_more_failures_than_promised,
    ),
    Rule(
        id="slo-looser-than-budget",
        severity="info",
        help="An SLO allows three times what the load test demands, or more.",
        why="Nobody watches the room between the two: production gets slower and all is green.",
        wrong=_TESTED % "300ms" + slo("good: ok and duration <= 2s", "objective: 99%"),
        right=_TESTED % "300ms" + slo("good: ok and duration <= 500ms", "objective: 99%"),
        asks=_FILES,
        check=_promised_less,
    ),
    Rule(
        id="budget-twice",
        severity="warning",
        help="Two budgets demand the same of the same requests.",
        why="The stricter of two limits decides; whoever changes the other wonders.",
        wrong=listed(
            "budgets",
            item("name: order", "endpoint: POST /order", "p95: 300ms"),
            item("name: checkout", "endpoint: POST /order", "p95: 500ms"),
        ),
        right=listed(
            "budgets",
            item("name: order", "endpoint: POST /order", "p95: 300ms"),
            item("name: goal", "endpoint: POST /order", "severity: info", "p95: 200ms"),
        ),
        asks=_FILES,
        check=_same_budget,
    ),
    Rule(
        id="slo-twice",
        severity="warning",
        help="Two SLOs with different names promise the same.",
        why="One incident breaks both and alarms twice; when one is changed the other still holds.",
        wrong=listed("slos", slo_item("name: fast"), slo_item("name: quick")),
        right=listed("slos", slo_item("name: fast"), slo_item("name: quick", "window: 7d")),
        asks=_FILES,
        check=_same_promise,
    ),
    Rule(
        id="names-alike",
        severity="warning",
        help="Two names differ in case or punctuation only.",
        why=(
            "As names of metrics, files and dashboards they are one, and people take one for the "
            "other."
        ),
        wrong=listed(
            "budgets",
            item("name: order-page", "endpoint: POST /order", "p95: 300ms"),
            item("name: order_page", "endpoint: GET /order", "p95: 300ms"),
        ),
        right=listed(
            "budgets",
            item("name: order", "endpoint: POST /order", "p95: 300ms"),
            item("name: order-page", "endpoint: GET /order", "p95: 300ms"),
        ),
        asks=_FILES,
        check=_names,
    ),
)
