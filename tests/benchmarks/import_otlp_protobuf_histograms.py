"""How fast OTLP's histograms are imported from protobuf, beside its official classes alone.

    python tests/benchmarks/import_otlp_protobuf_histograms.py [restless|exemplars]
        [megabytes=200] [repeats=3]

Messages as those of `import_otlp_histograms`, behind four bytes of length; `restless` as those of
`import_otlp_restless`; `exemplars`: with two of them at each point. The peer is a loop over the
classes of `opentelemetry-proto`, which are C, that writes what each point counted since the one
before as Parquet by pyarrow, a row a bucket, and looks for no reset.

On two cores at 300 MB: 48 MB/s per core, which is 830,000 rows a second, 183 MB resident, 4.6 times
the classes' speed by CPU; `restless` 50, 5.9 times; `exemplars` 54, 5.3 times. At 60 MB, of which
0.4 s are the start: 38, 40 and 43, and 33 where the series come in another order each time, as Go's
library writes them. Message by message, by the classes, 4, 4 and 6.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from import_otlp_histograms import BOUNDS, GROWN, ROUTES, START
from import_otlp_protobuf import attributes, field, messages, varint
from side_by_side import run, write_rows

WIDTHS = {9: len(BOUNDS) + 1, 10: 120}
STEP = 10_000_000_000


def real(number: int, value: float) -> bytes:
    """A number as a field of fixed width."""
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


def whole(number: int, value: int) -> bytes:
    """A number of 64 bits as a field of fixed width."""
    return bytes([number << 3 | 1]) + struct.pack("<Q", value)


def exemplar(chance: random.Random, at: int) -> bytes:
    """A value that was measured, and in which trace."""
    where = field(4, chance.randbytes(8)) + field(5, chance.randbytes(16))
    return whole(2, at - 5) + real(3, 0.25) + where


def point(
    kind: int, told: dict[str, Any], counts: list[int], times: tuple[int, int], more: list[bytes]
) -> bytes:
    """A data point since and at some time, with `more` exemplars."""
    begun = whole(2, times[0]) + whole(3, times[1])
    begun += whole(4, sum(counts)) + real(5, sum(counts) / 16)
    if kind == 9:
        packed = struct.pack(f"<{len(counts)}Q", *counts)
        bounds = struct.pack(f"<{len(BOUNDS)}d", *BOUNDS)
        begun += field(6, packed) + field(7, bounds) + b"".join(field(8, each) for each in more)
        return begun + attributes(9, told) + real(12, 12.25)
    buckets = b"\x08\x77" + field(2, b"".join(map(varint, counts)))
    exemplars = b"".join(field(11, each) for each in more)
    return attributes(1, told) + begun + b"\x30\x06" + field(8, buckets) + exemplars


def generate(path: Path, megabytes: int, *, mode: str = "") -> None:
    """A file of about that size, as the collector's file exporter writes it."""
    chance, restless = random.Random(20261129), mode == "restless"
    of = attributes(1, {"service.name": "shop", "service.version": "1.4.2", "host.name": "shop-1"})
    series = [
        {"http.request.method": method, "http.route": route, "url.scheme": "https",
         "peer" if restless else "http.response.status_code": status, "server.port": port}
        for route in ROUTES for method in ("GET", "POST") for status in (200, 503)
        for port in range(8080, 8084)
    ]  # fmt: skip
    counts = {kind: [[0] * width for _ in series] for kind, width in WIDTHS.items()}
    size, at = 0, START
    with path.open("wb") as file:
        while size < megabytes * 1_000_000:
            at += STEP
            delta = restless and at // STEP % 2 == 1
            for kind, width in WIDTHS.items():
                points = []
                for told, mine in zip(series, counts[kind], strict=True):
                    if restless and chance.random() < 0.01:
                        mine[:] = [0] * width
                    these = [0] * width if delta else mine
                    for _ in range(GROWN):
                        these[chance.randrange(width)] += chance.randrange(5)
                    more = [exemplar(chance, at) for _ in range(2 * (mode == "exemplars"))]
                    times = (at - STEP if delta else START, at)
                    points.append(field(1, point(kind, told, these, times, more)))
                body = b"".join(points) + b"\x10" + bytes([1 if delta else 2])
                metric = field(1, b"http.server.request.duration") + field(3, b"s")
                scope = field(1, field(1, b"%d%d" % (kind, delta)))
                scope += field(2, metric + field(kind, body))
                message = field(1, field(1, of) + field(2, scope))
                size += file.write(len(message).to_bytes(4, "big") + message)


def rows_of(file: str) -> Iterator[tuple[Any, ...]]:
    """What was counted in each bucket, message object by message object."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    before: dict[Any, list[int]] = {}
    for content in messages(file):
        for entry in MetricsData.FromString(content).resource_metrics:
            for scope in entry.scope_metrics:
                for metric in scope.metrics:
                    kind = metric.WhichOneof("data")
                    for each in getattr(metric, kind).data_points:
                        told = {
                            one.key: one.value.string_value or one.value.int_value
                            for one in each.attributes
                        }
                        lows: Any = (0, *each.explicit_bounds) if kind == "histogram" else None
                        now = list(each.bucket_counts if lows else each.positive.bucket_counts)
                        key = (scope.scope.name, tuple(told.values()))
                        then = before.get(key, [0] * len(now))
                        before[key] = now
                        lows = lows or [each.positive.offset + n for n in range(len(now))]
                        start = each.start_time_unix_nano // 1000
                        for low, count, old in zip(lows, now, then, strict=True):
                            if count != old:
                                yield (
                                    start, told["http.route"], told["http.request.method"],
                                    told.get("http.response.status_code"), low, count - old,
                                )  # fmt: skip


def classes(file: str, out: str) -> int:
    """The official classes, writing what was counted as Parquet."""
    import pyarrow as pa

    words = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [("ts", pa.timestamp("us", "UTC")), ("endpoint", words), ("method", words),
         ("status", pa.int16()), ("low", pa.float64()), ("count", pa.int64())]
    )  # fmt: skip
    return write_rows(rows_of(file), schema, out)


if __name__ == "__main__":
    modes = [word for word in sys.argv[1:] if word in {"restless", "exemplars"}]
    words = [word for word in sys.argv[1:] if word not in modes]
    writing = partial(generate, mode="".join(modes))
    run(__file__, "metrics.bin", writing, classes, words, peer="opentelemetry-proto")
