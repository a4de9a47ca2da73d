"""How fast mapped NDJSON is imported, beside DuckDB's own NDJSON reader writing the same columns.

    python tests/benchmarks/import_export_ndjson.py [megabytes=200] [repeats=3]

The log of a service, of which a mapping says what the keys mean, some of them within others.
DuckDB alone is given the types of the fields that are asked for; a line that is none ends it.

On two cores at 1.2 GB: 0.72 to 0.79 of DuckDB's speed, 0.73 to 0.80 by CPU; 110 to 137 MB/s per
core, 346 MB resident. Beside other work 0.67, 0.70 by CPU; at 400 MB, where it counts that it takes
a third of a second to begin, 0.62 and 0.64. Two fifths of the import are DuckDB's parsing of JSON,
an eighth is the hash, a tenth to hand over each line, so that a bad one is told, a seventh to write
the parts.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from side_by_side import run, write_requests

ROUTES = ("/browse", "/search", "/cart", "/checkout", "/login")
REGIONS = ("eu-west-1", "us-east-1")
MAPPING = """\
time: "@timestamp"
duration: {column: took_ms, unit: ms}
endpoint: http.route
method: http.method
status: http.status_code
bytes: http.bytes
trace_id: trace_id
labels: [region]
"""
FIELDS = {
    "@timestamp": "TIMESTAMPTZ", "took_ms": "DOUBLE", "trace_id": "VARCHAR", "region": "VARCHAR",
    "http": "STRUCT(route VARCHAR, method VARCHAR, status_code SMALLINT, bytes BIGINT)",
}  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, and its mapping beside it."""
    path.with_suffix(".yaml").write_text(MAPPING)
    chance = random.Random(20261128)
    ms, size = 0, 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            ms += chance.randrange(4)
            http = {
                "method": "GET", "route": chance.choice(ROUTES),
                "status_code": 503 if chance.random() < 0.005 else 200,
                "bytes": chance.randrange(500, 5000),
            }  # fmt: skip
            line = {
                "@timestamp": f"2026-11-24T{10 + ms // 3_600_000:02}:{ms // 60_000 % 60:02}:"
                f"{ms // 1000 % 60:02}.{ms % 1000:03}Z",
                "level": "INFO", "service": "shop", "message": "request served", "http": http,
                "took_ms": round(chance.lognormvariate(4, 0.6), 3),
                "region": chance.choice(REGIONS), "trace_id": f"{chance.getrandbits(128):032x}",
            }  # fmt: skip
            size += file.write(json.dumps(line, separators=(",", ":")) + "\n")


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's NDJSON reader with typed fields, writing the request columns as Parquet."""
    sql = {
        "ts": '"@timestamp"',
        "duration_us": "ceil(took_ms * 1000)",
        "endpoint": "http.route",
        "method": "http.method",
        "status": "http.status_code",
        "bytes": "http.bytes",
        "trace_id": "trace_id",
        "labels": "{'region': region}::MAP(VARCHAR, VARCHAR)",
    }
    reader = f"read_json(?, format='newline_delimited', columns={FIELDS})"
    return write_requests(sql, reader, file, out)


def options(file: Path) -> dict[str, str]:
    """What the import is told besides."""
    return {"mapping": str(file.with_suffix(".yaml"))}


if __name__ == "__main__":
    run(__file__, "log.ndjson", generate, duckdb_alone, sys.argv[1:], options)
