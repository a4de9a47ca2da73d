"""Decodes the counts of many HdrHistograms at once, into columns of Arrow.

    Packed, Packed, … ──► Buckets: lowest, highest, count of each bucket, and whose they are

Numbers of LEB128 are put together from their bytes by all histograms of one layout in a few
passes; those of fixed words, and those with a number of five bytes or more, one by one. What is
damaged has an error instead of buckets. The result is that of `_hdr.decode`, bucket by bucket.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, groupby
from typing import Any

from slogate.sources._hdr import Packed, varints, words

_GOES_ON = bytes(range(0x80, 0x100))
_LONG = re.compile(rb"[\x80-\xff]{4}")
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Buckets:
    """The columns of all histograms, in their order, and of each its size, its end, its error.

    `longest` is the lowest value of the last bucket, -1 without any. `most` is None for counts
    that are under 2^28.
    """

    lowest: Any
    highest: Any
    counts: Any
    sizes: list[int]
    longest: list[int]
    most: list[int | None]
    errors: list[str]


def buckets(packed: Sequence[Packed]) -> Buckets:
    """The buckets of all these histograms; those with an error may have any."""
    import pyarrow as pa

    columns: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    found = Buckets(None, None, None, [], [], [], [])
    for (quick, half, unit), group in groupby(packed, _layout):
        several = list(group)
        for some in [several] if quick else [[each] for each in several]:
            indexes, counts, sizes = (_all if quick else _single)(some, found)
            _note_last(indexes, sizes, some, found)
            for column, part in zip(columns, (*_limits(indexes, half, unit), counts), strict=True):
                column.append(part)
            found.sizes.extend(sizes)
    lowest, highest, counts = (
        pa.chunked_array(parts, pa.int64()).combine_chunks() for parts in columns
    )
    return Buckets(
        lowest, highest, counts, found.sizes, found.longest, found.most, found.errors
    )  # fmt: skip


def repeated(sizes: Iterable[int]) -> Any:
    """0 as often as the first size says, 1 as often as the second, and so on."""
    import pyarrow as pa

    parts = [array("i", (place,)).tobytes() * size for place, size in enumerate(sizes)]
    joined = b"".join(parts)
    return pa.Array.from_buffers(pa.int32(), len(joined) // 4, [None, pa.py_buffer(joined)])


def _layout(packed: Packed) -> tuple[bool, int, int]:
    """Whether its numbers can be put together with others', and what an index means."""
    text = packed.counts
    quick = not packed.word and text[-1:] < b"\x80" and not _LONG.search(text)
    return quick, packed.half, packed.unit


def _note_last(indexes: Any, sizes: list[int], some: list[Packed], found: Buckets) -> None:
    """Note of each histogram its longest value, or that it is none."""
    ends = list(accumulate(sizes))
    lasts = iter(indexes.take(_whole(end - 1 for end in compress(ends, sizes))).to_pylist())
    for packed, size in zip(some, sizes, strict=True):
        longest = -1
        try:
            if size:
                longest = packed.lowest(next(lasts))
        except ValueError as error:
            found.errors[len(found.longest)] = found.errors[len(found.longest)] or str(error)
        found.longest.append(longest)


def _single(some: list[Packed], found: Buckets) -> tuple[Any, Any, list[int]]:
    """The indexes and counts of one histogram, number by number."""
    import pyarrow.compute as pc

    indexes, counts, error = _whole(()), _whole(()), ""
    try:
        if some[0].word:
            indexes, counts = _words(some[0])
        else:
            pairs = [(at, many, some[0].lowest(at)) for at, many in varints(some[0].counts)]
            indexes, counts = (_whole(pair[which] for pair in pairs) for which in (0, 1))
    except ValueError as fault:
        error = str(fault)
    found.errors.append(error)
    found.most.append(pc.max(counts).as_py() or 0)
    return indexes, counts, [len(counts)]


def _words(packed: Packed) -> tuple[Any, Any]:
    """The indexes and counts of numbers of a fixed size."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = {2: pa.int16(), 4: pa.int32(), 8: pa.int64()}[packed.word]
    told = words(packed)
    every = pa.Array.from_buffers(kind, len(told), [None, pa.py_buffer(told)])
    indexes = pc.indices_nonzero(every).cast(pa.int64())
    return indexes, every.take(indexes).cast(pa.int64())


def _whole(values: Iterable[int]) -> Any:
    """An array of these numbers."""
    import pyarrow as pa

    return pa.array(values, pa.int64())


def _all(several: list[Packed], found: Buckets) -> tuple[Any, Any, list[int]]:
    """The indexes and counts of histograms whose numbers are of four bytes at most."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found.errors.extend([""] * len(several))
    found.most.extend([None] * len(several))
    texts = [packed.counts for packed in several]
    numbers = _numbers(b"".join(texts))
    zero, one = pa.scalar(0, pa.int64()), pa.scalar(1, pa.int64())
    halves = pc.shift_right(pc.add(numbers, one), one)
    skips = pc.equal(pc.bit_wise_and(numbers, one), one)
    after = pc.cumulative_sum(pc.if_else(skips, halves, one))
    kept = pc.and_not(pc.greater(numbers, zero), skips)
    rows = pc.cumulative_sum(kept.cast(pa.int64()))
    # where the numbers of each end, and what was reached there
    ends = list(accumulate(len(text.translate(None, _GOES_ON)) for text in texts))
    reached = pa.concat_arrays([pa.array([0], pa.int64()), rows]).take(_whole(ends)).to_pylist()
    sizes = [end - begin for begin, end in zip([0, *reached], reached, strict=False)]
    bases = pa.concat_arrays([pa.array([0], pa.int64()), after]).take(_whole([0, *ends[:-1]]))
    # a count itself takes one step, a histogram starts anew
    before = pc.add(bases, one).take(repeated(sizes))
    return (
        pc.subtract(after.filter(kept), before),
        pc.shift_right(numbers.filter(kept), one),
        sizes,
    )


def _numbers(joined: bytes) -> Any:
    """The numbers of LEB128 one after the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    every = pa.Array.from_buffers(pa.uint8(), len(joined), [None, pa.py_buffer(joined)])
    low = pc.bit_wise_and(every, pa.scalar(0x7F, pa.uint8())).cast(pa.int64())
    ends = pc.indices_nonzero(pc.less(every, pa.scalar(0x80, pa.uint8()))).cast(pa.int64())
    if len(ends) == len(joined):
        return low
    one = pa.scalar(1, pa.int64())
    starts = pa.concat_arrays([pa.array([0], pa.int64()), pc.add(ends[:-1], one)])
    numbers = low.take(starts)
    for further in range(1, _LONGEST):
        longer = pc.greater_equal(pc.subtract(ends, starts), pa.scalar(further, pa.int64()))
        places = pc.add(starts.filter(longer), pa.scalar(further, pa.int64()))
        if not len(places):
            break
        shifted = pc.shift_left(low.take(places), pa.scalar(7 * further, pa.int64()))
        numbers = pc.replace_with_mask(
            numbers, longer, pc.bit_wise_or(numbers.filter(longer), shifted)
        )
    return numbers


def _limits(indexes: Any, half: int, unit: int) -> tuple[Any, Any]:
    """The lowest and the highest value of each index, as `_hdr` has it of one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def whole(value: int) -> Any:
        return pa.scalar(value, pa.int64())

    one: Any = whole(1)
    bucket = pc.subtract(pc.max_element_wise(pc.shift_right(indexes, whole(half)), one), one)
    size = pc.add(bucket, whole(unit))
    lowest = pc.shift_left(pc.subtract(indexes, pc.shift_left(bucket, whole(half))), size)
    return lowest, pc.subtract(pc.add(lowest, pc.shift_left(one, size)), one)
