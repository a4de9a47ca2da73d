"""When something recurs: the needed part of RFC 5545's RRULE, for planned downtime.

Read are FREQ of DAILY, WEEKLY, MONTHLY, YEARLY with INTERVAL, COUNT, UNTIL, BYDAY (with a number,
as in -1SU, by the month only), BYMONTHDAY, BYMONTH and WKST=MO. Whatever else a rule may say is
refused in a sentence, never left out: a downtime that is understood wrongly hides an outage.
Days are those of the local clock. A month without the day is passed over, as the RFC has it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, cast

from slogate.model.calendar import local, moment, months_later

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recurrence; empty tuples and None say nothing.

    `days` are (which of the month or None for each, weekday from Monday), `until_ts` is the last
    moment at which it may begin, `until_day` the last local day.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until_ts: int | None = None
    until_day: date | None = None
    days: tuple[tuple[int | None, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()

    def holds(self, day: date, first: date) -> bool:
        """Whether it may recur on the day, of a rule that began on the first."""
        if self.months and day.month not in self.months:
            return False
        length = monthrange(day.year, day.month)[1]
        if self.month_days and not {day.day, day.day - length - 1} & set(self.month_days):
            return False
        if self.days and not any(self._is(day, which, weekday) for which, weekday in self.days):
            return False
        return self._agrees(day, first)

    def _is(self, day: date, which: int | None, weekday: int) -> bool:
        if day.weekday() != weekday:
            return False
        left = (monthrange(day.year, day.month)[1] - day.day) // 7
        return which is None or which in {(day.day - 1) // 7 + 1, -left - 1}

    def _agrees(self, day: date, first: date) -> bool:
        """Whether it agrees with the first day in what the rule leaves open, and the interval."""
        if self.frequency == "DAILY":
            return (day - first).days % self.interval == 0
        if self.frequency == "WEEKLY":
            monday = first - timedelta(days=first.weekday())
            weekday = bool(self.days or self.month_days) or day.weekday() == first.weekday()
            return weekday and (day - monday).days // 7 % self.interval == 0
        if not (self.days or self.month_days) and day.day != first.day:
            return False
        if self.frequency == "MONTHLY":
            months = (day.year - first.year) * 12 + day.month - first.month
            return months % self.interval == 0
        if not self.months and day.month != first.month:
            return False
        return (day.year - first.year) % self.interval == 0


def starts(
    rule: Rule, start_ts: int, zone: str, before_ts: int, *, since_ts: int | None = None
) -> Iterator[int]:
    """When it begins: ascending, from `start_ts` on, before `before_ts`.

    Of those before `since_ts` some or all may be left out.
    """
    clock = local(start_ts, zone)
    left = _MOST if rule.count is None else rule.count
    begun = clock.date()
    if since_ts is not None and rule.count is None:  # nobody has to count those before
        begun = max(begun, local(max(since_ts, start_ts), zone).date() - timedelta(days=1))
    for day in _days(rule, clock.date(), max(begun, clock.date())):
        ts = moment(datetime.combine(day, clock.time()), zone)
        over = (rule.until_ts is not None and ts > rule.until_ts) or (
            rule.until_day is not None and day > rule.until_day
        )
        if left == 0 or over or ts >= before_ts:
            return
        left -= 1
        yield ts


def recurs_at_its_start(rule: Rule, start_ts: int, zone: str) -> bool:
    """Whether the first moment is itself one of the rule; what RFC 5545 leaves open if not."""
    return next(starts(rule, start_ts, zone, start_ts + 1), None) == start_ts


def _days(rule: Rule, first: date, begun: date) -> Iterator[date]:
    """The days from `begun` on on which it recurs; years without any are passed over quickly."""
    day, fallow = begun, 0
    while day.year < 9_000 and fallow < 400 * 366:
        if rule.holds(day, first):
            fallow = 0
            yield day
        fallow += 1
        day = _next(rule, day, first)


def _next(rule: Rule, day: date, first: date) -> date:
    """The next day that may be one: the very next, but for whole years that are left out."""
    following = day + timedelta(days=1)
    skipped = rule.frequency == "YEARLY" and (following.year - first.year) % rule.interval
    if not skipped:
        return following
    later = months_later(datetime(following.year, 1, 1), 12 * (rule.interval - skipped))
    return later.date()


def parse_rule(text: str) -> Rule:
    """`FREQ=WEEKLY;BYDAY=SU` as a rule; ValueError says what is wrong or not read."""
    parts = _parts(text)
    frequency = parts.pop("FREQ", None)
    if frequency is None:
        raise ValueError("FREQ is missing; write one like FREQ=WEEKLY;BYDAY=SU")
    if frequency not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise ValueError(f"FREQ={frequency} is not read; DAILY, WEEKLY, MONTHLY or YEARLY is")
    week = parts.pop("WKST", "MO")
    if week != "MO":
        raise ValueError(f"WKST={week} is not read; weeks begin on Mondays")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other; keep one")
    read: dict[str, Any] = {}
    for key, value in parts.items():
        if key not in _READ:
            raise ValueError(f"{key} is not read; known: FREQ, {', '.join(_READ)}")
        read |= _READ[key](value)
    if frequency != "MONTHLY" and any(which is not None for which, _ in read.get("days", ())):
        raise ValueError(f"a numbered BYDAY={parts['BYDAY']} is read with FREQ=MONTHLY only")
    return Rule(frequency=cast("Frequency", frequency), **read)


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise ValueError(
                f"'{part}' is no part of a recurrence; write one like FREQ=WEEKLY;BYDAY=SU"
            )
        if key in parts:
            raise ValueError(f"{key} is written twice")
        parts[key] = value
    return parts


def _whole(value: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", value) or int(value) == 0:
        raise ValueError(f"'{value}' is no whole number from 1 to 9999")
    return int(value)


def _numbers(value: str, most: int, *, negative: bool) -> tuple[int, ...]:
    found = []
    for part in value.split(","):
        number = int(part) if re.fullmatch("[+-]?[0-9]{1,2}", part) else 0
        if not 1 <= abs(number) <= most or (number < 0 and not negative):
            raise ValueError(f"'{part}' is no number from 1 to {most}")
        found.append(number)
    return tuple(found)


def _weekdays(value: str) -> tuple[tuple[int | None, int], ...]:
    found = []
    for part in value.split(","):
        match = _DAY.fullmatch(part)
        if not match:
            raise ValueError(f"'{part}' is no day; write one like SU, or 1MO, -1SU by the month")
        which = int(match[1]) if match[1] else None
        found.append((which, _WEEKDAYS.index(match[2])))
    return tuple(found)


def _date(value: str) -> date:
    fault = f"UNTIL={value} is no time; write a day, 20261231, or in UTC 20261231T020000Z"
    if not re.fullmatch("[0-9]{8}", value):
        raise ValueError(fault)
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise ValueError(fault) from None


def _until(value: str) -> dict[str, Any]:
    day, separator, clock = value.partition("T")
    if not separator:
        return {"until_day": _date(day)}
    on, time_of_day = _date(day), re.fullmatch("([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])Z", clock)
    if not time_of_day:
        raise ValueError(f"UNTIL={value} is no time in UTC; write one like 20261231T020000Z")
    hour, minute, second = map(int, time_of_day.groups())
    there = datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=UTC)
    return {"until_ts": (there - _EPOCH) // timedelta(microseconds=1)}


_READ: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "INTERVAL": lambda value: {"interval": _whole(value)},
    "COUNT": lambda value: {"count": _whole(value)},
    "UNTIL": _until,
    "BYDAY": lambda value: {"days": _weekdays(value)},
    "BYMONTHDAY": lambda value: {"month_days": _numbers(value, 31, negative=True)},
    "BYMONTH": lambda value: {"months": _numbers(value, 12, negative=False)},
}
