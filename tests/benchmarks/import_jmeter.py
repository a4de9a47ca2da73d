"""How fast JMeter's CSV is imported, beside DuckDB's own reader writing the same columns.

    python tests/benchmarks/import_jmeter.py [megabytes=200] [repeats=3]

Each in a process of its own, alternating; the best of the repeats counts. The import also
hashes the file, checks every row, splits endpoints and syncs its parts to the disk.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
    "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
LABELS = ("GET /browse", "GET /search", "POST /cart", "POST /checkout", "POST /login")
TYPES = {"timeStamp": "BIGINT", "elapsed": "BIGINT", "success": "BOOLEAN", "bytes": "BIGINT"}


def generate(path: Path, megabytes: int) -> None:
    """A results file of about that size, as a shop's load test writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while size < megabytes * 1_000_000:
            ts += chance.randrange(4)
            label, failed = chance.choice(LABELS), chance.random() < 0.005
            elapsed = int(chance.lognormvariate(4, 0.6))
            code, text = (503, '"busy, ""try"" again"') if failed else (200, "OK")
            size += file.write(
                f"{ts},{elapsed},{label},{code},{text},users 1-{chance.randrange(150)},text,"
                f"{'false' if failed else 'true'},,{chance.randrange(500, 5000)},250,150,150,"
                f"http://127.0.0.1:8089{label.split()[1]},{elapsed},0,0\n"
            )


def duckdb_alone(file: str, folder: str) -> int:
    """DuckDB's reader with typed columns, writing the request columns as Parquet."""
    import duckdb

    names = HEADER.strip().split(",")
    columns = {name: TYPES.get(name, "VARCHAR") for name in names}
    out = str(Path(folder) / "out.parquet")
    rows = duckdb.execute(
        f"COPY (SELECT make_timestamptz(timeStamp * 1000) AS ts, elapsed * 1000 AS duration_us, "
        "label, TRY_CAST(responseCode AS SMALLINT) AS status, success, "
        "CASE WHEN NOT success THEN coalesce(failureMessage, responseMessage) END AS error, bytes "
        f"FROM read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"columns={columns})) TO '{out}' "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2)",
        [file],
    ).fetchone()
    return rows[0]


def our_import(file: str, folder: str) -> int:
    """The import, into a new store."""
    from slogate.ingest import import_files
    from slogate.store.layout import open_store

    store = open_store(Path(folder) / "store", create=True)
    return import_files(store, [("file", Path(file))], service="x", now_ts=1).run.rows.written


def measure(which: str, file: str) -> None:
    """Run one of the two and print what it took."""
    run = {"duckdb": duckdb_alone, "slogate": our_import}[which]
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        began = time.perf_counter()
        rows = run(file, folder)
        wall = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    took = {"rows": rows, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps({**took, "rss_mb": usage.ru_maxrss / 1024}))


def main(megabytes: int = 200, repeats: int = 3) -> None:
    """Generate, alternate, compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.jtl"
        generate(file, megabytes)
        size = file.stat().st_size / 1e6
        best: dict[str, dict[str, float]] = {}
        for _ in range(repeats):
            for which in ("duckdb", "slogate"):
                command = [sys.executable, __file__, "--measure", which, str(file)]
                took = json.loads(subprocess.check_output(command))
                old = best.get(which, took)
                best[which] = {key: min(took[key], old[key]) for key in took}
    for which, took in best.items():
        print(
            f"{which:8} {took['rows']:,} rows, {size / took['wall']:.0f} MB/s, "
            f"{size / took['cpu']:.0f} MB/s per core, {took['rss_mb']:.0f} MB resident"
        )
    wall, cpu = (best["duckdb"][key] / best["slogate"][key] for key in ("wall", "cpu"))
    print(f"slogate at {wall:.2f} times DuckDB's speed ({cpu:.2f} by CPU time)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
