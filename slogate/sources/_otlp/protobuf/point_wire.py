"""Data points of OTLP's histograms, read from the bytes of protobuf as columns.

    …points ──head, counts, attributes──► the bytes of each field, put together ──columns──► Arrow

Times and counts have a fixed width, so those of all points together are Arrow's columns as they
are; the counts of exponential buckets, which have not, are taken apart all at once. Attributes,
bounds and offsets repeat: each has a number by its bytes. A point that is written otherwise
(another order, a field that is there twice, unknown ones) is Odd.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

from slogate.sources._otlp.lane.arrays import Odd, finite, natural, whole
from slogate.sources._otlp.protobuf.wire import varint

EXPLICIT, EXPONENTIAL = False, True
_TIMES = rb"(?:\x11(.{8}))?\x19(.{8})(?:\x21(.{8}))?(?:\x29(.{8}))?"
_HEAD = re.compile(_TIMES + rb"(\x32)?", re.DOTALL)
_SIZE = rb"[\x80-\xff]?[\x00-\x7f]"
_SIGNED = rb"[\x80-\xff]{0,3}[\x00-\x7f]"
_HEAD_OF_EXPONENTIAL = re.compile(
    _TIMES
    + rb"(?:\x30(%b))?(?:\x39(.{8}))?(?:\x42(%b)(?:\x08(%b))?(?:\x12(%b))?)?"
    % (_SIGNED, _SIZE, _SIGNED, _SIZE),
    re.DOTALL,
)
_REST = re.compile(rb"(?:\x50([\x00-\x7f]))?(?:\x59.{8})?(?:\x61(.{8}))?", re.DOTALL)
_REST_OF_EXPONENTIAL = re.compile(rb"(?:\x61.{8})?(?:\x69(.{8}))?(?:\x71(.{8}))?", re.DOTALL)
_BOUNDS, _EXEMPLAR, _ATTRIBUTE, _NEGATIVE, _FLAGS = 0x3A, 0x42, 0x4A, 0x4A, 0x50
_FIRST, _EXEMPLAR_OF_EXPONENTIAL = 0x0A, 0x5A
_NOTHING = bytes(8)
_WIDEST, _BITS = 6, 7
_GOING_ON = bytes(range(128, 256))
_MARKS = b"." * 128 + b"+" * 128


class _Sizes(dict[bytes, int]):
    """Lengths of one or two bytes as numbers."""

    def __missing__(self, raw: bytes) -> int:
        found = self[raw] = varint(raw, 0, len(raw))[0]
        return found


_SIZES = _Sizes()


def length(data: bytes, at: int) -> tuple[int, int]:
    """A length of at most two bytes, and where it ends; Odd if it is longer."""
    size = data[at]
    if size < 128:
        return size, at + 1
    if data[at + 1] > 127:
        raise Odd
    return size & 127 | data[at + 1] << 7, at + 2


def behind(data: bytes, at: int, end: int, tag: int) -> int:
    """Where fields of this tag end that are one behind the other."""
    while at < end and data[at] == tag:
        size = data[at + 1]
        if size < 128:
            at += 2 + size
        else:
            size, at = length(data, at + 1)
            at += size
    return at


class Repeated(Protocol):
    """What gives numbers to the bytes that repeat."""

    codes: dict[bytes, int]

    def learn(self, raw: bytes, kind: bool) -> None:
        """Give a number to the attributes of a point, which has none."""

    def ladder(self, raw: bytes) -> int:
        """The number of bounds."""

    def no_negative(self, raw: bytes) -> bool:
        """Whether nothing was counted in exponential buckets."""


def explicit(data: bytes, at: int, end: int, known: Repeated) -> tuple[Any, ...]:
    """A point of explicit buckets: what `columns` calls its fields, its bounds."""
    found = _HEAD.match(data, at, end)
    if found is None:
        raise Odd
    start, time, total, told, counted = found.groups()
    at = found.end()
    counts = bounds = b""
    if counted:
        size, at = length(data, at)
        counts = data[at : at + size]
        at += size
    if at < end and data[at] == _BOUNDS:
        size, at = length(data, at + 1)
        bounds = data[at : at + size]
        at += size
    at = behind(data, at, end, _EXEMPLAR)
    place = behind(data, at, end, _ATTRIBUTE)
    rest = _REST.match(data, place, end)
    if rest is None or rest.end() != end or len(counts) % 8:
        raise Odd
    flags, longest = rest.groups()
    if not counts and not bounds:
        # all are in one bucket, which need not be told
        counts = total or _NOTHING
    raw = data[at:place]
    if raw not in known.codes:
        known.learn(raw, EXPLICIT)
    return raw, start, time, total, told, longest, flags, counts, bounds


def exponential(data: bytes, at: int, end: int, known: Repeated) -> tuple[Any, ...]:
    """A point of exponential buckets: the same fields, then where and how wide those are."""
    place = behind(data, at, end, _FIRST)
    raw = data[at:place]
    found = _HEAD_OF_EXPONENTIAL.match(data, place, end)
    if found is None:
        raise Odd
    if raw not in known.codes:
        known.learn(raw, EXPONENTIAL)
    start, time, total, told, scale, zeros, size, offset, many = found.groups()
    at, counts, flags, longest, threshold = found.end(), b"", None, None, None
    if many:
        counts = data[at : at + _SIZES[many]]
        at += len(counts)
    if size and at != found.end(7) + _SIZES[size]:
        raise Odd
    if at != end:
        flags, longest, threshold = _rest_of_exponential(data, at, end, known)
    return raw, start, time, total, told, longest, flags, counts, offset, scale, zeros, threshold


def _rest_of_exponential(data: bytes, at: int, end: int, known: Repeated) -> Any:
    """Flags, the longest and the threshold of zero; Odd if anything else is behind the counts."""
    flags = None
    if data[at] == _NEGATIVE:
        size, at = length(data, at + 1)
        if not known.no_negative(data[at : at + size]):
            raise Odd
        at += size
    if at < end and data[at] == _FLAGS and data[at + 1] < 128:
        flags, at = data[at + 1 : at + 2], at + 2
    at = behind(data, at, end, _EXEMPLAR_OF_EXPONENTIAL)
    rest = _REST_OF_EXPONENTIAL.match(data, at, end)
    if rest is None or rest.end() != end:
        raise Odd
    return flags, *rest.groups()


def columns(points: Sequence[tuple[Any, ...]], kind: bool, known: Repeated) -> dict[str, Any]:
    """The points of a kind as columns; Odd where a number is too large or none."""
    if not points:
        return {}
    raw, start, time, total, told, longest, flags, counts, *more = zip(*points, strict=True)
    found = {
        "attributes": whole(list(map(known.codes.__getitem__, raw))), "start": _natural(start),
        "time": _natural(time), "total": _natural(total), "sum": _real(told),
        "max": _real(longest), "flags": _few(flags, ord),
    }  # fmt: skip
    if kind == EXPLICIT:
        each = _listed([len(each) // 8 for each in counts], _natural(counts))
        return found | {"ladder": _few(more[0], known.ladder), "counts": each}
    offset, scale, zeros, threshold = more
    return found | {
        "scale": _few(scale, _signed), "offset": _few(offset, _signed), "zeros": _natural(zeros),
        "threshold": _real(threshold).fill_null(0.0), "counts": _packed(counts),
    }  # fmt: skip


def _natural(values: Sequence[bytes | None]) -> Any:
    """Whole numbers of 64 bits from their bytes, 0 where none is told; Odd for the largest."""
    import pyarrow as pa

    content = b"".join(_told(values))
    many = len(content) // 8
    return natural(pa.Array.from_buffers(pa.int64(), many, [None, pa.py_buffer(content)]))


def _told(values: Sequence[bytes | None]) -> Iterable[bytes]:
    if None in values:
        return [each or _NOTHING for each in values]
    return cast("Sequence[bytes]", values)


def _real(values: Sequence[bytes | None]) -> Any:
    """Numbers that can be fractions from their bytes, null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content = pa.py_buffer(b"".join(_told(values)))
    found = pa.Array.from_buffers(pa.float64(), len(values), [None, content])
    if None in values:
        mask = pa.array([each is not None for each in values], pa.bool_())
        found = pc.if_else(mask, found, pa.scalar(None, pa.float64()))
    return finite(found)


def _few(values: Sequence[bytes | None], read: Callable[[bytes], int]) -> Any:
    """Numbers of which there are few; 0 where none is told."""
    known = {each: 0 if each is None else read(each) for each in set(values)}
    return whole([known[each] for each in values])


def _signed(raw: bytes) -> int:
    found, _ = varint(raw, 0, len(raw))
    return found >> 1 ^ -(found & 1)


def _listed(many: Sequence[int], values: Any) -> Any:
    """Lists of so many values each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.cumulative_sum(whole(many)).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, values)


def _packed(lists: Sequence[bytes]) -> Any:
    """Lists of numbers of as many bytes as each needs, seven bits in one, the lowest first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content = b"".join(lists)
    every = pa.Array.from_buffers(pa.uint8(), len(content), [None, pa.py_buffer(content)])
    if content.isascii():
        return _listed(list(map(len, lists)), every.cast(pa.int64()))
    widest, marks = 2, content.translate(_MARKS)
    while b"+" * widest in marks:
        widest += 1
    if widest > _WIDEST:
        raise Odd
    kind = pa.int64() if widest * _BITS > 31 else pa.int32() if widest > 2 else pa.int16()
    goes_on = pc.greater_equal(every, pa.scalar(128, pa.uint8()))
    bits = pc.bit_wise_and(every, pa.scalar(127, pa.uint8())).cast(kind)
    none, values = pa.scalar(0, kind), bits
    for _ in range(1, widest):
        # with seven more bits, those that begin at the next byte; nothing goes on behind the last
        after = pa.concat_arrays([values.slice(1), pa.array([0], kind)])
        after = pc.if_else(goes_on, pc.shift_left(after, pa.scalar(_BITS, kind)), none)
        values = pc.add(bits, after)
    begins = pc.invert(goes_on)
    begins = pa.concat_arrays([pa.array([True]), begins.slice(0, len(begins) - 1)])
    many = [len(each.translate(None, _GOING_ON)) for each in lists]
    return _listed(many, values.filter(begins).cast(pa.int64()))
