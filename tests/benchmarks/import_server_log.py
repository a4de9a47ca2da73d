"""How fast the logs of proxies are imported, beside DuckDB's own reader writing the same columns.

    python tests/benchmarks/import_server_log.py [KIND] [megabytes=200] [repeats=3]

KIND: apache (combined), traefik, envoy, alb, or traefik-json, envoy-json. DuckDB reads words
between spaces and quotes as CSV, or NDJSON of the columns that it needs.

On two cores at 1.2 GB, in MB/s per core and of DuckDB's speed by CPU: traefik 117, 1.18; envoy 111,
1.19; alb 117, 0.79; traefik-json 145, 0.98; envoy-json 172, 0.85; at most 351 MB resident. At 500
MB alb 0.68, as the start takes half a second; apache at 200 MB 78, 0.91.
"""

from __future__ import annotations

import json
import random
import sys
import time
from functools import partial
from pathlib import Path

from import_access_log import AGENTS, PATHS
from side_by_side import run, write_requests

_START = 1_764_000_000
_WIDTHS = {"apache": 10, "traefik": 15, "envoy": 13, "alb": 35}
_ID = "cc21d9b0-842f-9e6b-8f21-{:012d}"
_LINES = {
    "apache": '10.0.0.9 - - [{local}] "GET {path} HTTP/1.1" {status} {size} "-" "{agent}"\n',
    "traefik": '10.0.0.9 - - [{local}] "GET {path} HTTP/1.1" {status} {size} "-" "{agent}" '
    '{number} "shop@docker" "http://10.0.0.4:80" {ms}ms\n',
    "envoy": '[{utc}] "GET {path} HTTP/2" {status} - 0 {size} {ms} {ms} "10.0.0.9" "{agent}" '
    '"{id}" "shop.example" "10.0.2.1:80"\n',
    "alb": "https {utc} app/shop/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.4:80 0.000 {took:.3f} "
    '0.001 {status} 200 34 {size} "GET https://shop.example:443{path} HTTP/1.1" "{agent}" '
    'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:target "{id}" "shop.example" "arn:aws:acm" 1 '
    '{utc} "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"\n',
}
_OBJECTS = {
    "traefik-json": {
        "ClientHost": "10.0.0.9", "DownstreamContentSize": "size", "DownstreamStatus": "status",
        "Duration": "ns", "OriginDuration": "ns", "OriginStatus": "status", "Overhead": 10_000,
        "RequestHost": "shop.example", "RequestMethod": "GET", "RequestPath": "path",
        "RequestProtocol": "HTTP/1.1", "RouterName": "shop@docker", "ServiceName": "shop@docker",
        "StartUTC": "utc", "entryPointName": "web", "level": "info", "msg": "",
    },
    "envoy-json": {
        "start_time": "utc", "method": "GET", "path": "path", "protocol": "HTTP/2",
        "response_code": "status", "response_flags": "-", "bytes_sent": "size", "duration": "ms",
        "user_agent": "agent", "request_id": "id", "authority": "shop.example",
    },
}  # fmt: skip
_SQL = {
    "apache": {
        "ts": "strptime(substr(c3, 2), '%d/%b/%Y:%H:%M:%S')", "status": "c6", "bytes": "c7",
        "request": "c5",
    },
    "traefik": {
        "ts": "strptime(substr(c3, 2), '%d/%b/%Y:%H:%M:%S')", "status": "c6", "bytes": "c7",
        "request": "c5", "duration_us": "1000 * rtrim(c13, 'ms')::BIGINT",
        "labels": "MAP {'router': c11}",
    },
    "envoy": {
        "ts": "trim(c0, '[]')", "request": "c1", "status": "c2", "bytes": "c5",
        "duration_us": "1000 * c6::BIGINT", "labels": "MAP {'host': c11}",
    },
    "alb": {
        "ts": "c21", "request": "c12", "status": "c8", "bytes": "c11",
        "duration_us": "(1e6 * (c5::DOUBLE + c6::DOUBLE + c7::DOUBLE))::BIGINT",
        "labels": "MAP {'host': c18}",
    },
    "traefik-json": {
        "ts": "StartUTC", "endpoint": "RequestPath", "method": "RequestMethod",
        "status": "DownstreamStatus", "bytes": "DownstreamContentSize",
        "duration_us": "Duration::BIGINT // 1000",
        "labels": "MAP {'router': RouterName, 'service': ServiceName}",
    },
    "envoy-json": {
        "ts": "start_time", "endpoint": "path", "method": "method", "status": "response_code",
        "bytes": "bytes_sent", "duration_us": "1000 * duration::BIGINT",
        "labels": "MAP {'host': authority}",
    },
}  # fmt: skip


def generate(path: Path, megabytes: int, *, kind: str) -> None:
    """Write a log of this size."""
    chance = random.Random(20261124)
    at, size, number = float(_START), 0, 0
    with path.open("w") as file:
        while size < megabytes * 1_000_000:
            at += chance.random() / 200
            number += 1
            took, moment = chance.lognormvariate(-3, 0.6), time.gmtime(at)
            told = {
                "local": time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment), "took": took,
                "utc": f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{int(at % 1 * 1000):03d}Z",
                "path": chance.choice(PATHS).format(chance.randrange(500)), "number": number,
                "status": 503 if chance.random() < 0.005 else 200, "ms": int(took * 1000),
                "ns": int(took * 1e9), "size": chance.randrange(5000), "id": _ID.format(number),
                "agent": chance.choice(AGENTS),
            }  # fmt: skip
            if kind in _LINES:
                line = _LINES[kind].format(**told)
            else:
                fields = _OBJECTS[kind].items()
                line = json.dumps({name: told.get(what, what) for name, what in fields}) + "\n"
            size += file.write(line)


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's reader, writing what the log tells."""
    kind = Path(file).stem
    sql = dict(_SQL[kind])
    if "request" in sql:
        request = sql.pop("request")
        target = f"split_part({request}, ' ', 2)"
        sql |= {"method": f"split_part({request}, ' ', 1)", "endpoint": target}
    sql["endpoint"] = f"split_part({sql['endpoint']}, '?', 1)"
    if kind == "alb":
        sql["endpoint"] = f"regexp_replace({sql['endpoint']}, '^[a-z]+://[^/]*', '')"
    sql["ok"] = f"{sql['status']}::SMALLINT < 400"
    if kind in _OBJECTS:
        columns = ", ".join(f"{name}: 'VARCHAR'" for name in _OBJECTS[kind])
        return write_requests(sql, f"read_ndjson(?, columns={{{columns}}})", file, out)
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(_WIDTHS[kind]))
    reader = "read_csv(?, auto_detect=false, header=false, delim=' ', quote='\"', escape='\\', "
    return write_requests(sql, f"{reader} null_padding=true, columns={{{columns}}})", file, out)


if __name__ == "__main__":
    kind = next((word for word in sys.argv[1:] if word in _SQL), "apache")
    words = [word for word in sys.argv[1:] if word not in _SQL]
    run(__file__, f"{kind}.log", partial(generate, kind=kind), duckdb_alone, words)
