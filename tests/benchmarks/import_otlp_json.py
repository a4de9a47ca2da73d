"""How fast OTLP's JSON is imported, beside DuckDB's own NDJSON reader writing the same columns.

    python tests/benchmarks/import_otlp_json.py [megabytes=200] [repeats=3]

A line holds 500 spans, a third of them a server's, with the attributes that an HTTP server's
instrumentation gives. DuckDB alone is given the types of all fields.

On two cores at 120 MB: 68 MB/s per core, 123 MB resident (taken span by span 59 in the same hour,
which was 2.5 times DuckDB's speed by CPU). From 40 to 120 MB, so without the start, 88; where all
spans are a server's, 65. Read as JSON, as spans are that are written otherwise, 40.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from side_by_side import PARQUET, run

SPANS = 500
ROUTES = ("/browse", "/search", "/cart/{id}", "/checkout", "/login")


def attributes(**values: Any) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them."""
    return [
        {"key": key.replace("__", "."), "value": {"intValue": str(value)}
         if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]  # fmt: skip


def span(chance: random.Random, start: int) -> dict[str, Any]:
    """A span of a server, or of what it calls."""
    route, failed = chance.choice(ROUTES), chance.random() < 0.005
    told = attributes(
        http__request__method="GET", url__path=route.replace("{id}", str(chance.randrange(999))),
        url__scheme="https", http__route=route, http__response__status_code=503 if failed else 200,
        network__protocol__version="1.1", server__address="shop.example", server__port=8443,
        client__address="10.1.2.3", user_agent__original="Mozilla/5.0 (X11; Linux x86_64)",
        thread__id=42, thread__name="http-nio-8443-exec-3",
    )  # fmt: skip
    return {
        "traceId": f"{chance.getrandbits(128):032x}", "spanId": f"{chance.getrandbits(64):016x}",
        "parentSpanId": "", "flags": 257, "name": f"GET {route}", "kind": chance.choice((1, 2, 3)),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(chance.lognormvariate(18, 0.6))),
        "attributes": told, "status": {"code": 2} if failed else {},
    }  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as the collector's file exporter writes it."""
    chance = random.Random(20261126)
    of = attributes(service__name="shop", service__version="1.4.2", host__name="shop-1",
                    telemetry__sdk__name="opentelemetry", process__pid=123)  # fmt: skip
    lines, start = [], 1_764_000_000_000_000_000
    for _ in range(20):
        spans = [span(chance, start + n * 1_000_000) for n in range(SPANS)]
        start += SPANS * 1_000_000
        scopes = [{"scope": {"name": "http", "version": "2.1"}, "spans": spans}]
        message = {"resourceSpans": [{"resource": {"attributes": of}, "scopeSpans": scopes}]}
        lines.append(json.dumps(message, separators=(",", ":")) + "\n")
    size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            size += file.write(chance.choice(lines))


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's NDJSON reader with typed fields, writing the request columns as Parquet."""
    import duckdb

    told = 'STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR, "intValue" VARCHAR))[]'
    spans = (
        'STRUCT("traceId" VARCHAR, "name" VARCHAR, kind INTEGER, "startTimeUnixNano" BIGINT, '
        f'"endTimeUnixNano" BIGINT, attributes {told}, status STRUCT(code INTEGER, '
        "message VARCHAR))[]"
    )
    of = f'STRUCT(resource STRUCT(attributes {told}), "scopeSpans" STRUCT(spans {spans})[])[]'

    def value(key: str, kind: str) -> str:
        return f"list_filter(s.attributes, lambda a: a.key = '{key}')[1].value.{kind}"

    route, method = value("http.route", "stringValue"), value("http.request.method", "stringValue")
    status = value("http.response.status_code", "intValue")
    rows = duckdb.execute(
        "COPY (SELECT make_timestamptz(s.startTimeUnixNano // 1000) AS ts, "
        "(s.endTimeUnixNano - s.startTimeUnixNano + 999) // 1000 AS duration_us, "
        f"{route} AS endpoint, {method} AS method, {status}::SMALLINT AS status, "
        f"s.status.code IS DISTINCT FROM 2 AND {status}::SMALLINT < 500 AS ok, "
        "s.status.message AS error, s.traceId AS trace_id, labels FROM ("
        "SELECT unnest(scope.spans) AS s, labels FROM (SELECT unnest(r.scopeSpans) AS scope, "
        "map_from_entries([(a.key, a.value.stringValue) for a in r.resource.attributes "
        "if a.key in ('service.name', 'service.version', 'host.name')]) AS labels FROM ("
        "SELECT unnest(resourceSpans) AS r FROM read_json(?, format='newline_delimited', "
        f"maximum_object_size=67108864, columns={{'resourceSpans': '{of}'}})))) "
        f"WHERE s.kind = 2) TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "traces.jsonl", generate, duckdb_alone, sys.argv[1:])
