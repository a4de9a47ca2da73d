"""Counts of buckets as protobuf has them: of as many bytes as each needs, seven bits in one.

    lists of bytes ──unpacked──► lists of numbers; or looked at as they are, in `bytewise`

The lowest bits come first, a byte of 128 or more goes on.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from slogate.sources._otlp.lane.arrays import Odd, always, number, places

BITS, GOES_ON, WIDEST = 7, 128, 6
_GOING_ON = bytes(range(GOES_ON, 256))
_MARKS = b"." * GOES_ON + b"+" * GOES_ON
# of a byte that goes on: its bits, and how many times as much the next ones are; nothing of others
_LOW = bytes(GOES_ON) + bytes(range(GOES_ON))
_TIMES = b"\x01" * GOES_ON + b"\x80" * GOES_ON
_FEW = 16_384


def checked(lists: Sequence[bytes]) -> Any:
    """The lists as a column; Odd where a number breaks off."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content = b"".join(lists)
    offsets = array("i", accumulate(map(len, lists), initial=0))
    ended = pa.Array.from_buffers(pa.int32(), len(lists), [None, pa.py_buffer(offsets)], offset=1)
    last = as_bytes(b"\0" + content).take(ended)
    always(pc.less(last, pa.scalar(GOES_ON, pa.uint8())))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.binary(), len(lists), buffers)


def _width(content: bytes) -> int:
    """How many bytes the widest number has."""
    if content.isascii():
        return 1
    widest, marks = 2, content.translate(_MARKS)
    while b"+" * widest in marks:
        widest += 1
    return widest


def packed(lists: Iterable[Sequence[int]]) -> Any:
    """The same of numbers."""
    import pyarrow as pa

    few = [_one(value) for value in range(_FEW)]
    found = [
        b"".join(few[value] if value < _FEW else _one(value) for value in each) for each in lists
    ]
    return pa.array(found, pa.binary())


def unpacked(column: Any) -> Any:
    """The numbers of each list of a column that was checked; Odd where one is too wide."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = column.to_pylist()
    content = b"".join(lists)
    widest = _width(content)
    if widest > WIDEST:
        raise Odd
    if widest == 1:
        return listed(list(map(len, lists)), as_bytes(content).cast(pa.int64()))
    bits = widest * BITS
    kind = pa.int16() if bits < 16 else pa.int32() if bits < 32 else pa.int64()
    last = pc.indices_nonzero(pc.less(as_bytes(content), pa.scalar(GOES_ON, pa.uint8())))
    values, goes_on = as_bytes(content).take(last).cast(kind), None
    for back in range(1, widest):
        # the byte so far in front of the last one, 0 if the number has no such
        before = as_bytes(bytes(back) + content[:-back]).take(last)
        if goes_on is not None:
            before = pc.multiply(before, goes_on)
        raw = before.buffers()[1].to_pybytes()
        times, low = as_bytes(raw.translate(_TIMES)), as_bytes(raw.translate(_LOW))
        values = pc.add(pc.multiply(values, times.cast(kind)), low.cast(kind))
        goes_on = pc.shift_right(times, pa.scalar(BITS, pa.uint8()))
    many = [len(each.translate(None, _GOING_ON)) for each in lists]
    return listed(many, values.cast(pa.int64()))


def listed(many: Sequence[int], values: Any) -> Any:
    """Lists of so many values each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if many and many.count(many[0]) == len(many):
        ends = pc.multiply(places(len(many) + 1), number(many[0]))
    else:
        offsets = pa.py_buffer(array("q", accumulate(many, initial=0)))
        ends = pa.Array.from_buffers(pa.int64(), len(many) + 1, [None, offsets])
    return pa.ListArray.from_arrays(ends.cast(pa.int32()), values)


def as_bytes(content: Any) -> Any:
    """Bytes as a column."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.uint8(), len(content), [None, pa.py_buffer(content)])


def _one(value: int) -> bytes:
    found = bytearray()
    while value >= GOES_ON:
        found.append(value & 127 | GOES_ON)
        value >>= BITS
    return bytes([*found, value])
