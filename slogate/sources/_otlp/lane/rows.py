"""What points add → chunks of rows of the histogram series, with what is left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from slogate.sources._base import EARLIEST_TS, Chunk
from slogate.sources._otlp.buckets import sum_us
from slogate.sources._otlp.increases import COUNTED_BEFORE, REPEATED, UNKNOWN_START, less
from slogate.sources._otlp.lane.arrays import Odd, ends, no_number, number, whole
from slogate.sources._otlp.lane.differences import Grown
from slogate.sources._otlp.lane.order import Steps
from slogate.sources._otlp.outcomes import Metric
from slogate.sources._otlp.semantics import Facts


class Group(NamedTuple):
    """What points of a metric of a resource and scope have in common; `unit` is a number."""

    against: str | None
    key: Metric
    identity: Hashable
    labels: dict[str, str]
    unit: int
    delta: bool


class Pair(NamedTuple):
    """What points of the same group with the same attributes have in common."""

    group: Group
    identity: Hashable
    facts: Facts
    labels: dict[str, str]
    unit: Fraction


_ROWS_ALIKE, _SHORT = 1 << 17, 256
# whoever takes a chunk copies it
_ROWS_A_CHUNK = 1 << 18
# chunks, with the metric whose outcomes they wait for
Lots = list[tuple[Metric | None, Chunk]]


def left_out_of(steps: Steps, since_ns: int) -> tuple[Any, Counter[str]]:
    """Which points tell of requests, and how many do not, by reason."""
    import pyarrow.compute as pc

    time, start = steps.now["time"], steps.now["start"]
    first = pc.invert(pc.or_(steps.known, steps.now["delta"]))
    first = pc.and_(first, steps.newer)
    unknown = pc.and_(first, pc.or_(pc.equal(start, number(0)), pc.greater_equal(start, time)))
    early = pc.and_(pc.and_not(first, unknown), pc.less(start, number(since_ns)))
    lost = {REPEATED: pc.invert(steps.newer), UNKNOWN_START: unknown, COUNTED_BEFORE: early}
    left_out = Counter({why: pc.sum(which).as_py() or 0 for why, which in lost.items()})
    return pc.invert(pc.or_(pc.or_(unknown, early), lost[REPEATED])), left_out


def batch_of(
    steps: Steps, telling: Any, found: Grown, pairs: list[Pair], clear: list[bool]
) -> tuple[Any, Any]:
    """The rows, without an outcome where it is not clear, and the place of each row's pair."""
    import pyarrow as pa
    import pyarrow.compute as pc

    now, then = steps.now, steps.then
    rows = {"lo_us": found.lo, "hi_us": found.hi, "count": found.count, "of": found.of}
    if pc.all(telling).as_py() is False:
        keep = telling.take(found.of)
        rows = {name: column.filter(keep) for name, column in rows.items()}
    of = rows.pop("of")
    begun = pc.divide(pc.if_else(steps.known, then["time"], now["start"]), number(1_000))
    ended = pc.divide(pc.add(now["time"], number(999)), number(1_000))
    rows["ts"] = begun.take(of)
    if (pc.min(rows["ts"]).as_py() or EARLIEST_TS) < EARLIEST_TS:
        raise Odd
    rows["step_us"] = pc.max_element_wise(pc.subtract(ended, begun), number(1)).take(of)
    place = now["pair"].take(of)
    facts = [pair.facts for pair in pairs]
    words = {
        "endpoint": pa.array([each.endpoint for each in facts], pa.string()).dictionary_encode(),
        "method": pa.array([each.method for each in facts], pa.string()).dictionary_encode(),
        "status": pa.array([each.status for each in facts], pa.int16()),
        "ok": pa.array(
            [not each.failed if known else None for each, known in zip(facts, clear, strict=True)],
            pa.bool_(),
        ),
    }
    rows |= {name: column.take(place) for name, column in words.items()}
    rows["labels"] = _labels([tuple(pair.labels.items()) for pair in pairs], place)
    if len(of):
        last = ends(of)
        first = pa.concat_arrays([pa.array([True], pa.bool_()), last.slice(0, len(of) - 1)])
        alone = pc.and_(last, first)
        rows["sum_us"] = _sums(steps, found.known, of, alone, pairs)
        rows["max_us"] = _longest(rows, found.longest, of, last)
    return pa.RecordBatch.from_pydict(rows), place


def _labels(found: list[tuple[tuple[str, str], ...]], place: Any) -> Any:
    """The labels of each row by the place of its pair."""
    import pyarrow as pa

    count = len(place)
    short = len({*found}) == 1 and sum(map(len, chain.from_iterable(found[0]))) <= _SHORT
    if short and count <= _ROWS_ALIKE:
        return _alike(found[0]).slice(0, count)
    return pa.array(found, pa.map_(pa.string(), pa.string())).take(place)


# of one resource, as most files are, all rows have the same
@lru_cache(maxsize=1)
def _alike(labels: tuple[tuple[str, str], ...]) -> Any:
    """Rows of which all have these labels."""
    import pyarrow as pa

    one = pa.array([labels], pa.map_(pa.string(), pa.string()))
    return one.take(pa.repeat(number(0), _ROWS_ALIKE))


def chunks_of(batch: Any, place: Any, pairs: list[Pair], clear: list[bool]) -> Lots:
    """The rows in chunks, those that wait for an outcome apart by their metric."""
    import pyarrow.compute as pc

    metrics: dict[Metric | None, list[int]] = {}
    for at, (pair, known) in enumerate(zip(pairs, clear, strict=True)):
        metrics.setdefault(None if known else pair.group.key, []).append(at)
    found: Lots = []
    for metric, these in metrics.items():
        rows = batch if len(metrics) == 1 else batch.filter(pc.is_in(place, whole(these)))
        for at in range(0, len(rows), _ROWS_A_CHUNK):
            chunk = Chunk(rows=rows.slice(at, _ROWS_A_CHUNK), series="histograms")
            found.append((metric, chunk))
    return found


def _sums(steps: Steps, known: Any, of: Any, alone: Any, pairs: list[Pair]) -> Any:
    """The sum in µs, rounded up, where a point has one row; null elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(alone).as_py():
        return pa.nulls(len(alone), pa.int64())
    places = of.filter(alone)
    columns = (steps.now["sum"], steps.then["sum"], known, steps.now["pair"])
    told = zip(*(column.take(places).to_pylist() for column in columns), strict=True)
    sums = [
        sum_us(less(now, then) if after else now, pairs[at].unit) for now, then, after, at in told
    ]
    return pc.replace_with_mask(pa.nulls(len(alone), pa.int64()), alone, whole(sums))


def _longest(rows: dict[str, Any], longest: Any, of: Any, last: Any) -> Any:
    """The longest duration at the highest bucket of its point, where that is not known by it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if longest.null_count == len(longest):
        return pa.nulls(len(of), pa.int64())
    lo, hi = rows["lo_us"], rows["hi_us"]
    # the ends before a row are as many as the points before its own
    ended = last.cast(pa.int64())
    point = pc.subtract(pc.cumulative_sum(ended), ended)
    last_lo, last_hi = lo.filter(last).take(point), hi.filter(last).take(point)
    same_hi = pc.or_(
        pc.equal(hi, last_hi).fill_null(False), pc.and_(hi.is_null(), last_hi.is_null())
    )
    most = longest.take(of)
    told = pc.and_(pc.and_(pc.equal(lo, last_lo), same_hi), pc.greater(most, last_lo))
    return pc.if_else(told.fill_null(False), most, no_number())
