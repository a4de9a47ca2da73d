"""The minutes at which alerts fire and resolve, against a plain reckoning of planted incidents.

Two weeks in which the clocks of Berlin and of New York change and a month ends, known to the
request. The reckoning goes from minute to minute through lists and knows nothing of slogate.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from io import StringIO
from itertools import accumulate
from math import lcm
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from scipy.stats import beta
from series_strategies import table

from slogate.cli.app import run as slogate
from slogate.model.run import Reconciliation, Run
from slogate.slo.cuts import cuts_of
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, write_run
from slogate.store.parts import write_part
from slogate.store.rollup import roll_up

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
HOUR, DAY, SLICE = 60 * MINUTE, 1_440 * MINUTE, 5 * MINUTE
SPEC = """slogate: 1
service: shop
slos:
  - name: requests
    good: ok and duration <= 400ms
    objective: 99%
    window: [30d, {calendar: month, timezone: America/New_York}]
    alerts:
      - {budget: 1%, long: 1h, short: 5m}
      - {budget: 3%, long: 6h, short: 30m}
      - {budget: 5%, long: 1d, short: 2h, severity: ticket}
  - name: slices
    good: ok
    objective: 95%
    window: [14d, {calendar: day, timezone: America/New_York}]
    budgeting: timeslices
    slice: 5m
    slice_objective: 90%
    alerts: [{budget: 9%, long: 6h, short: 30m}, {budget: 6%, long: 2h, short: 7m}]
  - name: shares
    good: ok
    objective: 98%
    window: [7d, {calendar: week, timezone: Europe/Berlin}]
    budgeting: ratio_timeslices
    slice: 5m
    alerts: [{budget: 8%, long: 6h, short: 30m}]
corrections:
  - {start: 2026-10-28T10:10Z, end: 2026-10-28T11:40Z, reason: move}
"""
# from, to, one in so many fails
INCIDENTS = [
    ("2026-10-24T23:40Z", "2026-10-25T02:20Z", 3), ("2026-10-28T09:30Z", "2026-10-28T12:00Z", 2),
    ("2026-10-29T08:00Z", "2026-10-29T20:00Z", 25), ("2026-10-31T22:05Z", "2026-11-01T00:35Z", 4),
    ("2026-11-01T03:30Z", "2026-11-01T07:10Z", 12), ("2026-11-02T15:00Z", "2026-11-02T15:04Z", 1),
]  # fmt: skip
SILENCE = ("2026-10-27T00:00Z", "2026-10-27T03:17Z")
FIRST, LAST = "2026-10-22T00:00Z", "2026-11-03T00:00Z"


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def traffic() -> list[tuple[int, bool, int]]:
    """(start, whether it succeeded, duration): one or two requests a minute, one in 400 slow."""
    seed, ts, found = 11, us(FIRST), []
    bad_times = [(us(start), us(end), of) for start, end, of in INCIDENTS]
    while ts < us(LAST):
        seed = seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407 & 2**64 - 1
        draw = seed >> 40
        of = next((of for start, end, of in bad_times if start <= ts < end), 900)
        if not us(SILENCE[0]) <= ts < us(SILENCE[1]):
            found.append((ts, draw % of != of - 1, 500_000 if draw // 7 % 400 == 0 else 90_000))
        ts += 20_000_000 + draw % 31 * 1_000_000
    return found


EVENTS = traffic()
SHUT = (us("2026-10-28T10:10Z"), us("2026-10-28T11:40Z"))
MINUTES = range(us("2026-10-24T00:00Z"), us(LAST) + 1, MINUTE)
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")


def period(at: int, zone: ZoneInfo, unit: str) -> tuple[int, int]:
    """The local month, week or day that holds the moment before."""
    there = (EPOCH + timedelta(microseconds=at - 1)).astimezone(zone)
    begin = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "month":
        begin = begin.replace(day=1)
        end = (begin + timedelta(days=32)).replace(day=1)
    else:
        begin -= timedelta(days=begin.weekday() if unit == "week" else 0)
        end = begin + timedelta(days=7 if unit == "week" else 1)
    first, last = (
        (each.replace(tzinfo=zone) - EPOCH) // timedelta(microseconds=1) for each in (begin, end)
    )
    return first, last


def burns(bad: Fraction, total: int, allowed: Fraction, factor: Fraction) -> bool:
    """Whether it burns faster than the factor."""
    return total > 0 and bad / total / allowed > factor


@cache
def surely(bad: Fraction, total: int, allowed: Fraction, factor: Fraction) -> bool:
    """Whether ten bad units make up the factor, or the lower end exceeds it too."""
    if total * factor * allowed >= 10:
        return True
    if not bad:
        return False
    lower = float(beta.ppf(0.05, float(bad), total - float(bad) + 1))
    return lower / float(allowed) > factor


class Requests:
    """Bad requests and all of a time, without those of the correction."""

    def __init__(self) -> None:
        """Count once."""
        inside = [event for event in EVENTS if not SHUT[0] <= event[0] < SHUT[1]]
        self.starts = [event[0] for event in inside]
        bad = [not (fine and took <= 400_000) for _, fine, took in inside]
        self.bad = [*accumulate(bad, initial=0)]

    def trailing(self, at: int, length: int, phase: int) -> tuple[Fraction, int]:
        """Of the time before the moment."""
        first, last = (bisect_left(self.starts, ts) for ts in (at - length, at))
        return Fraction(self.bad[last] - self.bad[first]), last - first


class Slices:
    """Bad slices and all that have passed by a moment, but those that the correction touches."""

    def __init__(self, target: Fraction | None) -> None:
        """Of each phase of a slice, count once."""
        found: dict[int, list[int]] = {}
        for ts, fine, _ in EVENTS:
            mine = found.setdefault(ts // SLICE, [0, 0])
            mine[0] += not fine
            mine[1] += 1
        self.scale = lcm(*(total for _, total in found.values()))
        kept = {
            at: (bad, total)
            for at, (bad, total) in sorted(found.items())
            if not (at * SLICE < SHUT[1] and (at + 1) * SLICE > SHUT[0])
        }
        self.starts = [*kept]
        worth = [
            bad * self.scale // total
            if target is None
            else self.scale * (Fraction(total - bad, total) < target)
            for bad, total in kept.values()
        ]
        self.bad = [*accumulate(worth, initial=0)]

    def trailing(self, at: int, length: int, phase: int) -> tuple[Fraction, int]:
        """Of the whole slices of a time that ends with the last that has passed."""
        assert phase % SLICE == 0
        passed = at // SLICE
        first, last = (bisect_left(self.starts, n) for n in (passed - length // SLICE, passed))
        return Fraction(self.bad[last] - self.bad[first], self.scale), last - first


COUNTS = {"requests": Requests(), "slices": Slices(Fraction(9, 10)), "shares": Slices(None)}
ALERTS = {
    "requests": [("1h", "5m", 1), ("6h", "30m", 3), ("1d", "2h", 5)],
    "slices": [("6h", "30m", 9), ("2h", "7m", 6)],
    "shares": [("6h", "30m", 8)],
}
ALLOWED = {"requests": Fraction(1, 100), "slices": Fraction(5, 100), "shares": Fraction(2, 100)}
WINDOWS = {
    "requests": {"30d": 30 * DAY, "month": (NEW_YORK, "month")},
    "slices": {"14d": 14 * DAY, "day": (NEW_YORK, "day")},
    "shares": {"7d": 7 * DAY, "week": (BERLIN, "week")},
}
LENGTHS = {"5m": 5 * MINUTE, "7m": 7 * MINUTE, "30m": 30 * MINUTE, "1h": HOUR, "2h": 2 * HOUR,
           "6h": 6 * HOUR, "1d": DAY}  # fmt: skip


def fires(slo: str, window: object, long: str, short: str, percent: int, at: int) -> bool:
    """Whether a pair fires at a minute."""
    length, phase = window, 0
    if isinstance(window, tuple):
        phase, end = period(at, *window)
        length = end - phase
    factor = Fraction(percent, 100) * length / LENGTHS[long]
    counts, allowed = COUNTS[slo], ALLOWED[slo]
    slow = counts.trailing(at, LENGTHS[long], phase)
    if not burns(*slow, allowed, factor):
        return False
    return burns(*counts.trailing(at, LENGTHS[short], phase), allowed, factor) and surely(
        *slow, allowed, factor
    )


def reckoned() -> dict[str, list[tuple[int, int | None]]]:
    """By id, the minutes from which on each alert fired, and at which it no longer did."""
    found: dict[str, list[tuple[int, int | None]]] = {}
    for slo, alerts in ALERTS.items():
        for name, window in WINDOWS[slo].items():
            for long, short, percent in alerts:
                severity = "ticket" if long == "1d" else "page"
                states = [fires(slo, window, long, short, percent, at) for at in MINUTES]
                turns = [
                    at
                    for at, now, before in zip(MINUTES, states, [False, *states], strict=False)
                    if now != before
                ]
                ends = [*turns[1::2], None][: len(turns[::2])]
                found[f"shop/{slo}/{name}/{severity}/{long}/{short}"] = [
                    *zip(turns[::2], ends, strict=True)
                ]
    return found


@pytest.fixture(name="store", scope="module")
def _store(tmp_path_factory):
    """The folder of a store with the two weeks in three runs, beside its spec."""
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "shop.yaml").write_text(SPEC, encoding="utf-8")
    store = open_store(folder / "store", create=True)
    for number in range(3):
        mine = EVENTS[number * len(EVENTS) // 3 : (number + 1) * len(EVENTS) // 3]
        rows = [
            {"ts": ts, "duration_us": took, "endpoint": "/a", "method": "GET", "status": None,
             "ok": fine, "late_us": None, "pace_us": None, "error": None, "bytes": None,
             "worker": None, "trace_id": None, "labels": None}
            for ts, fine, took in mine
        ]  # fmt: skip
        name = f"r{number}"
        part = write_part(store, name, "shop", "production", table(rows), sequence=0, worker=None)
        write_run(
            store,
            Run(
                id=name, service="shop", kind="production", state="complete",
                start_ts=mine[0][0], end_ts=mine[-1][0], parts=(str(part),),
                rows=Reconciliation(seen=len(mine), written=len(mine)),
            ),
        )  # fmt: skip
    return store.root


@pytest.fixture(name="expected", scope="module")
def _expected():
    """The plain reckoning, made once."""
    return reckoned()


def check(store, *words: str) -> tuple[int, dict]:
    """The exit code and the document of `alerts check`."""
    told = StringIO()
    spec = str(store.parent / "shop.yaml")
    with redirect_stdout(told):
        code = slogate(
            ["alerts", "check", spec, f"--store={store}", "--json", "--threads=1", "-q", *words]
        )
    return code, json.loads(told.getvalue())


def fired(document: dict) -> dict[str, list[tuple[int, int | None]]]:
    """By id, the spans in which each alert fired."""
    return {
        alert["id"]: [
            (us(span["from"]), None if span["to"] is None else us(span["to"]))
            for span in alert["spans"]
            if span["state"] == "firing"
        ]
        for alert in document["alerts"]
    }


SPAN = ("--from", "2026-10-24T00:00Z", "--to", LAST)


def test_every_minute_equals_the_reckoning(store, expected):
    """Each alert fires and resolves at the very minutes, whatever the budgeting and the window."""
    code, document = check(store, *SPAN)

    assert fired(document) == expected
    assert code == 0
    schema = json.loads(
        (files("slogate") / "schemas" / "alert-history.v1.schema.json").read_text("utf-8")
    )
    jsonschema.validate(document, schema)


def test_the_two_weeks_have_all_that_can_happen(expected):
    """It would be no test if an alert never fired, or if month, day and week changed nothing."""
    assert all(expected.values())
    for slo, rolling, calendar in (("requests", "30d", "month"), ("slices", "14d", "day")):
        both = [
            [spans for name, spans in expected.items() if name.startswith(f"shop/{slo}/{window}/")]
            for window in (rolling, calendar)
        ]
        assert both[0] != both[1]
    assert sum(map(len, expected.values())) > 40


@pytest.mark.parametrize(
    "at",
    ["2026-10-25T01:30Z", "2026-10-28T11:55Z", "2026-11-01T06:05Z"],
)
def test_a_moment_says_the_same_and_since_when(store, expected, at):
    """As of a moment the alerts that fire then, each since the minute that it really began."""
    code, document = check(store, "--at", at)

    wanted = {
        name: next((s for s, e in spans if s <= us(at) and (e is None or e > us(at))), None)
        for name, spans in expected.items()
    }
    found = {
        alert["id"]: us(alert["since"]) if alert["state"] == "firing" else None
        for alert in document["alerts"]
    }
    assert found == wanted
    pages = [name for name, since in wanted.items() if since is not None and "/page/" in name]
    assert (code == 1) == bool(pages)
    schema = json.loads((files("slogate") / "schemas" / "alerts.v1.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)


def test_rollups_say_the_same(store, expected):
    """Counts by the minute in place of the requests: the same minutes."""
    specs = load_specs([("slo/shop.yaml", SPEC)])
    opened = open_store(store)
    for each in list_runs(opened, service="shop"):
        roll_up(opened, each, cuts_of(specs))

    _, document = check(store, *SPAN)

    assert fired(document) == expected
