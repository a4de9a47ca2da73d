"""What takes most of the text of OTLP's JSON, taken out of its lines before they are read.

    …"attributes":[{…}],"bucketCounts":["1","0"]… ──Texts──► …"attributes":7,"bucketCounts":0…

Attributes and bounds are few but repeated with every point: each is looked at once and has a
number from then on. Lists of counts are read together, column by column. What is left is a fifth
of the text. None of these names can stand in a text of JSON, as its quotes would be escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slogate.sources._otlp.arrays import Odd, natural
from slogate.sources._otlp.from_json import attributes
from slogate.sources._otlp.ladders import Ladders
from slogate.sources._otlp.scalars import finite
from slogate.sources._otlp.telemetry import Attributes

_Read = TypeVar("_Read")

_MOST_KEPT = 200_000
# attributes end with two braces: other closing brackets are in a text, or of a list in them;
# one that is missing makes it no JSON, as what follows up to the next would be taken, too
_TAKEN = re.compile(
    rb'"bucketCounts":\s?\[(?:"([^]]*)"|([^]]*))\]'
    rb'|"attributes":\s?\[(?:\]|[^]]*\](?:(?<!\}\}\])[^]]*\])*)'
    rb'|"explicitBounds":\s?\[[^]]*\]'
)
_NAMES = (b'"attributes"', b'"bucketCounts"', b'"explicitBounds"')
_ESCAPED = re.compile(rb'\\u[^"]*"\s*:')
_NONE, _BETWEEN = b'"attributes":[]', b'","'
MOST_COUNTED = 10**12


@dataclass(slots=True)
class Texts:
    """The attributes and bounds seen so far, by the numbers that stand for them."""

    attributes: list[Attributes] = field(default_factory=list)
    ladders: Ladders = field(default_factory=Ladders)
    _known: dict[bytes, bytes] = field(default_factory=dict)
    _places: list[bytes] = field(default_factory=list)

    def taken_out(self, block: bytes) -> tuple[bytes, Any]:
        """What is left of the block, and the lists of counts that were in it; Odd if not plain."""
        known, places, lists = self._known, self._places, list[bytes | None]()

        def take(found: re.Match[bytes]) -> bytes:
            if not found.lastindex:
                return known.get(found[0]) or self._learn(found[0])
            texts = found[1]
            lists.append(_as_texts(found[2]) if texts is None else texts)
            if len(lists) > len(places):
                places.append(b'"bucketCounts":%d' % len(places))
            return places[len(lists) - 1]

        rest, many = _TAKEN.subn(take, block)
        # a number that was there instead of a list would be taken for one that stands for a list
        if sum(map(rest.count, _NAMES)) != many or (b"\\u" in rest and _ESCAPED.search(rest)):
            raise Odd
        if b", " in rest:
            lists = [each and each.replace(b'", "', _BETWEEN) for each in lists]
        return rest, _counts(lists)

    def no_attributes(self) -> int:
        """The number of attributes of which there are none."""
        return int((self._known.get(_NONE) or self._learn(_NONE)).rpartition(b":")[2])

    def _learn(self, text: bytes) -> bytes:
        """What is to stand for a text."""
        if len(self._known) > _MOST_KEPT:
            raise Odd
        name, _, value = text.partition(b":")
        if name == _NAMES[0]:
            code = len(self.attributes)
            self.attributes.append(_understood(attributes, value))
        else:
            bounds = _understood(finite, value)
            if bounds is None:
                raise Odd
            code = self.ladders.code(bounds)
        found = self._known[text] = b"%b:%d" % (name, code)
        return found


def _as_texts(numbers: bytes) -> bytes | None:
    return numbers.replace(b", ", b",").replace(b",", _BETWEEN) or None


def _understood(read: Callable[[Any], _Read], text: bytes) -> _Read:
    try:
        return read(json.loads(text.decode()))
    except (ValueError, RecursionError):
        raise Odd from None


def _counts(lists: list[bytes | None]) -> Any:
    """Lists of counts; Odd if one of them is no whole number or absurd."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.split_pattern(pa.array(lists, pa.string()), _BETWEEN.decode())
    counts = natural(found.values)
    if (pc.max(counts).as_py() or 0) > MOST_COUNTED:
        raise Odd
    return pa.ListArray.from_arrays(found.offsets, counts)
