"""What takes most of the text of OTLP's JSON, taken out of its lines before they are read.

    …"attributes":[{…}],"bucketCounts":["1","0"]… ──Texts──► …"attributes":7,"bucketCounts":0…

Attributes and bounds are few but repeated with every point: each is looked at once and has a
number from then on. Lists of counts are read together, column by column. What is left is a fifth
of the text. None of these names can stand in a text of JSON, as its quotes would be escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slogate.sources._otlp.json.from_json import attributes
from slogate.sources._otlp.json.scalars import finite
from slogate.sources._otlp.lane.arrays import Odd, natural, whole
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.telemetry import MOST_COUNTED, Attributes

_Read = TypeVar("_Read")
# the number of each text; of None, that of none
_Codes = dict[bytes | None, int]

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
_BETWEEN = b'","'
_ATTRIBUTES, _BOUNDS = 0, 1


@dataclass(slots=True)
class Texts:
    """The attributes and bounds seen so far, by the numbers that stand for them."""

    attributes: list[Attributes] = field(default_factory=list)
    ladders: Ladders = field(default_factory=Ladders)
    _codes: tuple[_Codes, _Codes] = field(default_factory=lambda: ({}, {}))
    _known: dict[bytes, bytes] = field(default_factory=dict)
    _places: list[bytes] = field(default_factory=list)

    def taken_out(self, block: bytes | bytearray) -> tuple[bytes, Any]:
        """What is left of the block, and the lists of counts that were in it; Odd if not plain."""
        known, places, lists = self._known, self._places, list[bytes | None]()

        def take(found: re.Match[bytes]) -> bytes:
            if not found.lastindex:
                return known.get(found[0]) or self._learn(found[0])
            texts = found[1]
            lists.append(as_texts(found[2]) if texts is None else texts)
            if len(lists) > len(places):
                places.append(b'"bucketCounts":%d' % len(places))
            return places[len(lists) - 1]

        rest, many = _TAKEN.subn(take, block)
        # a number that was there instead of a list would be taken for one that stands for a list
        if sum(map(rest.count, _NAMES)) != many or (b"\\u" in rest and _ESCAPED.search(rest)):
            raise Odd
        return rest, counts_of(lists, spaced=b", " in rest)

    def no_attributes(self) -> int:
        """The number of attributes of which there are none."""
        return self._code(_ATTRIBUTES, None)

    def attributes_of(self, texts: Sequence[bytes | None]) -> Any:
        """The numbers of lists of attributes; one that is not told has none."""
        return self._all_of(_ATTRIBUTES, texts)

    def ladders_of(self, texts: Sequence[bytes | None]) -> Any:
        """The numbers of lists of bounds; one that is not told has none."""
        return self._all_of(_BOUNDS, texts)

    def _all_of(self, which: int, texts: Sequence[bytes | None]) -> Any:
        codes = self._codes[which]
        for text in set(texts).difference(codes):
            self._code(which, text)
        return whole(list(map(codes.__getitem__, texts)))

    def _learn(self, text: bytes) -> bytes:
        """What is to stand for a text with its name."""
        name, _, value = text.partition(b":")
        code = self._code(_ATTRIBUTES if name == _NAMES[0] else _BOUNDS, value.lstrip())
        found = self._known[text] = b"%b:%d" % (name, code)
        return found

    def _code(self, which: int, text: bytes | None) -> int:
        """The number of a list of attributes or bounds; Odd if it is none."""
        codes = self._codes[which]
        if (found := codes.get(text)) is not None:
            return found
        # lines are counted by what is left of them
        if len(codes) > _MOST_KEPT or (text and b"\n" in text):
            raise Odd
        if which == _ATTRIBUTES:
            found = len(self.attributes)
            self.attributes.append(_understood(attributes, text or b"[]"))
        else:
            bounds = _understood(finite, text or b"[]")
            if bounds is None:
                raise Odd
            found = self.ladders.code(bounds)
        codes[text] = found
        return found


def as_texts(numbers: bytes) -> bytes | None:
    """A list of numbers as one of texts is; None where it is empty."""
    return numbers.replace(b", ", b",").replace(b",", _BETWEEN) or None


def _understood(read: Callable[[Any], _Read], text: bytes) -> _Read:
    try:
        return read(json.loads(text.decode()))
    except (ValueError, RecursionError):
        raise Odd from None


def counts_of(lists: list[bytes | None], *, spaced: bool) -> Any:
    """Lists of counts from texts as `1","0`; Odd if one of them is no whole number or absurd."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if spaced:
        lists = [each and each.replace(b'", "', _BETWEEN) for each in lists]
    found = pc.split_pattern(pa.array(lists, pa.binary()), _BETWEEN)
    counts = natural(found.values)
    if (pc.max(counts).as_py() or 0) > MOST_COUNTED:
        raise Odd
    return pa.ListArray.from_arrays(found.offsets, counts)
