"""What the page of a large run costs, beside the bare DuckDB queries that it needs.

An hour of ten million requests of five endpoints, stored and judged by thirty budgets. `slogate
report --format html` runs as users run it. A run of it notes each statement that it gives DuckDB;
the bare queries are these statements, in a process of their own that only fetches the answers.
The size of the page is printed beside that of the same run with a tenth of the requests.

At most three times the queries and 1 GiB are wanted. Measured on two cores: 1.05 times by wall,
1.02 by CPU, 418 MiB at most; the page was 377 kB then, 405 kB since its tables are cards too.

Run it: python tests/benchmarks/report_html.py [REQUESTS=10000000]
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

START = 1_735_689_600_000_000  # 2025-01-01T00:00Z
HOUR_US = 3_600_000_000
PARTS = 10
REPEATS = 3
ENDPOINTS = ("GET /browse", "GET /search", "POST /cart", "POST /checkout", "POST /login")
NOTES = "SLOGATE_BENCH_NOTES"
# long-tailed, with a second mode and one failure in two hundred
_REQUESTS = """
SELECT make_timestamp($start + ($first + n) * $gap)::TIMESTAMPTZ AS ts,
       (20000 * (1 + e) * exp(sqrt(-2 * ln(u + 1e-9)) * cos(6.283 * v) * 0.5)
        + CASE WHEN u > 0.97 THEN 300000 ELSE 0 END)::BIGINT AS duration_us,
       NULL::BIGINT AS late_us, NULL::BIGINT AS pace_us,
       (['/browse', '/search', '/cart', '/checkout', '/login'])[e + 1] AS endpoint,
       CASE WHEN e < 2 THEN 'GET' ELSE 'POST' END AS method,
       CASE WHEN v < 0.005 THEN 503 ELSE 200 END::SMALLINT AS status, v >= 0.005 AS ok,
       CASE WHEN v < 0.005 THEN 'HTTP 503' END AS error, 512::BIGINT AS bytes,
       NULL::VARCHAR AS worker, NULL::VARCHAR AS trace_id, NULL::MAP(VARCHAR, VARCHAR) AS labels
FROM (SELECT n, (hash(n * 7 + $first) % 5)::BIGINT AS e,
             (hash(n + $first) % 1000003) / 1000003 AS u,
             (hash(n * 3 + $first) % 1000033) / 1000033 AS v
      FROM range($rows) numbers(n))
"""
_REPORT = ("report", "--format", "html", "--quiet")


def spec() -> str:
    """Thirty budgets, six an endpoint."""
    lines = ["slogate: 1\nservice: shop\nbudgets:\n"]
    kinds = ("p50: 200ms", "p90: 400ms", "p95: 600ms", "p99: 2s", "errors: 1%", "mean: 1s")
    for at, endpoint in enumerate(ENDPOINTS):
        for number, kind in enumerate(kinds):
            lines.append(f"  - {{name: b{at}-{number}, endpoint: {endpoint}, {kind}}}\n")
    return "".join(lines)


def generate(folder: Path, requests: int) -> None:
    """A project with the run, and its verdict."""
    import duckdb

    from slogate.model.run import Reconciliation, Run
    from slogate.store.layout import open_store
    from slogate.store.manifest import write_run
    from slogate.store.parts import SCHEMA, write_part

    store, rows, parts = open_store(folder / "store", create=True), requests // PARTS, []
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for number in range(PARTS):
            values = {"start": START, "gap": HOUR_US // requests, "first": number * rows,
                      "rows": rows}  # fmt: skip
            table = connection.sql(_REQUESTS, params=values).to_arrow_table()
            table = table.sort_by("ts").cast(SCHEMA("requests"))
            parts.append(
                write_part(store, "run", "shop", "load", table, sequence=number, worker=None)
            )
    told = Reconciliation(seen=rows * PARTS, written=rows * PARTS)
    run = Run(
        id="run", service="shop", kind="load", state="complete", start_ts=START, ramped_ts=START,
        end_ts=START + HOUR_US, parts=tuple(parts), rows=told,
    )  # fmt: skip
    write_run(store, run)
    (folder / "slo.yaml").write_text(spec(), encoding="utf-8")
    command = [sys.executable, "-m", "slogate", "check", str(folder / "slo.yaml"), "--quiet"]
    measured([*command, f"--store={store.root}"])


class Noting:
    """A connection that notes the statements it is given."""

    def __init__(self, connection: Any, notes: list[tuple[str, Any]]) -> None:
        self._connection, self._notes = connection, notes

    def execute(self, text: str, values: Any = None) -> Any:
        """As DuckDB's."""
        self._notes.append((text, values))
        return self._connection.execute(text, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def note(words: list[str]) -> None:
    """Run the report, and write down its statements."""
    import duckdb

    from slogate.cli.app import main

    notes: list[tuple[str, Any]] = []
    connect = duckdb.connect
    duckdb.connect = lambda *given, **named: Noting(connect(*given, **named), notes)
    sys.argv = ["slogate", *words]
    try:
        main()
    finally:
        Path(os.environ[NOTES]).write_bytes(pickle.dumps(notes))


def bare() -> None:
    """The statements alone."""
    import duckdb

    with duckdb.connect() as connection:
        for text, values in pickle.loads(Path(os.environ[NOTES]).read_bytes()):  # our own
            connection.execute(text, values).fetchall()


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds and MiB at most of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in {0, 1, 3}:
        raise SystemExit(f"{command} failed")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def least(command: list[str]) -> list[float]:
    """The least of each figure over some repeats."""
    rows = [measured(command) for _ in range(REPEATS)]
    return [min(column) for column in zip(*rows, strict=True)]


def main(words: list[str]) -> None:
    """Print what both cost, best of some repeats, and the sizes."""
    if words[:1] == ["--bare"]:
        bare()
        return
    if words[:1] == ["--note"]:
        note(words[1:])
        return
    requests = int(words[0]) if words else 10_000_000
    sizes = {}
    for count in (requests // 10, requests):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            generate(folder, count)
            page = folder / "page.html"
            arguments = [*_REPORT, f"--store={folder / 'store'}", "-o", str(page)]
            os.environ[NOTES] = str(folder / "notes")
            subprocess.run([sys.executable, __file__, "--note", *arguments], check=False)
            sizes[count] = page.stat().st_size
            commands = {
                "queries": [sys.executable, __file__, "--bare"],
                "report": [sys.executable, "-m", "slogate", *arguments],
            }
            if count == requests:
                took = {
                    name: [measured(each) for _ in range(REPEATS)]
                    for name, each in commands.items()
                }
    best = {
        name: [min(column) for column in zip(*rows, strict=True)] for name, rows in took.items()
    }
    for name, (wall, cpu, memory) in best.items():
        print(f"{name:8} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:5.0f} MiB")
    wall, cpu = (best["report"][at] / best["queries"][at] for at in (0, 1))
    print(f"the report takes {wall:.2f} times its queries by wall, {cpu:.2f} by CPU")
    print(", ".join(f"{size / 1e3:.0f} kB of {count:,} requests" for count, size in sizes.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
