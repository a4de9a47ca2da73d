"""`slos:`: service level objectives of production, read and checked in full.

What a promise cannot mean is refused here: a target of 100%, slices where none are counted, slices
longer than the window or too many of them, alerts that no traffic can set off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

from slogate.model.calendar import Recurring, Rolling
from slogate.slo.document import Listing, Node
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, listing, mapping
from slogate.slo.indicator import check_measure, free, indicator_shape, prose
from slogate.slo.shapes import (
    choice,
    duration,
    endpoint,
    expression,
    flag,
    name,
    share,
    text,
    texts_by_name,
    times,
    whole,
)
from slogate.slo.spans import either, value_of, windows_shape
from slogate.stats.burn_rate import Pair, workbook
from slogate.units import US_PER_SECOND, format_duration, format_share, significant

_NO_BUDGET = ": it would leave no error budget at all; write 99.99% or less"
_DAY_US = 86_400 * US_PER_SECOND
# the longest that a period of the calendar may be: there a factor is the highest
_LONGEST_US = {
    "minute": _DAY_US // 1_440,
    "hour": _DAY_US // 24,
    "day": _DAY_US,
    "week": 7 * _DAY_US,
    "month": 31 * _DAY_US,
    "quarter": 92 * _DAY_US,
    "year": 366 * _DAY_US,
}
MOST_SLICES = 1_000_000

_ALERT = Fields(
    named={
        "budget": Field(shape=share(over=Fraction(0)), help="share of budget burned"),
        "factor": Field(shape=times(), help="instead of budget: the burn rate to exceed"),
        "long": Field(shape=duration(least="1m"), help="long window: 1h", required=True),
        "short": Field(shape=duration(least="1m"), help="short window: 5m; none: only the long"),
        "severity": Field(shape=name("a severity"), help="page or ticket"),
    }
)
_POLICY = Fields(
    named={
        "remaining": Field(shape=share(), help="at this much budget left", required=True),
        "message": Field(shape=text("a message"), help="what people do then", required=True),
        "freeze": Field(shape=flag(), help="whether releases are frozen"),
    }
)
_SLO = Fields(
    named={
        "name": Field(shape=name(), help="unique in the service", required=True),
        "endpoint": Field(shape=endpoint(), help="as in budgets; none: the whole service"),
        "where": Field(shape=texts_by_name("labels"), help="labels that requests must have"),
        "description": Field(shape=prose(), help="for people"),
        "good": Field(shape=expression(), help="ok and duration <= 400ms"),
        "indicator": Field(
            shape=indicator_shape(), help="instead of good: queries of a metrics source"
        ),
        "objective": Field(
            shape=share(over=Fraction(0), under=Fraction(1), why=_NO_BUDGET),
            help="share of good requests promised: 99.5%",
            required=True,
        ),
        "window": Field(
            shape=windows_shape(),
            help="28d, {calendar: month, timezone: Europe/Berlin}, or a list of several",
            required=True,
        ),
        "budgeting": Field(
            shape=choice("occurrences", "timeslices", "ratio_timeslices"),
            help="what is counted: requests, good slices, or the mean of slices",
        ),
        "slice": Field(shape=duration(least="1s"), help="length of a slice: 1m"),
        "slice_objective": Field(
            shape=share(over=Fraction(0)), help="share of good requests that makes a slice good"
        ),
        "empty_slices": Field(
            shape=choice("excluded", "good", "bad"),
            help="slices without requests: left out, or counted as good or bad",
        ),
        "by": Field(shape=name("a label"), help="one budget for each value of this label"),
        "min_events": Field(shape=whole(least=0), help="fewer requests are no data"),
        "severity": Field(
            shape=choice("error", "warn", "info"), help="warn and info never change the exit code"
        ),
        "on_no_data": Field(
            shape=choice("block", "warn", "pass"), help="what to do when there is nothing to judge"
        ),
        "alerts": Field(
            shape=either("alerts", single=choice("google"), other=listing(mapping(_ALERT))),
            help="google (multi-window, multi-burn-rate), or a list",
        ),
        "policy": Field(shape=listing(mapping(_POLICY)), help="the error-budget policy"),
        "openslo": Field(shape=free(), help="what only OpenSLO can say; kept for it"),
    }
)


def slos_shape() -> Shape:
    """The list under `slos:`."""
    plain = mapping(_SLO)

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        if found is WRONG:
            return WRONG
        before = len(at.faults)
        check_measure(found, node, at)
        check_promised(found, node, at)
        _check_alerts(found, node, at)
        return found if len(at.faults) == before else WRONG

    return listing(Shape(read=read, schema=plain.schema))


def promised_fields(*, without: Collection[str] = ()) -> dict[str, Field]:
    """What is promised over a window, whatever is measured."""
    measured = {"endpoint", "where", "good", "indicator", "by", "openslo", *without}
    return {key: field for key, field in _SLO.named.items() if key not in measured}


def check_promised(found: Mapping[str, Any], node: Node, at: At) -> None:
    """Slices and policies mean something."""
    _check_slices(found, node, at)
    _check_freezing(found, node, at)


def _check_slices(found: Mapping[str, Any], node: Node, at: At) -> None:
    """Slices belong to the two budgetings by slices, and are shorter than the window."""
    budgeting = found.get("budgeting", "occurrences")
    wanted, free = {
        "timeslices": ({"slice", "slice_objective"}, {"empty_slices"}),
        "ratio_timeslices": ({"slice"}, {"empty_slices"}),
        "occurrences": (set[str](), set[str]()),
    }[budgeting]
    for key in ("slice", "slice_objective", "empty_slices"):
        if key in found and key not in wanted | free:
            at.key(key).wrong(value_of(node, key), f"'{key}' has no meaning with {budgeting}")
        elif key in wanted and key not in found:
            at.wrong(node, f"'{key}' is missing with {budgeting}", f"{key}: {_SLO.named[key].help}")
    length, place = found.get("slice"), value_of(node, "slice")
    shortest = min(_longest(window) for _, window in found["window"])
    longest = max(_longest(window) for _, window in found["window"])
    if length and length >= shortest:
        said = "a slice must be shorter than the window"
        at.key("slice").wrong(place, said, rule="slice-too-long")
    elif length and longest // length > MOST_SLICES:
        message = f"the window has over {MOST_SLICES:,} slices of {format_duration(length)}"
        at.key("slice").wrong(place, message, "1m is usual")


def _check_freezing(found: Mapping[str, Any], node: Node, at: At) -> None:
    """What freezes releases must be able to fail the check."""
    severity = found.get("severity", "error")
    if severity != "error" and any(rule.get("freeze") for rule in found.get("policy", ())):
        message = f"severity {severity} never fails the check, so that 'freeze: true' freezes none"
        place, hint = value_of(node, "severity"), "take one of the two out"
        at.key("severity").wrong(place, message, hint, rule="freeze-without-effect")


def _longest(window: Recurring) -> int:
    """How long a window is at most."""
    if isinstance(window, Rolling):
        return window.length_us
    return _LONGEST_US[window.unit] * window.count


def alerts_of(found: Mapping[str, Any], window: Recurring) -> tuple[Pair, ...]:
    """The pairs of windows that an SLO asks for."""
    alerts = found.get("alerts", ())
    if alerts == "google":
        return workbook(_longest(window))
    return tuple(
        Pair(
            share=_share(alert, window),
            long_us=alert["long"],
            short_us=alert.get("short", alert["long"]),
            severity=alert.get("severity", "page"),
        )
        for alert in alerts
    )


def _share(alert: Mapping[str, Any], window: Recurring) -> Fraction:
    """The share of the budget that burns in the long window at the limit."""
    if "factor" in alert:
        found: Fraction = alert["factor"] * alert["long"] / _longest(window)
        return found
    return Fraction(alert["budget"])


def _check_alerts(found: Mapping[str, Any], node: Node, at: At) -> None:
    """Each pair can fire, and its windows are in order."""
    key = at.key("alerts")
    place = value_of(node, "alerts")
    if _mismeasured(found, place, key):
        return
    for text_of, window in found["window"]:
        for index, pair in enumerate(alerts_of(found, window)):
            listed = isinstance(place, Listing)
            here = key.item(index) if listed else key
            spot = place.items[index] if isinstance(place, Listing) else place
            alone = listed and "short" not in found["alerts"][index]
            for rule, message, hint in _faults(
                pair, found["objective"], window, text_of, alone=alone
            ):
                told = hint if listed else f"{hint}; write alerts as a list"
                here.wrong(spot, message, told, rule=rule)


def _mismeasured(found: Mapping[str, Any], place: Node, key: At) -> bool:
    """Whether an alert says in no way, or in two, how fast is too fast; its faults are told."""
    before = len(key.faults)
    fixed = all(isinstance(window, Rolling) for _, window in found["window"])
    alerts = found.get("alerts", ())
    for index, alert in enumerate(() if alerts == "google" else alerts):
        spot = place.items[index] if isinstance(place, Listing) else place
        here = key.item(index)
        if "budget" not in alert and "factor" not in alert:
            hint = f"budget: {_ALERT.named['budget'].help}"
            here.wrong(spot, "'budget' is missing", hint, rule="missing-key")
        elif "budget" in alert and "factor" in alert:
            message = "'budget' and 'factor' say the same in two ways"
            here.key("factor").wrong(value_of(spot, "factor"), message, "take one of the two out")
        elif "factor" in alert and not fixed:
            message = "in a window of the calendar a factor changes with the length of the period"
            here.key("factor").wrong(value_of(spot, "factor"), message, "say it as budget")
    return len(key.faults) > before


def _faults(
    pair: Pair, objective: Fraction, window: Recurring, named: str, *, alone: bool
) -> Iterator[tuple[str, str, str]]:
    period = _longest(window)
    long, short = format_duration(pair.long_us), format_duration(pair.short_us)
    if pair.short_us >= pair.long_us and not alone:
        yield (
            "alert-windows",
            f"the short window of {short} is not shorter than the long one of {long}",
            "a twelfth of it is usual",
        )
    if pair.long_us > period:
        message = f"the long window of {long} is longer than the window {named}"
        yield "alert-windows", message, "choose a shorter one"
    if not pair.is_reachable(objective, period):
        factor = significant(float(pair.factor(period)), 3)
        most = significant(float(1 / (1 - objective)), 3)
        message = (
            f"burning {format_share(pair.share)} of the budget in {long} is {factor} times the "
            f"sustainable rate over {named}; at {format_share(objective, 9)} no traffic burns "
            f"faster than {most} times, so that this can never fire"
        )
        yield "unreachable-alert", message, "take less of the budget, or a longer long window"
