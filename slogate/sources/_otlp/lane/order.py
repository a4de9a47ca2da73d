"""Which point of its stream came before each, column by column, and which were delivered twice."""

from __future__ import annotations

from typing import Any, NamedTuple

from slogate.sources._otlp.lane.arrays import cut, ever, no_number, number, places, taken

Columns = dict[str, Any]
_HELD = ("key", "stream", "start", "time", "total", "sum", "max", "delta", "counts")
# what must be as it was before
_COMPARED = ("ladder", "scale", "threshold", "offset")
_OF_KIND = ("ladder", "scale", "threshold", "offset", "zeros")


class Steps(NamedTuple):
    """Points, and the point before each: itself where none is `known` that counts on.

    Of such a point `then` may be another one, but of the same buckets. `newer` is false of points
    that are not newer than one before them.
    """

    now: Columns
    then: Columns
    known: Any
    newer: Any


def steps_of(now: Columns, held: Columns | None) -> tuple[Steps, Columns]:
    """Points after those that are held, and what is to be held then: the last of each stream."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if held is None:
        return _steps_of(now, None)
    if len(held["key"]) <= len(now["key"]):
        return _steps_of(now, {**held, "counts": _as_wide(held["counts"])})
    told = pc.is_in(held["key"], now["key"])
    before = {name: column.filter(told) for name, column in held.items()}
    steps, last = _steps_of(now, {**before, "counts": _as_wide(before["counts"])})
    # of most series nothing is told: so much of them is not to be moved about
    rest = {name: column.filter(pc.invert(told)) for name, column in held.items()}
    rest["counts"], last["counts"] = _narrow(rest["counts"], last["counts"])
    return steps, {name: pa.concat_arrays([rest[name], last[name]]) for name in last}


def _as_wide(counts: Any) -> Any:
    import pyarrow as pa

    return counts.cast(pa.list_(pa.int64())) if pa.types.is_list(counts.type) else counts


def _narrow(*columns: Any) -> list[Any]:
    """Lists of numbers in half the memory, if they all can be."""
    import pyarrow as pa

    if not all(pa.types.is_list(column.type) for column in columns):
        return list(columns)
    try:
        return [column.cast(pa.list_(pa.int32())) for column in columns]
    except pa.ArrowInvalid:
        return [_as_wide(column) for column in columns]


def _steps_of(now: Columns, held: Columns | None) -> tuple[Steps, Columns]:
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [*_HELD, *(name for name in _OF_KIND if name in now)]
    every, count = {name: now[name] for name in names}, 0
    if held is not None:
        every = {name: pa.concat_arrays([held[name], now[name]]) for name in names}
        count = len(held["key"])
    if count and _in_turn(every["key"], every["time"], count):
        many, deltas = len(now["key"]), ever(now["delta"])
        then = {name: cut(column, 0, many) for name, column in every.items()}
        held = {name: cut(column, many, count) for name, column in every.items()}
        for name in _COMPARED if deltas else ():
            if name in then:
                then[name] = pc.if_else(now["delta"], now[name], then[name])
        newer = pa.repeat(pa.scalar(True, pa.bool_()), many)
        return Steps(now, then, pc.invert(now["delta"]), newer), held
    before, newer, last = _order(every["key"], every["time"])
    before, newer = before.slice(count), newer.slice(count)
    counts_on = pc.and_(newer, pc.invert(now["delta"]))
    before = pc.if_else(counts_on, before, no_number())
    earlier = pc.coalesce(before, pc.add(places(len(before)), number(count)))
    then = {name: taken(column, earlier) for name, column in every.items()}
    held = {name: taken(column, last) for name, column in every.items()}
    return Steps(now, then, before.is_valid(), newer), held


def _in_turn(key: Any, time: Any, count: int) -> bool:
    """Whether all streams tell a newer point, one after the other, and again in the same order."""
    import pyarrow.compute as pc

    many = len(key) - count
    if not key.slice(count).equals(key.slice(0, many)):
        return False
    return pc.all(pc.greater(time.slice(count), time.slice(0, many))).as_py() is True


def _order(key: Any, time: Any) -> tuple[Any, Any, Any]:
    """The last newer point of its key before each, whether each is newer; the last of all keys."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count, true, none = len(key), pa.array([True], pa.bool_()), no_number()
    # which leaves points of the same key in the order in which they are
    order = pc.array_sort_indices(key).cast(pa.int64())
    back = pc.array_sort_indices(order)
    keys = key.take(order)
    # those of the next key are higher than all of this one
    ranks = pc.rank(time, tiebreaker="dense").cast(pa.int64())
    marks = pc.add(pc.multiply(keys, number(count + 1)), ranks.take(order))
    highest = pc.cumulative_max(marks)
    newer = pa.concat_arrays([true, pc.greater(marks.slice(1), highest.slice(0, count - 1))])
    latest = pc.fill_null_forward(pc.if_else(newer, order, none))
    same = pc.equal(keys.slice(1), keys.slice(0, count - 1))
    before = pc.if_else(same, latest.slice(0, count - 1), none)
    before = pa.concat_arrays([pa.nulls(1, pa.int64()), before])
    ends = pa.concat_arrays([pc.invert(same), true])
    # in the order in which they were told
    last = latest.filter(ends)
    return before.take(back), newer.take(back), last.take(pc.array_sort_indices(last))
