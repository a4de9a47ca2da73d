"""How fast vegeta's JSON is imported, beside DuckDB's own NDJSON reader writing the same columns.

    python tests/benchmarks/import_vegeta_json.py [megabytes=200] [repeats=3]

Each result has a small body and headers, as `vegeta encode --to json` writes them. DuckDB alone
is given the types of the fields that are asked for; a line that is no result ends it.

On two cores at 1.0 GB: 0.84 of DuckDB's speed by CPU, 115 MB/s per core, 270 MB resident.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from side_by_side import PARQUET, run

PATHS = ("browse", "search", "cart", "checkout", "login")
RESULT = (
    '{{"attack":"shop","seq":{},"code":{},"timestamp":"{}","latency":{},"bytes_out":0,'
    '"bytes_in":{},"error":"{}","body":"eyJpdGVtcyI6W119Cg==","method":"GET",'
    '"url":"https://shop.example/{}?page={}","headers":{{"Content-Length":["13"],'
    '"Content-Type":["application/json"],"Date":["Mon, 24 Nov 2025 16:00:00 GMT"]}}}}\n'
)
FIELDS = {
    "attack": "VARCHAR", "code": "BIGINT", "timestamp": "TIMESTAMPTZ", "latency": "BIGINT",
    "bytes_in": "BIGINT", "error": "VARCHAR", "method": "VARCHAR", "url": "VARCHAR",
}  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as vegeta writes it of an attack on a shop."""
    chance = random.Random(20261127)
    ns, size, number = 1_764_000_000_000_000_000, 0, 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            ns += chance.randrange(2_000_000)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9 + 3600))
            failed = chance.random() < 0.005
            size += file.write(
                RESULT.format(
                    number, 503 if failed else 200, f"{moment}.{ns % 10**9:09}+01:00",
                    int(chance.lognormvariate(17, 0.6)), chance.randrange(500, 5000),
                    "503 Service Unavailable" if failed else "", chance.choice(PATHS),
                    chance.randrange(500),
                )
            )  # fmt: skip
            number += 1


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's NDJSON reader with typed fields, writing the request columns as Parquet."""
    import duckdb

    rest = "substr(url, strpos(url, '://') + 3)"
    base = f"split_part(split_part({rest}, '?', 1), '#', 1)"
    rows = duckdb.execute(
        "COPY (SELECT timestamp AS ts, (latency + 999) // 1000 AS duration_us, "
        "substr(base, strpos(base, '/')) AS endpoint, method, code::SMALLINT AS status, "
        "code BETWEEN 200 AND 399 AS ok, nullif(error, '') AS error, bytes_in AS bytes, "
        "{'attack': attack, 'host': split_part(base, '/', 1)}::MAP(VARCHAR, VARCHAR) AS labels "
        f"FROM (SELECT *, {base} AS base FROM read_json(?, format='newline_delimited', "
        f"columns={FIELDS}))) TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "results.json", generate, duckdb_alone, sys.argv[1:])
