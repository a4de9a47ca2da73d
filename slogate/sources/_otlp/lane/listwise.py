"""What points add whose counts are lists of numbers: all of those are compared.

counts now and before ──less──► the buckets that grew, by how much
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from slogate.sources._otlp.increases import rescaled
from slogate.sources._otlp.lane.arrays import (
    always,
    ever,
    lengths,
    no_number,
    number,
    places,
    sums,
    whole,
)
from slogate.sources._otlp.lane.bytewise import Rows
from slogate.sources._otlp.lane.order import Columns
from slogate.sources._otlp.telemetry import Exponential


def increased(now: Columns, then: Columns, known: Any) -> tuple[Rows, Any]:
    """The buckets that grew, and which points count on; Odd where counts do not add up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = now["counts"]
    total = sums(counts)
    always(pc.equal(now["total"], pc.add(total, now["zeros"]) if "zeros" in now else total))
    if "scale" in now:
        then = _in_the_scale_of(now, then)
    of = pc.list_parent_indices(counts)
    before, fell = _before(now, then, of)
    more = pc.subtract(counts.values, _kept(before, known, of))
    if (pc.min(more).as_py() or 0) < 0:
        fallen = of.filter(pc.less(more, number(0))).cast(pa.int64())
        fell = pc.or_(fell, pc.is_in(places(len(counts)), fallen))
    fell = pc.and_(fell, known)
    if ever(fell):
        known = pc.and_not(known, fell)
        more = pc.subtract(counts.values, _kept(before, known, of))
    return Rows(*_positive(of, more, counts.offsets)), known


def _kept(before: Any, known: Any, of: Any) -> Any:
    """What was counted before by points that count on, 0 of others."""
    import pyarrow.compute as pc

    if pc.all(known).as_py() is not False:
        return before
    return pc.if_else(known.take(of), before, number(0))


def in_order(rows: Iterable[Any]) -> Iterator[Any]:
    """Rows in the order of their points, whose places come first."""
    import pyarrow.compute as pc

    columns = list(rows)
    order = pc.array_sort_indices(columns[0])
    return (column.take(order) for column in columns)


def _positive(of: Any, values: Any, offsets: Any) -> tuple[Any, Any, Any]:
    """(place of its list, place in it, value) of each that is over 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.indices_nonzero(pc.greater(values, number(0)))
    of = of.take(found).cast(pa.int64())
    return of, pc.subtract(found.cast(pa.int64()), offsets.take(of)), values.take(found)


def _before(now: Columns, then: Columns, of: Any) -> tuple[Any, Any]:
    """What each bucket had counted before; of each point, whether anything counted was lost."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts, earlier = now["counts"], then["counts"]
    length, had = lengths(counts), lengths(earlier)
    fell = pa.repeat(pa.scalar(False, pa.bool_()), len(counts))
    moved = pa.repeat(number(0), len(counts))
    if "offset" in now:
        moved = pc.subtract(now["offset"], then["offset"])
        fell = pc.less(now["zeros"], then["zeros"])
    if not ever(pc.or_(pc.not_equal(moved, number(0)), pc.not_equal(length, had))):
        return earlier.values, fell
    begin = counts.offsets.slice(0, len(counts)).cast(pa.int64())
    at = pc.add(pc.subtract(places(len(of)), begin.take(of)), moved.take(of))
    inside = pc.and_(pc.greater_equal(at, number(0)), pc.less(at, had.take(of)))
    there = pc.add(earlier.offsets.take(of), at)
    before = earlier.values.take(pc.if_else(inside, there, no_number())).fill_null(0)
    kept = sums(pa.ListArray.from_arrays(counts.offsets, before))
    return before, pc.or_(fell, pc.less(kept, sums(earlier)))


def _in_the_scale_of(now: Columns, then: Columns) -> Columns:
    """The points before, those of a finer scale in the coarser one of the points after them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    finer = pc.greater(then["scale"], now["scale"])
    always(pc.greater_equal(then["scale"], now["scale"]))
    if not ever(finer):
        return then
    told = ("scale", "offset", "counts")
    columns = [then[name].filter(finer).to_pylist() for name in told]
    coarse = now["scale"].filter(finer).to_pylist()
    offsets, lists = [], []
    for target, scale, offset, counts in zip(coarse, *columns, strict=True):
        found = rescaled(Exponential(scale, 0, 0.0, offset, counts, 0), scale - target)
        first, last = min(found, default=0), max(found, default=0)
        offsets.append(first)
        lists.append([found.get(index, 0) for index in range(first, last + 1)])
    count = len(finer)
    others = pc.add(places(len(lists)), number(count))
    every = pa.concat_arrays([then["counts"], pa.array(lists, pa.list_(pa.int64()))])
    return {
        **then,
        "offset": pc.replace_with_mask(then["offset"], finer, whole(offsets)),
        "counts": every.take(pc.replace_with_mask(places(count), finer, others)),
    }
