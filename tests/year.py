"""A year of production with planted incidents, known to the request, and a plain reckoning of it.

Sparse traffic of one service, with incidents across changes of the clock, ends of months and the
year's end, a silent week, and corrections. `reckoned` and `is_burning` say of any moment what a
budget and an alert must be, one request at a time, and know nothing of slogate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

from scipy.stats import beta
from series_strategies import table

from slogate.model.run import Reconciliation, Run
from slogate.store.layout import Store, open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

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
# half of the requests fail in these; the clocks of New York and Berlin change in four of them
INCIDENTS = [
    ("2026-01-31T23:30Z", "2026-02-01T06:00Z"), ("2026-03-08T06:30Z", "2026-03-08T08:00Z"),
    ("2026-03-29T00:00Z", "2026-03-29T03:00Z"), ("2026-06-10T09:00Z", "2026-06-10T15:00Z"),
    ("2026-10-25T00:00Z", "2026-10-25T02:30Z"), ("2026-11-01T04:00Z", "2026-11-01T07:00Z"),
    ("2026-12-31T22:00Z", "2027-01-01T00:00Z"),
]  # fmt: skip
SILENCE = ("2026-07-06T00:00Z", "2026-07-13T00:00Z")
ALLOWED = Fraction(7, 1000)
# of 30 days, as the workbook has them: share of the budget, long window, short window
PAIRS = [
    (Fraction(2, 100), HOUR, 5 * MINUTE), (Fraction(5, 100), 6 * HOUR, 30 * MINUTE),
    (Fraction(1, 10), DAY, 2 * HOUR), (Fraction(1, 10), 3 * DAY, 6 * HOUR),
]  # fmt: skip
# start (µs), endpoint, whether it succeeded, duration (µs)
Event = tuple[int, str, bool, int]


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def _traffic() -> Iterator[Event]:
    """A request each nine minutes or so; three a minute in incidents."""
    seed, ts = 7, us("2026-01-01T00:00Z")
    bad_times = [(us(start), us(end)) for start, end in INCIDENTS]
    while ts < us("2027-01-01T00:00Z"):
        seed = seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407 & 2**64 - 1
        draw = seed >> 40
        bad_time = any(start <= ts < end for start, end in bad_times)
        fine = draw % 256 != 0 and not (bad_time and draw % 2)
        if not us(SILENCE[0]) <= ts < us(SILENCE[1]):
            yield ts, f"/{'ab'[draw // 512 % 2]}", fine, 300_000 + draw // 1_024 % 101_000
        ts += 1_000_000 + draw % 1_000 * 1_000_000 if not bad_time else 20_000_000


EVENTS = [*_traffic()]
STARTS = [event[0] for event in EVENTS]


def build(folder: Path) -> Store:
    """A store with the year in twelve runs of single requests."""
    store = open_store(folder, create=True)
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


def _corrections() -> list[tuple[int, int]]:
    """Two hours from two in the night of Berlin, on the last Sunday of each month; the move."""
    spans = []
    for month in range(1, 13):
        day = datetime(2026 + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        while day.weekday() != 6:
            day -= timedelta(days=1)
        start = (day.replace(hour=2, tzinfo=BERLIN) - EPOCH) // timedelta(microseconds=1)
        spans.append((start, start + 2 * HOUR))
    return [*spans, (us("2026-06-10T10:10Z"), us("2026-06-10T13:40Z"))]


CORRECTIONS = _corrections()


def is_shut(start: int, end: int) -> bool:
    """Whether a correction touches the time."""
    return any(start < until and end > since for since, until in CORRECTIONS)


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


def _sums(open_only: bool) -> tuple[list[int], list[int]]:
    """How many requests were bad, and how many there were, before each."""
    counted = [not (open_only and is_shut(event[0], event[0] + 1)) for event in EVENTS]
    bads = [not (event[2] and event[3] <= 400_000) for event in EVENTS]
    both = [bad and told for bad, told in zip(bads, counted, strict=True)]
    return [*accumulate(both, initial=0)], [*accumulate(counted, initial=0)]


_OPEN, _ALL = _sums(open_only=True), _sums(open_only=False)


def requests(start: int, end: int, *, corrected: bool = True) -> tuple[Fraction, int]:
    """Requests of `requests` that were bad, and all; without those of corrections."""
    bad, total = _OPEN if corrected else _ALL
    first, last = bisect_left(STARTS, start), bisect_left(STARTS, end)
    return Fraction(bad[last] - bad[first]), total[last] - total[first]


def slices(
    start: int, end: int, step: int, phase: int, name: str, target: Fraction | None,
    *, corrected: bool = True,
) -> tuple[Fraction, int]:  # fmt: skip
    """Bad slices and all, by a target, or by their shares of bad requests."""
    found: dict[int, list[bool]] = {}
    for ts, endpoint, fine, _ in between(start, end):
        since = phase + (ts - phase) // step * step
        shut = corrected and is_shut(since, since + step)
        if since >= start and since + step <= end and not shut and name in {"", endpoint}:
            found.setdefault(since, []).append(fine)
    if target is None:
        shares = [Fraction(fine.count(False), len(fine)) for fine in found.values()]
        return sum(shares, Fraction(0)), len(found)
    bad = [fine for fine in found.values() if Fraction(sum(fine), len(fine)) < target]
    return Fraction(len(bad)), len(found)


def reckoned(at: int, *, corrected: bool = True) -> dict[str, tuple[Fraction, int]]:
    """Bad units and all of each promise of `SPEC` at the moment, by its id."""
    half_hour = 30 * MINUTE
    hour, half = at // HOUR * HOUR, at // half_hour * half_hour
    quarter, week = first_of(at, BERLIN, "quarter"), first_of(at, NEW_YORK, "week")
    passed = quarter + (at - quarter) // HOUR * HOUR
    gone = week + (at - week) // half_hour * half_hour
    target, month = Fraction(9, 10), first_of(at, NEW_YORK, "month")

    def sliced(*what) -> tuple[Fraction, int]:
        return slices(*what, corrected=corrected)

    return {
        "shop/requests/30d": requests(at - 30 * DAY, at, corrected=corrected),
        "shop/requests/month": requests(month, at, corrected=corrected),
        "shop/slices/28d": sliced(hour - 28 * DAY, hour, HOUR, 0, "/a", target),
        "shop/slices/quarter": sliced(quarter, passed, HOUR, quarter, "/a", target),
        "shop/shares/7d": sliced(half - 7 * DAY, half, half_hour, 0, "", None),
        "shop/shares/week": sliced(week, gone, half_hour, week, "", None),
    }


def burns(at: int, length: int) -> Fraction | None:
    """The burn rate of `requests` in that time before the moment; None without any."""
    bad, total = requests(at - length, at)
    return bad / total / ALLOWED if total else None


def is_burning(at: int, share: Fraction, long: int, short: int) -> bool:
    """Whether both windows burn faster than the factor, and the long one surely does."""
    factor = share * 30 * DAY / long
    rate, now = burns(at, long), burns(at, short)
    if rate is None or now is None or rate <= factor or now <= factor:
        return False
    bad, total = requests(at - long, at)
    lower = float(beta.ppf(0.05, float(bad), total - float(bad) + 1)) / float(ALLOWED)
    return total * factor * ALLOWED >= 10 or lower > factor
