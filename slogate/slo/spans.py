"""Spans of time in a spec: windows, rolling and by the calendar, and corrections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slogate.model.calendar import Calendar, Rolling, Unit, is_zone
from slogate.model.closure import Correction
from slogate.model.recurrence import parse_rule, recurs_at_its_start
from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, listing, mapping
from slogate.slo.shapes import DURATION_SCHEMA, choice, instant, parsed, text
from slogate.units import US_PER_SECOND, parse_duration

_ZONE = "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}"
_RRULE = "(?=.*FREQ=(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY))[A-Z0-9=;,+:-]+"
_MINUTE_US = 60 * US_PER_SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def either(expected: str, *, single: Shape, other: Shape) -> Shape:
    """A single value read by one shape, a mapping or list by the other."""

    def read(node: Node, at: At) -> Any:
        return (single if isinstance(node, Scalar) else other).read(node, at)

    return Shape(read=read, schema={"anyOf": [single.schema, other.schema], "title": expected})


def _zone() -> Shape:
    def parse(value: str) -> str:
        if not re.fullmatch(_ZONE, value) or not is_zone(value):
            raise ValueError(f"'{value}' is not a time zone; write one like Europe/Berlin")
        return value

    return parsed(parse, {"type": "string", "pattern": f"^{_ZONE}$"})


_CALENDAR = Fields(
    named={
        "calendar": Field(
            shape=choice("day", "week", "month", "quarter", "year"),
            help="the period that begins anew",
            required=True,
        ),
        "timezone": Field(
            shape=_zone(), help="an IANA time zone: Europe/Berlin", required=True
        ),
    }
)  # fmt: skip


_STEPS: dict[str, Unit] = {
    "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year",
}  # fmt: skip
# as for a rolling window: ten years
_MOST_STEPS = {"M": 120, "Q": 40, "Y": 10}
_EVERY = "[1-9][0-9]{0,3}[mhdwMQY]"
_CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"


def _clock(value: str) -> datetime:
    if not re.fullmatch(_CLOCK, value):
        raise ValueError(f"'{value}' is not a local time; write one like 2026-01-05 00:00:00")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is not in the calendar") from None


def _every(value: str) -> str:
    if not re.fullmatch(_EVERY, value):
        raise ValueError(f"'{value}' is not a number of periods; write one like 2w, 1M or 1Q")
    most = _MOST_STEPS.get(value[-1])
    if most is not None and int(value[:-1]) > most:
        raise ValueError(f"'{value}' is longer than ten years")
    return value


_ANCHORED = Fields(
    named={
        "every": Field(
            shape=parsed(_every, {"type": "string", "pattern": f"^{_EVERY}$"}),
            help="how long a period is: 2w, 1M (month), 1Q, 1Y",
            required=True,
        ),
        "start": Field(
            shape=parsed(_clock, {"type": "string", "pattern": f"^{_CLOCK}$"}),
            help="the local time at which one began: 2026-01-05",
            required=True,
        ),
        "timezone": Field(shape=_zone(), help="an IANA time zone: Europe/Berlin", required=True),
    }
)


def _rolling(value: str) -> tuple[str, Rolling]:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        raise ValueError(f"'{value}' has no unit; write {value}d if it is days")
    if not re.search("[0-9]", value) or value.endswith(("M", "Q", "Y", "mo", "y")):
        hint = "write one like 28d, or {calendar: month, timezone: UTC}"
        raise ValueError(f"'{value}' is not a duration; {hint}")
    us = parse_duration(value)
    if us < 60 * _MINUTE_US:
        raise ValueError(f"'{value}' is shorter than 1h; write one like 28d")
    if us % _MINUTE_US:
        raise ValueError(f"'{value}' is not of whole minutes")
    return _length(us), Rolling(length_us=us)


def _length(us: int) -> str:
    """A length as it stands in ids, whichever way it is written: `28d` for `4w` and `672h`."""
    minutes = us // _MINUTE_US
    unit, size = next((u, s) for u, s in (("d", 1_440), ("h", 60), ("m", 1)) if minutes % s == 0)
    return f"{minutes // size}{unit}"


def _periods(found: Mapping[str, Any]) -> tuple[str, Calendar]:
    """Steps from a moment on; named `every-2w`, since `2w` is a rolling window."""
    every = found["every"]
    count, unit = int(every[:-1]), _STEPS[every[-1]]
    calendar = Calendar(unit=unit, count=count, zone=found["timezone"], anchor=found["start"])
    return f"every-{every}", calendar


def windows_shape() -> Shape:
    """A window, or a list of several, read as a list of (text, window)."""
    plain, anchored = mapping(_CALENDAR), mapping(_ANCHORED)

    def calendar(node: Node, at: At) -> Any:
        if isinstance(node, Table) and node.key("every") is not None:
            found = anchored.read(node, at)
            return WRONG if found is WRONG else _periods(found)
        found = plain.read(node, at)
        if found is WRONG:
            return found
        return found["calendar"], Calendar(unit=found["calendar"], zone=found["timezone"])

    single = parsed(_rolling, DURATION_SCHEMA)
    schema = {"anyOf": [plain.schema, anchored.schema]}
    one = either("window", single=single, other=Shape(read=calendar, schema=schema))
    several = listing(one, nonempty=True)

    def read(node: Node, at: At) -> Any:
        found = several.read(node, at) if isinstance(node, Listing) else [one.read(node, at)]
        if found is WRONG or WRONG in found:
            return WRONG
        names = [name for name, _ in found]
        for index, name in enumerate(names):
            if name in names[:index]:
                return at.item(index).wrong(node, f"the window '{name}' is written twice")
        return found

    return Shape(read=read, schema={"anyOf": [one.schema, several.schema]})


_CORRECTION = Fields(
    named={
        "start": Field(shape=instant(), help="2026-11-01T02:00Z", required=True),
        "end": Field(shape=instant(), help="2026-11-01T04:00Z", required=True),
        "reason": Field(shape=text("a reason"), help="why it does not count", required=True),
        "rrule": Field(
            shape=parsed(parse_rule, {"type": "string", "pattern": f"^{_RRULE}$"}),
            help="when it recurs: FREQ=WEEKLY",
        ),
        "timezone": Field(
            shape=_zone(), help="on whose clock it recurs; without, on UTC's"
        ),
    }
)  # fmt: skip


def corrections_shape() -> Shape:
    """The list under `corrections:`, read as corrections."""
    plain = mapping(_CORRECTION)

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        if found is WRONG:
            return WRONG
        start, end = (_ts(found[key]) for key in ("start", "end"))
        if end <= start:
            return at.key("end").wrong(value_of(node, "end"), "the end is not after the start")
        rule, zone = found.get("rrule"), found.get("timezone", "UTC")
        if rule is None and "timezone" in found:
            place = value_of(node, "timezone")
            return at.key("timezone").wrong(place, "'timezone' has no meaning without an rrule")
        if rule is not None and not recurs_at_its_start(rule, start, zone):
            return at.key("rrule").wrong(
                value_of(node, "rrule"),
                "the start is not one of the times of this rrule",
                "let the start be the first of them",
            )
        return Correction(start_ts=start, end_ts=end, reason=found["reason"], rule=rule, zone=zone)

    return listing(Shape(read=read, schema=plain.schema))


def _ts(there: datetime) -> int:
    return (there - _EPOCH) // timedelta(microseconds=1)


def value_of(node: Node, key: str) -> Node:
    """The value of a key, for its place; the mapping itself without."""
    value = node.get(key) if isinstance(node, Table) else None
    return node if value is None else value
