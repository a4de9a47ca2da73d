"""Points of a metric that are written as those before were, but for their numbers.

Once the points of a metric were as long as those before them, one by one, all of the next ones are
taken apart by one expression: what is in front of each, and what is the same as before (tags,
lengths, attributes, bounds), is compared; it need not be found out anew what it means.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from slogate.sources._otlp.protobuf.gathered import Many
from slogate.sources._otlp.protobuf.point_checks import SAME, Columns
from slogate.sources._otlp.protobuf.point_shapes import Shape

POINT = 0x0A
# where a point begins, and how long it is
Span = tuple[int, int]


class Again:
    """Points as they were once: `like` is what they said, `size` how many bytes they have."""

    def __init__(
        self, data: bytes, at: int, points: Iterable[tuple[Span, Shape]], like: Many, kind: bool
    ) -> None:
        """Points of a kind from a byte on, where they are and of which shape each is."""
        form, place = "<", at
        for (begin, size), shape in points:
            form += f"{begin - place}s{shape.form(size)}"
            place = begin + size
        self._apart = Struct(form)
        self.size = self._apart.size
        parts = self._apart.unpack_from(data, at)
        self._width = len(parts) // len(like.counts)
        same = (0, *(place + 1 for place in SAME[kind]))
        self._same = [(place, parts[place :: self._width]) for place in same]
        self.like = like._replace(heads=b"", longest=(), counts=(), zeros=(), threshold=())

    def columns(self, data: bytes, at: int, end: int) -> Columns | None:
        """The parts of the points that begin there, if those are written so."""
        behind = at + self.size
        if behind > end or (behind < end and data[behind] == POINT):
            return None
        parts = self._apart.unpack_from(data, at)
        if any(parts[place :: self._width] != told for place, told in self._same):
            return None
        return [parts[place :: self._width] for place in range(1, self._width)]
