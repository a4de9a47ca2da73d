"""How fast OTLP's histograms are imported from JSON; DuckDB has nothing to compare them with.

    python tests/benchmarks/import_otlp_histograms.py [megabytes=200] [repeats=3]

A line holds the cumulative points of 80 series of one service, every other line explicit buckets,
the others exponential ones, of which ten grew since.

On two cores at 400 MB: 58 MB/s per core, 189 MB resident; at 200 MB, beside other work, 44 to 56.
Read as JSON column by column, as points of no learnt shape are, 37 to 39; line by line, as is what
is not plain, 8.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from import_otlp_json import ROUTES, attributes
from side_by_side import run

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
START = 1_764_000_000_000_000_000
GROWN = 10


def point(counts: list[int], told: list[dict[str, Any]], at: int, since: int) -> dict[str, Any]:
    """A data point of as many counts, in explicit buckets where those are as many as theirs."""
    written = [str(count) for count in counts]
    if len(counts) == len(BOUNDS) + 1:
        buckets = {"bucketCounts": written, "explicitBounds": BOUNDS, "max": 12.25}
    else:
        buckets = {"scale": 3, "positive": {"offset": -60, "bucketCounts": written}}
    return {
        "attributes": told, "startTimeUnixNano": str(since), "timeUnixNano": str(at),
        "count": str(sum(counts)), "sum": sum(counts) / 16, **buckets,
    }  # fmt: skip


def exemplar(chance: random.Random, at: int) -> dict[str, Any]:
    """A request that was counted in a point, as the collector writes it."""
    return {
        "timeUnixNano": str(at - chance.randrange(10**10)),
        "asDouble": chance.lognormvariate(-3, 1),
        "spanId": f"{chance.getrandbits(64):016x}", "traceId": f"{chance.getrandbits(128):032x}",
        "filteredAttributes": attributes(client__port=chance.randrange(65_536)),
    }  # fmt: skip


def generate(
    path: Path, megabytes: int, *, restless: bool = False, exemplars: bool = False
) -> None:
    """A file of about that size, as the collector's file exporter writes it.

    With exemplars: two in most points. Restless: every other two lines are deltas, each 100th
    message a count falls to zero, and no point tells an outcome.
    """
    chance = random.Random(20261129)
    of = attributes(service__name="shop", service__version="1.4.2", host__name="shop-1")
    series = [
        attributes(http__request__method=method, http__route=route, url__scheme="https",
                   **{"peer" if restless else "http__response__status_code": status},
                   server__port=port)
        for route in ROUTES for method in ("GET", "POST") for status in (200, 503)
        for port in range(4)
    ]  # fmt: skip
    kinds = {"histogram": len(BOUNDS) + 1, "exponentialHistogram": 120}
    counts = {kind: [[0] * width for _ in series] for kind, width in kinds.items()}
    size, at = 0, START
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            at += 10_000_000_000
            delta = restless and at // 10_000_000_000 % 2 == 1
            for kind, width in kinds.items():
                points = []
                for told, mine in zip(series, counts[kind], strict=True):
                    if restless and chance.random() < 0.01:
                        mine[:] = [0] * width
                    these = [0] * width if delta else mine
                    for _ in range(GROWN):
                        these[chance.randrange(width)] += chance.randrange(5)
                    points.append(point(these, told, at, at - 10_000_000_000 if delta else START))
                    if exemplars and chance.random() < 0.8:
                        points[-1]["exemplars"] = [exemplar(chance, at) for _ in range(2)]
                metric = {
                    "name": "http.server.request.duration", "unit": "s",
                    kind: {"aggregationTemporality": 1 if delta else 2, "dataPoints": points},
                }  # fmt: skip
                scopes = [{"scope": {"name": f"{kind}{delta}"}, "metrics": [metric]}]
                message = {"resourceMetrics": [{"resource": {"attributes": of}}]}
                message["resourceMetrics"][0]["scopeMetrics"] = scopes
                size += file.write(json.dumps(message, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    run(__file__, "metrics.jsonl", generate, None, sys.argv[1:])
