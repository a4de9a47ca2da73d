"""What judging a hundred objectives adds to the query that gathers their counts, of a one-hour run.

Twenty budgets for each of the sample shop's five endpoints: percentiles, failures, means and rates.
The query reads the requests and adds up what each objective asks for; judging is all that makes
findings of these counts: intervals, design effects, floors, sentences. At most 20% are wanted: of a
million requests 4.2% (37 ms beside 886), of 50,000 about a quarter, the query being that short.

Run it: python tests/benchmarks/judge_cost.py [REQUESTS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from request_table import ENDPOINTS, START, realistic

from slogate.engines import duckdb
from slogate.evaluate import judge, plan
from slogate.model.run import Reconciliation, Run
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.parts import write_part
from slogate.verdict import Subject

HOUR_S = 3_600
REPEATS = 5


def spec() -> str:
    """A hundred budgets, no two alike."""
    lines = ["slogate: 1\nservice: shop\ndefaults: {warmup: 60s}\nbudgets:\n"]
    for at, (method, name, _) in enumerate(ENDPOINTS):
        limits = [f"p{share}: {60 + at + 10 * n}ms" for n, share in enumerate((50, 90, 95, 99))]
        limits += [f"p95: {100 + n}ms" for n in range(8)] + [f"p99: {300 + n}ms" for n in range(4)]
        limits += ["errors: 1%", "throughput: 1/s", "mean: 50ms", "max: 5s"]
        for number, limit in enumerate(limits):
            lines.append(f"  - {{name: b{at}-{number}, endpoint: {method} {name}, {limit}}}\n")
    return "".join(lines)


def timed(what: str, work: Callable[[], object]) -> float:
    """The least CPU time of some repeats, printed with the wall time; seconds."""
    cpu, wall = [], []
    for _ in range(REPEATS):
        start_cpu, start = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - start_cpu)
        wall.append(time.perf_counter() - start)
    print(f"{what:<24} {min(cpu) * 1e3:8.1f} ms CPU {min(wall) * 1e3:8.1f} ms wall")
    return min(wall)


def main() -> None:
    """Print both, and the ratio of their wall times."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    specs = load_specs([("slo.yaml", spec())])
    end = START + (HOUR_S - 1) * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), create=True)
        table = realistic(rows, random.Random(1), rate=rows / HOUR_S * 1.01)
        part = write_part(store, "run", "shop", "load", table, sequence=0, worker=None)
        run = Run(
            id="run", service="shop", kind="load", state="complete", start_ts=START,
            ramped_ts=START, end_ts=end, parts=(part,),
            rows=Reconciliation(seen=rows, written=rows),
        )  # fmt: skip
        path, needs = str(store.root / part), plan(specs, run)
        subject = Subject(run=run, rows=rows, warmup=0, judged=rows, backfilled=0)
        evidence = duckdb.PLUGIN.gather(needs, [path])
        print(f"{len(needs)} objectives, {rows:,} requests of an hour")
        query = timed("query of their counts", lambda: duckdb.PLUGIN.gather(needs, [path]))
        judging = timed("judging", lambda: judge(specs, subject, evidence, {}, "0"))
    print(f"judging adds {judging / query:.1%}")


if __name__ == "__main__":
    main()
