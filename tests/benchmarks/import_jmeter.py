"""How fast JMeter's CSV is imported, beside DuckDB's own reader writing the same columns.

python tests/benchmarks/import_jmeter.py [megabytes=200] [repeats=3]

On two cores at 1.2 GB: 0.93 of DuckDB's speed, 0.96 by CPU; 111 MB/s per core, 343 MB resident.
Beside other work 0.98 and 1.00.
Against a DuckDB that neither splits the labels nor writes the columns that are null, at 400 MB:
0.61 and 0.61.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import run, write_requests

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
    "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
LABELS = ("GET /browse", "GET /search", "POST /cart", "POST /checkout", "POST /login")
TYPES = {"timeStamp": "BIGINT", "elapsed": "BIGINT", "success": "BOOLEAN", "bytes": "BIGINT"}


def generate(path: Path, megabytes: int) -> None:
    """A results file of about that size, as a shop's load test writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while size < megabytes * 1_000_000:
            ts += chance.randrange(4)
            label, failed = chance.choice(LABELS), chance.random() < 0.005
            elapsed = int(chance.lognormvariate(4, 0.6))
            code, text = (503, '"busy, ""try"" again"') if failed else (200, "OK")
            size += file.write(
                f"{ts},{elapsed},{label},{code},{text},users 1-{chance.randrange(150)},text,"
                f"{'false' if failed else 'true'},,{chance.randrange(500, 5000)},250,150,150,"
                f"http://127.0.0.1:8089{label.split()[1]},{elapsed},0,0\n"
            )


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's reader with typed columns, writing the request columns as Parquet."""
    columns = {name: TYPES.get(name, "VARCHAR") for name in HEADER.strip().split(",")}
    sql = {
        "ts": "make_timestamptz(timeStamp * 1000)",
        "duration_us": "elapsed * 1000",
        "endpoint": "string_split(label, ' ')[2]",
        "method": "string_split(label, ' ')[1]",
        "status": "TRY_CAST(responseCode AS SMALLINT)",
        "ok": "success",
        "error": "CASE WHEN NOT success THEN coalesce(failureMessage, responseMessage) END",
        "bytes": "bytes",
    }
    reader = "read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
    return write_requests(sql, f"{reader} columns={columns})", file, out)


if __name__ == "__main__":
    run(__file__, "results.jtl", generate, duckdb_alone, sys.argv[1:])
