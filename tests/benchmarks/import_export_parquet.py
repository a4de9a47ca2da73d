"""How fast a mapped Parquet export is imported, beside DuckDB reading and writing the same columns.

    python tests/benchmarks/import_export_parquet.py [megabytes=200] [repeats=3]

The megabytes are those of the file, which is compressed: some fifty bytes a row, most of them of
the trace id.

On two cores, beside other work, at 1.0 GB: 1.02 of DuckDB's speed, 1.10 by CPU; 46 MB/s per core,
432 MB resident (DuckDB: 1,991).
"""

from __future__ import annotations

import sys
from pathlib import Path

from side_by_side import run, write_requests

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
ROWS_A_MEGABYTE = 21_000
ROWS = """
SELECT make_timestamptz(1764000000000000 + n * 1500 + (hash(n) % 1000)::BIGINT) AS started,
    round(20 + 1e9 / (1e7 + hash(n, 1) % 100000000), 3) AS took, 'GET' AS verb,
    ['/browse', '/search', '/cart', '/checkout', '/login'][1 + (hash(n, 2) % 5)::BIGINT] AS url,
    CASE WHEN hash(n, 3) % 200 = 0 THEN 503 ELSE 200 END AS code,
    (500 + hash(n, 4) % 4500)::BIGINT AS size, 'shop-app/7.2' AS agent,
    md5(n::VARCHAR) AS trace, ['eu-west-1', 'us-east-1'][1 + (hash(n, 5) % 2)::BIGINT] AS region
FROM range(?) AS rows(n)
"""


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, and its mapping beside it."""
    import duckdb

    path.with_suffix(".yaml").write_text(MAPPING)
    duckdb.execute(
        f"COPY ({ROWS}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)",
        [megabytes * ROWS_A_MEGABYTE],
    )


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's reader, writing the request columns as Parquet."""
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
    return write_requests(sql, "read_parquet(?)", file, out)


def options(file: Path) -> dict[str, str]:
    """What the import is told besides."""
    return {"mapping": str(file.with_suffix(".yaml"))}


if __name__ == "__main__":
    run(__file__, "export.parquet", generate, duckdb_alone, sys.argv[1:], options)
