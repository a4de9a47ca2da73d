"""How fast the logs of proxies are imported, beside DuckDB's own reader writing the same columns.

    python tests/benchmarks/import_server_log.py [KIND] [megabytes=200] [repeats=3]

KIND: apache (combined), traefik, envoy, alb, or traefik-json, envoy-json. DuckDB reads words
between spaces and quotes as CSV, or NDJSON of the columns that it needs.

On two cores at 200 MB, in MB/s per core and of DuckDB's speed by CPU: apache 78, 0.91; traefik 75,
0.83; envoy 76, 0.73; alb 76, 0.50; traefik-json 97, 0.41; envoy-json 104, 0.55; 254 MB resident.
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
    },
    "envoy": {
        "ts": "trim(c0, '[]')", "request": "c1", "status": "c2", "bytes": "c5",
        "duration_us": "1000 * c6::BIGINT",
    },
    "alb": {
        "ts": "c1", "request": "c12", "status": "c8", "bytes": "c11",
        "duration_us": "(1e6 * c6::DOUBLE)::BIGINT",
    },
    "traefik-json": {
        "ts": "StartUTC", "endpoint": "RequestPath", "method": "RequestMethod",
        "status": "DownstreamStatus", "bytes": "DownstreamContentSize",
        "duration_us": "Duration::BIGINT // 1000",
    },
    "envoy-json": {
        "ts": "start_time", "endpoint": "path", "method": "method", "status": "response_code",
        "bytes": "bytes_sent", "duration_us": "1000 * duration::BIGINT",
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
