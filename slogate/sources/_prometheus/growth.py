"""By how much a counter or a histogram has grown from one scrape to the next.

    before, now ──► {(lo_us, hi_us): requests}, or None: they contradict each other

A counter that dropped was reset (a restart) and then counted up to what it shows; of a
histogram that is asked of the whole: one bucket that dropped, and all began anew. Nothing is
extrapolated. Of classic buckets only the bounds that both scrapes have are compared, so that
one that is missing makes the answer coarser, never wrong. Native buckets of a coarser
resolution take in the finer ones before them, as Prometheus does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

LARGEST = 2**53
_SAME = 1e-9
_FAR_US = 10**15
_ROUNDED = Fraction(1, 2000)
# a contradiction of up to a tenth of what was counted is of requests on their way
TORN = 10

Bucket = tuple[int, int | None] | None
Grown = dict[Bucket, int]
# a bound: its value to compare, and its µs rounded down (at least −1) and up (None: no end)
Edge = tuple[float, int, int | None]


def whole(text: str) -> int:
    """A count as it stands in an answer; ValueError if it is no whole number of requests."""
    if text.isdecimal() and len(text) < 16:
        return int(text)
    try:
        number = float(text)
    except ValueError:
        raise ValueError("its value is no number") from None
    if not math.isfinite(number):
        raise ValueError(f"its value is {text[:10]}")
    if not number.is_integer():
        raise ValueError("its value is no whole number")
    if not 0 <= number <= LARGEST:
        raise ValueError("its value is negative" if number < 0 else "its value is over 2^53")
    return int(number)


@lru_cache(maxsize=4096)
def edge(text: str, unit_us: Fraction) -> Edge:
    """A bucket's bound, exactly as it is written; ValueError if it is none."""
    try:
        value = float(text)
        if math.isinf(value) or value == 0:  # also what is too large or small for a float
            return (0.0, 0, 0) if value == 0 else (value, _FAR_US if value > 0 else -1, None)
        exact = Fraction(text) * unit_us
    except ValueError:
        raise ValueError("its bucket's bound is no number") from None
    if exact > _FAR_US:  # given up, outward
        return value, _FAR_US, None
    return value, max(-1, math.floor(exact)), max(0, math.ceil(exact))


def counter_growth(before: int, now: int) -> Grown:
    """What a counter has counted since."""
    return counter_whole(now if now < before else now - before)


def counter_whole(now: int) -> Grown:
    """All that a counter has counted."""
    return {None: now} if now else {}


# bound → how many took that long or less; ascending, the last bound is infinite
Classic = dict[Edge, int]


def check_classic(now: Classic) -> None:
    """ValueError if it is no histogram: no end, or fewer below a higher bound."""
    if next(reversed(now))[0] != math.inf:
        raise ValueError("its bucket +Inf is missing")
    if any(low > high for low, high in pairwise(now.values())):
        raise ValueError("its buckets are not cumulative")
    lowest = next(iter(now))
    if lowest[0] < 0 and any(count and at[0] < 0 for at, count in now.items()):
        raise ValueError("it counts negative durations")


def classic_growth(before: Classic, now: Classic) -> Grown | None:
    """What a classic histogram has counted since, by the bounds that both have."""
    if before == now:
        return {}
    bounds = [at for at in now if at in before]
    rises = [now[at] - before[at] for at in bounds]
    if min(rises) < 0:
        return classic_whole(now)
    if any(low > high for low, high in pairwise(rises)):
        return None
    return _by_bucket(zip(bounds, rises, strict=True))


def classic_again(before: Classic, now: Classic) -> Grown:
    """What it has counted since, where that contradicts itself for the second time in a row.

    By little, the scrape before was taken while its buckets were written, one after the other:
    bounds that rose by more than higher ones are left out. By much, it was reset, and has
    overtaken itself by now.
    """
    bounds = [at for at in now if at in before]
    rises = [now[at] - before[at] for at in bounds]
    least = [min(rises[place:]) for place in range(len(rises))]
    off = max(rise - most for rise, most in zip(rises, least, strict=True))
    if off * TORN > before[bounds[-1]]:
        return classic_whole(now)
    sound = zip(bounds, rises, least, strict=True)
    return _by_bucket((at, rise) for at, rise, most in sound if rise == most)


def classic_whole(now: Classic) -> Grown:
    """All that a classic histogram has counted."""
    return _by_bucket(now.items())


def _by_bucket(cumulative: Iterable[tuple[Edge, int]]) -> Grown:
    grown: Grown = {}
    low, below = -1, 0
    for at, count in cumulative:
        if count > below:
            key = (low, at[2])
            grown[key] = grown.get(key, 0) + count - below
        low, below = at[1], count
    return grown


class Ranged(dict[Bucket, int]):
    """A histogram of VictoriaMetrics: what each of its ranges holds; none is there without one."""


def vm_range(text: str, unit_us: Fraction) -> Bucket:
    """The bounds of a `vmrange`, outward of what they were rounded from; ValueError if none."""
    low, dots, high = text.partition("...")
    if not dots:
        raise ValueError("its bucket's range is not understood")
    start, end = (
        # powers of ten are exact, the others have as few as four digits
        edge(side, unit_us if side.partition("e")[0].strip("0.") == "1" else unit_us * scale)
        for side, scale in ((low, 1 - _ROUNDED), (high, 1 + _ROUNDED))
    )
    if not 0 <= start[0] < end[0]:
        raise ValueError("its bucket's range is not understood")
    return (start[1] if start[0] else -1), end[2]


def ranged_growth(before: Ranged, now: Ranged) -> Grown:
    """What it has counted since; a range that one scrape lacks is put there as it was before."""
    both = before.keys() & now.keys()
    if not both or any(now[each] < before[each] for each in both):
        return ranged_whole(now)
    grown = {each: now[each] - before.get(each, 0) for each in now}
    now |= {each: before[each] for each in before.keys() - both}
    return {each: count for each, count in grown.items() if count}


def ranged_whole(now: Ranged) -> Grown:
    """All that it has counted."""
    return {each: count for each, count in now.items() if count}


@dataclass(frozen=True, slots=True)
class Span:
    """One native bucket: its bounds as numbers to compare, as (lo_us, hi_us), its count."""

    low: float
    high: float
    bucket: tuple[int, int | None]
    count: int


@dataclass(frozen=True, slots=True)
class Native:
    """A native histogram: buckets in ascending order, and what no bucket holds (NaN)."""

    spans: tuple[Span, ...]
    unmeasured: int


def native(histogram: object, unit_us: Fraction) -> Native:
    """A native histogram of an answer; ValueError says why it cannot be used."""
    if not isinstance(histogram, dict) or not isinstance(histogram.get("buckets", []), list):
        raise ValueError("its histogram is not understood")  # noqa: TRY004
    spans = sorted(
        (_span(each, unit_us) for each in histogram.get("buckets", [])),
        key=lambda span: (span.high, span.low),
    )
    unmeasured = whole(str(histogram.get("count"))) - sum(span.count for span in spans)
    if unmeasured < 0:
        raise ValueError("its buckets hold more than its count")
    return Native(tuple(span for span in spans if span.count), unmeasured)


def _span(each: object, unit_us: Fraction) -> Span:
    if not isinstance(each, list) or len(each) != 4:
        raise ValueError("its bucket is not understood")
    rule, low_text, high_text, count_text = each[0], *map(str, each[1:])
    low, high, count = edge(low_text, unit_us), edge(high_text, unit_us), whole(count_text)
    if low[0] > high[0]:
        raise ValueError("its bucket ends before it begins")
    if count and (high[0] < 0 or (high[0] == 0 and -math.inf < low[0] < 0)):
        raise ValueError("it counts negative durations")
    lo_us = low[1]
    if rule in {1, 3} and low[0] >= 0 and low[2] is not None:  # closed below
        lo_us = low[2] - 1
    return Span(low[0], high[0], (lo_us, high[2]), count)


def native_growth(before: Native, now: Native) -> Grown:
    """What a native histogram has counted since; all of it where a bucket dropped."""
    grown: Grown = {}
    at = 0
    for span in now.spans:
        held = 0
        while at < len(before.spans) and _at_most(before.spans[at].high, span.high):
            if not _at_most(span.low, before.spans[at].low):
                return native_whole(now)
            held += before.spans[at].count
            at += 1
        if span.count < held:
            return native_whole(now)
        if span.count > held:
            grown[span.bucket] = grown.get(span.bucket, 0) + span.count - held
    if at < len(before.spans) or now.unmeasured < before.unmeasured:
        return native_whole(now)
    if now.unmeasured > before.unmeasured:
        grown[None] = now.unmeasured - before.unmeasured
    return grown


def native_whole(now: Native) -> Grown:
    """All that a native histogram has counted."""
    grown: Grown = {}
    for span in now.spans:
        grown[span.bucket] = grown.get(span.bucket, 0) + span.count
    if now.unmeasured:
        grown[None] = now.unmeasured
    return grown


def _at_most(one: float, other: float) -> bool:
    """Whether it is at most the other, but for how two resolutions write the same bound."""
    return one <= other or math.isclose(one, other, rel_tol=_SAME)
