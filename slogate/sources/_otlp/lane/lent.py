"""The last points of streams, as objects and as columns: two ways to remember the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slogate.sources._otlp.increases import compact, without_buckets
from slogate.sources._otlp.lane.arrays import whole
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.lane.packed import packed, unpacked
from slogate.sources._otlp.telemetry import Explicit, Exponential, Point

Held = tuple[int, int, bool, Point]
Streamed = tuple[int, int, Point]
# numbers as objects take ten times their memory: so few points are such at once
_SOME = 4_096


def columns_of(rows: Sequence[Held], ladders: Ladders | None, packs: bool) -> dict[str, Any]:
    """As columns: numbers of streams and of keys, whether it is a delta, points.

    Counts of exponential buckets are packed if the reader packs them.
    """
    import pyarrow as pa

    streams, keys, deltas, points = zip(*rows, strict=True)
    real = pa.float64()
    columns = {
        "stream": whole(list(streams)),
        "key": whole(list(keys)),
        "delta": pa.array(deltas, pa.bool_()),
        "start": whole([point.start_ns for point in points]),
        "time": whole([point.time_ns for point in points]),
        "total": whole([point.total for point in points]),
        "sum": pa.array([point.sum for point in points], real),
        "max": pa.array([point.max for point in points], real),
    }
    some = (points[at : at + _SOME] for at in range(0, len(points), _SOME))
    lists = ([list(point.buckets.counts) for point in each] for each in some)
    if ladders is None and packs:
        columns["counts"] = pa.concat_arrays(map(packed, lists))
    else:
        kind = pa.list_(pa.int64())
        columns["counts"] = pa.concat_arrays(pa.array(each, kind) for each in lists)
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


def points_of(columns: dict[str, Any], ladders: Ladders | None) -> Iterator[Streamed]:
    """The numbers of streams, starts (0 of deltas), and points of such columns."""
    for at in range(0, len(columns["key"]), _SOME):
        yield from _points_of({k: v.slice(at, _SOME) for k, v in columns.items()}, ladders)


def _points_of(columns: dict[str, Any], ladders: Ladders | None) -> Iterator[Streamed]:
    import pyarrow as pa

    if pa.types.is_binary(columns["counts"].type):
        columns = {**columns, "counts": unpacked(columns["counts"])}
    for values in zip(*(column.to_pylist() for column in columns.values()), strict=True):
        told = dict(zip(columns, values, strict=True))
        start, counts = told["start"], compact(told["counts"])
        buckets: Explicit | Exponential
        if ladders is not None:
            buckets = Explicit(ladders.bounds[told["ladder"]], counts)
        else:
            buckets = Exponential(
                told["scale"], told["zeros"], told["threshold"], told["offset"], counts, 0
            )
        point = Point(
            {}, start, told["time"], told["total"], told["sum"], told["max"], buckets, True
        )
        if told["delta"]:
            start, point = 0, without_buckets(point)
        yield told["stream"], start, point
