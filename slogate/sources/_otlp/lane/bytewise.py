"""What points of exponential buckets add, found where their bytes differ from those before them.

    counts now and before ──which bytes changed──► the buckets those are of ──► by how much

Of over a hundred buckets some ten have counted since the point before. As long as those two are
written alike (as many bytes, of which the same go on), only what differs is decoded. All other
points, of which another range of buckets or another scale is told, or of which a count grew by a
byte, are decoded and compared as lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from slogate.sources._otlp.lane.arrays import Odd, always, ends, ever, number, places
from slogate.sources._otlp.lane.order import Columns
from slogate.sources._otlp.lane.packed import BITS, GOES_ON, WIDEST, unpacked

_NEEDED = ("counts", "offset", "scale", "zeros", "total")
_BITS, _WORD, _TOP, _ONES = GOES_ON - 1, 8, 56, 0x0101010101010101


class Rows(NamedTuple):
    """Buckets that grew: the place of the point, the place of the bucket in it, by how much."""

    of: Any
    at: Any
    more: Any


# the rows of points whose counts are lists of numbers, and which still count on
Lists = Callable[[Columns, Columns, Any], tuple[Rows, Any]]


def increased(now: Columns, then: Columns, known: Any, lists: Lists) -> tuple[Rows, Any]:
    """The buckets that grew, and which points count on; Odd where counts do not add up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    where = places(len(known))
    alike = _alike(now, then, known)
    rows, other, fell = _since(_only(now, alike), _only(then, alike))
    mine = where.filter(alike)
    rows = rows._replace(of=mine.take(rows.of))
    if ever(pc.or_(other, fell)):
        other, fell = (pc.is_in(where, mine.filter(each)) for each in (other, fell))
        kept = pc.invert(pc.or_(other, fell)).take(rows.of)
        rows = Rows(*(column.filter(kept) for column in rows))
        alike, known = pc.and_not(alike, other), pc.and_not(known, fell)
    parts = [rows]
    others = pc.and_not(known, alike)
    if ever(others):
        after, before = (
            {**columns, "counts": unpacked(columns["counts"])}
            for columns in (_only(now, others), _only(then, others))
        )
        rows, counts_on = lists(after, before, known.filter(others))
        parts.append(rows._replace(of=where.filter(others).take(rows.of)))
        known = pc.replace_with_mask(known, others, counts_on)
    fresh = pc.and_not(pc.invert(known), others)
    if ever(fresh):
        rows = _first(_only(now, fresh))
        parts.append(rows._replace(of=where.filter(fresh).take(rows.of)))
    if len(parts) > 1:
        columns = [pa.concat_arrays(each) for each in zip(*parts, strict=True)]
        order = pc.array_sort_indices(columns[0])
        return Rows(*(column.take(order) for column in columns)), known
    return parts[0], known


def highest(counts: Any) -> tuple[Any, Any] | None:
    """(place of the point, place of its last bucket) of each that has one.

    None where a last one is empty, so that it is not the highest in which something is.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    content, offsets = _content(counts)
    some = pc.greater(pc.binary_length(counts).cast(pa.int64()), number(0))
    of = places(len(counts)).filter(some)
    ended = offsets.slice(1).filter(some)
    last = content.take(pc.subtract(ended, number(1)))
    if ever(pc.equal(last, pa.scalar(0, pa.uint8()))):
        return None
    before = _Ranks(content.buffers()[1].to_pybytes())
    many = pc.subtract(before.of(ended), before.of(offsets.take(of)))
    return of, pc.subtract(many, number(1))


def _only(columns: Columns, which: Any) -> Columns:
    """What is needed of the points of which it is true."""
    import pyarrow.compute as pc

    if pc.all(which).as_py():
        return columns
    return {name: columns[name].filter(which) for name in _NEEDED}


def _alike(now: Columns, then: Columns, known: Any) -> Any:
    """Which points are written as the ones before them."""
    import pyarrow.compute as pc

    same = known
    for name in ("offset", "scale"):
        same = pc.and_(same, pc.equal(now[name], then[name]))
    return pc.and_(same, pc.equal(*(pc.binary_length(each["counts"]) for each in (now, then))))


def _since(now: Columns, then: Columns) -> tuple[Rows, Any, Any]:
    """The buckets that changed in points as long as those before.

    Of which points other bytes go on, so that it is not known, and which fell.
    """
    import pyarrow.compute as pc

    after, offsets = _content(now["counts"])
    before, _ = _content(then["counts"])
    found = _Numbers(after, offsets, pc.not_equal(after, before))
    count = len(now["total"])
    where = places(count)
    other = pc.is_in(where, found.of_bytes.filter(_differ(after, before, found.bytes)))
    more = found.values(after, before)
    zeros = pc.subtract(now["zeros"], then["zeros"])
    fell = pc.less(zeros, number(0))
    if (pc.min(more).as_py() or 0) < 0:
        fell = pc.or_(fell, pc.is_in(where, found.of.filter(pc.less(more, number(0)))))
    fell = pc.and_not(fell, other)
    grew = pc.subtract(pc.subtract(now["total"], then["total"]), zeros)
    fine = pc.equal(grew, _summed(found.of, more, count))
    always(pc.or_(fine, pc.or_(fell, other)))
    return Rows(found.of, found.at, more), other, fell


def _differ(after: Any, before: Any, at: Any) -> Any:
    """Whether one of two bytes goes on, and not the other, at each of these places."""
    import pyarrow as pa
    import pyarrow.compute as pc

    differ = pc.bit_wise_xor(after.take(at), before.take(at))
    return pc.greater_equal(differ, pa.scalar(GOES_ON, pa.uint8()))


def _first(now: Columns) -> Rows:
    """The buckets in which something is, of points that count from zero."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content, offsets = _content(now["counts"])
    found = _Numbers(content, offsets, pc.not_equal(content, pa.scalar(0, pa.uint8())))
    values = found.values(content)
    total = pc.subtract(now["total"], now["zeros"])
    always(pc.equal(total, _summed(found.of, values, len(total))))
    return Rows(found.of, found.at, values)


def _summed(of: Any, values: Any, count: int) -> Any:
    """The sum of the values of each point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    none = pa.repeat(number(0), count)
    if not len(of):
        return none
    last = ends(of)
    upto = pc.cumulative_sum(values).filter(last)
    sums = pc.subtract(upto, pa.concat_arrays([none.slice(0, 1), upto.slice(0, len(upto) - 1)]))
    return pc.replace_with_mask(none, pc.is_in(places(count), of.filter(last)), sums)


class _Numbers:
    """The numbers of which one of these bytes is one: `of` which point, `at` which place in it."""

    def __init__(self, content: Any, offsets: Any, chosen: Any) -> None:
        """Odd if a number is too wide."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self.bytes = at = pc.indices_nonzero(chosen).cast(pa.int64())
        self.of_bytes = of = _parents(offsets, at)
        begin, raw = offsets.take(of), content.buffers()[1].to_pybytes()
        self._wide = not raw.isascii()
        if not self._wide:
            self._last, self.of, self.at = at, of, pc.subtract(at, begin)
            return
        going, wide = _goes_on(content, at), 1
        while ever(going):
            at, wide = pc.add(at, going.cast(pa.int64())), wide + 1
            if wide > WIDEST:
                raise Odd
            going = _goes_on(content, at)
        single = ends(at)
        self._last, self.of, begin = at.filter(single), of.filter(single), begin.filter(single)
        before = _Ranks(raw)
        self.at = pc.subtract(before.of(self._last), before.of(begin))

    def values(self, content: Any, before: Any = None) -> Any:
        """What those numbers are; less what they were in other bytes of which the same go on."""
        import pyarrow as pa
        import pyarrow.compute as pc

        def bits(at: Any) -> Any:
            """What the byte at each of these places adds, in the lowest place."""
            told = content.take(at).cast(pa.int64())
            return told if before is None else pc.subtract(told, before.take(at).cast(pa.int64()))

        found = bits(self._last)
        at, inside = self._last, pa.repeat(pa.scalar(True, pa.bool_()), len(self._last))
        while self._wide:
            inside = pc.and_(inside, pc.greater(at, number(0)))
            at = pc.max_element_wise(pc.subtract(at, number(1)), number(0))
            inside = pc.and_(inside, _goes_on(content, at))
            if not ever(inside):
                break
            low = bits(at) if before is not None else pc.bit_wise_and(bits(at), number(_BITS))
            more = pc.add(pc.multiply(found, number(GOES_ON)), low)
            found = pc.if_else(inside, more, found)
        return found


class _Ranks:
    """How many numbers end in front of a byte: sums within words, and of the words before."""

    def __init__(self, raw: bytes) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        padded = pa.py_buffer(raw + bytes(2 * _WORD - len(raw) % _WORD))
        kind, ones = pa.uint64(), pa.scalar(_ONES, pa.uint64())
        words = pa.Array.from_buffers(kind, len(padded) // _WORD, [None, padded])
        # in each byte of a word 1 if it is the last one of a number
        going = pc.bit_wise_and(pc.shift_right(words, pa.scalar(BITS, kind)), ones)
        marks = pc.bit_wise_xor(going, ones)
        sums = pc.multiply(marks, ones)
        whole = pc.shift_right(sums, pa.scalar(_TOP, kind))
        self._before = pc.subtract(pc.cumulative_sum(whole), whole)
        # the sum up to a byte, without itself
        within = pc.subtract(sums, marks).buffers()[1]
        self._within = pa.Array.from_buffers(pa.uint8(), len(padded), [None, within])

    def of(self, at: Any) -> Any:
        """How many end in front of each of these bytes."""
        import pyarrow as pa
        import pyarrow.compute as pc

        words = self._before.take(pc.shift_right(at, number(3))).cast(pa.int64())
        return pc.add(words, self._within.take(at).cast(pa.int64()))


def _goes_on(content: Any, at: Any) -> Any:
    """Whether the byte at each of these places goes on."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.greater_equal(content.take(at), pa.scalar(GOES_ON, pa.uint8()))


def _content(lists: Any) -> tuple[Any, Any]:
    """The bytes of all lists, and where each begins, and where the last one ends."""
    import pyarrow as pa
    import pyarrow.compute as pc

    _, offsets, content = lists.buffers()
    found = pa.Array.from_buffers(
        pa.int32(), len(lists) + 1, [None, offsets], offset=lists.offset
    ).cast(pa.int64())
    begin, end = found[0].as_py(), found[len(lists)].as_py()
    size = end - begin
    content = content.slice(begin, size) if size else pa.py_buffer(b"")
    return (
        pa.Array.from_buffers(pa.uint8(), size, [None, content]),
        pc.subtract(found, number(begin)),
    )


def _parents(offsets: Any, at: Any) -> Any:
    """Of which list the byte at each of these places is; `offsets` are where lists begin."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # first, in which list each eighth byte is
    words = pc.shift_right(pc.add(offsets, number(_WORD - 1)), number(3))
    lists = pa.LargeListArray.from_arrays(words, pa.nulls(words[len(words) - 1].as_py()))
    found = pc.list_parent_indices(lists).take(pc.shift_right(at, number(3)))
    ended = offsets.slice(1)
    while ever(later := pc.greater_equal(at, ended.take(found))):
        found = pc.add(found, later.cast(pa.int64()))
    return found
