"""Lint rules on what SLOs promise: shares, windows, slices, and what people do about the budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from slogate.model.calendar import Calendar, Rolling
from slogate.promises.promise import DAY_US, PolicyRule, Promise
from slogate.slo.rules import Facts, Found, Rule, heads, promised, promised_heads, slo
from slogate.slo.spec import Spec
from slogate.slo.spots import Spot, in_slo
from slogate.units import format_count, format_duration, format_share, significant

# nobody promises that 99 of 100 requests fail
FRACTION = Fraction(1, 100)
_FREEZING = re.compile(
    r"\b(freez\w*|frozen|(no|stop|halt|block)\s+(\w+\s+){0,2}(releas\w*|deploy\w*|rollout\w*))\b",
    re.IGNORECASE,
)


def _fractions(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised_heads(spec):
        shares = {"objective": promise.objective}
        if promise.budgeting == "timeslices":
            shares["slice_objective"] = promise.slice_objective
        for key, share in shares.items():
            if share <= FRACTION:
                written = format_share(share, 9)
                # 1% may have been 1, and 100% is refused
                meant = format_share(100 * share, 9) if share < FRACTION else "99.9%"
                message = f"{key} {written} is kept while {format_share(1 - share, 9)} is bad"
                yield in_slo(spec, promise, key), message, f"per cent, not a fraction: {meant}"


def _rules(spec: Spec) -> Iterator[tuple[Promise, Spot, PolicyRule]]:
    for promise in promised_heads(spec):
        for index, rule in enumerate(promise.policy):
            yield promise, in_slo(spec, promise, "policy", index), rule


def _remaining_fraction(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for _, spot, rule in _rules(spec):
        if 0 < rule.remaining < FRACTION:
            written, meant = (format_share(rule.remaining * by, 9) for by in (1, 100))
            message = f"this begins at {written} of the budget, when it is as good as gone"
            yield spot, message, f"per cent, not a fraction: {meant}"


def _frozen_for_ever(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for _, spot, rule in _rules(spec):
        if rule.freeze and rule.remaining >= 1:
            message = "releases are frozen from the first moment, with all of the budget left"
            yield spot, message, "remaining: 0% freezes when it is spent"


def _frozen_in_words(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise, spot, rule in _rules(spec):
        told = _FREEZING.search(rule.message)
        # at 0% the SLO is broken a request later, and blocks by itself
        acts = rule.freeze or (rule.remaining == 0 and promise.severity == "error")
        if told is not None and not acts:
            message = f"'{told[0]}' is only said: nothing fails at this much budget"
            yield spot, message, "add `freeze: true`, so that `slogate check` fails"


def _policy_twice(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised_heads(spec):
        seen: set[Fraction] = set()
        for index, rule in enumerate(promise.policy):
            if rule.remaining in seen:
                share = format_share(rule.remaining, 9)
                message = f"a second rule at {share}: the report tells the last one only"
                yield in_slo(spec, promise, "policy", index), message, "join the two messages"
            seen.add(rule.remaining)


def _first_hours(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in spec.promises:
        needed = ceil(1 / (1 - promise.objective))
        counted = promise.budgeting == "occurrences" and promise.severity == "error"
        if counted and isinstance(promise.window, Calendar) and promise.min_events < needed:
            what = promise.window_text
            message = (
                f"'{promise.name}' over {what} begins with no budget: until "
                f"{format_count(needed)} requests have come, a single bad one breaks it"
            )
            yield promise, message, f"min_events: {needed}"


def _whole_us(promise: Promise) -> int | None:
    """The length of a window that is always the same; days count as of 24 hours."""
    window = promise.window
    if isinstance(window, Rolling):
        return window.length_us
    days = {"day": DAY_US, "week": 7 * DAY_US}.get(window.unit)
    return None if days is None else days * window.count


def _under_one_slice(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised(spec):
        length = _whole_us(promise)
        if promise.slice_us is None or length is None:
            continue
        slices = length // promise.slice_us
        budget = (1 - promise.objective) * slices
        if budget < 1:
            message = (
                f"{format_share(1 - promise.objective, 9)} of {format_count(slices)} slices is a "
                f"budget of {significant(float(budget), 2)} slices: the first bad one breaks it"
            )
            spot = in_slo(spec, promise, "slice")
            yield spot, message, "shorter slices, a longer window, or a lower objective"


def _rest_of_window(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised(spec):
        length = _whole_us(promise)
        if promise.slice_us is not None and length is not None and length % promise.slice_us:
            slices = format_duration(promise.slice_us)
            message = (
                f"{promise.window_text} is no whole number of slices of {slices}: "
                f"{format_duration(length % promise.slice_us)} of it never count"
            )
            yield in_slo(spec, promise, "slice"), message, "slices of 1m or 5m always fit"


def _one_value(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in heads(spec):
        for label, pattern in promise.selection.where:
            if label == promise.by and "*" not in pattern:
                message = f"`where` leaves one value of '{label}', there is nothing to divide by"
                yield in_slo(spec, promise, "by"), message, "take one of the two out"


PROMISE_RULES: tuple[Rule, ...] = (
    Rule(
        id="percent-as-fraction",
        severity="error",
        help="An objective of 1% or less: a fraction with a percent sign.",
        why=(
            "0.999 is 99.9%. Written 0.999% the SLO is kept while 99 of 100 requests fail, and "
            "never tells."
        ),
        wrong=slo("objective: 0.999%"),
        right=slo("objective: 99.9%"),
        check=_fractions,
    ),
    Rule(
        id="remaining-as-fraction",
        severity="warning",
        help="A policy begins at under 1% of the budget.",
        why="0.25 is 25%. At 0.25% there is no time left to do what the message says.",
        wrong=slo("policy: [{remaining: 0.25%, message: Only reliability work ships.}]"),
        right=slo("policy: [{remaining: 25%, message: Only reliability work ships.}]"),
        check=_remaining_fraction,
    ),
    Rule(
        id="frozen-for-ever",
        severity="error",
        help="A policy freezes releases at all of the budget.",
        why="`remaining: 100%` holds from the first moment on: `slogate check` never passes.",
        wrong=slo("policy: [{remaining: 100%, message: Releases are frozen., freeze: true}]"),
        right=slo("policy: [{remaining: 0%, message: Releases are frozen., freeze: true}]"),
        check=_frozen_for_ever,
    ),
    Rule(
        id="freeze-in-words",
        severity="warning",
        help="A policy says that releases stop, and does not stop them.",
        why="A message is read by nobody at three in the morning; `freeze: true` fails the check.",
        wrong=slo("policy: [{remaining: 10%, message: Releases are frozen.}]"),
        right=slo("policy: [{remaining: 10%, message: Releases are frozen., freeze: true}]"),
        check=_frozen_in_words,
    ),
    Rule(
        id="policy-twice",
        severity="warning",
        help="Two rules of a policy begin at the same budget.",
        why="The report tells the strictest rule that applies, of two alike the last.",
        wrong=slo(
            "policy: [{remaining: 25%, message: Tell the team.}, "
            "{remaining: 25%, message: Only reliability work ships.}]"
        ),
        right=slo(
            "policy: [{remaining: 50%, message: Tell the team.}, "
            "{remaining: 25%, message: Only reliability work ships.}]"
        ),
        check=_policy_twice,
    ),
    Rule(
        id="calendar-without-min-events",
        severity="info",
        help="In the first hours of a calendar window a single bad request breaks the promise.",
        why=(
            "The window is judged as far as it has passed. On the first of the month a hundred "
            "requests are a budget of half a failure, and releases are blocked by one."
        ),
        wrong=slo("window: {calendar: month, timezone: Europe/Berlin}"),
        right=slo("window: {calendar: month, timezone: Europe/Berlin}", "min_events: 1000"),
        check=_first_hours,
    ),
    Rule(
        id="budget-under-a-slice",
        severity="warning",
        help="The budget of the whole window is less than one slice.",
        why="The first bad slice breaks the promise: it is one of 100% in disguise.",
        wrong=slo(
            "objective: 99.9%", "window: 7d", "budgeting: timeslices", "slice: 1h",
            "slice_objective: 95%",
        ),
        right=slo(
            "objective: 99.9%", "window: 7d", "budgeting: timeslices", "slice: 1m",
            "slice_objective: 95%",
        ),
        check=_under_one_slice,
    ),
    Rule(
        id="window-between-slices",
        severity="info",
        help="The window is no whole number of slices.",
        why="Only whole slices count, so that a part of the window is never looked at.",
        wrong=slo("window: 1d", "budgeting: timeslices", "slice: 7m", "slice_objective: 95%"),
        right=slo("window: 1d", "budgeting: timeslices", "slice: 5m", "slice_objective: 95%"),
        check=_rest_of_window,
    ),
    Rule(
        id="by-one-value",
        severity="warning",
        help="`by` divides by a label that `where` holds at one value.",
        why="One of the two is left over from another SLO, and the figure is not what it says.",
        wrong=slo("where: {region: eu-west}", "by: region"),
        right=slo('where: {region: "eu-*"}', "by: region"),
        check=_one_value,
    ),
)  # fmt: skip
