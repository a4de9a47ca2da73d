"""What is looked at when points were taken apart: that each part is the field it is taken for.

For all points of a metric at once. What is otherwise is Unlike: they are to be read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.protobuf.gathered import PAD_HEAD
from slogate.sources._otlp.protobuf.point_shapes import middle, signed
from slogate.sources._otlp.protobuf.point_wire import EXEMPLARS, behind, length
from slogate.sources._otlp.protobuf.wire import varint

_MOST_KEPT = 2_000
# all that the libraries write of an exemplar, if they leave out no attribute: 46 bytes
_PLAIN = rb"\x2e\x11.{8}\x19.{8}\x22\x08.{8}\x2a\x10.{16}"
_PLAIN_ONES = {
    kind: re.compile(rb"(?:%b%b)*" % (re.escape(bytes([tag])), _PLAIN), re.DOTALL)
    for kind, tag in EXEMPLARS.items()
}
_PLAIN_SIZE = 48
_HEAD = (b"\x11", b"\x19", b"\x21", b"\x29")
_NUMBER = 9


class Unlike(Exception):
    """The points are not what their shapes say."""


class Kept(dict[bytes, int]):
    """Numbers by the bytes that say them, found out once; Unlike if it says none."""

    def __init__(self, read: Callable[[bytes], int]) -> None:
        """Begin without any; `read` finds one out."""
        super().__init__()
        self._read = read

    def __missing__(self, raw: bytes) -> int:
        try:
            found = self._read(raw)
        except (IndexError, ValueError, Odd):
            raise Unlike from None
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[raw] = found
        return found


def heads_of(heads: Sequence[bytes]) -> bytes:
    """The heads of points as whole words."""
    found = PAD_HEAD.join((*heads, b""))
    every = len(found) // len(heads)
    for at, tag in enumerate(_HEAD):
        if found[_NUMBER * at :: every].count(tag) != len(heads):
            raise Unlike
    return found


def check_numbers(numbers: Sequence[bytes], tag: int) -> None:
    """Unlike if there is anything but this tag in front of numbers that are told."""
    content = b"".join(numbers)
    if content and content[::_NUMBER].count(tag) * _NUMBER != len(content):
        raise Unlike


def are_plain(pieces: Sequence[bytes], kind: bool) -> bool:
    """Whether exemplars are known to be valid; Unlike if it is something else."""
    content = b"".join(pieces)
    if not content:
        return True
    if _PLAIN_ONES[kind].fullmatch(content) and not any(len(each) % _PLAIN_SIZE for each in pieces):
        return True
    for each in pieces:
        if behind(each, 0, len(each), EXEMPLARS[kind]) != len(each):
            raise Unlike
    return False


def counted(raw: bytes) -> int:
    """How many bytes of counts there are behind their tag and length."""
    size, at = length(raw, 1)
    if raw[0] != 0x32 or at != len(raw) or size % 8:
        raise Unlike
    return size


def scale_of(raw: bytes) -> int:
    """The scale, with its tag in front."""
    if not raw:
        return 0
    found, at = varint(raw, 1, len(raw))
    if raw[0] != 0x30 or at != len(raw):
        raise Unlike
    return signed(found)


def offset_of(raw: bytes) -> int:
    """The offset of buckets, by what is in front of their counts."""
    return middle(raw)[0]


def many_of(raw: bytes) -> int:
    """How many bytes of counts there are, by what is in front of them."""
    return middle(raw)[1]
