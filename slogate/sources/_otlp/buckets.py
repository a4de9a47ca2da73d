"""What the buckets of a data point say in whole µs: (lo_us, hi_us, count), none empty.

Bounds are exact before they are rounded outward: an explicit bound is the decimal number that
was written (5.1 ms are 5,100 µs, whatever its float is), a power of the base of an exponential
histogram is rounded with room for the error of the float arithmetic. The statement, over lo
and at most hi, stays true. Refuses negative durations, bounds out of order and counts that do
not add up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.telemetry import Explicit, Exponential, Malformed, Point

Bounds = tuple[int, int | None]
UNITS: Mapping[str, Fraction] = {
    "s": Fraction(1_000_000), "ms": Fraction(1_000), "us": Fraction(1), "µs": Fraction(1),
    "\u03bcs": Fraction(1), "ns": Fraction(1, 1_000),
}  # fmt: skip
NEGATIVE = "it counts negative durations"
CONTRADICTED = "its longest duration is under the bucket that holds its longest ones"
ABSURD = "it counts durations of over a day"
_MOST_NS = LONGEST_US * 1_000
_MOST_SUM = 10.0**12
_ROOM = 2.0**-49
_MOST_BITS = 80
# more µs than a column holds are no bound
_FAR = 2**62
_MOST_SCALE = 200
_KEPT = 10_000


def explicit_bounds(bounds: tuple[float, ...], unit: Fraction) -> tuple[Bounds, ...]:
    """The bounds of each bucket in µs; Malformed if they are not in ascending order."""
    return _explicit_bounds(bounds, unit.numerator, unit.denominator)


# what is kept is found by the parts of the unit: the hash of a fraction takes long
@lru_cache(maxsize=256)
def _explicit_bounds(bounds: tuple[float, ...], times: int, part: int) -> tuple[Bounds, ...]:
    unit = Fraction(times, part)
    if not all(map(math.isfinite, bounds)):
        raise Malformed("a bound of its buckets is no number")
    exact = [Fraction(repr(bound)) * unit for bound in bounds]
    if any(low >= high for low, high in pairwise(exact)):
        raise Malformed("the bounds of its buckets are not in ascending order")
    los = [-1, *(math.floor(bound) for bound in exact)]
    his = [*(math.ceil(bound) if bound < _FAR else None for bound in exact), None]
    return tuple(zip(los, his, strict=True))


def exponential_bounds(scale: int, index: int, unit: Fraction) -> Bounds:
    """The bounds of a bucket in µs; `hi` is None beyond what a day can hold."""
    low, high = _power(scale, index, unit)[0], _power(scale, index + 1, unit)[1]
    return low, None if high > LONGEST_US else high


class _Scale(dict[int, Bounds]):
    """The bounds of the buckets of a scale by their index, some of them kept."""

    def __init__(self, scale: int, times: int, part: int) -> None:
        super().__init__()
        self._scale, self._unit = scale, Fraction(times, part)

    def __missing__(self, index: int) -> Bounds:
        if len(self) >= _KEPT:
            self.clear()
        found = self[index] = exponential_bounds(self._scale, index, self._unit)
        return found


_scales = lru_cache(maxsize=16)(_Scale)


def _scale(scale: int, unit: Fraction) -> _Scale:
    return _scales(scale, unit.numerator, unit.denominator)


def kept_bounds(scale: int, index: int, unit: Fraction) -> Bounds:
    """The same, looked up where it was asked for before."""
    return _scale(scale, unit)[index]


def _power(scale: int, index: int, unit: Fraction) -> tuple[int, int]:
    """Whole µs at or under, and at or over, base^index of the unit."""
    # further out nothing changes, but the powers of two grow beyond any memory
    scale = max(-_MOST_SCALE, min(scale, _MOST_SCALE))
    exponent = Fraction(index) / 2**scale if scale >= 0 else Fraction(index * 2**-scale)
    whole = math.floor(exponent)
    if whole < -_MOST_BITS:
        return 0, 1
    if whole > _MOST_BITS:
        return LONGEST_US + 1, LONGEST_US + 1
    power = Fraction(2) ** whole * unit
    if exponent == whole:
        return math.floor(power), math.ceil(power)
    value = power * Fraction(2.0 ** float(exponent - whole))
    return math.floor(value * Fraction(1 - _ROOM)), math.ceil(value * Fraction(1 + _ROOM))


def in_a_bucket(point: Point) -> Point:
    """The point, with all that it counted in one bucket where it tells of none."""
    buckets = point.buckets
    if buckets.counts or not isinstance(buckets, Explicit) or buckets.bounds:
        return point
    return point._replace(buckets=Explicit((), [point.total]))


def check(
    buckets: Explicit | Exponential, count: int, longest: float | None, unit: Fraction
) -> None:
    """Malformed for what `counted` refuses."""
    most = None if longest is None else whole_us(longest, unit)
    if isinstance(buckets, Explicit):
        bounds, counts = _explicit(buckets, count, unit)
        at = _last(counts)
        low = None if at is None else bounds[at][0]
    else:
        _check_exponential(buckets, count)
        at = _last(buckets.counts)
        low = None if at is None else _scale(buckets.scale, unit)[buckets.offset + at][0]
        if buckets.zero_count:
            whole_us(buckets.zero_threshold, unit)
            low = -1 if low is None else low
    _check_longest(buckets, low, most)


def counted(
    buckets: Explicit | Exponential, count: int, longest: float | None, unit: Fraction
) -> list[tuple[Bounds, int]]:
    """The buckets that are not empty, in ascending order; `longest` closes the unbounded one.

    Malformed if the highest of them holds longer ones than `longest`.
    """
    most = None if longest is None else whole_us(longest, unit)
    if isinstance(buckets, Explicit):
        bounds, counts = _explicit(buckets, count, unit)
        found = [(each, number) for each, number in zip(bounds, counts, strict=True) if number]
    else:
        found = _exponential(buckets, count, unit)
    _check_longest(buckets, found[-1][0][0] if found else None, most)
    if most is None:
        return found
    return [
        ((low, most if high is None and most > low else high), number)
        for (low, high), number in found
    ]


def _check_longest(buckets: Explicit | Exponential, low: int | None, most: int | None) -> None:
    """What lies over `low` µs is under a day, and not over the longest duration."""
    if low is None:
        return
    if low > LONGEST_US:
        raise Malformed(ABSURD)
    # which side of a bound of an exponential histogram a value falls on may be rounded
    room = 0 if isinstance(buckets, Explicit) else 1
    if most is not None and most + room <= low:
        raise Malformed(CONTRADICTED)


def _last(counts: Sequence[int]) -> int | None:
    """Where the last bucket is that is not empty."""
    return next((at for at in range(len(counts) - 1, -1, -1) if counts[at]), None)


def whole_us(value: float, unit: Fraction) -> int | None:
    """A duration in whole µs, rounded up; None where it is over a day, Malformed if negative."""
    if value < 0:
        raise Malformed(NEGATIVE)
    if not value <= _MOST_NS:
        return None
    # exact: 17 digits at most, times a power of ten
    most = math.ceil(Decimal(repr(value)) * unit.numerator / unit.denominator)
    return most if most <= LONGEST_US else None


def sum_us(value: float | None, unit: Fraction) -> int | None:
    """A sum in whole µs, rounded up; None where it is not known or cannot be."""
    if value is None or not 0 <= value <= _MOST_SUM:
        return None
    # as in `whole_us`
    return math.ceil(Decimal(repr(value)) * unit.numerator / unit.denominator)


def _explicit(
    buckets: Explicit, count: int, unit: Fraction
) -> tuple[tuple[Bounds, ...], Sequence[int]]:
    """The bounds in µs and the counts; Malformed if they do not fit."""
    counts = buckets.counts
    if len(counts) != len(buckets.bounds) + 1:
        raise Malformed("it has not one bucket more than bounds")
    if sum(counts) != count:
        raise Malformed("its buckets do not add up to its count")
    bounds = explicit_bounds(buckets.bounds, unit)
    if buckets.bounds and buckets.bounds[0] < 0:
        if any(number and bound < 0 for bound, number in zip(buckets.bounds, counts, strict=False)):
            raise Malformed(NEGATIVE)
        # a bucket that ends below 0 holds nothing; what lies over it begins at 0
        bounds = tuple((max(low, -1), high) for low, high in bounds)
    return bounds, counts


def _check_exponential(buckets: Exponential, count: int) -> None:
    if buckets.negative:
        raise Malformed(NEGATIVE)
    if buckets.zero_count + sum(buckets.counts) != count:
        raise Malformed("its buckets do not add up to its count")


def _exponential(buckets: Exponential, count: int, unit: Fraction) -> list[tuple[Bounds, int]]:
    _check_exponential(buckets, count)
    found: list[tuple[Bounds, int]] = []
    if buckets.zero_count:
        found.append(((-1, whole_us(buckets.zero_threshold, unit)), buckets.zero_count))
    bounds = _scale(buckets.scale, unit)
    counts = enumerate(buckets.counts, start=buckets.offset)
    return found + [(bounds[index], number) for index, number in counts if number]
