"""The bounds of explicit buckets, looked at once: numbers for them, and what they are in µs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from slogate.sources._otlp.buckets import explicit_bounds
from slogate.sources._otlp.columns import Odd
from slogate.sources._otlp.telemetry import Malformed

_MOST_BOUNDS = 1_000_000


@dataclass(slots=True)
class Ladders:
    """The bounds of explicit buckets seen so far, and what they are in µs, end to end."""

    bounds: list[tuple[float, ...]] = field(default_factory=list)
    _codes: dict[tuple[float, ...], int] = field(default_factory=dict)
    _bases: dict[tuple[int, int], int] = field(default_factory=dict)
    los: list[int] = field(default_factory=list)
    his: list[int | None] = field(default_factory=list)

    def codes(self, bounds: Any) -> Any:
        """For each point the number of its bounds; Odd where they are none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        widths = pc.min_max(pc.list_value_length(bounds)).as_py()
        width, values = widths["min"], bounds.flatten()
        if width and width == widths["max"]:
            later, earlier = values.slice(width), values.slice(0, len(values) - width)
            if pc.all(pc.equal(later, earlier)).as_py() is not False:
                code = self.code(tuple(values.slice(0, width).to_pylist()))
                return pa.repeat(pa.scalar(code, pa.int64()), len(bounds))
        return whole([self.code(tuple(each)) for each in bounds.to_pylist()])

    def code(self, bounds: tuple[float, ...]) -> int:
        """The number of these bounds."""
        found = self._codes.setdefault(bounds, len(self.bounds))
        if found == len(self.bounds):
            if len(self.los) > _MOST_BOUNDS or (bounds and bounds[0] < 0):
                raise Odd
            self.bounds.append(bounds)
        return found

    def base(self, code: int, unit: Fraction, at: int) -> int:
        """Where these bounds begin, in the unit with the number `at`; Odd if they do not ascend."""
        if (found := self._bases.get((code, at))) is not None:
            return found
        try:
            steps = explicit_bounds(self.bounds[code], unit)
        except Malformed:
            raise Odd from None
        self._bases[code, at] = len(self.los)
        self.los += [low for low, _ in steps]
        self.his += [high for _, high in steps]
        return self._bases[code, at]


def whole(values: list[Any]) -> Any:
    """A column of whole numbers."""
    import pyarrow as pa

    return pa.array(values, pa.int64())


@cache
def number(value: int) -> Any:
    """A whole number as Arrow has it: to make one of Python's takes half a millisecond."""
    import pyarrow as pa

    return pa.scalar(value, pa.int64())
