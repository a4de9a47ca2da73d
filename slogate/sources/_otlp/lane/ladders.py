"""The bounds of explicit buckets, looked at once: numbers for them, and what they are in µs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.buckets import explicit_bounds
from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.telemetry import Malformed

_MOST_LADDERS, _MOST_BOUNDS = 100_000, 1_000_000


@dataclass(slots=True)
class Ladders:
    """The bounds of explicit buckets seen so far, and what they are in µs, end to end."""

    bounds: list[tuple[float, ...]] = field(default_factory=list)
    _codes: dict[tuple[float, ...], int] = field(default_factory=dict)
    _bases: dict[tuple[int, int], int] = field(default_factory=dict)
    los: list[int] = field(default_factory=list)
    his: list[int | None] = field(default_factory=list)

    def code(self, bounds: tuple[float, ...]) -> int:
        """The number of these bounds."""
        found = self._codes.setdefault(bounds, len(self.bounds))
        if found == len(self.bounds):
            if found > _MOST_LADDERS:
                raise Odd
            self.bounds.append(bounds)
        return found

    def base(self, code: int, unit: Fraction, at: int) -> int:
        """Where these bounds begin, in unit number `at`; Odd if they do not ascend from 0."""
        if (found := self._bases.get((code, at))) is not None:
            return found
        bounds = self.bounds[code]
        if len(self.los) > _MOST_BOUNDS or (bounds and bounds[0] < 0):
            raise Odd
        try:
            steps = explicit_bounds(bounds, unit)
        except Malformed:
            raise Odd from None
        self._bases[code, at] = len(self.los)
        # what lies over a day is refused, however far
        self.los += [min(low, LONGEST_US + 1) for low, _ in steps]
        self.his += [high for _, high in steps]
        return self._bases[code, at]
