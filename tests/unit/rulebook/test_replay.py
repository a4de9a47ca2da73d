"""promtool runs the rules on traffic with planted incidents: they fire when slogate says so.

The same requests are counters for promtool, scraped at whole minutes, and a store for
`slogate alerts check --from --to`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from promtool import COUNTER, METRIC, Requests, run_expressions, series, traffic
from series_strategies import table

from slogate.cli.app import run as slogate
from slogate.model.run import Reconciliation, Run
from slogate.promises.promise import MINUTE_US
from slogate.rulebook.book import Book, book
from slogate.rulebook.groups import prometheus_text
from slogate.rulebook.metric import Metric
from slogate.rulebook.promql import Matcher
from slogate.slo.asked import asked
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

FIRST = datetime(2026, 10, 24, tzinfo=UTC)
START = int(FIRST.timestamp()) * 1_000_000
MINUTES = 320
PAIRS = """
    alerts:
      - {budget: 10%, long: 1h, short: 5m}
      - {budget: 15%, long: 2h, short: 20m, severity: ticket}
"""
SPEC = f"""
slogate: 1
service: shop
slos:
  - name: latency
    good: ok and duration <= 400ms
    objective: 99%
    window: 1d
    alerts: google
    by: region
  - name: errors
    good: status < 500
    objective: 99%
    window: [1d, 2d]{PAIRS}
  - name: slices
    good: ok and duration <= 400ms
    objective: 95%
    window: 2d
    budgeting: timeslices
    slice: 1m
    slice_objective: 97%{PAIRS}
  - name: shares
    good: ok
    objective: 98%
    window: 1d
    budgeting: ratio_timeslices
    slice: 1m{PAIRS}
"""
COUNTED = """
slogate: 1
service: shop
slos:
  - {name: errors, good: ok, objective: 99.5%, window: 1d, alerts: google, by: region}
"""
WHOSE = {"matchers": (Matcher("job", "=", "shop"),), "status": "code"}


def alone(made: Book) -> Book:
    """Without the budgets, which promtool would reckon anew for each minute."""
    return replace(made, sheets=tuple(replace(s, groups=s.groups[:1]) for s in made.sheets))


def stored(requests: list[Requests], folder: Path) -> Path:
    """The folder of a store with these requests, as production of the shop."""
    store = open_store(folder / "store", create=True)
    rows = [
        {
            **dict.fromkeys(("late_us", "pace_us", "error", "bytes", "worker", "trace_id")),
            "ts": START + each.minute * MINUTE_US + number * 1_000,
            "duration_us": each.duration_ms * 1_000,
            "endpoint": "/a",
            "method": "GET",
            "status": each.status,
            "ok": None,
            "labels": [("region", each.region)],
        }
        for each in requests
        for number in range(each.count)
    ]
    rows.sort(key=lambda row: row["ts"])
    part = write_part(store, "r", "shop", "production", table(rows), sequence=0, worker=None)
    run = Run(
        id="r", service="shop", kind="production", state="complete", parts=(str(part),),
        start_ts=rows[0]["ts"], end_ts=rows[-1]["ts"],
        rows=Reconciliation(seen=len(rows), written=len(rows)),
    )  # fmt: skip
    write_run(store, run)
    return store.root


def followed(spec: str, requests: list[Requests], folder: Path) -> dict[tuple, set[int]]:
    """By SLO, window, value and severity the minutes at which `alerts check` says that it fires."""
    root = stored(requests, folder)
    (folder / "shop.yaml").write_text(spec, encoding="utf-8")
    span = ["--from", _clock(1), "--to", _clock(MINUTES)]
    told = StringIO()
    with redirect_stdout(told):
        words = ["alerts", "check", str(folder / "shop.yaml"), f"--store={root}", *span]
        assert slogate([*words, "--json", "--quiet"]) == 0
    found: dict[tuple, set[int]] = defaultdict(set)
    for alert in json.loads(told.getvalue())["alerts"]:
        value = alert["by"] and alert["by"]["value"]
        minutes = found[alert["slo"], alert["window"], value, alert["severity"]]
        for each in alert["spans"]:
            if each["state"] == "firing":
                end = MINUTES + 1 if each["to"] is None else _minute(each["to"])
                minutes.update(range(_minute(each["from"]), end))
    return found


def _clock(minute: int) -> str:
    return (FIRST + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%MZ")


def _minute(clock: str) -> int:
    return (datetime.fromisoformat(clock) - FIRST) // timedelta(minutes=1)


def firing(followed: dict[tuple, set[int]]) -> list[tuple]:
    """What promtool has to answer at each minute when it is asked who fires."""
    found: dict[int, list] = defaultdict(list)
    changes: Counter[tuple] = Counter()
    for (slo, window, value, severity), minutes in followed.items():
        labels = {
            "__name__": "ALERTS", "alertname": "ErrorBudgetBurn", "alertstate": "firing",
            "service": "shop", "slo": slo, "window": window, "severity": severity,
            **({} if value is None else {"region": value}),
        }  # fmt: skip
        changes[slo, window] += sum(minute - 1 not in minutes for minute in minutes)
        for minute in minutes:
            found[minute].append((labels, 1))
    assert min(changes.values()) >= 2, changes
    query = 'ALERTS{alertname="ErrorBudgetBurn", alertstate="firing"}'
    unmeasured = ('ALERTS{alertname="ErrorBudgetNotMeasured"}', MINUTES, [])
    return [*((query, minute, found[minute]) for minute in range(1, MINUTES + 1)), unmeasured]


def left(made: Book, requests: list[Requests]) -> list[tuple]:
    """That the rule of COUNTED's budget tells what is left at the end, for each region."""
    (sheet,) = made.sheets
    expr = sheet.groups[1].rules[1].expr
    told = []
    for region in ("eu", "us"):
        mine = [each for each in requests if each.region == region]
        bad = sum(each.count for each in mine if each.status >= 500)
        spent = Fraction(bad) / (sum(each.count for each in mine) * Fraction("0.005"))
        here = f'label_replace(vector(1), "region", "{region}", "", "")'
        query = f"abs((({expr}) and on (region) {here}) - {float(1 - spent)}) < bool 1e-9"
        told.append((query, MINUTES, [({"region": region, **sheet.series.labels}, 1)]))
    return told


@pytest.mark.parametrize(
    ("spec", "metric"),
    [
        pytest.param(SPEC, Metric(name=METRIC, kind="classic", **WHOSE), id="histogram"),
        pytest.param(COUNTED, Metric(name=COUNTER, kind="counter", **WHOSE), id="counter"),
    ],
)
def test_rules_fire_at_the_minutes_of_alerts_check(system_program, tmp_path, spec, metric):
    """Each alert fires and resolves at the very minutes, by requests, slices and shares."""
    program = system_program("promtool", package="prometheus")
    made = book(asked(load_specs([("shop.yaml", spec)])), metric)
    requests = traffic(MINUTES, seed=5)
    expected = firing(followed(spec, requests, tmp_path))
    budgets = left(made, requests) if spec is COUNTED else []

    rules = prometheus_text(alone(made))
    told = run_expressions(
        program, tmp_path, series(requests, MINUTES), [*expected, *budgets], rules=rules
    )

    assert told == ""
