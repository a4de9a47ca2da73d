"""What points of one kind of histogram add to those before them, column by column.

    points and the point before each ──grown──► rows of buckets

The same as `increases` and `buckets` do point by point. A point that is the first of its stream,
is a delta, or follows on a count that fell counts from zero. What contradicts itself or the point
before it (other bounds, a finer resolution, a longest duration under its buckets) is Odd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.buckets import Bounds, kept_bounds, whole_us
from slogate.sources._otlp.lane import bytewise, listwise
from slogate.sources._otlp.lane.arrays import (
    Odd,
    always,
    ends,
    lengths,
    no_number,
    number,
    places,
    whole,
)
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.lane.listwise import in_order
from slogate.sources._otlp.lane.order import Columns, Steps
from slogate.sources._otlp.lane.packed import unpacked
from slogate.sources._otlp.telemetry import Malformed

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
    import pyarrow as pa
    import pyarrow.compute as pc

    now, then, known, _ = steps
    zeros = now.get("zeros")
    for name in ("ladder", "threshold"):
        if name in now:
            always(pc.equal(now[name], then[name]))
    if ladders is not None:
        widths = whole([len(bounds) + 1 for bounds in ladders.bounds])
        always(pc.equal(lengths(now["counts"]), widths.take(now["ladder"])))
        bounds = _explicit(now, ladders, units)
    else:
        bounds = _exponential(now, units)
    if pa.types.is_binary(now["counts"].type):
        (of, at, count), known = bytewise.increased(now, then, known, listwise.increased)
    else:
        (of, at, count), known = listwise.increased(now, then, known)
    lo, hi = bounds(of, at)
    if (pc.max(lo).as_py() or 0) > LONGEST_US:
        raise Odd
    if zeros is not None and (pc.max(zeros).as_py() or 0):
        of, lo, hi, count = _with_zeros(now, then, known, units, (of, lo, hi, count))
    longest = _longest(now, then, known, units, bounds)
    most = longest.take(of)
    hi = pc.if_else(pc.and_(hi.is_null(), pc.greater(most, lo)).fill_null(False), most, hi)
    return Grown(of=of, lo=lo, hi=hi, count=count, longest=longest, known=known)


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
    return tuple(in_order(pa.concat_arrays(pair) for pair in zip(zero, rows, strict=True)))


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
    import pyarrow.compute as pc

    of, at = _highest(now["counts"])
    if not len(of):
        return
    lo, _ = bounds(of, at)
    room = 0 if "ladder" in now else 1
    always(pc.greater(pc.add(longest.take(of), number(room)), lo))


def _highest(counts: Any) -> tuple[Any, Any]:
    """(place of the point, place in its list) of the highest bucket that is not empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_binary(counts.type):
        if (found := bytewise.highest(counts)) is not None:
            return found
        counts = unpacked(counts)
    full = pc.greater(counts.values, number(0))
    of, at = pc.list_parent_indices(counts).filter(full), pc.indices_nonzero(full)
    last = ends(of)
    of, at = of.filter(last), at.filter(last)
    return of, pc.subtract(at.cast(pa.int64()), counts.offsets.take(of))
