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
from collections.abc import Hashable, Sequence

from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.protobuf.again import POINT, Again, Span
from slogate.sources._otlp.protobuf.gathered import Gathered, Many
from slogate.sources._otlp.protobuf.point_checks import Checks, Unlike
from slogate.sources._otlp.protobuf.point_shapes import Explicit, Exponential, Parts, Shape
from slogate.sources._otlp.protobuf.point_wire import (
    EXPLICIT,
    EXPONENTIAL,
    READ,
    Repeated,
    length,
)

_MOST_SHAPES, _MOST_ORDERED = 64, 1_000_000
# points of which what they said is kept, some hundred bytes each
_MOST_HELD = 50_000
# after how many failures another order is taken for chance, and how seldom it is then tried
_OFTEN, _SELDOM, _MOST_FAILED, _START = 4, 32, 10_000, 9


class Layouts:
    """The shapes of points so far, and which those of each metric were."""

    def __init__(self, known: Repeated) -> None:
        """Begin without any."""
        self._known, self._checks = known, Checks(known)
        self._shapes: dict[bool, dict[Explicit | Exponential, Shape]] = {
            EXPLICIT: {}, EXPONENTIAL: {}
        }  # fmt: skip
        self._orders: dict[Hashable, list[Shape]] = {}
        self._ordered = 0
        self._sizes: dict[Hashable, int] = {}
        self._again: dict[Hashable, Again] = {}
        self._held = 0
        self._failed: dict[Hashable, int] = {}
        self._last: dict[bool, dict[int, Shape]] = {EXPLICIT: {}, EXPONENTIAL: {}}
        self._begun = b""

    def take(
        self, data: bytes, at: int, end: int, metric: Hashable, into: Gathered
    ) -> tuple[int, bool]:
        """Take all points that begin at `at`, one behind the other.

        Where they end, and whether nothing in them was left unread.
        """
        again = self._again.get(metric)
        try:
            if again is not None and (columns := again.columns(data, at, end)):
                points, plain = self._checks.points(columns, into.exponential, again.like)
                into.extend(points)
                return at + again.size, plain
        except Unlike:
            pass
        order = self._orders.get(metric)
        failed = self._failed.get(metric, 0)
        if order is not None and (failed < _OFTEN or failed % _SELDOM == 0):
            try:
                rows, after = _by(order, data, at, end)
                points, plain = self._checked(rows, into)
            except (KeyError, IndexError, Unlike, struct.error):
                pass
            else:
                self._failed.pop(metric, None)
                self._note(metric, data, (at, after), points, into.exponential)
                return after, plain
        if len(self._failed) > _MOST_FAILED:
            self._failed.clear()
        self._failed[metric] = failed + 1
        spans, after = _spans(data, at, end)
        return after, self._in_any_order(data, spans, metric, into)

    def _note(
        self, metric: Hashable, data: bytes, span: tuple[int, int], points: Many, kind: bool
    ) -> None:
        """If the points of a metric are as long as before, they may be so again."""
        at, end = span
        size, before = end - at, self._sizes.get(metric)
        self._sizes[metric] = size
        if size != before:
            return
        count = len(points.counts)
        self._held += count
        if self._held > _MOST_HELD:
            self._again.clear()
            self._held = count
        if count <= _MOST_HELD:
            spans, _ = _spans(data, at, end)
            shaped = zip(spans, self._orders[metric], strict=True)
            self._again[metric] = Again(data, at, shaped, points, kind)

    def _checked(self, rows: Sequence[Parts], into: Gathered) -> tuple[Many, bool]:
        """Add points that were taken apart, if they are all right, else none: Unlike.

        Them, and whether nothing in them was left unread.
        """
        if not rows:
            raise Unlike
        columns = list(zip(*rows, strict=True))
        points, plain = self._checks.points(columns, into.exponential)
        into.extend(points)
        return points, plain

    def _in_any_order(
        self, data: bytes, spans: Sequence[Span], metric: Hashable, into: Gathered
    ) -> bool:
        """Take these points; whether nothing in them was left unread."""
        kind = into.exponential
        for find in (self._likely, self._looked_up):
            try:
                order, rows = find(data, spans, kind)
                _, plain = self._checked(rows, into)
            except (KeyError, Unlike, struct.error):
                continue
            self._remember(metric, order)
            if kind == EXPONENTIAL:
                # the last point says when most of them began
                self._begun = rows[-1][1][:_START] + b"\x19"
            for (_, size), shape in zip(spans, order, strict=True):
                self._last[kind][shape.attributes if kind == EXPONENTIAL else size] = shape
            return plain
        plain = True
        for begin, size in spans:
            one = READ[kind](data, begin, begin + size, self._known)
            self._learn(one.lengths, kind)
            into.add(one.point)
            plain = plain and not one.exemplars
        return plain

    def _likely(
        self, data: bytes, spans: Sequence[Span], kind: bool
    ) -> tuple[list[Shape], list[Parts]]:
        """Points taken apart by the last shapes that are like them; KeyError if there is none."""
        last, begun = self._last[kind], self._begun
        if kind == EXPLICIT:
            order = [last[size] for _, size in spans]
        else:
            order = [last[data.find(begun, at, at + size) - at] for at, size in spans]
        zipped = zip(order, spans, strict=True)
        return order, [shape[size](data, at) for shape, (at, size) in zipped]

    def _looked_up(
        self, data: bytes, spans: Sequence[Span], kind: bool
    ) -> tuple[list[Shape], list[Parts]]:
        """Points taken apart by the shapes that they have; KeyError if one has none."""
        order, rows = list[Shape](), list[Parts]()
        for begin, size in spans:
            found = self._look_up(data, begin, size, kind)
            if found is None:
                raise KeyError(size)
            order.append(found[0])
            rows.append(found[1])
        return order, rows

    def _remember(self, metric: Hashable, order: list[Shape]) -> None:
        self._ordered += len(order)
        if self._ordered > _MOST_ORDERED:
            self._orders.clear()
            self._sizes.clear()
            self._failed.clear()
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
        for shape in self._shapes[kind].values():
            unpack = shape.of(size)
            if unpack is not None:
                parts = unpack(data, at)
                if self._checks.are_of_a_point(parts, kind):
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


def _by(order: list[Shape], data: bytes, at: int, end: int) -> tuple[list[Parts], int]:
    """Points taken apart by these shapes, and where they end; an error if those cannot be right."""
    rows: list[Parts] = []
    for shape in order:
        size = data[at + 1]
        if data[at] != POINT:
            raise Unlike
        if size < 128:
            at += 2
        else:
            # what is longer than two bytes can say is too long for any shape
            size += data[at + 2] - 1 << 7
            at += 3
        rows.append(shape[size](data, at))
        at += size
    if at > end or (at < end and data[at] == POINT):
        raise Unlike
    return rows, at


def _spans(data: bytes, at: int, end: int) -> tuple[list[Span], int]:
    """Where the points begin and how long they are, and where they end."""
    found = list[Span]()
    while at < end and data[at] == POINT:
        size, at = length(data, at + 1)
        found.append((at, size))
        at += size
    if at > end:
        raise Odd
    return found, at
