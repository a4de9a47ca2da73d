"""What a check of a thousand SLOs over a year costs, beside one bare DuckDB aggregation.

Twenty services, each with a year of counts by the minute in twelve runs, and a spec of fifty SLOs
for each: all methods, rolling and calendar windows of a week to a year, slices from a minute. The
bare aggregation reads the same parts in one statement: requests, and those within each limit, by
service, endpoint and minute, as slices need it; by region too, as every tenth SLO needs it; and
once more without the minutes.

On two cores, of 126 MB: 28 s and 483 MiB, 2.6 times the bare aggregation by minute and region (2.4
by CPU), 3.1 times that without regions.

Run it: python tests/benchmarks/check_slos.py [SERVICES=20] [SLOS=50] [DAYS=365] [FOLDER]
With a folder the store is kept there, and found there again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START = 1_735_689_600_000_000  # 2025-01-01T00:00Z
DAY = 86_400_000_000
LIMITS = (200_000, 400_000)
REPEATS = 2
# a minute of a service: each endpoint in its buckets, and now and then failures
_YEAR = """
SELECT make_timestamp($start + m * 60000000)::TIMESTAMPTZ AS ts, 60000000::BIGINT AS step_us,
       endpoint, 'GET' AS method, CASE WHEN ok THEN 200 ELSE 503 END::SMALLINT AS status, ok,
       lo AS lo_us, hi AS hi_us, n::BIGINT AS count, NULL::BIGINT AS sum_us, NULL::BIGINT AS max_us,
       NULL::VARCHAR AS worker, map(['region'], [region]) AS labels
FROM (
  SELECT m, endpoint, region, ok, lo, hi,
         base + hash(m * 31 + $seed * 7 + e) % spread AS n, hash(m * 17 + $seed + e) AS dice
  FROM range($first, $last) minutes(m), (VALUES
    (1, '/a', 'eu', true, -1::BIGINT, 200000::BIGINT, 4000, 500, 1),
    (2, '/a', 'eu', true, 200000, 400000, 3, 40, 1), (3, '/a', 'eu', true, 400000, NULL, 1, 6, 3),
    (4, '/b', 'us', true, -1, 200000, 900, 300, 1), (5, '/b', 'us', true, 200000, 400000, 1, 9, 2),
    (6, '/a', 'eu', false, -1, 200000, 1, 4, 7)) kinds(e, endpoint, region, ok, lo, hi, base,
                                                       spread, every)
  WHERE hash(m * 13 + $seed * 3 + e) % every = 0)
ORDER BY ts, endpoint, ok, lo
"""
_SUMS = """sum(count) AS n, sum(count) FILTER (coalesce(ok, status < 500)) AS good,
       sum(count) FILTER (coalesce(ok, status < 500) AND hi_us <= 200000) AS fast,
       sum(count) FILTER (coalesce(ok, status < 500) AND hi_us <= 400000) AS slow
FROM read_parquet($parts, hive_partitioning = false, filename = true) GROUP BY ALL"""
_SERVICE = "regexp_extract(filename, 'service=([^/]*)', 1) AS service"
# what comes out is summed up, since DuckDB leaves out what nobody wants
_BARE = {
    "by minute": f"SELECT sum(n), max(good), max(fast), max(slow) FROM "
    f"(SELECT {_SERVICE}, endpoint, ts, {_SUMS})",
    "by minute and region": f"SELECT sum(n), max(good), max(fast), max(slow) FROM "
    f"(SELECT {_SERVICE}, endpoint, labels['region'] AS region, ts, {_SUMS})",
    "by endpoint": f"SELECT {_SERVICE}, endpoint, {_SUMS}",
}
_WINDOWS = ("28d", "7d", "30d", "{calendar: month, timezone: Europe/Berlin}", "365d", "90d")
_GOOD = ("ok", "ok and duration <= 200ms", "ok and duration <= 400ms")
_WHERE = ("endpoint: GET /a", "endpoint: GET /b", "severity: error")
_METHODS = (
    "",
    "budgeting: timeslices, slice: 1m, slice_objective: 99%",
    "budgeting: timeslices, slice: 5m, slice_objective: 99.5%",
    "budgeting: ratio_timeslices, slice: 1h",
    "",
)


def spec(service: str, slos: int) -> str:
    """So many SLOs of a service, no two alike."""
    lines = [f"slogate: 1\nservice: {service}\nslos:\n"]
    for at in range(slos):
        method = _METHODS[at % 5]
        window = _WINDOWS[at // 5 % 6]
        fields = [
            f"name: slo-{at}", f"good: {_GOOD[at % 3]}", _WHERE[at // 2 % 3],
            f"objective: {99 + at % 9 / 10:.1f}%", f"window: {window}", method,
            "by: region" if at % 10 == 4 else "",
            "alerts: google" if at % 2 and window != "365d" else "",
        ]  # fmt: skip
        lines.append(f"  - {{{', '.join(filter(None, fields))}}}\n")
    lines.append(
        "corrections:\n  - {start: 2026-01-04T02:00Z, end: 2026-01-04T04:00Z, reason: upgrade,"
        " rrule: FREQ=WEEKLY}\n"
    )
    return "".join(lines)


def generate(folder: Path, services: int, days: int) -> None:
    """A store with a year of every service, month by month."""
    import duckdb

    from slogate.model.run import Reconciliation, Run
    from slogate.store.layout import open_store
    from slogate.store.manifest import write_run
    from slogate.store.parts import SCHEMA, write_part

    store = open_store(folder / "store", create=True)
    edges = [days * month // 12 for month in range(13)]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for number in range(services):
            for month in range(12):
                first, last = edges[month], edges[month + 1]
                values = {"start": START, "seed": number, "first": first * 1440,
                          "last": last * 1440}  # fmt: skip
                made = connection.sql(_YEAR, params=values).to_arrow_table()
                name, service = f"r{number}-{month}", f"service-{number}"
                table = made.cast(SCHEMA("counts"))
                part = write_part(
                    store, name, service, "production", table, sequence=0, worker=None,
                    series="counts",
                )  # fmt: skip
                rows = table.num_rows
                write_run(
                    store,
                    Run(
                        id=name, service=service, kind="production", state="complete",
                        start_ts=START + first * DAY, end_ts=START + last * DAY - 1,
                        parts=(part,), rows=Reconciliation(seen=rows, written=rows),
                    ),
                )  # fmt: skip


def bare(parts: list[str], how: str) -> None:
    """The aggregation alone."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(_BARE[how], {"parts": parts}).fetchall()


def measured(command: list[str]) -> dict[str, float]:
    """Wall and CPU seconds and MiB at most of a process; it may say a breach, not an error."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in {0, 1, 3}:
        raise SystemExit(f"{command} failed")
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": took, "cpu": cpu, "MiB": usage.ru_maxrss / 1024}


def main(words: list[str]) -> None:
    """Print what both cost, best of some repeats, and the ratio."""
    if words[:1] == ["--bare"]:
        bare(json.loads(Path(words[1]).read_text(encoding="utf-8")), words[2])
        return
    services, slos, days = (int(word) for word in (*words[:3], *("20", "50", "365")[len(words) :]))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(words[3] if len(words) > 3 else temporary)
        if not (folder / "store").exists():
            generate(folder, services, days)
        specs = folder / "slo"
        specs.mkdir(exist_ok=True)
        for number in range(services):
            text = spec(f"service-{number}", slos)
            (specs / f"service-{number}.yaml").write_text(text, encoding="utf-8")
        parts = sorted(str(part) for part in (folder / "store/series").rglob("*.parquet"))
        (folder / "parts.json").write_text(json.dumps(parts), encoding="utf-8")
        size = sum(Path(part).stat().st_size for part in parts) / 1e6
        print(f"{services} services, {slos} slos each, {days} days in {size:,.0f} MB")
        commands = {
            **{
                how: [sys.executable, __file__, "--bare", str(folder / "parts.json"), how]
                for how in _BARE
            },
            "slogate": [sys.executable, "-m", "slogate", "check", str(specs), "--quiet",
                        f"--store={folder / 'store'}", "--json"],
        }  # fmt: skip
        best: dict[str, dict[str, float]] = {}
        for _ in range(REPEATS):
            for name, command in commands.items():
                took = measured(command)
                old = best.get(name, took)
                best[name] = {key: min(took[key], old[key]) for key in took}
        for name, took in best.items():
            wall, cpu, memory = took["wall"], took["cpu"], took["MiB"]
            print(f"{name:20} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:5.0f} MiB")
        for name in _BARE:
            wall, cpu = (best["slogate"][key] / best[name][key] for key in ("wall", "cpu"))
            print(f"{wall:.2f} times the bare aggregation {name} by wall, {cpu:.2f} by CPU")


if __name__ == "__main__":
    main(sys.argv[1:])
