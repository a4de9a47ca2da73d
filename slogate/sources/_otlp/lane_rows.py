"""What points add → a chunk of rows of the histogram series, with what is left out of it."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any, NamedTuple

from slogate.sources._base import EARLIEST_TS, Chunk
from slogate.sources._otlp.buckets import sum_us
from slogate.sources._otlp.columns import Odd
from slogate.sources._otlp.differences import Grown
from slogate.sources._otlp.increases import COUNTED_BEFORE, UNKNOWN_START, less
from slogate.sources._otlp.ladders import number, whole
from slogate.sources._otlp.semantics import Facts


class Pair(NamedTuple):
    """What points of the same metric with the same attributes have in common."""

    key: tuple[str, str]
    facts: Facts
    labels: dict[str, str]
    unit: int


def chunk_of(
    columns: dict[str, Any], found: Grown, pairs: list[Pair], units: list[Fraction], since_ns: int
) -> tuple[Chunk | None, Counter[str]]:
    """The rows (None: there are none), and how many points are left out, by reason."""
    import pyarrow as pa
    import pyarrow.compute as pc

    time, start, of = columns["time"], columns["start"], found.of
    first, new = found.before.is_null(), columns["pair"].is_valid()
    unknown = pc.or_(pc.equal(start, number(0)), pc.greater_equal(start, time))
    lost = {
        UNKNOWN_START: pc.and_(first, unknown),
        COUNTED_BEFORE: pc.and_(
            pc.and_(first, pc.invert(unknown)), pc.less(start, number(since_ns))
        ),
    }
    left_out = Counter(
        {why: pc.sum(pc.and_(new, which)).as_py() or 0 for why, which in lost.items()}
    )
    rows = {"lo_us": found.lo, "hi_us": found.hi, "count": found.count, "of": of}
    if left_out.total():
        keep = pc.invert(pc.or_(*lost.values())).take(of)
        rows = {name: column.filter(keep) for name, column in rows.items()}
    of = rows.pop("of")
    if not len(of):
        return None, left_out
    begun = pc.divide(pc.coalesce(time.take(found.before), start), number(1_000))
    ended = pc.divide(pc.add(time, number(999)), number(1_000))
    rows["ts"] = begun.take(of)
    if pc.min(rows["ts"]).as_py() < EARLIEST_TS:
        raise Odd
    rows["step_us"] = pc.max_element_wise(pc.subtract(ended, begun), number(1)).take(of)
    place = columns["pair"].take(of)
    facts = [pair.facts for pair in pairs]
    words = {
        "endpoint": pa.array([each.endpoint for each in facts], pa.string()),
        "method": pa.array([each.method for each in facts], pa.string()),
        "status": pa.array([each.status for each in facts], pa.int16()),
        "ok": pa.array([not each.failed for each in facts], pa.bool_()),
        "labels": pa.array(
            [list(pair.labels.items()) for pair in pairs], pa.map_(pa.string(), pa.string())
        ),
    }
    rows |= {name: column.take(place) for name, column in words.items()}
    ends = pc.not_equal(of.slice(1), of.slice(0, len(of) - 1))
    ends = pa.concat_arrays([ends, pa.array([True])])
    alone = pc.and_(ends, pa.concat_arrays([pa.array([True]), ends.slice(0, len(of) - 1)]))
    rows["sum_us"] = _sums(columns, found.before, of, alone, units)
    rows["max_us"] = _longest(rows, found.longest, of, ends)
    return Chunk(rows=pa.RecordBatch.from_pydict(rows), series="histograms"), left_out


def _sums(columns: dict[str, Any], before: Any, of: Any, alone: Any, units: list[Fraction]) -> Any:
    """The sum in µs, rounded up, where a point has one row; null elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(alone).as_py():
        return pa.nulls(len(alone), pa.int64())
    places = of.filter(alone)
    earlier = before.take(places)
    told = zip(
        columns["sum"].take(places).to_pylist(),
        columns["sum"].take(earlier).to_pylist(),
        earlier.to_pylist(),
        columns["unit"].take(places).to_pylist(),
        strict=True,
    )
    sums = [
        sum_us(now if at is None else less(now, then), units[unit]) for now, then, at, unit in told
    ]
    return pc.replace_with_mask(pa.nulls(len(alone), pa.int64()), alone, whole(sums))


def _longest(rows: dict[str, Any], longest: Any, of: Any, ends: Any) -> Any:
    """The longest duration at the highest bucket of its point, where that is not known by it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if longest.null_count == len(longest):
        return pa.nulls(len(of), pa.int64())
    lo, hi = rows["lo_us"], rows["hi_us"]
    # the ends before a row are as many as the points before its own
    point = pc.subtract(pc.cumulative_sum(ends.cast(pa.int64())), ends.cast(pa.int64()))
    last_lo, last_hi = lo.filter(ends).take(point), hi.filter(ends).take(point)
    same_hi = pc.or_(
        pc.equal(hi, last_hi).fill_null(False), pc.and_(hi.is_null(), last_hi.is_null())
    )
    most = longest.take(of)
    told = pc.and_(pc.and_(pc.equal(lo, last_lo), same_hi), pc.greater(most, last_lo))
    return pc.if_else(told.fill_null(False), most, None)
