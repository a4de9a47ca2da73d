"""Where the fields of a data point are, told by the lengths of those that repeat.

    a point's bytes, its size ──Shape──► (head, counts, bounds, attributes …), one bytes each

Of a point of explicit buckets all but its exemplars is as long as in the points before, of one of
exponential buckets all but its counts. So the size of a point says where each of its fields must
be; whether it is there, is for `layouts` to see: every byte is in one of the parts.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from slogate.sources._otlp.protobuf.wire import varint

Parts = tuple[bytes, ...]
Unpack = Callable[[bytes, int], Parts]
# the start, the time, the count and the sum behind their tags
HEAD = 36
_MOST = 4_000
_TWO, _LARGE = 128, 16_384


class Explicit(NamedTuple):
    """Lengths of counts, bounds, attributes, shortest and longest, with their tags."""

    counts: int
    bounds: int
    attributes: int
    shortest: int
    longest: int

    def form(self, size: int) -> str | None:
        """How to take a point of that size apart; None if none of that shape has it."""
        many = self.counts
        before = f"{HEAD}s{1 + _width(many)}s{many}s{self.bounds}s"
        exemplars = size - sum(self) - HEAD - 1 - _width(many)
        if exemplars < 0:
            return None
        return f"{before}{exemplars}s{self.attributes}s{self.shortest}s{self.longest}s"


class Exponential(NamedTuple):
    """The same of one of exponential buckets, whose counts are as many bytes as are left."""

    attributes: int
    scale: int
    zeros: int
    offset: int
    negative: int
    exemplars: int
    shortest: int
    longest: int
    threshold: int

    def form(self, size: int) -> str | None:
        """How to take a point of that size apart; None if none of that shape has it."""
        left = size - HEAD - sum(self)
        for outer, inner in ((1, 1), (2, 1), (2, 2)):
            many = left - 2 - outer - inner
            content = self.offset + 1 + inner + many
            if many > 0 and (_width(content), _width(many)) == (outer, inner):
                middle = 2 + outer + inner + self.offset
                return (
                    f"{self.attributes}s{HEAD}s{self.scale}s{self.zeros}s{middle}s{many}s"
                    f"{self.negative}s{self.exemplars}s{self.shortest}s{self.longest}s"
                    f"{self.threshold}s"
                )
        return None


class Shape(dict[int, Unpack]):
    """How to take points apart that differ in one length, by their sizes; KeyError for others."""

    def __init__(self, lengths: Explicit | Exponential) -> None:
        """Begin without sizes."""
        super().__init__()
        self._lengths = lengths
        self.attributes = lengths.attributes

    def __missing__(self, size: int) -> Unpack:
        found = self.of(size)
        if found is None:
            raise KeyError(size)
        return found

    def of(self, size: int) -> Unpack | None:
        """How to take a point of that size apart; None if none of that shape has it."""
        found = self.get(size)
        if found is None:
            form = self.form(size)
            if form is None:
                return None
            if len(self) >= _MOST:
                self.clear()
            found = self[size] = Struct(f"<{form}").unpack_from
        return found

    def form(self, size: int) -> str | None:
        """The same as `struct` has it."""
        return self._lengths.form(size) if size < _LARGE else None


def middle(raw: bytes) -> tuple[int, int]:
    """(the offset, how many bytes of counts follow) of buckets by what is in front of those.

    ValueError if it is something else.
    """
    size, at = varint(raw, 1, len(raw))
    begin, offset = at, 0
    if raw[at] == 0x08:
        found, at = varint(raw, at + 1, len(raw))
        offset = signed(found)
    many, end = varint(raw, at + 1, len(raw))
    if (raw[0], raw[at], end, size) != (0x42, 0x12, len(raw), end - begin + many):
        raise ValueError(raw)
    return offset, many


def signed(number: int) -> int:
    """A number that can be negative, as it is encoded."""
    return number >> 1 ^ -(number & 1)


def _width(number: int) -> int:
    return 1 if number < _TWO else 2
