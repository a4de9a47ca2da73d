"""How fast the reports of Locust's workers are imported: one JSON document a line.

    python tests/benchmarks/import_locust_workers.py [megabytes=100] [repeats=3]

Ten endpoints a report, each with ten buckets, one in fifty with failures. The peer is Python's
`json` with nothing else done: a row of the series takes some fifty bytes of the file.

On two cores at 60 MB: 18 MB/s and 340,000 rows/s per core, 0.20 of the peer's speed by CPU; the
peer alone 87 MB/s. With ranks for every entry 3 MB/s.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from side_by_side import run

_START = 1_764_000_000
_MS = (3, 4, 5, 6, 7, 8, 12, 20, 44, 95)


def generate(path: Path, megabytes: int) -> None:
    """Write reports of four workers."""
    chance = random.Random(1)
    at = float(_START)
    with path.open("w") as file:
        while file.tell() < megabytes * 1_000_000:
            at += 0.75
            entries = [_entry(f"/api/{number}", at, chance) for number in range(10)]
            report = {
                "stats": entries, "stats_total": _entry("Aggregated", at, chance), "errors": {},
                "client_id": f"host_{chance.randrange(4)}",
            }  # fmt: skip
            file.write(json.dumps(report) + "\n")


def _entry(name: str, at: float, chance: random.Random) -> dict[str, Any]:
    times = {str(ms): chance.randrange(1, 40) for ms in chance.sample(_MS, len(_MS))}
    return {
        "name": name, "method": "GET", "num_requests": sum(times.values()),
        "num_none_requests": 0, "num_failures": 3 if chance.random() < 0.02 else 0,
        "start_time": at, "last_request_timestamp": at + 2.5, "total_response_time": 1_000.0,
        "min_response_time": 2.6, "max_response_time": 95.2, "response_times": times,
        "num_reqs_per_sec": {str(int(at)): 30, str(int(at) + 1): 30}, "num_fail_per_sec": {},
        "total_content_length": 100,
    }  # fmt: skip


def json_alone(file: str, out: str) -> int:
    """Read every document; how many buckets they have."""
    del out
    with Path(file).open("rb") as lines:
        reports = map(json.loads, lines)
        return sum(len(e["response_times"]) for report in reports for e in report["stats"])


if __name__ == "__main__":
    words = sys.argv[1:] or ["100"]
    run(__file__, "workers.ldjson", generate, json_alone, words, peer="json")
