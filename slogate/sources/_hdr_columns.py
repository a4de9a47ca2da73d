"""Decodes the counts of many HdrHistograms at once, into columns of Arrow.

    Packed, Packed, … ──► Buckets: bounds in µs and count of each bucket, and whose they are

Those of one layout are put together and decoded in a few passes: words of a fixed size, and
numbers of LEB128, of which most take one byte. Those with an absurd count or with a number of
five bytes or more are decoded alone; what is damaged has an error instead of buckets. The result
is that of `_hdr.decode`, bucket by bucket.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, compress, groupby, pairwise
from typing import Any

from slogate.sources._hdr import Packed, fixed, varints, words
from slogate.sources._histograms import MOST_COUNT

_LONGEST = 4
_TOP = bytes([*[0] * 0x80, *[0x80] * 0x80])
_TOO_LONG = b"\x80" * _LONGEST
# what a byte says that is a number by itself: how far it goes, whether it is a count, and which
_GOES = bytes((byte + 1) // 2 if byte & 1 else 1 for byte in range(0x80)).ljust(0x100, b"\0")
_KEPT = bytes(byte > 0 and not byte & 1 for byte in range(0x80)).ljust(0x100, b"\0")
_COUNT = bytes(byte // 2 for byte in range(0x100))
_LEAST_TABLE, _LARGEST_TABLE = 1 << 12, 1 << 16

Decoded = tuple[Any, Any, list[int]]


@dataclass(frozen=True, slots=True)
class Buckets:
    """The columns of all histograms, in their order, and of each its size, its end, its error.

    `longest` is the lowest value of the last bucket, -1 without any. `most` is None for counts
    that are plausible.
    """

    lo_us: Any
    hi_us: Any
    counts: Any
    sizes: list[int]
    longest: list[int]
    most: list[int | None]
    errors: list[str]


def buckets(packed: Sequence[Packed], unit_us: Fraction) -> Buckets:
    """The buckets of all these histograms, whose values are of that unit.

    Those with an error may have any.
    """
    import pyarrow as pa

    columns: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    found = Buckets(None, None, None, [], [], [], [])
    for (quick, word, half, unit), group in groupby(packed, _layout):
        several = list(group)
        together = (_plausible if word else _numbers)(several) if quick else None
        if together:
            found.errors.extend([""] * len(several))
            found.most.extend([None] * len(several))
        for some in [several] if together else [[each] for each in several]:
            indexes, counts, sizes = together or _alone(some[0], found)
            last = _note_last(indexes, sizes, some, found)
            bounds = _bounds(indexes, last, (half, unit, unit_us))
            for column, part in zip(columns, (*bounds, counts), strict=True):
                column.append(part)
            found.sizes.extend(sizes)
    lo_us, hi_us, counts = (
        pa.chunked_array(parts, pa.int64()).combine_chunks() for parts in columns
    )
    return Buckets(lo_us, hi_us, counts, found.sizes, found.longest, found.most, found.errors)


def repeated(sizes: Iterable[int]) -> Any:
    """0 as often as the first size says, 1 as often as the second, and so on."""
    import pyarrow as pa

    parts = [array("i", (place,)).tobytes() * size for place, size in enumerate(sizes)]
    joined = b"".join(parts)
    return pa.Array.from_buffers(pa.int32(), len(joined) // 4, [None, pa.py_buffer(joined)])


def _layout(packed: Packed) -> tuple[bool, int, int, int]:
    """Whether it can be decoded with others, and what its counts and an index mean."""
    text, word = packed.counts, packed.word
    quick = bool(word) or text.isascii()
    if not quick:
        quick = text[-1:] < b"\x80" and _TOO_LONG not in text.translate(_TOP)
    return quick, word, packed.half, packed.unit


def _note_last(indexes: Any, sizes: list[int], some: list[Packed], found: Buckets) -> int:
    """Note of each histogram its longest value, or that it is none; the last index of all."""
    ends = list(accumulate(sizes))
    lasts = indexes.take(_whole(end - 1 for end in compress(ends, sizes))).to_pylist()
    left = iter(lasts)
    for packed, size in zip(some, sizes, strict=True):
        longest = -1
        try:
            if size:
                longest = packed.lowest(next(left))
        except ValueError as error:
            found.errors[len(found.longest)] = found.errors[len(found.longest)] or str(error)
        found.longest.append(longest)
    return max(lasts, default=0)


def _alone(packed: Packed, found: Buckets) -> Decoded:
    """The indexes and counts of one histogram that may be damaged."""
    import pyarrow.compute as pc

    decoded: Decoded = _whole(()), _whole(()), [0]
    error = ""
    try:
        if packed.word:
            words(packed)
            decoded = _words([packed])
        else:
            pairs = [(at, many, packed.lowest(at)) for at, many in varints(packed.counts)]
            indexes, counts = (_whole(pair[which] for pair in pairs) for which in (0, 1))
            decoded = indexes, counts, [len(pairs)]
    except ValueError as fault:
        error = str(fault)
    found.errors.append(error)
    found.most.append(pc.max(decoded[1]).as_py() or 0)
    return decoded


def _plausible(several: list[Packed]) -> Decoded | None:
    """The indexes and counts of histograms of words, None if there may be an absurd one."""
    import pyarrow.compute as pc

    decoded = _words(several)
    limits = pc.min_max(decoded[1]).as_py()
    return decoded if (limits["min"] or 0) >= 0 and (limits["max"] or 0) <= MOST_COUNT else None


def _words(several: list[Packed]) -> Decoded:
    """The indexes and counts of numbers of a fixed size."""
    import pyarrow as pa
    import pyarrow.compute as pc

    word = several[0].word
    kind = {2: pa.int16(), 4: pa.int32(), 8: pa.int64()}[word]
    texts = [packed.counts for packed in several]
    joined = b"".join(texts)
    every = pa.Array.from_buffers(kind, len(joined) // word, [None, pa.py_buffer(joined)])
    places = pc.indices_nonzero(every)
    told = fixed(every.take(places).buffers()[1][: len(places) * word].to_pybytes(), word)
    counts = pa.Array.from_buffers(kind, len(told), [None, pa.py_buffer(told)])
    ends = list(accumulate(len(text) // word for text in texts))
    sizes = _sizes(places, ends)
    begun = _whole([0, *ends[:-1]]).take(repeated(sizes))
    return pc.subtract(places.cast(pa.int64()), begun), counts.cast(pa.int64()), sizes


def _numbers(several: list[Packed]) -> Decoded:
    """The indexes and counts of histograms whose numbers are of four bytes at most."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [packed.counts for packed in several]
    joined = b"".join(texts)
    goes, kept, counts = (_bytes(joined.translate(table)) for table in (_GOES, _KEPT, _COUNT))
    goes = goes.cast(pa.int64())
    if not joined.isascii():
        goes, kept, counts = _longer(joined, goes, kept, counts)
    after, places = pc.cumulative_sum(goes), pc.indices_nonzero(kept)
    ends = list(accumulate(map(len, texts)))
    sizes = _sizes(places, ends)
    # a count itself takes one step, a histogram starts anew
    begun = pa.concat_arrays([_whole([0]), after]).take(_whole([0, *ends[:-1]]))
    before = pc.add(begun, pa.scalar(1, pa.int64())).take(repeated(sizes))
    return pc.subtract(after.take(places), before), counts.take(places).cast(pa.int64()), sizes


def _longer(joined: bytes, goes: Any, kept: Any, counts: Any) -> tuple[Any, Any, Any]:
    """What each byte says, where the last one of a longer number says what that does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    one = pa.scalar(1, pa.int64())
    every = _bytes(bytes(_LONGEST) + joined)
    on = pc.greater_equal(every, pa.scalar(0x80, pa.uint8()))
    last = pc.and_not(on[_LONGEST - 1 : -1], on[_LONGEST:])
    places = pc.add(pc.indices_nonzero(last).cast(pa.int64()), pa.scalar(_LONGEST, pa.int64()))
    values, more = every.take(places).cast(pa.int64()), pa.scalar(True)
    for _ in range(1, _LONGEST):
        places = pc.subtract(places, one)
        more = pc.and_(on.take(places), more)
        if not pc.any(more).as_py():
            break
        low = pc.bit_wise_and(every.take(places), pa.scalar(0x7F, pa.uint8())).cast(pa.int64())
        higher = pc.shift_left(values, pa.scalar(7, pa.int64()))
        values = pc.if_else(more, pc.bit_wise_or(higher, low), values)
    halves = pc.shift_right(pc.add(values, one), one)
    skips = pc.equal(pc.bit_wise_and(values, one), one)
    some = pc.and_not(pc.greater(values, pa.scalar(0, pa.int64())), skips)
    return (
        pc.replace_with_mask(goes, last, pc.if_else(skips, halves, one)),
        pc.replace_with_mask(kept, last, some.cast(pa.uint8())),
        pc.replace_with_mask(counts.cast(pa.int64()), last, halves),
    )


def _sizes(places: Any, ends: list[int]) -> list[int]:
    """How many of the places, which ascend, are in each of the pieces that end there."""
    ascending = memoryview(places.buffers()[1]).cast("Q")
    upto = [bisect_left(ascending, end, 0, len(places)) for end in ends]
    return [end - begin for begin, end in pairwise([0, *upto])]


def _bytes(content: bytes) -> Any:
    """An array of these bytes."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.uint8(), len(content), [None, pa.py_buffer(content)])


def _whole(values: Iterable[int]) -> Any:
    """An array of these numbers."""
    import pyarrow as pa

    return pa.array(values, pa.int64())


def _bounds(indexes: Any, last: int, layout: tuple[int, int, Fraction]) -> tuple[Any, Any]:
    """The bounds in µs of indexes up to `last`; layout: half, unit, and how many µs a value is."""
    size = max(_LEAST_TABLE, 1 << last.bit_length())
    if size > _LARGEST_TABLE:
        return _limits(indexes, *layout)
    lo_us, hi_us = _table(size, layout)
    return lo_us.take(indexes), hi_us.take(indexes)


@lru_cache(maxsize=8)
def _table(size: int, layout: tuple[int, int, Fraction]) -> tuple[Any, Any]:
    """The bounds of all indexes below a size."""
    return _limits(_whole(range(size)), *layout)


def _limits(indexes: Any, half: int, unit: int, unit_us: Fraction) -> tuple[Any, Any]:
    """The bounds in µs, outward, of the values that `_hdr` has of each index."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def whole(value: int) -> Any:
        return pa.scalar(value, pa.int64())

    def up(values: Any) -> Any:
        times, parts = unit_us.as_integer_ratio()
        return pc.divide(pc.add(pc.multiply(values, whole(times)), whole(parts - 1)), whole(parts))

    one = whole(1)
    bucket = pc.subtract(pc.max_element_wise(pc.shift_right(indexes, whole(half)), one), one)
    size = pc.add(bucket, whole(unit))
    lowest = pc.shift_left(pc.subtract(indexes, pc.shift_left(bucket, whole(half))), size)
    highest = pc.subtract(pc.add(lowest, pc.shift_left(one, size)), one)
    return pc.subtract(up(lowest), one), up(highest)
