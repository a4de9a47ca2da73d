"""The points of a kind of histogram in a block, gathered field by field → Arrow columns.

    the bytes of each field, put together ──columns──► Arrow

Times and counts have a fixed width, so those of all points together are Arrow's columns as they
are; the counts of exponential buckets, which have not, are kept as they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slogate.sources._otlp.lane.arrays import finite, natural, number, places, whole
from slogate.sources._otlp.lane.packed import checked, listed

# what makes a head, and a number behind its tag, whole words
PAD_HEAD, PAD_NUMBER = bytes(4), bytes(7)
_HEAD_WORDS, _NUMBER_WORDS = 5, 2
_START, _TIME, _TOTAL, _SUM = 1, 10, 19, 28
_NOTHING = bytes(9)


class Head(NamedTuple):
    """What a point begins with: the bytes of numbers of 64 bits, None if not told."""

    start: bytes | None
    time: bytes | None
    total: bytes | None
    sum: bytes | None


class One(NamedTuple):
    """A point that was read by itself; numbers of 64 bits are their bytes, None if not told."""

    attributes: int
    head: Head
    longest: bytes | None
    flags: int
    counts: bytes
    ladder: int = 0
    scale: int = 0
    offset: int = 0
    zeros: bytes | None = None
    threshold: bytes | None = None


class Many(NamedTuple):
    """Points that were taken apart together: their heads, put together; numbers with their tags."""

    attributes: array[int]
    heads: bytes
    longest: Sequence[bytes]
    counts: Sequence[bytes]
    ladder: Sequence[int] = ()
    scale: Sequence[int] = ()
    offset: Sequence[int] = ()
    zeros: Sequence[bytes] = ()
    threshold: Sequence[bytes] = ()


def _codes() -> Any:
    return array("q")


@dataclass(slots=True)
class Gathered:
    """The fields of points so far, of exponential buckets or of explicit ones."""

    exponential: bool
    attributes: Any = field(default_factory=_codes)
    ladder: Any = field(default_factory=_codes)
    scale: Any = field(default_factory=_codes)
    offset: Any = field(default_factory=_codes)
    heads: list[bytes] = field(default_factory=list)
    longest: list[bytes] = field(default_factory=list)
    zeros: list[bytes] = field(default_factory=list)
    threshold: list[bytes] = field(default_factory=list)
    counts: list[bytes] = field(default_factory=list)
    _flags: dict[int, int] = field(default_factory=dict)
    _no_sum: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.attributes)

    def extend(self, points: Many) -> None:
        """Add points."""
        self.attributes.extend(points.attributes)
        self.heads.append(points.heads)
        self.longest += points.longest
        self.counts += points.counts
        if self.exponential:
            self.scale.extend(points.scale)
            self.offset.extend(points.offset)
            self.zeros += points.zeros
            self.threshold += points.threshold
        else:
            self.ladder.extend(points.ladder)

    def add(self, point: One) -> None:
        """Add a point."""
        if point.flags:
            self._flags[len(self)] = point.flags
        if point.head.sum is None:
            self._no_sum.append(len(self))
        head = b"".join(b"." + (each or bytes(8)) for each in point.head) + PAD_HEAD
        zeros, threshold = _tagged(point.zeros), _tagged(point.threshold)
        self.extend(
            Many(
                array("q", [point.attributes]), head, [_tagged(point.longest)], [point.counts],
                [point.ladder], [point.scale], [point.offset], [zeros], [threshold],
            )
        )  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """All points as columns; Odd where a number is too large or none."""
        import pyarrow as pa

        if not len(self):
            return {}
        heads = b"".join(self.heads)
        start, time, total, told = (
            _words(heads, at, _HEAD_WORDS) for at in (_START, _TIME, _TOTAL, _SUM)
        )
        found = {
            "attributes": _numbers(self.attributes), "start": _natural(start),
            "time": _natural(time), "total": _natural(total), "sum": self._sums(told),
            "max": _real(self.longest), "flags": self._all_flags(),
        }  # fmt: skip
        if not self.exponential:
            counts = _natural(b"".join(self.counts))
            many = [len(each) // 8 for each in self.counts]
            return found | {"ladder": _numbers(self.ladder), "counts": listed(many, counts)}
        zeros = pa.repeat(number(0), len(self))
        if any(self.zeros):
            zeros = _natural(_words(_joined(self.zeros), 1, _NUMBER_WORDS))
        return found | {
            "scale": _numbers(self.scale), "offset": _numbers(self.offset), "zeros": zeros,
            "threshold": _real(self.threshold).fill_null(0.0), "counts": checked(self.counts),
        }  # fmt: skip

    def _sums(self, told: bytes) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = finite(pa.Array.from_buffers(pa.float64(), len(self), [None, pa.py_buffer(told)]))
        if not self._no_sum:
            return found
        lacking = pc.is_in(places(len(self)), whole(self._no_sum))
        return pc.if_else(lacking, pa.scalar(None, pa.float64()), found)

    def _all_flags(self) -> Any:
        import pyarrow as pa

        if not self._flags:
            return pa.repeat(number(0), len(self))
        return whole([self._flags.get(at, 0) for at in range(len(self))])


def _tagged(told: bytes | None) -> bytes:
    return b"" if told is None else b"." + told


def _joined(told: Sequence[bytes]) -> bytes:
    """Numbers behind their tags as whole words, 0 where none is told."""
    if b"" in told:
        told = [each or _NOTHING for each in told]
    return PAD_NUMBER.join([*told, b""])


def _words(content: bytes, at: int, every: int) -> bytes:
    """One word out of so many, the first begins at that byte."""
    size = len(content)
    return memoryview(content + bytes(at))[at : at + size].cast("Q")[::every].tobytes()


def _natural(content: bytes) -> Any:
    """Whole numbers of 64 bits from their bytes; Odd for the largest."""
    import pyarrow as pa

    many = len(content) // 8
    return natural(pa.Array.from_buffers(pa.int64(), many, [None, pa.py_buffer(content)]))


def _numbers(values: array[int]) -> Any:
    """Whole numbers, as they are."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _real(told: Sequence[bytes]) -> Any:
    """Numbers that can be fractions behind their tags, null where none is told."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not any(told):
        return pa.nulls(len(told), pa.float64())
    content = pa.py_buffer(_words(_joined(told), 1, _NUMBER_WORDS))
    found = finite(pa.Array.from_buffers(pa.float64(), len(told), [None, content]))
    if b"" in told:
        there = pa.array([each != b"" for each in told], pa.bool_())
        found = pc.if_else(there, found, pa.scalar(None, pa.float64()))
    return found
