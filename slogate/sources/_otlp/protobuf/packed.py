"""Lists of numbers of as many bytes as each needs, seven bits in one: all decoded at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from slogate.sources._otlp.lane.arrays import Odd, number, places

_WIDEST, _BITS = 6, 7
_GOING_ON = bytes(range(128, 256))
_MARKS = b"." * 128 + b"+" * 128
# of a byte that goes on: its bits, and how many times as much the next ones are; nothing of others
_LOW = bytes(128) + bytes(range(128))
_TIMES = b"\x01" * 128 + b"\x80" * 128


def packed(lists: Sequence[bytes]) -> Any:
    """The numbers of each list; Odd where one is too large or breaks off."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content = b"".join(lists)
    if content.isascii():
        return listed(list(map(len, lists)), _bytes(content).cast(pa.int64()))
    widest, marks = 2, content.translate(_MARKS)
    while b"+" * widest in marks:
        widest += 1
    if widest > _WIDEST:
        raise Odd
    bits = widest * _BITS
    kind = pa.int16() if bits < 16 else pa.int32() if bits < 32 else pa.int64()
    last = pc.indices_nonzero(pc.less(_bytes(content), pa.scalar(128, pa.uint8())))
    values, goes_on = _bytes(content).take(last).cast(kind), None
    for back in range(1, widest):
        # the byte so far in front of the last one, 0 if the number has no such
        before = _bytes(bytes(back) + content[:-back]).take(last)
        if goes_on is not None:
            before = pc.multiply(before, goes_on)
        raw = before.buffers()[1].to_pybytes()
        times, low = _bytes(raw.translate(_TIMES)), _bytes(raw.translate(_LOW))
        values = pc.add(pc.multiply(values, times.cast(kind)), low.cast(kind))
        goes_on = pc.shift_right(times, pa.scalar(_BITS, pa.uint8())) if widest > back + 1 else None
    return listed(_many(lists, last), values.cast(pa.int64()))


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


def _bytes(content: bytes) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.uint8(), len(content), [None, pa.py_buffer(content)])


def _many(lists: Sequence[bytes], last: Any) -> Sequence[int]:
    """How many numbers there are in each list, by where their last bytes are."""
    each, more = divmod(len(last), len(lists))
    if each and not more:
        at = memoryview(last.buffers()[1]).cast("Q")[: len(last)][each - 1 :: each]
        ends = array("Q", accumulate(map(len, lists)))
        if [place + 1 for place in at] == ends.tolist():
            return [each] * len(lists)
    if any(each and each[-1] > 127 for each in lists):
        raise Odd
    return [len(each.translate(None, _GOING_ON)) for each in lists]
