"""Points of a metric, read from the bytes of protobuf together: taken apart, then looked at.

    points ──walk, each by its shape──► parts ──the same part of all of them──► Gathered

A metric most likely has the same series in the same order as it had before: so it is known how
long the attributes of each point are, and with its size where its fields are. Whether all is as
expected (the tags are there, the lengths are right, the attributes are known ones) is then looked
at, for all points of the metric at once. If not, its points are looked up one by one among the
shapes that there are, and at last read field by field.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Hashable, Sequence

from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.protobuf.gathered import Gathered, Many
from slogate.sources._otlp.protobuf.point_checks import (
    Kept,
    Unlike,
    are_plain,
    check_numbers,
    counted,
    heads_of,
    many_of,
    offset_of,
    scale_of,
)
from slogate.sources._otlp.protobuf.point_shapes import (
    Explicit,
    Exponential,
    Parts,
    Shape,
)
from slogate.sources._otlp.protobuf.point_wire import (
    EXPLICIT,
    EXPONENTIAL,
    READ,
    Repeated,
    length,
)

_POINT = 0x0A
_MOST_SHAPES, _MOST_ORDERED = 64, 1_000_000

Columns = Sequence[Sequence[bytes]]
Spans = list[tuple[int, int]]


class Layouts:
    """The shapes of points so far, and which those of each metric were."""

    def __init__(self, known: Repeated) -> None:
        """Begin without any."""
        self._known = known
        self._shapes: dict[bool, dict[Explicit | Exponential, Shape]] = {
            EXPLICIT: {}, EXPONENTIAL: {}
        }  # fmt: skip
        self._orders: dict[Hashable, list[Shape]] = {}
        self._ordered = 0
        self._scales = Kept(scale_of)
        self._offsets, self._many = Kept(offset_of), Kept(many_of)
        self._ladders = Kept(self._ladder)
        self._tagged = Kept(counted)
        self._negative = Kept(self._nothing)

    def take(
        self, data: bytes, at: int, end: int, metric: Hashable, into: Gathered
    ) -> tuple[int, bool]:
        """Take all points that begin at `at`, one behind the other.

        Where they end, and whether nothing in them was left unread.
        """
        order = self._orders.get(metric)
        if order is not None:
            try:
                rows, after = _by(order, data, at, end)
                plain = self._add(rows, into)
            except (KeyError, IndexError, Unlike, struct.error):
                pass
            else:
                return after, plain
        return self._one_by_one(data, at, end, metric, into)

    def _one_by_one(
        self, data: bytes, at: int, end: int, metric: Hashable, into: Gathered
    ) -> tuple[int, bool]:
        """The same, without knowing which shapes they have."""
        spans, after = _spans(data, at, end)
        order, rows = list[Shape](), list[Parts]()
        for begin, size in spans:
            found = self._look_up(data, begin, size, into.exponential)
            if found is None:
                break
            order.append(found[0])
            rows.append(found[1])
        if len(rows) == len(spans):
            try:
                plain = self._add(rows, into)
            except Unlike:
                pass
            else:
                self._remember(metric, order)
                return after, plain
        plain = True
        for begin, size in spans:
            found = READ[into.exponential](data, begin, begin + size, self._known)
            self._learn(found.lengths, into.exponential)
            into.add(found.point)
            plain = plain and not found.exemplars
        return after, plain

    def _remember(self, metric: Hashable, order: list[Shape]) -> None:
        self._ordered += len(order)
        if self._ordered > _MOST_ORDERED:
            self._orders.clear()
            self._ordered = len(order)
        self._orders[metric] = order

    def _look_up(self, data: bytes, at: int, size: int, kind: bool) -> tuple[Shape, Parts] | None:
        """A point taken apart by the shape that it has; None if there is none like that."""
        found = self._known_shape(data, at, size, kind)
        if found is None:
            lengths = READ[kind](data, at, at + size, self._known).lengths
            if lengths is None or not self._learn(lengths, kind):
                return None
            found = self._known_shape(data, at, size, kind)
        return found

    def _known_shape(
        self, data: bytes, at: int, size: int, kind: bool
    ) -> tuple[Shape, Parts] | None:
        codes = self._known.codes[kind]
        for shape in self._shapes[kind].values():
            unpack = shape.of(size)
            if unpack is None:
                continue
            parts = unpack(data, at)
            if kind == EXPLICIT:
                fine = parts[5] in codes
            else:
                fine = parts[0] in codes and self._fits(parts)
            if fine:
                return shape, parts
        return None

    def _learn(self, lengths: Explicit | Exponential | None, kind: bool) -> bool:
        """Keep a shape; whether it is a new one."""
        shapes = self._shapes[kind]
        if lengths is None or lengths in shapes:
            return False
        if len(shapes) >= _MOST_SHAPES:
            del shapes[next(iter(shapes))]
        shapes[lengths] = Shape(lengths)
        return True

    def _add(self, rows: Sequence[Parts], into: Gathered) -> bool:
        """Add points that were taken apart, if they are all right, else none: Unlike.

        Whether nothing in them was left unread.
        """
        if not rows:
            return True
        columns = list(zip(*rows, strict=True))
        points, exemplars = (self._exponential if into.exponential else self._explicit)(columns)
        plain = are_plain(exemplars, into.exponential)
        into.extend(points)
        return plain

    def _explicit(self, columns: Columns) -> tuple[Many, Sequence[bytes]]:
        heads, tagged, counts, bounds, exemplars, raw, shortest, longest = columns
        if list(map(self._tagged.__getitem__, tagged)) != list(map(len, counts)):
            raise Unlike
        check_numbers(shortest, 0x59)
        check_numbers(longest, 0x61)
        points = Many(
            self._codes(raw, EXPLICIT), heads_of(heads), longest, counts,
            ladder=array("q", map(self._ladders.__getitem__, bounds)),
        )  # fmt: skip
        return points, exemplars

    def _exponential(self, columns: Columns) -> tuple[Many, Sequence[bytes]]:
        raw, heads, scale, zeros, middles, counts = columns[:6]
        negative, exemplars, shortest, longest, threshold = columns[6:]
        if list(map(self._many.__getitem__, middles)) != list(map(len, counts)):
            raise Unlike
        for each in {*negative}:
            self._negative[each]
        for told, tag in ((zeros, 0x39), (shortest, 0x61), (longest, 0x69), (threshold, 0x71)):
            check_numbers(told, tag)
        points = Many(
            self._codes(raw, EXPONENTIAL), heads_of(heads), longest, counts,
            scale=array("q", map(self._scales.__getitem__, scale)),
            offset=array("q", map(self._offsets.__getitem__, middles)),
            zeros=zeros, threshold=threshold,
        )  # fmt: skip
        return points, exemplars

    def _codes(self, raw: Sequence[bytes], kind: bool) -> array[int]:
        try:
            return array("q", map(self._known.codes[kind].__getitem__, raw))
        except KeyError:
            raise Unlike from None

    def _fits(self, parts: Parts) -> bool:
        try:
            return self._many[parts[4]] == len(parts[5])
        except Unlike:
            return False

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


def _by(order: list[Shape], data: bytes, at: int, end: int) -> tuple[list[Parts], int]:
    """Points taken apart by these shapes, and where they end; an error if those cannot be right."""
    rows: list[Parts] = []
    for shape in order:
        size = data[at + 1]
        if data[at] != _POINT:
            raise Unlike
        if size < 128:
            at += 2
        else:
            # what is longer than two bytes can say is too long for any shape
            size += data[at + 2] - 1 << 7
            at += 3
        rows.append(shape[size](data, at))
        at += size
    if at > end or (at < end and data[at] == _POINT):
        raise Unlike
    return rows, at


def _spans(data: bytes, at: int, end: int) -> tuple[Spans, int]:
    """Where the points begin and how long they are, and where they end."""
    found = []
    while at < end and data[at] == _POINT:
        size, at = length(data, at + 1)
        found.append((at, size))
        at += size
    if at > end:
        raise Odd
    return found, at
