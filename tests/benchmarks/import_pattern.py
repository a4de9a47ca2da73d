"""How fast a log is imported by a pattern, beside a complete loop of Python's `re`.

    python tests/benchmarks/import_pattern.py [template|expression] [megabytes=100] [repeats=3]

The loop matches each line, reads time, duration and status, and writes the same columns as
Parquet in batches. Each in a process of its own, alternating; the best of the repeats counts.
"""

from __future__ import annotations

import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

PATHS = ("/browse", "/search?q={}", "/cart", "/checkout", "/login", "/item/{}", "/users/{}/orders")
TEMPLATE = "%{} [%{time}] %{} %{method} %{path} %{status} %{bytes} bytes in %{duration_ms} ms"
EXPRESSION = (
    r"^\w+ \[(?P<time>[^\]]+)\] \S+ (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) "
    r"(?P<bytes>\d+) bytes in (?P<duration_ms>[0-9.]+) ms$"
)
PATTERNS = {"template": TEMPLATE, "expression": EXPRESSION}
BATCH = 200_000


def generate(path: Path, megabytes: int) -> None:
    """A log of about that size, as an application writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000.0, 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            ts += chance.random() / 200
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ts))
            size += file.write(
                f"INFO [{moment}.{int(ts * 1000) % 1000:03}Z] worker-{chance.randrange(16)}@shop-"
                f"{chance.randrange(4)}.eu-west-1.internal {chance.choice(('GET', 'POST'))} "
                f"{chance.choice(PATHS).format(chance.randrange(500))} "
                f"{503 if chance.random() < 0.005 else 200} {chance.randrange(500, 5000)} bytes in "
                f"{chance.lognormvariate(4, 0.6):.2f} ms\n"
            )


def python_loop(file: str, folder: str, _which: str) -> int:
    """Python's own expressions, with what an import has to do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [("ts", pa.timestamp("us", "UTC")), ("duration_us", pa.int64()),
         ("endpoint", pa.dictionary(pa.int32(), pa.string())),
         ("method", pa.dictionary(pa.int32(), pa.string())),
         ("status", pa.int16()), ("bytes", pa.int64())]
    )  # fmt: skip
    match, rows = re.compile(EXPRESSION).match, 0
    out = Path(folder) / "out.parquet"
    with open(file, encoding="utf-8") as lines, pq.ParquetWriter(out, schema) as writer:  # noqa: PTH123
        columns: list[list[object]] = [[] for _ in schema]
        for line in lines:
            found = match(line)
            if found is None:
                continue
            moment, method, path, status, size, took = found.groups()
            row = (
                datetime.fromisoformat(moment), -int(-float(took) * 1000 // 1),
                path.partition("?")[0], method, int(status), int(size),
            )  # fmt: skip
            for column, value in zip(columns, row, strict=True):
                column.append(value)
            if len(columns[0]) == BATCH:
                rows += write(writer, schema, columns)
        rows += write(writer, schema, columns)
    return rows


def write(writer: object, schema: object, columns: list[list[object]]) -> int:
    """Write what was gathered, and empty it."""
    import pyarrow as pa

    count = len(columns[0])
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    writer.write_batch(pa.record_batch(arrays, schema=schema))
    for column in columns:
        column.clear()
    return count


def our_import(file: str, folder: str, which: str) -> int:
    """The import, into a new store."""
    from slogate.ingest import import_files
    from slogate.store.layout import open_store

    store = open_store(Path(folder) / "store", create=True)
    return import_files(
        store, [("file", Path(file))], service="x", now_ts=1, format="pattern-log",
        options={"pattern": PATTERNS[which]},
    ).run.rows.written  # fmt: skip


def measure(which: str, file: str, kind: str) -> None:
    """Run one of the two and print what it took."""
    run = {"python": python_loop, "slogate": our_import}[which]
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        began = time.perf_counter()
        rows = run(file, folder, kind)
        wall = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    took = {"rows": rows, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps({**took, "rss_mb": usage.ru_maxrss / 1024}))


def main(kind: str = "template", megabytes: str = "100", repeats: str = "3") -> None:
    """Generate, alternate, compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "app.log"
        generate(file, int(megabytes))
        size = file.stat().st_size / 1e6
        best: dict[str, dict[str, float]] = {}
        for _ in range(int(repeats)):
            for which in ("python", "slogate"):
                command = [sys.executable, __file__, "--measure", which, str(file), kind]
                took = json.loads(subprocess.check_output(command))
                old = best.get(which, took)
                best[which] = {key: min(took[key], old[key]) for key in took}
    for which, took in best.items():
        print(
            f"{which:8} {took['rows']:,} rows, {size / took['wall']:.0f} MB/s, "
            f"{size / took['cpu']:.0f} MB/s per core, {took['rss_mb']:.0f} MB resident"
        )
    wall, cpu = (best["python"][key] / best["slogate"][key] for key in ("wall", "cpu"))
    print(f"slogate at {wall:.2f} times the loop's speed ({cpu:.2f} by CPU time)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
