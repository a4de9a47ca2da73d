"""Where the fields of points of explicit buckets are, by how long a point is.

All fields of such a point have a fixed width, but its attributes, which repeat. So points that are
as long as one before most likely have their fields where that has them: they are taken apart at
once, and it is looked whether the tags are those, and the attributes known ones. If not, the point
is read field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

from slogate.sources._otlp.protobuf.point_wire import Repeated, explicit
from slogate.sources._otlp.protobuf.wire import fields

_MOST = 2_000
# places in what `explicit` gives: attributes, start, time, count, sum, max, flags, counts, bounds
_PLACES = {0x4A: 0, 0x11: 1, 0x19: 2, 0x21: 3, 0x29: 4, 0x61: 5, 0x50: 6, 0x32: 7, 0x3A: 8}
_FLAGS = 0x50
_NEEDED = frozenset({0x4A, 0x32, 0x3A})
_ATTRIBUTE = 0x4A


class _Layout(NamedTuple):
    """How to take a point apart, which tags are there then, and which parts are the fields."""

    parts: Callable[[bytes, int], tuple[Any, ...]]
    tags: Callable[[tuple[Any, ...]], Any]
    told: Any
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]]


@dataclass(slots=True)
class Layouts:
    """The layouts of points so far, by their lengths."""

    known: Repeated
    _of: dict[int, _Layout] = field(default_factory=dict)
    _learnt: int = 0

    def explicit(self, data: bytes, at: int, end: int) -> tuple[Any, ...]:
        """A point of explicit buckets as `explicit` reads it."""
        layout = self._of.get(end - at)
        if layout is not None:
            parts = layout.parts(data, at)
            if layout.tags(parts) == layout.told:
                found = layout.pick((*parts, None))
                if found[0] in self.known.codes:
                    return found
        found = explicit(data, at, end, self.known)
        if self._learnt < _MOST and (layout := _learnt(data, at, end)):
            self._learnt += 1
            self._of[end - at] = layout
        return found


def _learnt(data: bytes, at: int, end: int) -> _Layout | None:
    """The layout of a point that was read; None if it lacks something."""
    form, tags, told = "<", list[int](), list[bytes]()
    places: dict[int, int] = {}
    many = 0
    for tag, begin, content, behind in fields(data, at, end):
        if tag == _ATTRIBUTE and tag in places:
            continue
        if tag == _ATTRIBUTE:
            # all of them, one behind the other
            size = 0
            for other in fields(data, begin, end):
                if other.tag != tag:
                    break
                size = other.end - begin
            form += f"{size}s"
        else:
            kept = "s" if tag in _PLACES else "x"
            form += f"{content - begin}s{behind - content}{kept}"
            tags.append(many)
            told.append(data[begin:content])
            many += 1
            if kept == "x":
                continue
        places[tag] = many
        many += 1
    # flags, which are seldom there, have no fixed width
    if not places.keys() >= _NEEDED or _FLAGS in places:
        return None
    where = {place: places.get(tag, many) for tag, place in _PLACES.items()}
    pick = itemgetter(*(where[place] for place in range(len(where))))
    return _Layout(Struct(form).unpack_from, itemgetter(*tags), tuple(told), pick)
