"""Locust's own statistics of known response times, written by Locust itself."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from foreign import Taken, take

from slogate import plugins

ENDPOINTS = ("/quick", "/slow", "/few", "/fine", "/broken")
# logs (endpoint, ms or null, failed) and prints what --json-file, --csv and a worker would write
LOCUST = """
import csv, io, json, sys
from locust.env import Environment
from locust.stats import PERCENTILES_TO_REPORT as SHARES, StatsCSV, get_readable_percentiles
env = Environment()
for name, took, failed in json.load(sys.stdin):
    env.stats.log_request("GET", name, took, 10)
    if failed:
        env.stats.log_error("GET", name, "no")
told = {}
for entry in [*env.stats.entries.values(), env.stats.total]:
    entry.start_time -= 7
out = io.StringIO()
StatsCSV(env, SHARES).requests_csv(csv.writer(out))
told["stats"] = out.getvalue()
columns = ["Timestamp", "User Count", "Type", "Name", *get_readable_percentiles(SHARES),
           "Total Request Count", "Total Failure Count", "Total Median Response Time",
           "Total Average Response Time", "Total Min Response Time", "Total Max Response Time"]
def history(entries):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for e in entries:
        writer.writerow([1764000000, 5, e.method or "", e.name,
            *(e.get_response_time_percentile(p) for p in SHARES), e.num_requests,
            e.num_failures, e.median_response_time, e.avg_response_time, e.min_response_time or 0,
            e.max_response_time])
    return out.getvalue()
told["history"] = history([env.stats.total])
told["full"] = history([*env.stats.entries.values(), env.stats.total])
entries = env.stats.serialize_stats()
told["json"] = json.dumps(entries, indent=4)
told["workers"] = json.dumps({"stats": entries, "errors": {}}) + "\\n"
print(json.dumps(told))
"""
FORMATS = {
    "json": "locust-json", "stats": "locust-stats", "workers": "locust-workers",
    "history": "locust-history", "full": "locust-history",
}  # fmt: skip


def drawn() -> list[tuple[str, float, bool]]:
    """Response times over all of Locust's digits and on their borders, some failed."""
    chance = random.Random(1911)
    borders = [
        0.0, 0.4, 0.5, 2.5, 99.4, 99.5, 99.6, 100.0, 104.9, 105.0, 115.0, 994.9, 995.0, 999.9,
        1000.0, 1049.0, 1050.0, 9949.0, 9950.0, 9999.0, 10_500.0, 62_499.0,
    ]  # fmt: skip
    rows = [("/fine", took, False) for took in borders]
    rows += [("/quick", chance.expovariate(1 / 20), chance.random() < 0.1) for _ in range(1500)]
    rows += [("/slow", chance.lognormvariate(6, 2), chance.random() < 0.02) for _ in range(1500)]
    rows += [("/few", 12.5, False), ("/few", 80_000.0, True)]
    rows += [("/broken", chance.uniform(0, 5000), True) for _ in range(40)]
    chance.shuffle(rows)
    return rows


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What a real Locust says of these requests."""
    words = [sys.executable, "-c", LOCUST]
    ended = subprocess.run(
        words, input=json.dumps(drawn()), capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, str] = json.loads(ended.stdout)
    return found


def read(folder: Path, name: str, content: str) -> Taken:
    """What the source makes of it."""
    options = {"start": "2026-11-24T10:00:00Z"} if name == "stats" else {}
    return take(folder, content, source=plugins.find("sources", FORMATS[name]), **options)


def bounded(rows: list[dict[str, Any]], times: list[float]) -> bool:
    """Whether the times can be dealt to the rows so that each lies within its row's bounds."""
    lows = sorted(row["lo_us"] for row in rows for _ in range(row["count"]))
    highs = sorted(row["hi_us"] for row in rows for _ in range(row["count"]))
    ranked = sorted(took * 1000 for took in times)
    return len(lows) == len(ranked) and all(
        low < took <= high for low, took, high in zip(lows, ranked, highs, strict=True)
    )


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_is_said_is_true(tmp_path, told: dict[str, str], name: str):
    """Counts are exact, and the times of successes and failures lie within their bounds."""
    taken = read(tmp_path, name, told[name])

    truth = drawn()
    groups = ["Aggregated"] if name == "history" else ENDPOINTS
    assert {row["endpoint"] for row in taken.rows} == set(groups)
    for endpoint in groups:
        for ok in (True, False):
            rows = [r for r in taken.rows if (r["endpoint"], r["ok"]) == (endpoint, ok)]
            times = [t for n, t, failed in truth
                     if failed is not ok and endpoint in (n, "Aggregated")]  # fmt: skip
            assert bounded(rows, times), (endpoint, ok)
    assert {row["ok"] for row in taken.rows} == {True, False}


def test_without_failures_the_bounds_are_those_of_the_rounding(tmp_path, told: dict[str, str]):
    """Each bucket is as narrow as Locust's rounding; the longest is exact."""
    rows = [r for r in read(tmp_path, "json", told["json"]).rows if r["endpoint"] == "/fine"]

    width = {row["hi_us"]: row["hi_us"] - row["lo_us"] for row in rows}
    assert (width[500], width[2_500], width[105_000]) == (501, 1_001, 5_501)
    assert max(row["max_us"] or 0 for row in rows) == 62_499_000
    assert sum(row["count"] for row in rows) == 22
