"""What is looked at when points were taken apart: that each part is the field it is taken for.

For all points of a metric at once. What is otherwise is Unlike: they are to be read one by one.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence

from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.protobuf.gathered import PAD_HEAD, Many
from slogate.sources._otlp.protobuf.point_shapes import Parts, middle, signed
from slogate.sources._otlp.protobuf.point_wire import (
    EXEMPLARS,
    EXPLICIT,
    EXPONENTIAL,
    Repeated,
    behind,
    length,
)
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
# the parts of points that say what they said before, as long as the points are alike
SAME = {EXPLICIT: (1, 3, 5), EXPONENTIAL: (0, 2, 4, 6)}

Columns = Sequence[Sequence[bytes]]


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


class Checks:
    """What was found to be right so far, and what it means."""

    def __init__(self, known: Repeated) -> None:
        """Begin without any."""
        self._known = known
        self._scales = Kept(scale_of)
        self._offsets, self._many = Kept(offset_of), Kept(many_of)
        self._ladders = Kept(self._ladder)
        self._tagged = Kept(counted)
        self._negative = Kept(self._nothing)

    def points(self, columns: Columns, kind: bool, like: Many | None = None) -> tuple[Many, bool]:
        """The points of these parts, and whether nothing in them was left unread; or Unlike.

        Where the parts in `SAME` are those of other points, it is known what those are `like`.
        """
        if kind == EXPONENTIAL:
            return self._exponential(columns, like), are_plain(columns[7], kind)
        return self._explicit(columns, like), are_plain(columns[4], kind)

    def are_of_a_point(self, parts: Parts, kind: bool) -> bool:
        """Whether it is likely that a point of that kind was taken apart as it is to be."""
        codes = self._known.codes[kind]
        if kind == EXPLICIT:
            return parts[5] in codes
        try:
            return parts[0] in codes and self._many[parts[4]] == len(parts[5])
        except Unlike:
            return False

    def _explicit(self, columns: Columns, like: Many | None) -> Many:
        heads, tagged, counts, bounds, _, raw, shortest, longest = columns
        check_numbers(shortest, 0x59)
        check_numbers(longest, 0x61)
        if like:
            return Many(like.attributes, heads_of(heads), longest, counts, like.ladder)
        if list(map(self._tagged.__getitem__, tagged)) != list(map(len, counts)):
            raise Unlike
        ladder = array("q", map(self._ladders.__getitem__, bounds))
        return Many(self._codes(raw, EXPLICIT), heads_of(heads), longest, counts, ladder)

    def _exponential(self, columns: Columns, like: Many | None) -> Many:
        raw, heads, scale, zeros, middles, counts, negative, _, *numbers = columns
        for told, tag in zip((zeros, *numbers), (0x39, 0x61, 0x69, 0x71), strict=True):
            check_numbers(told, tag)
        longest, threshold = numbers[1:]
        if like:
            return like._replace(
                heads=heads_of(heads), longest=longest, counts=counts, zeros=zeros,
                threshold=threshold,
            )  # fmt: skip
        if list(map(self._many.__getitem__, middles)) != list(map(len, counts)):
            raise Unlike
        for each in {*negative}:
            self._negative[each]
        return Many(
            self._codes(raw, EXPONENTIAL), heads_of(heads), longest, counts,
            scale=array("q", map(self._scales.__getitem__, scale)),
            offset=array("q", map(self._offsets.__getitem__, middles)),
            zeros=zeros, threshold=threshold,
        )  # fmt: skip

    def _codes(self, raw: Sequence[bytes], kind: bool) -> array[int]:
        try:
            return array("q", map(self._known.codes[kind].__getitem__, raw))
        except KeyError:
            raise Unlike from None

    def _ladder(self, raw: bytes) -> int:
        """The number of bounds, with their tag in front."""
        if not raw:
            return self._known.ladder(raw)
        size, at = length(raw, 1)
        if raw[0] != 0x3A or at + size != len(raw):
            raise Unlike
        return self._known.ladder(raw[at:])

    def _nothing(self, raw: bytes) -> int:
        """Buckets of negative numbers in which nothing is; Unlike if there is something."""
        if raw:
            size, at = length(raw, 1)
            fine = raw[0] == 0x4A and at + size == len(raw)
            if not fine or not self._known.no_negative(raw[at:]):
                raise Unlike
        return 0


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
    whole = not any(size % _PLAIN_SIZE for size in set(map(len, pieces)))
    if whole and _PLAIN_ONES[kind].fullmatch(content):
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
