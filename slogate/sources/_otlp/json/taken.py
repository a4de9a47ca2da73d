"""Data points of one shape taken out of a block: what is left of its text, and their columns.

    …"dataPoints":[{…},{…}]… ──Taken──► …"dataPoints":[0,0]…, and the texts of each field

For each point there is a number in the rest: the code of its kind. Whoever reads the rest finds
out by those to which metrics the points belong.
"""

from __future__ import annotations

from itertools import compress
from typing import Any

from slogate.sources._otlp.json.shapes import EXPLICIT, EXPONENTIAL, Group, Shape
from slogate.sources._otlp.json.texts import Texts, as_texts, counts_of
from slogate.sources._otlp.lane.arrays import Odd, always, filled, finite, natural, number

_CODES = {EXPLICIT: 0, EXPONENTIAL: 1}
_NATURAL = {
    "startTimeUnixNano": "start", "timeUnixNano": "time", "count": "total", "flags": "flags",
}  # fmt: skip


class Taken:
    """The points of a block; `rest` is what is left of it."""

    def __init__(self, shape: Shape, block: bytes | bytearray) -> None:
        """Odd if no point has that shape."""
        self._way, width = shape.way, len(shape.groups) + 1
        parts = shape.expression.split(block)
        if len(parts) == 1:
            raise Odd
        self._told = {group: parts[at::width] for at, group in enumerate(shape.groups, start=1)}
        self._mine = {
            group.kind: [mark is not None for mark in marks]
            for group, marks in self._told.items()
            if group.name == "kind"
        }
        rest = parts[: 2 * (len(parts) // width) + 1]
        rest[::2] = parts[::width]
        explicit = self._mine.get(EXPLICIT, [False] * (len(rest) // 2))
        rest[1::2] = [b"0" if each else b"1" for each in explicit]
        self.rest = b"".join(rest)

    def columns(self, kind: str, codes: Any, texts: Texts) -> dict[str, Any]:
        """The columns of a kind whose metrics hold these codes; Odd if they are of others."""
        import pyarrow as pa
        import pyarrow.compute as pc

        always(pc.equal(codes, number(_CODES[kind])))
        mine = self._mine.get(kind, [])
        if len(codes) != sum(mine):
            raise Odd
        if not mine:
            return {}

        def told(name: str) -> list[Any]:
            every = self._told.get(Group(None, name)) or self._told.get(Group(kind, name))
            return list(compress(every, mine)) if every else [None] * len(codes)

        def words(name: str) -> Any:
            return pa.array(told(name), pa.binary())

        def signed(name: str) -> Any:
            return words(name).cast(pa.int64()).fill_null(0)

        def real(name: str) -> Any:
            return finite(words(name).cast(pa.float64()))

        columns = {name: natural(words(field)) for field, name in _NATURAL.items()}
        columns |= {"sum": real("sum"), "max": real("max")}
        columns["attributes"] = texts.attributes_of(told("attributes"))
        columns["counts"] = filled(self._counts(told("bucketCounts")))
        if kind == EXPLICIT:
            return columns | {"ladder": texts.ladders_of(told("explicitBounds"))}
        return columns | {
            "scale": signed("scale"),
            "offset": signed("offset"),
            "zeros": natural(words("zeroCount")),
            "threshold": real("zeroThreshold").fill_null(0.0),
        }

    def _counts(self, told: list[bytes | None]) -> Any:
        if not self._way.counts:
            told = [each and as_texts(each) for each in told]
        return counts_of(told, spaced=self._way.spaced)
