"""The last points of streams, as objects and as columns: two ways to remember the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slogate.sources._otlp.ladders import Ladders, whole
from slogate.sources._otlp.telemetry import Explicit, Exponential, Point


def columns_of(rows: Sequence[tuple[int, int, Point]], ladders: Ladders | None) -> dict[str, Any]:
    """Points with the numbers of their streams and keys, as columns."""
    import pyarrow as pa

    points = [point for *_, point in rows]
    real = pa.float64()
    nothing = pa.repeat(pa.scalar(0, pa.int64()), len(rows))
    columns = {
        "stream": whole([stream for stream, *_ in rows]),
        "key": whole([key for _, key, _ in rows]),
        "start": whole([point.start_ns for point in points]),
        "time": whole([point.time_ns for point in points]),
        "total": whole([point.total for point in points]),
        "sum": pa.array([point.sum for point in points], real),
        "max": pa.array([point.max for point in points], real),
        "counts": pa.array([list(p.buckets.counts) for p in points], pa.list_(pa.int64())),
        # of use only for points that are new
        "flags": nothing, "unit": nothing, "group": nothing,
    }  # fmt: skip
    if ladders is not None:
        found = [point.buckets.bounds for point in points if isinstance(point.buckets, Explicit)]
        return columns | {"ladder": whole([ladders.code(bounds) for bounds in found])}
    buckets = [point.buckets for point in points if isinstance(point.buckets, Exponential)]
    return columns | {
        "scale": whole([each.scale for each in buckets]),
        "offset": whole([each.offset for each in buckets]),
        "zeros": whole([each.zero_count for each in buckets]),
        "threshold": pa.array([each.zero_threshold for each in buckets], real),
    }


def points_of(columns: dict[str, Any], ladders: Ladders | None) -> Iterator[tuple[int, Point]]:
    """The points of such columns with the numbers of their streams."""
    rows = zip(*(column.to_pylist() for column in columns.values()), strict=True)
    for values in rows:
        told = dict(zip(columns, values, strict=True))
        buckets: Explicit | Exponential
        if ladders is not None:
            buckets = Explicit(ladders.bounds[told["ladder"]], told["counts"])
        else:
            buckets = Exponential(
                told["scale"], told["zeros"], told["threshold"], told["offset"], told["counts"], 0
            )
        yield (
            told["stream"],
            Point(
                {},
                told["start"],
                told["time"],
                told["total"],
                told["sum"],
                told["max"],
                buckets,
                True,
            ),
        )
