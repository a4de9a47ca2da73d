"""Shared by benchmarks of the import: DuckDB's own reader and ours, in turns, in processes apart.

A benchmark says how its file is generated and what DuckDB alone does with it, or another `peer`
where DuckDB cannot read it; `run` does the rest and prints the best of the repeats. The import
also hashes the file, checks every row, says which lines are bad, and syncs its parts to the disk.
Neither has numpy, which pyarrow imports where it is there: the tests need it, slogate does not.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

BATCH = 65_536
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2)"

# every column of the requests, so that both write the same
COLUMNS = {
    "ts": "TIMESTAMPTZ", "duration_us": "BIGINT", "late_us": "BIGINT", "pace_us": "BIGINT",
    "endpoint": "VARCHAR", "method": "VARCHAR", "status": "SMALLINT", "ok": "BOOLEAN",
    "error": "VARCHAR", "bytes": "BIGINT", "worker": "VARCHAR", "trace_id": "VARCHAR",
    "labels": "MAP(VARCHAR, VARCHAR)",
}  # fmt: skip


def write_requests(sql: dict[str, str], relation: str, file: str, out: str) -> int:
    """Let DuckDB write the requests of a relation over `file` (`?`), each column by its SQL.

    What the file does not tell is null, as in a part of a store.
    """
    import duckdb

    columns = ", ".join(
        f"({sql.get(name, 'NULL')})::{kind} AS {name}" for name, kind in COLUMNS.items()
    )
    query = f"COPY (SELECT {columns} FROM {relation}) TO '{out}' {PARQUET}"
    return duckdb.execute(query, [file]).fetchone()[0]


def write_rows(rows: Iterable[tuple[Any, ...]], schema: Any, out: str) -> int:
    """Let Arrow write rows of Python as Parquet; how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written, left = 0, iter(rows)
    with pq.ParquetWriter(out, schema, compression="zstd", compression_level=1) as writer:
        while some := list(islice(left, BATCH)):
            columns = zip(zip(*some, strict=True), schema.types, strict=True)
            arrays = [pa.array(column, kind) for column, kind in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(some)
    return written


def run(
    script: str,
    name: str,
    generate: Callable[[Path, int], None],
    duckdb_alone: Callable[[str, str], int] | None,
    words: Sequence[str],
    options: Callable[[Path], Mapping[str, str]] | None = None,
    *,
    peer: str = "DuckDB",
) -> None:
    """Measure and print; words: [megabytes=200] [repeats=3], or what a process is to measure.

    `generate(path, megabytes)` writes the file; `duckdb_alone(file, out)` reads it and writes its
    requests to the Parquet file `out`, and returns how many there are; None where it cannot.
    `options(file)` are those of the import. `peer` is who reads it where that is not DuckDB.
    """
    if words[:1] == ["--measure"]:
        given = options(Path(words[2])) if options else {}
        _measure(words[1], words[2], duckdb_alone, given)
        return
    # as installed: not compiled anew each time
    compiled = {key: value for key, value in os.environ.items() if key != _NO_BYTECODE}
    megabytes, repeats = (int(word) for word in (*words, *("200", "3")[len(words) :]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        generate(file, megabytes)
        size = file.stat().st_size / 1e6
        best: dict[str, dict[str, float]] = {}
        for _ in range(repeats):
            for which in (peer, "slogate") if duckdb_alone else ("slogate",):
                command = [sys.executable, script, "--measure", which, str(file)]
                took = json.loads(subprocess.check_output(command, env=compiled))
                old = best.get(which, took)
                best[which] = {key: min(took[key], old[key]) for key in took}
    print(f"{size:,.0f} MB")
    for which, took in best.items():
        print(
            f"{which:8} {took['rows']:,} rows, {size / took['wall']:.0f} MB/s, "
            f"{size / took['cpu']:.0f} MB/s and {took['rows'] / took['cpu']:,.0f} rows/s per core, "
            f"{took['rss_mb']:.0f} MB resident"
        )
    if not duckdb_alone:
        return
    wall, cpu = (best[peer][key] / best["slogate"][key] for key in ("wall", "cpu"))
    print(f"slogate at {wall:.2f} times {peer}'s speed ({cpu:.2f} by CPU time)")


def _measure(
    which: str,
    file: str,
    duckdb_alone: Callable[[str, str], int] | None,
    options: Mapping[str, str],
) -> None:
    """Run one of the two and print what it took."""
    sys.modules["numpy"] = None
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        began = time.perf_counter()
        if duckdb_alone and which != "slogate":
            rows = duckdb_alone(file, str(Path(folder) / "out.parquet"))
        else:
            rows = _import(file, folder, options)
        wall = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    took = {"rows": rows, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps({**took, "rss_mb": usage.ru_maxrss / 1024}))


def _import(file: str, folder: str, options: Mapping[str, str]) -> int:
    from slogate.ingest import import_files
    from slogate.store.layout import open_store

    store = open_store(Path(folder) / "store", create=True)
    files = [("file", Path(file))]
    return import_files(store, files, service="x", now_ts=1, options=options).run.rows.written
