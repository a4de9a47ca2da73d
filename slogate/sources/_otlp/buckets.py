"""What the buckets of a data point say in whole µs: (lo_us, hi_us, count), none empty.

Bounds are exact before they are rounded outward: an explicit bound is the decimal number that
was written (5.1 ms are 5,100 µs, whatever its float is), a power of the base of an exponential
histogram is rounded with room for the error of the float arithmetic. The statement, over lo
and at most hi, stays true. Refuses negative durations, bounds out of order and counts that do
not add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from slogate.sources._base import LONGEST_US
from slogate.sources._otlp.telemetry import Explicit, Exponential, Malformed

Bounds = tuple[int, int | None]
UNITS: Mapping[str, Fraction] = {
    "s": Fraction(1_000_000), "ms": Fraction(1_000), "us": Fraction(1), "µs": Fraction(1),
    "\u03bcs": Fraction(1), "ns": Fraction(1, 1_000),
}  # fmt: skip
NEGATIVE = "it counts negative durations"
CONTRADICTED = "its longest duration is under the bucket that holds its longest ones"
ABSURD = "it counts durations of over a day"
_MOST_NS = LONGEST_US * 1_000
_ROOM = 2.0**-49
_MOST_BITS = 80


@lru_cache(maxsize=256)
def explicit_bounds(bounds: tuple[float, ...], unit: Fraction) -> tuple[Bounds, ...]:
    """The bounds of each bucket in µs; Malformed if they are not in ascending order."""
    if not all(map(math.isfinite, bounds)):
        raise Malformed("a bound of its buckets is no number")
    exact = [Fraction(repr(bound)) * unit for bound in bounds]
    if any(low >= high for low, high in pairwise(exact)):
        raise Malformed("the bounds of its buckets are not in ascending order")
    los = [-1, *(math.floor(bound) for bound in exact)]
    his = [*(math.ceil(bound) for bound in exact), None]
    return tuple(zip(los, his, strict=True))


@lru_cache(maxsize=100_000)
def exponential_bounds(scale: int, index: int, unit: Fraction) -> Bounds:
    """The bounds of a bucket in µs; `hi` is None beyond what a day can hold."""
    low, high = _power(scale, index, unit)[0], _power(scale, index + 1, unit)[1]
    return low, None if high > LONGEST_US else high


def _power(scale: int, index: int, unit: Fraction) -> tuple[int, int]:
    """Whole µs at or under, and at or over, base^index of the unit."""
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


def counted(
    buckets: Explicit | Exponential, count: int, longest: float | None, unit: Fraction
) -> Iterator[tuple[Bounds, int]]:
    """The buckets that are not empty, in ascending order; `longest` closes the unbounded one.

    Malformed if the highest of them holds longer ones than `longest`.
    """
    most = None if longest is None else whole_us(longest, unit)
    if isinstance(buckets, Explicit):
        found = list(_explicit(buckets, count, unit))
    else:
        found = list(_exponential(buckets, count, unit))
    if found and found[-1][0][0] > LONGEST_US:
        raise Malformed(ABSURD)
    # which side of a bound of an exponential histogram a value falls on may be rounded
    room = 0 if isinstance(buckets, Explicit) else 1
    if found and most is not None and most + room <= found[-1][0][0]:
        raise Malformed(CONTRADICTED)
    for (low, high), number in found:
        closed = most if high is None and most is not None and most > low else high
        yield (low, closed), number


def whole_us(value: float, unit: Fraction) -> int | None:
    """A duration in whole µs, rounded up; None where it is over a day, Malformed if negative."""
    if value < 0:
        raise Malformed(NEGATIVE)
    if not value <= _MOST_NS:
        return None
    most = math.ceil(Fraction(repr(value)) * unit)
    return most if most <= LONGEST_US else None


def _explicit(buckets: Explicit, count: int, unit: Fraction) -> Iterator[tuple[Bounds, int]]:
    counts = buckets.counts or ([count] if not buckets.bounds else [])
    if len(counts) != len(buckets.bounds) + 1:
        raise Malformed("it has not one bucket more than bounds")
    if sum(counts) != count:
        raise Malformed("its buckets do not add up to its count")
    bounds = explicit_bounds(buckets.bounds, unit)
    for bound, (low, high), number in zip((*buckets.bounds, math.inf), bounds, counts, strict=True):
        if number and bound < 0:
            raise Malformed(NEGATIVE)
        if number:
            # a bucket that ends below 0 holds nothing; what lies over it begins at 0
            yield (max(low, -1), high), number


def _exponential(buckets: Exponential, count: int, unit: Fraction) -> Iterator[tuple[Bounds, int]]:
    if buckets.negative:
        raise Malformed(NEGATIVE)
    if buckets.zero_count + sum(buckets.counts) != count:
        raise Malformed("its buckets do not add up to its count")
    if buckets.zero_count:
        most = whole_us(buckets.zero_threshold, unit)
        yield (-1, most), buckets.zero_count
    for index, number in enumerate(buckets.counts, start=buckets.offset):
        if number:
            yield exponential_bounds(buckets.scale, index, unit), number
