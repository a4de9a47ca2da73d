"""What thirteen objectives cost over a million rows, beside a bare scan of the same file.

Run it: python tests/benchmarks/gather.py [ROWS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import duckdb as database

sys.path.insert(0, str(Path(__file__).parent.parent))

from request_table import ENDPOINTS, realistic

from slogate.engines import duckdb
from slogate.model.evidence import Need
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window
from slogate.store.layout import open_store
from slogate.store.parts import write_part

REPEATS = 7


def objectives(window: Window) -> list[Need]:
    """p95, errors and throughput of each endpoint's kind of budget: thirteen in all."""
    found = []
    for at, (method, name, _) in enumerate(ENDPOINTS):
        selection = Selection(endpoint=Endpoint(method=method, name=name))
        found.append(
            Need(id=f"{name}/p95", selection=selection, window=window, measure="latency",
                 limit_us=60_000 + at * 10_000, quantile=Fraction(95, 100)),
        )  # fmt: skip
        found.append(
            Need(id=f"{name}/errors", selection=selection, window=window, measure="errors")
        )
    browse = Selection(endpoint=Endpoint(method="GET", name="/browse"))
    found.append(
        Need(id="p99", selection=browse, window=window, measure="latency", limit_us=250_000,
             quantile=Fraction(99, 100)),
    )  # fmt: skip
    found.append(Need(id="errors", selection=Selection(), window=window, measure="errors"))
    found.append(Need(id="rate", selection=Selection(), window=window, measure="throughput"))
    return found


def timed(what: str, work: Callable[[], object], rows: int) -> float:
    """The least CPU time of some repeats, printed with the wall time; seconds."""
    cpu, wall = [], []
    for _ in range(REPEATS):
        start_cpu, start = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - start_cpu)
        wall.append(time.perf_counter() - start)
    best = min(cpu)
    print(f"{what:<34} {best * 1e3:8.1f} ms CPU {best / rows * 1e9:7.1f} ns/row "
          f"{min(wall) * 1e3:8.1f} ms wall")  # fmt: skip
    return best


def bare(path: str) -> object:
    """The cheapest scan that reads a duration of every row."""
    with database.connect() as connection:
        return connection.execute(
            "SELECT count(*), sum(duration_us) FROM read_parquet(?)", [path]
        ).fetchall()


def main() -> None:
    """Print the gather, without and with the percentiles to show, over the bare scan."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), create=True)
        table = realistic(rows, random.Random(1))
        part = write_part(store, "run", "shop", "load", table, sequence=0, worker=None)
        path = str(store.root / part)
        _, first, last = duckdb.PLUGIN.span([path])
        window = Window(start_ts=(first or 0) + 5_000_000, end_ts=last or 0)
        wanted = objectives(window)
        counted = [need for need in wanted if need.measure != "latency"]
        scan = timed("bare scan", lambda: bare(path), rows)
        fast = timed(
            f"{len(counted)} objectives, counts only",
            lambda: duckdb.PLUGIN.gather(counted, [path]),
            rows,
        )
        full = timed(
            f"{len(wanted)} objectives", lambda: duckdb.PLUGIN.gather(wanted, [path]), rows
        )
        timed("tally", lambda: duckdb.PLUGIN.tally([path], window), rows)
    print(f"{fast / scan:.1f} and {full / scan:.1f} times the bare scan")


if __name__ == "__main__":
    main()
