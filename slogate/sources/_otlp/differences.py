"""What cumulative points of one kind add to the points before them, column by column.

    points, in the order of the file, each with the key of its stream ──Grown──► rows

The same as `increases` and `buckets` do point by point, for streams that only grow: time and
counts rise, and the buckets stay what they are. Anything else (a restart, a delivery twice, a
bucket that fell, another resolution, a longest duration that contradicts its buckets) is Odd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.buckets import Bounds, kept_bounds, whole_us
from slogate.sources._otlp.columns import Odd
from slogate.sources._otlp.ladders import Ladders, number, whole
from slogate.sources._otlp.telemetry import Malformed

_SCALES, _LOWEST = 64, -16
_PLACES, _MIDDLE = 1 << 34, 1 << 33


@dataclass(slots=True, kw_only=True)
class Grown:
    """Rows of buckets, ascending within their points: `of` is the place of a row's point.

    `before` is the place of the point before each, null for a first one; `last` are the places
    of the last points of all streams; `longest` is in µs, null where a point adds none.
    """

    before: Any
    last: Any
    of: Any
    lo: Any
    hi: Any
    count: Any
    longest: Any


def grown(
    columns: dict[str, Any], held: int, ladders: Ladders | None, units: list[Fraction]
) -> Grown:
    """What the points from the place `held` on add; Odd if one does not simply grow."""
    import pyarrow.compute as pc

    before, last = _before(columns["key"])
    for name in ("time", "total"):
        now, then = columns[name], columns[name].take(before)
        fine = pc.greater(now, then) if name == "time" else pc.greater_equal(now, then)
        _all(fine)
    for name in ("ladder", "scale", "threshold"):
        if name in columns:
            _all(pc.equal(columns[name], columns[name].take(before)))
    counts = columns["counts"]
    zeros = columns.get("zeros")
    sums = _sums(counts)
    _all(pc.equal(columns["total"], sums if zeros is None else pc.add(sums, zeros)))
    if ladders is not None:
        widths = whole([len(bounds) + 1 for bounds in ladders.bounds])
        _all(pc.equal(pc.list_value_length(counts), widths.take(columns["ladder"])))
        bounds = _explicit(columns, ladders, units)
    else:
        bounds = _exponential(columns, units)
    of, at, count = _increased(counts, columns.get("offset"), before, held)
    lo, hi = bounds(of, at)
    if (pc.max(lo).as_py() or 0) > LONGEST_US:
        raise Odd
    if zeros is not None and (pc.max(zeros).as_py() or 0):
        of, lo, hi, count = _with_zeros(columns, units, before, held, (of, lo, hi, count))
    longest = _longest(columns, units, before, held, bounds)
    most = longest.take(of)
    hi = pc.if_else(pc.and_(hi.is_null(), pc.greater(most, lo)).fill_null(False), most, hi)
    return Grown(before=before, last=last, of=of, lo=lo, hi=hi, count=count, longest=longest)


def _all(fine: Any) -> None:
    import pyarrow.compute as pc

    if pc.all(fine).as_py() is False:
        raise Odd


def places(count: int) -> Any:
    """The whole numbers from 0, so many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.subtract(pc.cumulative_sum(pa.repeat(number(1), count)), number(1))


def _before(key: Any) -> tuple[Any, Any]:
    """The place of the point before each within its stream, and of the last of each stream."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # which leaves points of the same key in the order in which they are
    order = pc.array_sort_indices(key).cast(pa.int64())
    ordered = key.take(order)
    same = pc.equal(ordered.slice(1), ordered.slice(0, len(key) - 1))
    earlier = pc.if_else(same, order.slice(0, len(key) - 1), None)
    found = pa.concat_arrays([pa.nulls(1, pa.int64()), earlier.cast(pa.int64())])
    last = pa.concat_arrays([pc.invert(same), pa.array([True])])
    return found.take(pc.array_sort_indices(order)), order.filter(last)


def _sums(counts: Any) -> Any:
    """The sum of each list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    upto = pa.concat_arrays([whole([0]), pc.cumulative_sum(counts.values)]).take(counts.offsets)
    return pc.subtract(upto.slice(1), upto.slice(0, len(counts)))


def _increased(counts: Any, offset: Any, before: Any, held: int) -> tuple[Any, Any, Any]:
    """(place of the point, place in its list, by how much) of each bucket that grew."""
    import pyarrow as pa
    import pyarrow.compute as pc

    begin = counts.offsets.slice(0, len(counts)).cast(pa.int64())
    length = pc.list_value_length(counts).cast(pa.int64())
    skipped = counts.offsets[held].as_py()
    flat = counts.values
    now = flat.slice(skipped)
    of = pc.list_parent_indices(counts).slice(skipped).cast(pa.int64())
    begin_then, length_then = begin.take(before), length.take(before)
    moved = pc.subtract(offset, offset.take(before)) if offset is not None else None
    # what was counted must lie within the buckets that there are now
    if moved is not None:
        _all(pc.less_equal(moved, number(0)))
        _all(pc.less_equal(pc.subtract(length_then, moved), length))
    shift = pc.subtract(begin_then, begin)
    shift = shift if moved is None else pc.add(shift, moved)
    everywhere = places(len(flat)).slice(skipped)
    there = pc.add(everywhere, shift.take(of))
    if moved is not None and (
        pc.any(pc.not_equal(moved, number(0))).as_py()
        or pc.any(pc.not_equal(length, length_then)).as_py()
    ):
        first = begin_then.take(of)
        inside = pc.and_(
            pc.greater_equal(there, first), pc.less(there, pc.add(first, length_then.take(of)))
        )
        there = pc.if_else(inside, there, None)
    more = pc.subtract(now, flat.take(there).fill_null(0))
    if (pc.min(more).as_py() or 0) < 0:
        raise Odd
    grew = pc.greater(more, number(0))
    of = of.filter(grew)
    return of, pc.subtract(everywhere.filter(grew), begin.take(of)), more.filter(grew)


_Bounds = Callable[[Any, Any], tuple[Any, Any]]


def _explicit(columns: dict[str, Any], ladders: Ladders, units: list[Fraction]) -> _Bounds:
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


def _exponential(columns: dict[str, Any], units: list[Fraction]) -> _Bounds:
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
    columns: dict[str, Any], units: list[Fraction], before: Any, held: int, rows: tuple[Any, ...]
) -> tuple[Any, ...]:
    """The rows with those of the zero buckets that grew, each in front of its point's others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zeros, threshold = columns["zeros"], columns["threshold"]
    more = pc.subtract(zeros, zeros.take(before).fill_null(0))
    if (pc.min(more).as_py() or 0) < 0:
        raise Odd
    new = pc.and_(pc.greater(more, number(0)), pc.greater_equal(places(len(more)), held))
    of = places(len(more)).filter(new)
    hi = _whole_us(threshold, columns["unit"], units).take(of)
    low = pa.repeat(number(-1), len(of))
    zero = (of, low, hi, more.filter(new))
    found = [pa.concat_arrays(pair) for pair in zip(zero, rows, strict=True)]
    order = pc.array_sort_indices(found[0])
    return tuple(column.take(order) for column in found)


def _whole_us(values: Any, unit: Any, units: list[Fraction]) -> Any:
    """Durations in whole µs, rounded up exactly; null where they are not known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # numbers of units are few, durations too: those of all points of a stream are often one
    codes = values.dictionary_encode()
    both = pc.add(pc.multiply(unit, len(codes.dictionary)), codes.indices.cast(pa.int64()))
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
    columns: dict[str, Any], units: list[Fraction], before: Any, held: int, bounds: _Bounds
) -> Any:
    """The longest duration that each point adds, in µs; null where it is not known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    most = columns["max"]
    if most.null_count == len(most):
        return pa.nulls(len(most), pa.int64())
    found = _whole_us(most.slice(held), columns["unit"].slice(held), units)
    found = pa.concat_arrays([pa.nulls(held, pa.int64()), found])
    _check_longest(columns, found, held, bounds)
    new = pc.or_(before.is_null(), pc.greater(most, most.take(before)).fill_null(False))
    return pc.if_else(new, found, None)


def _check_longest(columns: dict[str, Any], longest: Any, held: int, bounds: _Bounds) -> None:
    """Odd if the highest bucket of a point that is not empty lies over its longest duration."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = columns["counts"]
    skipped = counts.offsets[held].as_py()
    filled = pc.greater(counts.values.slice(skipped), number(0))
    of = pc.list_parent_indices(counts).slice(skipped).filter(filled)
    if not len(of):
        return
    at = places(len(counts.values)).slice(skipped).filter(filled)
    ends = pc.not_equal(of.slice(1), of.slice(0, len(of) - 1))
    ends = pa.concat_arrays([ends, pa.array([True])])
    of, at = of.filter(ends), at.filter(ends)
    lo, _ = bounds(of, pc.subtract(at, counts.offsets.take(of)))
    room = 0 if "ladder" in columns else 1
    _all(pc.greater(pc.add(longest.take(of), number(room)), lo))
