"""How fast k6's NDJSON is imported, beside DuckDB's own NDJSON reader writing the same columns.

    python tests/benchmarks/import_k6_json.py [megabytes=200] [repeats=3]

The file has the nine points that k6 writes for each request. DuckDB alone is given the types of
all fields and takes the requests of well-formed lines; one that is not ends it.

On two cores at 1.2 GB: 0.80 of DuckDB's speed, 0.88 by CPU; 237 MB/s per core, 227 MB resident.
A fifth of the import is the hash.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import PARQUET, run

METRICS = (
    "http_reqs", "http_req_duration", "http_req_blocked", "http_req_connecting",
    "http_req_tls_handshaking", "http_req_sending", "http_req_waiting", "http_req_receiving",
    "http_req_failed",
)  # fmt: skip
PATHS = ("browse", "search", "cart", "checkout", "login")
POINT = '{{"metric":"{}","type":"Point","data":{{"time":"{}","value":{:.6f},"tags":{}}}}}\n'
TEXTS = "expected_response", "method", "name", "status", "url", "error", "error_code", "scenario"


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as k6 writes it during a load test of a shop."""
    chance = random.Random(20261124)
    ms, size = 0, 0
    with path.open("w", encoding="utf-8") as file:
        for metric in METRICS:
            file.write(
                f'{{"type":"Metric","data":{{"name":"{metric}","type":"trend","contains":"time",'
                f'"thresholds":[],"submetrics":null}},"metric":"{metric}"}}\n'
            )
        while size < megabytes * 1_000_000:
            ms += chance.randrange(4)
            failed, url = chance.random() < 0.005, f"https://shop.example/{chance.choice(PATHS)}"
            tags = (
                f'{{"expected_response":"{"false" if failed else "true"}","group":"","method":"GET"'
                f',"name":"{url}","proto":"HTTP/2.0","scenario":"default",'
                f'"status":"{503 if failed else 200}","tls_version":"tls1.3","url":"{url}"}}'
            )
            time = (
                f"2026-11-24T{10 + ms // 3_600_000:02}:{ms // 60_000 % 60:02}:"
                f"{ms // 1000 % 60:02}.{ms % 1000:03}{chance.randrange(10**6):06}+01:00"
            )
            took = chance.lognormvariate(4, 0.6)
            for metric in METRICS:
                size += file.write(POINT.format(metric, time, took, tags))


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's NDJSON reader with typed fields, writing the request columns as Parquet."""
    import duckdb

    tags = ", ".join(f'"{name}" VARCHAR' for name in (*TEXTS, "group"))
    data = (
        f'STRUCT("time" VARCHAR, "value" DOUBLE, tags STRUCT({tags}), '
        "metadata STRUCT(trace_id VARCHAR))"
    )
    rows = duckdb.execute(
        "COPY (SELECT make_timestamptz(epoch_us(data.time::TIMESTAMPTZ) "
        "- (data.value * 1000)::BIGINT) AS ts, ceil(data.value * 1000)::BIGINT AS duration_us, "
        "data.tags.name AS endpoint, data.tags.method AS method, "
        "TRY_CAST(data.tags.status AS SMALLINT) AS status, "
        "data.tags.expected_response = 'true' AS ok, "
        "coalesce(data.tags.error, data.tags.error_code) AS error, "
        "data.metadata.trace_id AS trace_id, "
        "CASE WHEN data.tags.scenario <> 'default' THEN MAP {'scenario': data.tags.scenario} END "
        "AS labels FROM read_json(?, format='newline_delimited', "
        f"columns={{'metric': 'VARCHAR', 'type': 'VARCHAR', 'data': '{data}'}}) "
        f"WHERE metric = 'http_req_duration' AND type = 'Point') TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "results.json", generate, duckdb_alone, sys.argv[1:])
