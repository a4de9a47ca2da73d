"""Rolling and calendar windows, against the vectors and a day-by-day reckoning of another kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from foreign import DATA
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Calendar, Period, Rolling, days_of, is_zone, moment, months_later

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VECTORS = DATA / "vectors" / "calendar_windows.json"


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def rows(part: str) -> list[dict]:
    """The vectors of a part; none where they are absent."""
    return json.loads(VECTORS.read_text())[part] if VECTORS.exists() else []


def of_row(row: dict) -> Calendar:
    """The calendar window that a row describes."""
    return Calendar(
        unit=row["unit"].lower(),
        count=row["count"],
        zone=row["timeZone"],
        anchor=datetime.fromisoformat(row["startTime"]),
    )


def overflows(row: dict) -> bool:
    """Whether months lack the anchor's day: theirs overflow (31 March − 1 month = 3 March)."""
    return row["unit"] in {"Month", "Quarter", "Year"} and row["startTime"][8:10] in {
        "29", "30", "31",
    }  # fmt: skip


@pytest.mark.parametrize("row", rows("rolling"), ids=lambda row: row["name"])
def test_rolling_vectors(row: dict):
    """A rolling window ends at the moment and is as long as it says."""
    length = us(row["expectedEnd"]) - us(row["expectedBegin"])
    units = {"Minute": 60, "Hour": 3_600, "Day": 86_400}
    found = Rolling(length_us=row["count"] * units[row["unit"]] * 1_000_000).at(
        us(row["timestamp"])
    )

    assert found == Period(start_ts=us(row["expectedBegin"]), end_ts=us(row["expectedEnd"]))
    assert found.length_us == length


@pytest.mark.parametrize("row", rows("cases"), ids=lambda row: row["name"])
def test_calendar_vectors(row: dict):
    """The period of each row holds its moment and, but for overflowing month ends, is theirs."""
    ts = us(row["timestamp"])

    found = of_row(row).at(ts)

    assert found.start_ts <= ts < found.end_ts
    if not overflows(row):
        assert found == Period(start_ts=us(row["expectedBegin"]), end_ts=us(row["expectedEnd"]))


MONTH_ENDS = [
    ("2025-03-31 00:00:00", "2025-03-02T23:59:59+00:00", "2025-02-28", "2025-03-31"),
    ("2025-03-31 00:00:00", "2024-11-30T23:59:59+00:00", "2024-11-30", "2024-12-31"),
    ("2025-01-31 00:00:00", "2025-03-02T23:59:59+00:00", "2025-02-28", "2025-03-31"),
    ("2024-01-31 00:00:00", "2024-02-29T00:00:00+00:00", "2024-02-29", "2024-03-31"),
]


@pytest.mark.parametrize(("anchor", "at", "begin", "end"), MONTH_ENDS)
def test_month_ends_are_clipped(anchor: str, at: str, begin: str, end: str):
    """A month without the anchor's day begins on its last day, and the next on the anchor's."""
    calendar = Calendar(unit="month", zone="UTC", anchor=datetime.fromisoformat(anchor))

    found = calendar.at(us(at))

    assert found == Period(start_ts=us(f"{begin}T00:00Z"), end_ts=us(f"{end}T00:00Z"))


DST = [
    ("Europe/Berlin", "2026-03-29T12:00+02:00", 23),
    ("Europe/Berlin", "2026-10-25T12:00+01:00", 25),
    ("America/New_York", "2026-03-08T12:00-04:00", 23),
    ("Asia/Kolkata", "2026-03-08T12:00+05:30", 24),
    ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", 23.5),
]


@pytest.mark.parametrize(("zone", "at", "hours"), DST)
def test_days_are_as_long_as_the_local_clock_has_them(zone: str, at: str, hours: float):
    """The day on which the clock is set has 23, 25 or other hours."""
    found = Calendar(unit="day", zone=zone).at(us(at))

    assert found.length_us == hours * 3_600_000_000


def test_a_midnight_that_is_skipped_is_the_moment_of_the_skip():
    """Where the clock jumps from midnight to one, the day begins at one."""
    found = Calendar(unit="day", zone="Africa/Cairo").at(us("2026-04-24T12:00+03:00"))

    assert found.start_ts == us("2026-04-24T01:00+03:00")


def test_a_time_shown_twice_is_the_first():
    """02:30 on the night of the change is the one still in summer time."""
    clock = datetime(2026, 10, 25, 2, 30)

    assert moment(clock, "Europe/Berlin") == us("2026-10-25T02:30+02:00")


@given(
    unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    count=st.integers(1, 5),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    anchor=st.datetimes(datetime(2000, 1, 1), datetime(2030, 12, 31)),
    ts=st.integers(us("2001-01-01T00:00Z"), us("2035-01-01T00:00Z")),
)
def test_periods_cover_all_time_once(unit, count, zone, anchor, ts):
    """Each moment lies in one period; the next begins where it ends."""
    calendar = Calendar(unit=unit, count=count, zone=zone, anchor=anchor)

    found = calendar.at(ts)

    assert found.start_ts <= ts < found.end_ts
    assert calendar.at(found.end_ts - 1) == found
    assert calendar.at(found.end_ts).start_ts == found.end_ts


@given(
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    ts=st.integers(us("2020-01-01T00:00Z"), us("2030-01-01T00:00Z")),
)
def test_months_begin_on_the_first(zone, ts):
    """Without an anchor, a month is the one that the local clock shows."""
    there = (EPOCH + timedelta(microseconds=ts)).astimezone(ZoneInfo(zone))
    first = there.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)

    assert Calendar(unit="month", zone=zone).at(ts).start_ts == us(first.isoformat())


def test_weeks_begin_on_mondays():
    """As ISO 8601 has it."""
    found = Calendar(unit="week", zone="UTC").at(us("2026-11-26T15:00Z"))

    assert found.start_ts == us("2026-11-23T00:00Z")


def test_months_later_keeps_the_time():
    """The day is clipped, the time of day is not."""
    assert months_later(datetime(2024, 12, 31, 17, 5), 2) == datetime(2025, 2, 28, 17, 5)


def test_zones_are_those_of_the_database():
    """A name that is none, or a path, is no zone."""
    assert is_zone("Europe/Berlin")
    assert [is_zone(name) for name in ("Europe/Bärlin", "../etc/passwd", "Mars", "Europe")] == [
        False, False, False, False,
    ]  # fmt: skip


def test_days_of_a_period_are_local_midnights():
    """Three midnights in a period of fifty hours over a change of the clock."""
    period = Period(start_ts=us("2026-10-24T00:00+02:00"), end_ts=us("2026-10-26T00:30+01:00"))

    assert days_of(period, "Europe/Berlin") == [
        us("2026-10-24T00:00+02:00"), us("2026-10-25T00:00+02:00"), us("2026-10-26T00:00+01:00"),
    ]  # fmt: skip
