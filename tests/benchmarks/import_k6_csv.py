"""How fast k6's CSV is imported, beside DuckDB's own CSV reader writing the same columns.

    python tests/benchmarks/import_k6_csv.py [megabytes=200] [repeats=3]

The file has the nine rows that k6 writes for each request. DuckDB alone is given the types of
all columns.

On two cores at 1.2 GB: 1.03 of DuckDB's speed, 1.01 by CPU; 188 MB/s per core, 231 MB resident.
Beside other work 0.84 and 1.04. Only the rows of requests are taken apart; DuckDB's reader, which
took all apart for the import too, gave 0.72 and 0.72.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import PARQUET, run

HEADER = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,"
    "proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n"
)
METRICS = (
    "http_reqs", "http_req_duration", "http_req_blocked", "http_req_connecting",
    "http_req_tls_handshaking", "http_req_sending", "http_req_waiting", "http_req_receiving",
    "http_req_failed",
)  # fmt: skip
PATHS = ("browse", "search", "cart", "checkout", "login")
TYPES = {"timestamp": "BIGINT", "metric_value": "DOUBLE"}


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as k6 writes it during a load test of a shop."""
    chance = random.Random(20261124)
    ms, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while size < megabytes * 1_000_000:
            ms += chance.randrange(4)
            failed, url = chance.random() < 0.005, f"https://shop.example/{chance.choice(PATHS)}"
            tags = (
                f",,{1503 if failed else ''},{'false' if failed else 'true'},,GET,{url},HTTP/2.0,"
                f"default,,{503 if failed else 200},,tls1.3,{url},,\n"
            )
            took = chance.lognormvariate(4, 0.6)
            for metric in METRICS:
                size += file.write(f"{metric},{ms // 1000},{took:.6f},{tags}")


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's CSV reader with typed columns, writing the request columns as Parquet."""
    import duckdb

    columns = {name: TYPES.get(name, "VARCHAR") for name in HEADER.strip().split(",")}
    rows = duckdb.execute(
        'COPY (SELECT make_timestamptz("timestamp" * 1000000 - (metric_value * 1000)::BIGINT) '
        "AS ts, ceil(metric_value * 1000)::BIGINT AS duration_us, name AS endpoint, method, "
        "TRY_CAST(status AS SMALLINT) AS status, expected_response = 'true' AS ok, "
        "coalesce(error, error_code) AS error, nullif(metadata, '') AS trace_id, "
        "CASE WHEN scenario <> 'default' THEN MAP {'scenario': scenario} END AS labels "
        "FROM read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"columns={columns}) WHERE metric_name = 'http_req_duration') TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "results.csv", generate, duckdb_alone, sys.argv[1:])
