"""What points of one kind of histogram add to those before them, column by column.

    points and the point before each ──grown──► rows of buckets

The same as `increases` and `buckets` do point by point. A point that is the first of its stream,
is a delta, or follows on a count that fell counts from zero. What contradicts itself or the point
before it (other bounds, a finer resolution, a longest duration under its buckets) is Odd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.buckets import Bounds, kept_bounds, whole_us
from slogate.sources._otlp.increases import rescaled
from slogate.sources._otlp.lane.arrays import (
    Odd,
    always,
    ends,
    ever,
    lengths,
    no_number,
    number,
    places,
    sums,
    taken,
    whole,
)
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.lane.order import Columns, Steps
from slogate.sources._otlp.telemetry import Exponential, Malformed

_SCALES, _LOWEST = 64, -16
_PLACES, _MIDDLE = 1 << 34, 1 << 33


@dataclass(slots=True, kw_only=True)
class Grown:
    """Rows of buckets, ascending within their points: `of` is the place of a row's point.

    `longest` is in µs, null where a point adds none; `known` is false of points that count from
    zero.
    """

    of: Any
    lo: Any
    hi: Any
    count: Any
    longest: Any
    known: Any


def grown(steps: Steps, ladders: Ladders | None, units: list[Fraction]) -> Grown:
    """What points add to those before them; Odd if one is not as it must be."""
    import pyarrow.compute as pc

    now, then, known, _ = steps
    counts, zeros = now["counts"], now.get("zeros")
    total = sums(counts)
    always(pc.equal(now["total"], total if zeros is None else pc.add(total, zeros)))
    for name in ("ladder", "threshold"):
        if name in now:
            always(pc.equal(now[name], then[name]))
    if ladders is not None:
        widths = whole([len(bounds) + 1 for bounds in ladders.bounds])
        always(pc.equal(lengths(counts), widths.take(now["ladder"])))
        bounds = _explicit(now, ladders, units)
    else:
        bounds = _exponential(now, units)
        then = _in_the_scale_of(now, then)
    of, at, count, known = _increased(now, then, known)
    lo, hi = bounds(of, at)
    if (pc.max(lo).as_py() or 0) > LONGEST_US:
        raise Odd
    if zeros is not None and (pc.max(zeros).as_py() or 0):
        of, lo, hi, count = _with_zeros(now, then, known, units, (of, lo, hi, count))
    longest = _longest(now, then, known, units, bounds)
    most = longest.take(of)
    hi = pc.if_else(pc.and_(hi.is_null(), pc.greater(most, lo)).fill_null(False), most, hi)
    return Grown(of=of, lo=lo, hi=hi, count=count, longest=longest, known=known)


def _increased(now: Columns, then: Columns, known: Any) -> tuple[Any, Any, Any, Any]:
    """(place of the point, place in its list, by how much) of each bucket that grew; `known`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = now["counts"]
    of = pc.list_parent_indices(counts)
    before, fell = _before(now, then, of)
    more = pc.subtract(counts.values, before)
    if (pc.min(more).as_py() or 0) < 0:
        fallen = of.filter(pc.less(more, number(0))).cast(pa.int64())
        fell = pc.or_(fell, pc.is_in(places(len(counts)), fallen))
    known = pc.and_(known, pc.invert(fell))
    of, at, more = rows = _positive(of, more, counts.offsets)
    if pc.all(known).as_py() is False:
        keep, fresh = known.take(of), places(len(counts)).filter(pc.invert(known))
        lists = taken(counts, fresh)
        of, at, more = _positive(pc.list_parent_indices(lists), lists.values, lists.offsets)
        zipped = zip(rows, (fresh.take(of), at, more), strict=True)
        of, at, more = _in_order(pa.concat_arrays([old.filter(keep), new]) for old, new in zipped)
    return of, at, more, known


def _in_order(rows: Iterable[Any]) -> Iterator[Any]:
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


_Bounds = Callable[[Any, Any], tuple[Any, Any]]


def _explicit(columns: Columns, ladders: Ladders, units: list[Fraction]) -> _Bounds:
    """How the bounds of buckets are found, by the places of points and places in their lists."""
    import pyarrow.compute as pc

    kinds = pc.add(
        pc.multiply(columns["ladder"], number(_SCALES)), columns["unit"]
    ).dictionary_encode()
    pairs = [divmod(kind, _SCALES) for kind in kinds.dictionary.to_pylist()]
    bases = whole([ladders.base(code, units[at], at) for code, at in pairs]).take(kinds.indices)
    los, his = whole(ladders.los), whole(ladders.his)

    def bounds(of: Any, at: Any) -> tuple[Any, Any]:
        found = pc.add(bases.take(of), at)
        return los.take(found), his.take(found)

    return bounds


def _exponential(columns: Columns, units: list[Fraction]) -> _Bounds:
    import pyarrow.compute as pc

    scale, offset = columns["scale"], columns["offset"]
    scales, offsets = pc.min_max(scale).as_py(), pc.min_max(offset).as_py()
    if scales["min"] <= _LOWEST or scales["max"] >= _LOWEST + _SCALES - 1:
        raise Odd
    if offsets["min"] < -(2**31) or offsets["max"] >= 2**31:
        raise Odd
    kind = pc.add(
        pc.multiply(columns["unit"], number(_SCALES)), pc.subtract(scale, number(_LOWEST))
    )
    zero = pc.add(pc.multiply(kind, number(_PLACES)), pc.add(offset, number(_MIDDLE)))

    def bounds(of: Any, at: Any) -> tuple[Any, Any]:
        found = pc.add(zero.take(of), at).dictionary_encode()
        pairs = [_bounds_of(code, units) for code in found.dictionary.to_pylist()]
        los, his = whole([low for low, _ in pairs]), whole([high for _, high in pairs])
        return los.take(found.indices), his.take(found.indices)

    return bounds


def _bounds_of(code: int, units: list[Fraction]) -> Bounds:
    kind, place = divmod(code, _PLACES)
    unit, scale = divmod(kind, _SCALES)
    return kept_bounds(scale + _LOWEST, place - _MIDDLE, units[unit])


def _with_zeros(
    now: Columns, then: Columns, known: Any, units: list[Fraction], rows: tuple[Any, ...]
) -> tuple[Any, ...]:
    """The rows with those of the zero buckets that grew, each in front of its point's others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zeros = now["zeros"]
    more = pc.subtract(zeros, pc.if_else(known, then["zeros"], number(0)))
    new = pc.greater(more, number(0))
    of = places(len(more)).filter(new)
    hi = _whole_us(now["threshold"], now["unit"], units).take(of)
    low = pa.repeat(number(-1), len(of))
    zero = (of, low, hi, more.filter(new))
    return tuple(_in_order(pa.concat_arrays(pair) for pair in zip(zero, rows, strict=True)))


def _whole_us(values: Any, unit: Any, units: list[Fraction]) -> Any:
    """Durations in whole µs, rounded up exactly; null where they are not known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # numbers of units are few, durations too: those of all points of a stream are often one
    codes = values.dictionary_encode()
    both = pc.add(pc.multiply(unit, number(len(codes.dictionary))), codes.indices.cast(pa.int64()))
    both = both.dictionary_encode()
    texts, found = codes.dictionary.to_pylist(), []
    for code in both.dictionary.to_pylist():
        which, at = divmod(code, len(texts))
        try:
            found.append(whole_us(texts[at], units[which]))
        except Malformed:
            raise Odd from None
    return whole(found).take(both.indices)


def _longest(
    now: Columns, then: Columns, known: Any, units: list[Fraction], bounds: _Bounds
) -> Any:
    """The longest duration that each point adds, in µs; null where it is not known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    most = now["max"]
    if most.null_count == len(most):
        return pa.nulls(len(most), pa.int64())
    found = _whole_us(most, now["unit"], units)
    _check_longest(now, found, bounds)
    longer = pc.greater(most, then["max"]).fill_null(False)
    return pc.if_else(pc.or_(pc.invert(known), longer), found, no_number())


def _check_longest(now: Columns, longest: Any, bounds: _Bounds) -> None:
    """Odd if the highest bucket of a point that is not empty lies over its longest duration."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = now["counts"]
    full = pc.greater(counts.values, number(0))
    of, at = pc.list_parent_indices(counts).filter(full), pc.indices_nonzero(full)
    if not len(of):
        return
    highest = ends(of)
    of, at = of.filter(highest), at.filter(highest)
    lo, _ = bounds(of, pc.subtract(at.cast(pa.int64()), counts.offsets.take(of)))
    room = 0 if "ladder" in now else 1
    always(pc.greater(pc.add(longest.take(of), number(room)), lo))
