"""How fast an access log is imported, beside DuckDB's own reader writing the same columns.

    python tests/benchmarks/import_access_log.py [text|json] [megabytes=200] [repeats=3]

nginx's combined log with the request time appended, or the same as JSON. Each in a process of
its own, alternating; the best of the repeats counts. DuckDB reads words between spaces and
quotes as CSV, or the lines as NDJSON. The import also hashes the file, checks every row, keeps
the numbers of bad lines, and syncs its parts to the disk.

On two cores at 1.2 GB, text: 0.95 of DuckDB's speed, 0.88 to 0.97 by CPU; 115 MB/s per core, 296
MB resident. JSON: 0.77, 0.80 by CPU; 133 MB/s per core, 277 MB resident.
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

PATHS = ("/browse", "/search?q={}", "/cart", "/checkout", "/login", "/item/{}", "/users/{}/orders")
AGENTS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
    ),
    "shop-app/7.2 (Android 15)",
)
TEXT = (
    '{host} - - [{local}] "{method} {path} HTTP/1.1" {status} {size} "https://shop.example/" '
    '"{agent}" {took:.3f}\n'
)


def generate(path: Path, megabytes: int, kind: str) -> None:
    """A log of about that size, as a shop writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000.0, 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            ts += chance.random() / 200
            line = {
                "host": f"10.0.{chance.randrange(256)}.{chance.randrange(256)}",
                "local": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(ts)),
                "method": chance.choice(("GET", "POST")),
                "path": chance.choice(PATHS).format(chance.randrange(500)),
                "status": 503 if chance.random() < 0.005 else 200,
                "size": chance.randrange(500, 5000),
                "agent": chance.choice(AGENTS),
                "took": chance.lognormvariate(-3, 0.6),
            }
            size += file.write(TEXT.format(**line) if kind == "text" else as_json(line, ts))


def as_json(line: dict[str, object], ts: float) -> str:
    """The line as `escape=json` has it."""
    return (
        json.dumps(
            {
                "msec": f"{ts:.3f}", "remote_addr": line["host"], "request_method": line["method"],
                "request_uri": line["path"], "status": str(line["status"]),
                "body_bytes_sent": str(line["size"]), "request_time": f"{line['took']:.3f}",
                "http_user_agent": line["agent"],
            }
        )
        + "\n"
    )  # fmt: skip


WORDS = """SELECT c3 || ' ' || c4 AS clf, c5 AS request, c6 AS status, c7 AS bytes, c10 AS took
FROM read_csv(?, auto_detect=false, header=false, delim=' ', quote='"', escape='"',
columns={columns})"""
KEYS = """SELECT msec, request_method || ' ' || request_uri AS request, status,
body_bytes_sent AS bytes, request_time AS took
FROM read_json(?, format='newline_delimited', columns={columns})"""


NEVER_TOLD = ", ".join(
    f"NULL::{kind} AS {name}"
    for name, kind in {
        "late_us": "BIGINT", "pace_us": "BIGINT", "ok": "BOOLEAN", "error": "VARCHAR",
        "worker": "VARCHAR", "trace_id": "VARCHAR", "labels": "MAP(VARCHAR, VARCHAR)",
    }.items()
)  # fmt: skip


def duckdb_alone(file: str, folder: str, kind: str) -> int:
    """DuckDB's reader, writing the request columns as Parquet."""
    import duckdb

    if kind == "text":
        columns: dict[str, str] = {f"c{at}": "VARCHAR" for at in range(11)}
        words = WORDS.format(columns=columns)
        end = "strptime(clf, '[%d/%b/%Y:%H:%M:%S %z]')::TIMESTAMPTZ"
    else:
        names = ("msec", "request_method", "request_uri", "status", "body_bytes_sent")
        words = KEYS.format(columns=dict.fromkeys([*names, "request_time"], "VARCHAR"))
        end = "make_timestamptz(round(msec::DOUBLE * 1000000)::BIGINT)"
    out = str(Path(folder) / "out.parquet")
    took = "round(took::DOUBLE * 1000000)::BIGINT"
    rows = duckdb.execute(
        f"COPY (SELECT {end} - to_microseconds({took}) AS ts, {took} AS duration_us, "
        "split_part(split_part(request, ' ', 2), '?', 1) AS endpoint, "
        "split_part(request, ' ', 1) AS method, status::SMALLINT AS status, "
        "bytes::BIGINT AS bytes, "
        f"{NEVER_TOLD} "
        f"FROM ({words})) TO '{out}' "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2)",
        [file],
    ).fetchone()
    return rows[0]


def our_import(file: str, folder: str, _kind: str) -> int:
    """The import, into a new store."""
    from slogate.ingest import import_files
    from slogate.store.layout import open_store

    store = open_store(Path(folder) / "store", create=True)
    return import_files(store, [("file", Path(file))], service="x", now_ts=1).run.rows.written


def measure(which: str, file: str, kind: str) -> None:
    """Run one of the two and print what it took."""
    run = {"duckdb": duckdb_alone, "slogate": our_import}[which]
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        began = time.perf_counter()
        rows = run(file, folder, kind)
        wall = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    took = {"rows": rows, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps({**took, "rss_mb": usage.ru_maxrss / 1024}))


def main(kind: str = "text", megabytes: str = "200", repeats: str = "3") -> None:
    """Generate, alternate, compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "access.log"
        generate(file, int(megabytes), kind)
        size = file.stat().st_size / 1e6
        best: dict[str, dict[str, float]] = {}
        for _ in range(int(repeats)):
            for which in ("duckdb", "slogate"):
                command = [sys.executable, __file__, "--measure", which, str(file), kind]
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
        main(*sys.argv[1:])
