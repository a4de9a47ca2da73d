"""How fast Locust's csv_request_logger is imported, beside DuckDB's own reader of the same columns.

python tests/benchmarks/import_locust_requests.py [megabytes=200] [repeats=3]
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import PARQUET, run

HEADER = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception"
PATHS = ("/browse", "/search", "/cart", "/checkout", "/login")
TYPES = {
    "timestamp": "DECIMAL(18, 6)", "response_time_ms": "DECIMAL(18, 2)",
    "response_length": "BIGINT", "status_code": "SMALLINT",
}  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as the logger writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000.0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\r\n")
        while size < megabytes * 1_000_000:
            ts += chance.random() / 500
            failed, url = chance.random() < 0.005, chance.choice(PATHS)
            error = f"503 Server Error: Service Unavailable for url: {url}" if failed else ""
            size += file.write(
                f"{round(ts, 6)},GET,{url},{round(chance.lognormvariate(4, 0.6), 2)},"
                f"{chance.randrange(5000)},{503 if failed else 200},{error}\r\n"
            )


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's reader with typed columns, writing the request columns as Parquet."""
    import duckdb

    columns = {name: TYPES.get(name, "VARCHAR") for name in HEADER.split(",")}
    rows = duckdb.execute(
        'COPY (SELECT make_timestamptz(("timestamp"::DECIMAL(30, 6) * 1000000)::BIGINT) AS ts, '
        "ceil(response_time_ms * 1000)::BIGINT AS duration_us, name AS endpoint, request_type, "
        "status_code, exception IS NULL AS ok, exception AS error, response_length AS bytes "
        "FROM read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"columns={columns})) TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "requests.csv", generate, duckdb_alone, sys.argv[1:])
