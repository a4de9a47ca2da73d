"""Recurring downtime: the rules of RFC 5545 that are read, and those that are refused."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Period, local, moment
from slogate.model.closure import Correction, closures
from slogate.model.recurrence import Rule, parse_rule, recurs_at_its_start, starts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def dates(rule: str, start: str, most: int = 6, zone: str = "UTC") -> list[str]:
    """The first local days on which it recurs."""
    found = starts(parse_rule(rule), us(start), zone, us("2040-01-01T00:00Z"))
    return [
        local(ts, zone).isoformat(sep=" ", timespec="minutes")
        for ts, _ in zip(found, range(most), strict=False)
    ]


# RFC 5545, 3.8.5.3: the examples that stay within what is read
EXAMPLES = [
    ("FREQ=DAILY;COUNT=3", "1997-09-02T09:00Z", ["09-02", "09-03", "09-04"]),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02T09:00Z",
     ["09-02", "09-12", "09-22", "10-02", "10-12"]),
    ("FREQ=DAILY;UNTIL=19970904T090000Z", "1997-09-02T09:00Z", ["09-02", "09-03", "09-04"]),
    ("FREQ=DAILY;UNTIL=19970904T085959Z", "1997-09-02T09:00Z", ["09-02", "09-03"]),
    ("FREQ=DAILY;UNTIL=19970904", "1997-09-02T09:00Z", ["09-02", "09-03", "09-04"]),
    ("FREQ=WEEKLY;COUNT=3", "1997-09-02T09:00Z", ["09-02", "09-09", "09-16"]),
    ("FREQ=WEEKLY;COUNT=4;WKST=MO;BYDAY=TU,TH", "1997-09-02T09:00Z",
     ["09-02", "09-04", "09-09", "09-11"]),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00Z",
     ["08-05", "08-10", "08-19", "08-24"]),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "1997-09-05T09:00Z", ["09-05", "10-03", "11-07", "12-05"]),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "1997-09-07T09:00Z",
     ["09-07", "09-28", "11-02", "11-30"]),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28T09:00Z",
     ["09-28", "10-29", "11-28", "12-29", "01-29", "02-26"]),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "1997-09-02T09:00Z",
     ["09-02", "09-15", "10-02", "10-15"]),
    ("FREQ=MONTHLY;COUNT=4", "1997-01-31T09:00Z", ["01-31", "03-31", "05-31", "07-31"]),
    ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997-06-10T09:00Z", ["06-10", "07-10", "06-10", "07-10"]),
    ("FREQ=YEARLY;INTERVAL=2;COUNT=3;BYMONTH=1", "1997-01-10T09:00Z", ["01-10"] * 3),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=2", "1998-02-13T09:00Z", ["02-13", "03-13"]),
    ("FREQ=YEARLY;COUNT=2", "1996-02-29T09:00Z", ["02-29", "02-29"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "start", "days"), EXAMPLES)
def test_examples(rule: str, start: str, days: list[str]):
    """The days of the examples, in their order."""
    assert [day[5:10] for day in dates(rule, start)] == days


def test_the_clock_keeps_its_time_over_the_change():
    """Two at night on Sundays is two at night in summer and in winter."""
    found = dates("FREQ=WEEKLY", "2026-10-18T03:00+02:00", 2, "Europe/Berlin")

    assert found == ["2026-10-18 03:00", "2026-10-25 03:00"]


REFUSED = [
    ("FREQ=HOURLY", "FREQ=HOURLY is not read; DAILY, WEEKLY, MONTHLY or YEARLY is"),
    ("BYDAY=SU", "FREQ is missing; write one like FREQ=WEEKLY;BYDAY=SU"),
    ("FREQ=WEEKLY;BYSETPOS=1", "BYSETPOS is not read"),
    ("FREQ=WEEKLY;BYHOUR=3", "BYHOUR is not read"),
    ("FREQ=WEEKLY;WKST=SU", "WKST=SU is not read; weeks begin on Mondays"),
    ("FREQ=WEEKLY;BYDAY=1MO", "a numbered BYDAY=1MO is read with FREQ=MONTHLY only"),
    ("FREQ=YEARLY;BYDAY=1MO", "a numbered BYDAY=1MO is read with FREQ=MONTHLY only"),
    ("FREQ=WEEKLY;BYDAY=XX", "'XX' is no day"),
    ("FREQ=DAILY;INTERVAL=0", "'0' is no whole number"),
    ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL exclude each other"),
    ("FREQ=DAILY;UNTIL=20261331", "UNTIL=20261331 is no time"),
    ("FREQ=DAILY;UNTIL=20261231T020000", "is no time in UTC"),
    ("FREQ=MONTHLY;BYMONTHDAY=32", "'32' is no number from 1 to 31"),
    ("FREQ=YEARLY;BYMONTH=-1", "'-1' is no number from 1 to 12"),
    ("FREQ=DAILY;FREQ=DAILY", "FREQ is written twice"),
    ("FREQ=DAILY;", "'' is no part of a recurrence"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "message"), REFUSED)
def test_refused(rule: str, message: str):
    """What is not read is refused in a sentence."""
    with pytest.raises(ValueError) as caught:
        parse_rule(rule)

    assert message in str(caught.value)


def test_a_start_that_the_rule_does_not_hold():
    """A Tuesday is no Sunday."""
    rule = parse_rule("FREQ=WEEKLY;BYDAY=SU")

    assert recurs_at_its_start(rule, us("2026-11-01T02:00Z"), "UTC")
    assert not recurs_at_its_start(rule, us("2026-11-03T02:00Z"), "UTC")


def test_a_rule_that_never_recurs_ends():
    """30 February is looked for, but not for ever."""
    assert dates("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T00:00Z") == []


def plainly(rule: Rule, first: date, day: date) -> bool:
    """Whether a weekly or monthly rule holds of a day, said another way."""
    if rule.frequency == "WEEKLY":
        week = (day.toordinal() - 1) // 7 - (first.toordinal() - 1) // 7
        wanted = {weekday for _, weekday in rule.days} or {first.weekday()}
        return week % rule.interval == 0 and day.weekday() in wanted
    months = day.year * 12 + day.month - first.year * 12 - first.month
    if months % rule.interval:
        return False
    length = monthrange(day.year, day.month)[1]
    same = [n for n in range(1, length + 1) if day.replace(day=n).weekday() == day.weekday()]
    numbers = {same.index(day.day) + 1, same.index(day.day) - len(same), None}
    return any(day.weekday() == wd and which in numbers for which, wd in rule.days)


@given(
    monthly=st.booleans(),
    interval=st.integers(1, 4),
    days=st.sets(
        st.tuples(st.sampled_from([None, 1, 2, 5, -1, -2]), st.integers(0, 6)), min_size=1
    ),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_rules_agree_with_a_day_by_day_reckoning(monthly, interval, days, start):
    """For two years, exactly the days that the rule's words mean."""
    numbered = [(which if monthly else None, weekday) for which, weekday in sorted(days, key=str)]
    words = ",".join(f"{which or ''}{DAYS[weekday]}" for which, weekday in numbered)
    frequency = "MONTHLY" if monthly else "WEEKLY"
    rule = parse_rule(f"FREQ={frequency};INTERVAL={interval};BYDAY={words}")
    first = moment(datetime(start.year, start.month, start.day, 2), "UTC")

    found = [local(ts, "UTC").date() for ts in starts(rule, first, "UTC", first + 730 * 24 * HOUR)]

    every = [start + timedelta(days=n) for n in range(730)]
    assert found == [day for day in every if plainly(rule, start, day)]


def correction(start: str, hours: float, rule: str | None = None) -> Correction:
    """A downtime of so many hours."""
    begin = us(start)
    return Correction(
        start_ts=begin, end_ts=begin + int(hours * HOUR), reason="upgrade",
        rule=parse_rule(rule) if rule else None,
    )  # fmt: skip


def test_closures_are_cut_and_merged():
    """Overlapping downtimes are one; what lies outside the period is cut off."""
    period = Period(start_ts=us("2026-11-01T03:00Z"), end_ts=us("2026-11-10T00:00Z"))
    found = closures(
        [
            correction("2026-11-01T02:00Z", 2, "FREQ=WEEKLY;BYDAY=SU"),
            correction("2026-11-08T03:00Z", 2),
            correction("2026-11-09T23:00Z", 5),
            correction("2026-10-01T00:00Z", 5),
        ],
        period,
    )

    assert found == (
        Period(start_ts=us("2026-11-01T03:00Z"), end_ts=us("2026-11-01T04:00Z")),
        Period(start_ts=us("2026-11-08T02:00Z"), end_ts=us("2026-11-08T05:00Z")),
        Period(start_ts=us("2026-11-09T23:00Z"), end_ts=us("2026-11-10T00:00Z")),
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;COUNT=400",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE",
        "FREQ=MONTHLY;BYDAY=-1SU",
        "FREQ=YEARLY;INTERVAL=4",
        "FREQ=DAILY;UNTIL=20260401",
    ],
)
@pytest.mark.parametrize("since", ["2024-02-29T00:00Z", "2026-03-29T01:00Z", "2027-06-01T12:00Z"])
def test_those_long_ago_need_not_be_gone_through(rule, zone, since):
    """Beginning to look later finds the same from there on, whatever is counted or left out."""
    read, first, end = parse_rule(rule), us("2020-02-29T02:30Z"), us("2029-01-01T00:00Z")

    found = starts(read, first, zone, end, since_ts=us(since))

    every = [ts for ts in starts(read, first, zone, end) if ts >= us(since)]
    assert [ts for ts in found if ts >= us(since)] == every


def test_many_old_daily_corrections_take_no_longer_than_their_window():
    """Of half a century of days only those near the window are looked at."""
    rule, start = parse_rule("FREQ=DAILY"), us("1971-01-01T00:00Z")
    since = us("2026-11-01T00:00Z")

    found = [*starts(rule, start, "UTC", since + 24 * HOUR, since_ts=since)]

    assert found == [since - 24 * HOUR, since]
