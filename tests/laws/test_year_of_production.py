"""A year of production with planted incidents, known to the request, against a plain reckoning.

Budgets, burn rates and alerts of all three methods, in rolling and calendar windows, over changes
of the clock and ends of months, from single requests and from rollups: equal, exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from scipy.stats import beta
from series_strategies import table

from slogate.gate import check_promises
from slogate.model.run import Reconciliation, Run
from slogate.slo.cuts import cuts_of
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, write_run
from slogate.store.parts import write_part
from slogate.store.rollup import roll_up

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1_440 * MINUTE
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
SPEC = """slogate: 1
service: shop
slos:
  - name: requests
    good: ok and duration <= 400ms
    objective: 99.3%
    window: [30d, {calendar: month, timezone: America/New_York}]
    alerts: google
  - name: slices
    endpoint: GET /a
    good: ok
    objective: 97.5%
    window: [28d, {calendar: quarter, timezone: Europe/Berlin}]
    budgeting: timeslices
    slice: 1h
    slice_objective: 90%
  - name: shares
    good: ok
    objective: 99%
    window: [7d, {calendar: week, timezone: America/New_York}]
    budgeting: ratio_timeslices
    slice: 30m
corrections:
  - {start: 2026-01-25T02:00+01:00, end: 2026-01-25T04:00+01:00, reason: upgrade,
     rrule: FREQ=MONTHLY;BYDAY=-1SU, timezone: Europe/Berlin}
  - {start: 2026-06-10T10:10Z, end: 2026-06-10T13:40Z, reason: move}
"""
INCIDENTS = [
    ("2026-01-31T23:30Z", "2026-02-01T06:00Z"), ("2026-03-08T06:30Z", "2026-03-08T08:00Z"),
    ("2026-03-29T00:00Z", "2026-03-29T03:00Z"), ("2026-06-10T09:00Z", "2026-06-10T15:00Z"),
    ("2026-10-25T00:00Z", "2026-10-25T02:30Z"), ("2026-11-01T04:00Z", "2026-11-01T07:00Z"),
    ("2026-12-31T22:00Z", "2027-01-01T00:00Z"),
]  # fmt: skip
MOMENTS = [
    "2026-01-31T23:59Z", "2026-02-01T05:00Z", "2026-02-01T05:01Z", "2026-03-08T07:30Z",
    "2026-03-29T01:00Z", "2026-03-29T02:17Z", "2026-04-01T00:00Z", "2026-06-10T14:29Z",
    "2026-07-20T12:00Z", "2026-10-25T01:00Z", "2026-11-01T06:30Z", "2027-01-01T00:00Z",
]  # fmt: skip
Event = tuple[int, str, bool, int]


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def traffic() -> list[Event]:
    """A request each nine minutes or so, none in a week of July; incidents fail half of them."""
    found, seed, ts = [], 7, us("2026-01-01T00:00Z")
    bad_times = [(us(start), us(end)) for start, end in INCIDENTS]
    while ts < us("2027-01-01T00:00Z"):
        seed = seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407 & 2**64 - 1
        draw = seed >> 40
        bad_time = any(start <= ts < end for start, end in bad_times)
        fine = draw % 256 != 0 and not (bad_time and draw % 2)
        if not us("2026-07-06T00:00Z") <= ts < us("2026-07-13T00:00Z"):
            found.append((ts, f"/{'ab'[draw // 512 % 2]}", fine, 300_000 + draw // 1_024 % 101_000))
        ts += 1_000_000 + draw % 1_000 * 1_000_000 if not bad_time else 20_000_000
    return found


EVENTS = traffic()
STARTS = [event[0] for event in EVENTS]


@pytest.fixture(name="store", scope="module")
def _store(tmp_path_factory):
    """The year in twelve runs."""
    store = open_store(tmp_path_factory.mktemp("year") / ".slogate", create=True)
    for month in range(12):
        mine = EVENTS[month * len(EVENTS) // 12 : (month + 1) * len(EVENTS) // 12]
        rows = [
            {"ts": ts, "duration_us": took, "endpoint": name, "method": "GET", "status": None,
             "ok": fine, "late_us": None, "pace_us": None, "error": None, "bytes": None,
             "worker": None, "trace_id": None, "labels": None}
            for ts, name, fine, took in mine
        ]  # fmt: skip
        part = write_part(
            store, f"r{month}", "shop", "production", table(rows), sequence=0, worker=None
        )
        count = len(mine)
        run = Run(
            id=f"r{month}", service="shop", kind="production", state="complete",
            start_ts=mine[0][0], end_ts=mine[-1][0], parts=(str(part),),
            rows=Reconciliation(seen=count, written=count),
        )  # fmt: skip
        write_run(store, run)
    return store


def last_sundays() -> list[tuple[int, int]]:
    """Two hours from two in the night, local time of Berlin, on the last Sunday of each month."""
    spans = []
    for month in range(1, 13):
        day = datetime(2026 + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        while day.weekday() != 6:
            day -= timedelta(days=1)
        start = (day.replace(hour=2, tzinfo=BERLIN) - EPOCH) // timedelta(microseconds=1)
        spans.append((start, start + 2 * HOUR))
    return [*spans, (us("2026-06-10T10:10Z"), us("2026-06-10T13:40Z"))]


SHUT = last_sundays()


def is_shut(start: int, end: int) -> bool:
    """Whether a correction touches the time."""
    return any(start < until and end > since for since, until in SHUT)


def first_of(at: int, zone: ZoneInfo, unit: str) -> int:
    """The start of the local month, quarter or week in which the moment before lies."""
    there = (EPOCH + timedelta(microseconds=at - 1)).astimezone(zone)
    day = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "week":
        day -= timedelta(days=day.weekday())
    else:
        months = {"month": 1, "quarter": 3}[unit]
        day = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return (day.replace(tzinfo=zone) - EPOCH) // timedelta(microseconds=1)


def between(start: int, end: int) -> list[Event]:
    """The requests of that time."""
    return EVENTS[bisect_left(STARTS, start) : bisect_left(STARTS, end)]


def requests(start: int, end: int) -> tuple[Fraction, int]:
    """Bad requests and all, without those of corrections."""
    mine = [event for event in between(start, end) if not is_shut(event[0], event[0] + 1)]
    good = [event for event in mine if event[2] and event[3] <= 400_000]
    return Fraction(len(mine) - len(good)), len(mine)


def slices(
    start: int, end: int, step: int, phase: int, name: str, target: Fraction | None
) -> tuple[Fraction, int]:
    """Bad slices and all, by a target, or by their shares of bad requests."""
    found: dict[int, list[bool]] = {}
    for ts, endpoint, fine, _ in between(start, end):
        since = phase + (ts - phase) // step * step
        inside = since >= start and since + step <= end and not is_shut(since, since + step)
        if inside and name in {"", endpoint}:
            found.setdefault(since, []).append(fine)
    if target is None:
        return sum((Fraction(f.count(False), len(f)) for f in found.values()), Fraction(0)), len(
            found
        )
    bad = [fine for fine in found.values() if Fraction(sum(fine), len(fine)) < target]
    return Fraction(len(bad)), len(found)


def reckoned(at: int) -> dict[str, tuple[Fraction, int]]:
    """Bad units and all of each promise at the moment."""
    hour, half = at // HOUR * HOUR, at // (30 * MINUTE) * 30 * MINUTE
    quarter, week = first_of(at, BERLIN, "quarter"), first_of(at, NEW_YORK, "week")
    passed = quarter + (at - quarter) // HOUR * HOUR
    gone = week + (at - week) // (30 * MINUTE) * 30 * MINUTE
    target = Fraction(9, 10)
    return {
        "shop/requests/30d": requests(at - 30 * DAY, at),
        "shop/requests/month": requests(first_of(at, NEW_YORK, "month"), at),
        "shop/slices/28d": slices(hour - 28 * DAY, hour, HOUR, 0, "/a", target),
        "shop/slices/quarter": slices(quarter, passed, HOUR, quarter, "/a", target),
        "shop/shares/7d": slices(half - 7 * DAY, half, 30 * MINUTE, 0, "", None),
        "shop/shares/week": slices(week, gone, 30 * MINUTE, week, "", None),
    }


def burns(at: int, length: int) -> tuple[Fraction | None, float]:
    """The burn rate of the requests before the moment, and its lower end."""
    bad, total = requests(at - length, at)
    if not total:
        return None, 0.0
    lower = float(beta.ppf(0.05, float(bad), total - float(bad) + 1)) if bad else 0.0
    return bad / total / Fraction(7, 1000), lower / 0.007


def is_burning(at: int, share: Fraction, long: int, short: int) -> bool:
    """Whether both windows burn faster than the factor, and the long one surely does."""
    factor = share * 30 * DAY / long
    (rate, lower), (now, _) = burns(at, long), burns(at, short)
    if rate is None or now is None or rate <= factor or now <= factor:
        return False
    enough = requests(at - long, at)[1] * factor * Fraction(7, 1000) >= 10
    return enough or lower > factor


PAIRS = [
    (Fraction(2, 100), HOUR, 5 * MINUTE), (Fraction(5, 100), 6 * HOUR, 30 * MINUTE),
    (Fraction(1, 10), DAY, 2 * HOUR), (Fraction(1, 10), 3 * DAY, 6 * HOUR),
]  # fmt: skip
SPECS = load_specs([("slo/shop.yaml", SPEC)])


def judged(store, at: str) -> dict[str, dict]:
    """The budgets at the moment, by objective."""
    verdict = check_promises(store, SPECS, "shop", at=us(at), version="0", threads=1)
    return {finding.id: finding.budget for finding in verdict.findings}


@pytest.fixture(name="raw", scope="module")
def _raw(store):
    """The budgets from single requests, at every moment."""
    return {at: judged(store, at) for at in MOMENTS}


@pytest.mark.parametrize("at", MOMENTS)
def test_budgets_equal_the_reckoning(raw, at):
    """Bad units, all units and what is left, to the last digit."""
    objectives = {
        "requests": Fraction("0.993"),
        "slices": Fraction("0.975"),
        "shares": Fraction("0.99"),
    }
    for name, (bad, total) in reckoned(us(at)).items():
        budget, allowed = raw[at][name], 1 - objectives[name.split("/")[1]]

        assert (budget["bad"], budget["total"]) == (float(bad), total), name
        left = 1 - bad / (allowed * total) if total else None
        assert budget["remaining"] == (None if left is None else float(left)), name


@pytest.mark.parametrize("at", MOMENTS)
def test_alerts_equal_the_reckoning(raw, at):
    """Burn rates of all windows, and which pairs fire."""
    budget = raw[at]["shop/requests/30d"]
    for burn in budget["burn_rates"]:
        rate, _ = burns(us(at), burn["seconds"] * 1_000_000)
        assert burn["rate"] == (None if rate is None else float(rate))
    fired = [alert["burning"] for alert in budget["alerts"]]

    assert fired == [is_burning(us(at), *pair) for pair in PAIRS]


def test_incidents_set_alerts_off(raw):
    """The year would be no test if nothing ever burned, or all the time."""
    fired = [
        alert["burning"] for each in raw.values() for alert in each["shop/requests/30d"]["alerts"]
    ]

    assert 8 <= sum(fired) <= len(fired) - 8


def test_rollups_say_the_same(store, raw):
    """Counts by the minute and histograms by the hour, in place of the requests: the same bytes."""
    for run in list_runs(store, service="shop"):
        roll_up(store, run, cuts_of(SPECS))

    assert {at: judged(store, at) for at in MOMENTS} == raw
