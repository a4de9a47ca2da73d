"""The default grid of rolled-up histograms: OpenTelemetry's exponential histogram at scale 7.

A bucket ends at the whole microseconds of 2^(j/128), so that the (harmonic) middle of a bucket is
within 0.27% of all that it holds; up to 186 µs each microsecond has a bucket of its own. The limits
are computed with integers only, and every engine that uses this table agrees to the last row.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from math import isqrt

SCALE = 7
OCTAVE = 1 << SCALE
LARGEST = 2**63 - 1
_TOP = 62


@cache
def limits() -> tuple[int, ...]:
    """The inclusive upper limits of the buckets in µs, ascending: 0, 1, 2, … 2^63 − 1.

    floor(2^(q + r/128)) = floor(2^(62 + r/128)) >> (62 − q): the roots of one octave are enough.
    """
    top = [_root(1 << (_TOP * OCTAVE + r)) for r in range(OCTAVE)]
    found = {root >> (_TOP - q) for q in range(_TOP + 1) for root in top}
    return (0, *sorted(found), LARGEST)


def _root(power: int) -> int:
    """The whole part of the 128th root; that of a square root may be taken step by step."""
    for _ in range(SCALE):
        power = isqrt(power)
    return power


def bucket(duration_us: int) -> tuple[int, int]:
    """(lo, hi) of the bucket that holds a duration: it is over lo and at most hi."""
    at = bisect_left(limits(), duration_us)
    return (limits()[at - 1] if at else -1), limits()[at]
