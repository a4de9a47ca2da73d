"""How fast the results of small tools are imported, beside DuckDB's own CSV reader.

    python tests/benchmarks/import_result_csv.py [hey|oha|vegeta|ab] [megabytes=200] [repeats=3]

hey -o csv, oha --output-format csv, vegeta encode --to csv, ab -g: a row a request. DuckDB alone
is told the columns, and writes those that the tool tells.

On two cores at 200 MB: hey 84 MB/s per core, 0.87 of DuckDB's speed by CPU; oha 76, 0.87; vegeta
68, 1.43; ab 75, 0.84; at most 351 MB resident.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from side_by_side import run, write_requests

_START = 1_764_000_000
_PATHS = ("/browse", "/search?q={}", "/cart", "/checkout", "/item/{}", "/users/{}/orders")
_HEADS = {
    "hey": "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,"
    "offset\n",
    "oha": "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n",
    "vegeta": "",
    "ab": "starttime\tseconds\tctime\tdtime\tttime\twait\n",
}
# how DuckDB reads each, and what it makes of the columns
_READERS = {
    "hey": "read_csv(?, header=true)",
    "oha": "read_csv(?, header=true)",
    "vegeta": "read_csv(?, header=false, auto_detect=false, delim=',', quote='\"', columns={"
    + ", ".join(f"'c{at}': '{'BIGINT' if at in (0, 1, 2, 3, 4, 8) else 'VARCHAR'}'"
                for at in range(12))
    + "})",
    "ab": "read_csv(?, header=true, delim='\t')",
}  # fmt: skip
_PATH = "'/' || split_part(split_part(split_part(c10, '://', 2), '?', 1), '/', 2)"
_COLUMNS = {
    "hey": {
        "ts": f'make_timestamptz({_START}000000 + (1e6 * "offset")::BIGINT)',
        "duration_us": '(1e6 * "response-time")::BIGINT', "status": '"status-code"',
        "ok": '"status-code" < 400', "endpoint": "'/'",
    },
    "oha": {
        "ts": f'make_timestamptz({_START}000000 + (1e6 * "request-start")::BIGINT)',
        "duration_us": '(1e6 * "request-duration")::BIGINT', "status": '"status"',
        "ok": '"status" < 400', "bytes": '"bytes"', "endpoint": "'/'",
    },
    "vegeta": {
        "ts": "make_timestamptz(c0 // 1000)", "duration_us": "c2 // 1000", "status": "c1",
        "ok": "c1 < 400", "bytes": "c4", "error": "nullif(c5, '')", "method": "c9",
        "endpoint": _PATH, "labels": "MAP {'attack': c7, 'host': split_part(c10, '/', 3)}",
    },
    "ab": {
        "ts": "make_timestamptz(seconds * 1000000)", "duration_us": "ttime * 1000",
        "endpoint": "'/'",
    },
}  # fmt: skip


def _row(tool: str, chance: random.Random, at: float, number: int) -> str:
    took, status = chance.lognormvariate(-3, 0.6), 503 if chance.random() < 0.005 else 200
    if tool == "hey":
        return f"{took:.4f},0.0005,0.0000,0.0001,{took:.4f},0.0001,{status},{at:.4f}\n"
    if tool == "oha":
        return f"{at:.9f},0,0.001,0.003,{took:.9f},612,{status}\n"
    ms, when = int(took * 1000), _START + int(at)
    if tool == "ab":
        said = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(when))
        return f"{said}\t{when}\t0\t{ms}\t{ms}\t{ms}\n"
    error = "503 Service Unavailable" if status > 200 else ""
    url = f"http://shop.example{chance.choice(_PATHS).format(chance.randrange(500))}"
    return (
        f"{_START * 10**9 + int(at * 1e9)},{status},{int(took * 1e9)},0,6067,{error},"
        f"eyJvayI6dHJ1ZX0=,a,{number},GET,{url},\n"
    )


def generate(path: Path, megabytes: int, *, tool: str) -> None:
    """Write results of that tool."""
    chance = random.Random(20261124)
    size, at, number = 0, 0.0, 0
    with path.open("w") as file:
        size += file.write(_HEADS[tool])
        while size < megabytes * 1_000_000:
            at += chance.random() / 200
            number += 1
            size += file.write(_row(tool, chance, at, number))


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's CSV reader, writing the columns that the tool tells."""
    tool = Path(file).stem
    return write_requests(_COLUMNS[tool], _READERS[tool], file, out)


def options(file: Path) -> dict[str, str]:
    """When the run began, where the file does not say it."""
    return {"start": "2025-11-24T16:00:00Z"} if file.stem in ("hey", "oha") else {}


if __name__ == "__main__":
    tool = next((word for word in sys.argv[1:] if word in _HEADS), "hey")
    words = [word for word in sys.argv[1:] if word not in _HEADS]
    write: Callable[[Path, int], None] = partial(generate, tool=tool)
    run(__file__, f"{tool}.csv", write, duckdb_alone, words, options)
