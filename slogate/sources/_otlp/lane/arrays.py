"""Small steps over Arrow's columns that the fast lane for histograms is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

_DIGITS = 19


class Odd(Exception):
    """The block has to be read line by line."""


@lru_cache(maxsize=1_024)
def number(value: int) -> Any:
    """A whole number as Arrow has it, which takes long to find out what Python's are."""
    import pyarrow as pa

    return pa.scalar(value, pa.int64())


@cache
def no_number() -> Any:
    """No whole number, as Arrow has it."""
    import pyarrow as pa

    return pa.scalar(None, pa.int64())


def whole(values: Sequence[Any]) -> Any:
    """A column of whole numbers."""
    import pyarrow as pa

    return pa.array(values, pa.int64())


def places(count: int) -> Any:
    """The whole numbers from 0, so many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.subtract(pc.cumulative_sum(pa.repeat(number(1), count)), number(1))


def ends(groups: Any) -> Any:
    """Which are the last of those in a row that are alike."""
    import pyarrow as pa
    import pyarrow.compute as pc

    differ = pc.not_equal(groups.slice(1), groups.slice(0, max(0, len(groups) - 1)))
    return pa.concat_arrays([differ, pa.array([True][: len(groups)], pa.bool_())])


def always(fine: Any) -> None:
    """Odd if anything in the column is false."""
    import pyarrow.compute as pc

    if pc.all(fine).as_py() is False:
        raise Odd


def ever(found: Any) -> bool:
    """Whether anything in the column is true."""
    import pyarrow.compute as pc

    return pc.any(found).as_py() is True


def natural(found: Any) -> Any:
    """Whole numbers from 0 as such, 0 where none is told; Odd for any that is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(found.type):
        if (pc.min(found).as_py() or 0) < 0:
            raise Odd
        return _zeros_for_none(found)
    longest = pc.max(pc.binary_length(found)).as_py() or 0
    offsets, data = found.buffers()[1:]
    if longest and not data.to_pybytes().isdigit():
        raise Odd
    if longest > _DIGITS or offsets is None:
        raise Odd
    try:
        return _zeros_for_none(found.cast(pa.int64()))
    except pa.ArrowInvalid:
        raise Odd from None


def _zeros_for_none(found: Any) -> Any:
    return found.fill_null(0) if found.null_count else found


def finite(found: Any) -> Any:
    """The same; Odd where a number is none, or infinite."""
    import pyarrow.compute as pc

    always(pc.is_finite(found))
    return found


def taken(column: Any, where: Any) -> Any:
    """What a column has at these places; lists of one length as such, as that is much faster."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(column.type) or column.null_count:
        return column.take(where)
    widths = pc.min_max(pc.list_value_length(column)).as_py()
    if not (width := widths["max"]) or widths["min"] != width or where.null_count:
        return column.take(where)
    found = pa.FixedSizeListArray.from_arrays(column.flatten(), width).take(where)
    offsets = pc.multiply(places(len(where) + 1), number(width)).cast(pa.int32())
    return pa.ListArray.from_arrays(offsets, found.flatten())


def cut(column: Any, at: int, count: int) -> Any:
    """So many from there on; lists without the values of the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = column.slice(at, count)
    if not pa.types.is_list(column.type):
        return found
    offsets = found.offsets
    begin, end = offsets[0].as_py(), offsets[count].as_py()
    offsets = pc.subtract(offsets, pa.scalar(begin, pa.int32()))
    return pa.ListArray.from_arrays(offsets, column.values.slice(begin, end - begin))


def filled(found: Any) -> Any:
    """Lists that are empty where there is none."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(found.offsets, found.values)


def sums(lists: Any) -> Any:
    """The sum of each list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    begun = pc.equal(lists.offsets, pa.scalar(0, pa.int32()))
    last = pc.subtract(lists.offsets, pa.scalar(1, pa.int32()))
    last = pc.if_else(begun, pa.scalar(None, pa.int32()), last)
    upto = pc.cumulative_sum(lists.values).take(last).fill_null(0)
    return pc.subtract(upto.slice(1), upto.slice(0, len(lists)))


def lengths(lists: Any) -> Any:
    """How many there are in each list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.list_value_length(lists).cast(pa.int64())
