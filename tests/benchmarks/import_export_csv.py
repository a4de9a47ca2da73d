"""How fast a mapped CSV export is imported, beside DuckDB alone writing the same columns.

    python tests/benchmarks/import_export_csv.py [megabytes=200] [repeats=3]

What a warehouse hands out, with a column that nobody asks for. DuckDB alone is given the types of
all columns; a row that does not fit them ends it.

On two cores, beside other work, at 1.2 GB: 1.08 of DuckDB's speed by CPU, 74 MB/s per core, 400 MB
resident.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import run, write_requests

ROUTES = ("/browse", "/search", "/cart", "/checkout", "/login")
REGIONS = ("eu-west-1", "us-east-1")
MAPPING = """\
time: started
duration: {column: took, unit: ms}
method: verb
path: url
status: code
bytes: size
trace_id: trace
labels: [region]
"""
TYPES = {
    "started": "TIMESTAMPTZ", "took": "DOUBLE", "verb": "VARCHAR", "url": "VARCHAR",
    "code": "SMALLINT", "size": "BIGINT", "agent": "VARCHAR", "trace": "VARCHAR",
    "region": "VARCHAR",
}  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, and its mapping beside it."""
    path.with_suffix(".yaml").write_text(MAPPING)
    chance = random.Random(20261129)
    ms, size = 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(TYPES) + "\n")
        while size < megabytes * 1_000_000:
            ms += chance.randrange(4)
            size += file.write(
                f"2026-11-24T{10 + ms // 3_600_000:02}:{ms // 60_000 % 60:02}:"
                f"{ms // 1000 % 60:02}.{ms % 1000:03}Z,{chance.lognormvariate(4, 0.6):.3f},GET,"
                f"{chance.choice(ROUTES)},{503 if chance.random() < 0.005 else 200},"
                f'{chance.randrange(500, 5000)},"shop-app/7.2 (Android 15, Pixel)",'
                f"{chance.getrandbits(128):032x},{chance.choice(REGIONS)}\n"
            )


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's reader with typed columns, writing the request columns as Parquet."""
    sql = {
        "ts": "started",
        "duration_us": "ceil(took * 1000)",
        "endpoint": "split_part(url, '?', 1)",
        "method": "verb",
        "status": "code",
        "bytes": "size",
        "trace_id": "trace",
        "labels": "MAP {'region': region}",
    }
    reader = "read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
    return write_requests(sql, f"{reader} columns={TYPES})", file, out)


def options(file: Path) -> dict[str, str]:
    """What the import is told besides."""
    return {"mapping": str(file.with_suffix(".yaml"))}


if __name__ == "__main__":
    run(__file__, "export.csv", generate, duckdb_alone, sys.argv[1:], options)
