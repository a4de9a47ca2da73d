"""`slos:` and `corrections:`: service level objectives of production, read and checked in full.

This version cannot judge them yet; `load.py` says so of every spec that has some. What is
written is validated all the same, so that a file that loads today means the same tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from slogate.slo.document import Node, Scalar, Table
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, listing, mapping
from slogate.slo.shapes import (
    choice,
    duration,
    endpoint,
    expression,
    flag,
    instant,
    name,
    parsed,
    share,
    text,
    texts_by_name,
    whole,
)

_NO_BUDGET = ": it would leave no error budget at all; write 99.99% or less"
_ZONE = "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}"
_RRULE = "(?=.*FREQ=(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY))[A-Z0-9=;,+:-]+"


def _matching(pattern: str, what: str) -> Shape:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"'{value}' is not {what}")
        return value

    return parsed(parse, {"type": "string", "pattern": f"^{pattern}$"})


def _either(expected: str, *, single: Shape, other: Shape) -> Shape:
    """A single value read by one shape, a mapping or list by the other."""

    def read(node: Node, at: At) -> Any:
        return (single if isinstance(node, Scalar) else other).read(node, at)

    return Shape(read=read, schema={"anyOf": [single.schema, other.schema], "title": expected})


_CALENDAR = Fields(
    named={
        "calendar": Field(
            shape=choice("day", "week", "month", "quarter", "year"),
            help="the period that begins anew",
            required=True,
        ),
        "timezone": Field(
            shape=_matching(_ZONE, "a time zone; write one like Europe/Berlin"),
            help="an IANA time zone: Europe/Berlin",
            required=True,
        ),
    }
)
_ALERT = Fields(
    named={
        "budget": Field(
            shape=share(over=Fraction(0)), help="share of budget burned", required=True
        ),
        "long": Field(shape=duration(least="1m"), help="long window: 1h", required=True),
        "short": Field(shape=duration(least="1m"), help="short window: 5m", required=True),
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
        "good": Field(shape=expression(), help="ok and duration <= 400ms", required=True),
        "objective": Field(
            shape=share(over=Fraction(0), under=Fraction(1), why=_NO_BUDGET),
            help="share of good requests promised: 99.5%",
            required=True,
        ),
        "window": Field(
            shape=_either("window", single=duration(least="1h"), other=mapping(_CALENDAR)),
            help="28d, or {calendar: month, timezone: Europe/Berlin}",
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
        "by": Field(shape=name("a label"), help="one budget for each value of this label"),
        "min_events": Field(shape=whole(least=0), help="fewer requests are no data"),
        "severity": Field(
            shape=choice("error", "warn", "info"), help="warn and info never change the exit code"
        ),
        "alerts": Field(
            shape=_either("alerts", single=choice("google"), other=listing(mapping(_ALERT))),
            help="google (multi-window, multi-burn-rate), or a list",
        ),
        "policy": Field(shape=listing(mapping(_POLICY)), help="the error-budget policy"),
    }
)
_CORRECTION = Fields(
    named={
        "start": Field(shape=instant(), help="2026-11-01T02:00Z", required=True),
        "end": Field(shape=instant(), help="2026-11-01T04:00Z", required=True),
        "reason": Field(shape=text("a reason"), help="why it does not count", required=True),
        "rrule": Field(
            shape=_matching(_RRULE, "a recurrence; write one like FREQ=WEEKLY;BYDAY=SU"),
            help="when it recurs: FREQ=WEEKLY",
        ),
    }
)


def slos_shape() -> Shape:
    """The list under `slos:`."""
    plain = mapping(_SLO)

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        return WRONG if found is WRONG or not _consistent(found, node, at) else found

    return listing(Shape(read=read, schema=plain.schema))


def corrections_shape() -> Shape:
    """The list under `corrections:`."""
    plain = mapping(_CORRECTION)

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        if found is not WRONG and found["end"] <= found["start"]:
            return at.key("end").wrong(_value(node, "end"), "the end is not after the start")
        return found

    return listing(Shape(read=read, schema=plain.schema))


def _consistent(found: Mapping[str, Any], node: Node, at: At) -> bool:
    """Slices belong to the two budgetings by slices, and are shorter than the window."""
    before = len(at.faults)
    budgeting = found.get("budgeting", "occurrences")
    wanted = {
        "timeslices": {"slice", "slice_objective"},
        "ratio_timeslices": {"slice"},
        "occurrences": set[str](),
    }[budgeting]
    for key in ("slice", "slice_objective"):
        if key in found and key not in wanted:
            at.key(key).wrong(_value(node, key), f"'{key}' has no meaning with {budgeting}")
        elif key in wanted and key not in found:
            at.wrong(node, f"'{key}' is missing with {budgeting}", f"{key}: {_SLO.named[key].help}")
    window = found["window"]
    if isinstance(window, int) and found.get("slice", 0) >= window:
        at.key("slice").wrong(_value(node, "slice"), "a slice must be shorter than the window")
    return len(at.faults) == before


def _value(node: Node, key: str) -> Node:
    value = node.get(key) if isinstance(node, Table) else None
    return node if value is None else value
