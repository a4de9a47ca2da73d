"""Rolling and calendar windows: which period holds a moment. Exact, in whole microseconds.

A rolling window is a length of time that ends at the moment. A calendar window is the k-th of equal
steps from an anchor, counted on the local clock: days, weeks, months, quarters and years begin at
the anchor's local time whatever the clock does between, so that a day may have 23 or 25 hours. The
k-th step is taken from the anchor itself, never from the step before: from 31 January, a month ends
on 28 February, and the next on 31 March. A local time that the clock skips is the moment of the
skip's end plus as much; of one that it shows twice it is the first. Minutes and hours are lengths.

Time zones are those of the system's database, or of the package tzdata where there is none.
Periods are half-open: the start belongs to them, the end does not.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from slogate.units import US_PER_SECOND

Unit = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("minute", "hour", "day", "week", "month", "quarter", "year")
_LENGTHS_US = {"minute": 60 * US_PER_SECOND, "hour": 3_600 * US_PER_SECOND}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# the first Monday, so that weeks begin on Mondays as ISO 8601 has it
_MONDAY = datetime(1970, 1, 5)
_NEW_YEAR = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """From `start_ts` on, up to but not `end_ts`; µs since the epoch."""

    start_ts: int
    end_ts: int

    @property
    def length_us(self) -> int:
        """Its length."""
        return self.end_ts - self.start_ts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """The last `length_us` before a moment."""

    length_us: int

    def at(self, ts: int) -> Period:
        """The period that ends at the moment."""
        return Period(start_ts=ts - self.length_us, end_ts=ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Steps of `count` units from `anchor`, a local time without zone, on the clock of `zone`."""

    unit: Unit
    zone: str
    count: int = 1
    anchor: datetime | None = None

    def at(self, ts: int) -> Period:
        """The period that holds the moment."""
        step = self._near(ts)
        while self.start(step) > ts:
            step -= 1
        while self.start(step + 1) <= ts:
            step += 1
        return Period(start_ts=self.start(step), end_ts=self.start(step + 1))

    def start(self, step: int) -> int:
        """When the step of that number from the anchor begins."""
        anchor, steps = self._anchor(), step * self.count
        if self.unit in _LENGTHS_US:
            return moment(anchor, self.zone) + steps * _LENGTHS_US[self.unit]
        if self.unit in _DAYS:
            return moment(anchor + timedelta(days=steps * _DAYS[self.unit]), self.zone)
        return moment(months_later(anchor, steps * _MONTHS[self.unit]), self.zone)

    def _anchor(self) -> datetime:
        return self.anchor or (_MONDAY if self.unit == "week" else _NEW_YEAR)

    def _near(self, ts: int) -> int:
        """A step that is the one looked for, or a neighbour of it."""
        anchor = self._anchor()
        if self.unit in _LENGTHS_US:
            length = self.count * _LENGTHS_US[self.unit]
            return (ts - moment(anchor, self.zone)) // length
        here = local(ts, self.zone)
        if self.unit in _DAYS:
            return (here.date() - anchor.date()).days // (self.count * _DAYS[self.unit])
        months = (here.year - anchor.year) * 12 + here.month - anchor.month
        return months // (self.count * _MONTHS[self.unit])


Recurring = Rolling | Calendar


def moment(clock: datetime, zone: str) -> int:
    """The moment at which the local clock shows that time; µs since the epoch."""
    there = clock.replace(tzinfo=ZoneInfo(zone), fold=0)
    return (there - _EPOCH) // _MICROSECOND


def local(ts: int, zone: str) -> datetime:
    """What the local clock shows at the moment, without zone."""
    there = _EPOCH + timedelta(microseconds=ts)
    return there.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def months_later(clock: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a shorter month."""
    year, month = divmod(clock.year * 12 + clock.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return datetime.combine(date(year, month + 1, min(clock.day, last)), time.min) + (
        clock - datetime.combine(clock.date(), time.min)
    )


def is_zone(name: str) -> bool:
    """Whether the time zone database has a zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def days_of(period: Period, zone: str) -> list[int]:
    """The local midnights within the period, ascending."""
    found, day = [], local(period.start_ts, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while (ts := moment(day, zone)) < period.end_ts:
        if ts >= period.start_ts:
            found.append(ts)
        day += timedelta(days=1)
    return found
