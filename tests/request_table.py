"""A realistic load test as an Arrow table: what sizes and speeds are measured on."""

from __future__ import annotations

import random

import pyarrow as pa

from slogate.store.parts import SCHEMA

ENDPOINTS = (
    ("GET", "/browse", 40), ("GET", "/search", 25), ("POST", "/cart", 15),
    ("POST", "/checkout", 10), ("POST", "/login", 10),
)  # fmt: skip
START = 1_700_000_000_000_000


def realistic(count: int, chance: random.Random, *, rate: float = 2_000) -> pa.Table:
    """So many requests of the sample shop's shape, two workers, labels, paced users.

    Poisson arrivals, log-normal durations with a slow and a fast mode, 0.5% failures.
    """
    names = [(m, n) for m, n, _ in ENDPOINTS]
    chosen = chance.choices(range(len(names)), [w for *_, w in ENDPOINTS], k=count)
    failed = [chance.random() < 0.005 for _ in range(count)]
    now, starts = START, []
    for _ in range(count):
        now += int(chance.expovariate(rate) * 1e6)
        starts.append(now)
    columns = {
        "ts": pa.array(starts, pa.int64()).cast(SCHEMA().field("ts").type),
        "duration_us": [_duration(chance) for _ in range(count)],
        "late_us": [int(chance.expovariate(1 / 600)) for _ in range(count)],
        "pace_us": [1_000_000] * count,
        "endpoint": [names[i][1] for i in chosen],
        "method": [names[i][0] for i in chosen],
        "status": [500 if bad else 200 for bad in failed],
        "ok": [not bad for bad in failed],
        "error": ["HTTP 500 Internal Server Error" if bad else None for bad in failed],
        "bytes": [chance.choice((312, 512, 1_024, 4_096)) for _ in range(count)],
        "worker": [f"host-{chance.randrange(2)}" for _ in range(count)],
        "trace_id": [None] * count,
        "labels": [[("region", chance.choice(("eu-1", "us-1")))] for _ in range(count)],
    }
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, SCHEMA().field(name).type)
        for name, values in columns.items()
    ]
    return pa.table(arrays, schema=SCHEMA())


def _duration(chance: random.Random) -> int:
    mode = chance.random()
    scale = 0.25 if mode < 0.25 else 8 if mode > 0.985 else 1
    return int(chance.lognormvariate(9.9, 0.4) * scale) + 1
