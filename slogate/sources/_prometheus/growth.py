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
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

LARGEST = 2**53
_SAME = 1e-9
_FAR_US = 10**15

Bucket = tuple[int, int | None] | None
Grown = dict[Bucket, int]


@lru_cache(maxsize=4096)
def whole(text: str) -> int:
    """A count as it stands in an answer; ValueError if it is no whole number of requests."""
    if text.isdecimal() and len(text) < 17:
        count = int(text)
    else:
        number = _number(text)
        if not number.is_integer():
            raise ValueError("its value is no whole number")
        count = int(number)
    if not 0 <= count <= LARGEST:
        raise ValueError("its value is negative" if count < 0 else "its value is over 2^53")
    return count


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("its value is no number") from None
    if not math.isfinite(number):
        raise ValueError(f"its value is {text[:10]}")
    return number


@lru_cache(maxsize=4096)
def bound(text: str, unit_us: Fraction) -> Fraction | float:
    """A bucket's bound in µs, exactly as it is written; ValueError if it is none."""
    try:
        number = float(text)
        if math.isinf(number) or number == 0:  # also what is too large or small for a float
            return number or Fraction(0)
        return Fraction(text) * unit_us
    except ValueError:
        raise ValueError("its bucket's bound is no number") from None


def _ends(low: Fraction | float, high: Fraction | float, *, closed: bool) -> tuple[int, int | None]:
    """A bucket's bounds as the series has them; far out they are given up, outward."""
    lo_us = -1
    if low >= 0:
        far = min(low, _FAR_US)
        lo_us = math.ceil(far) - 1 if closed else math.floor(far)
    return lo_us, None if high > _FAR_US else max(0, math.ceil(high))


def counter_growth(before: int, now: int) -> Grown:
    """What a counter has counted since."""
    return counter_whole(now if now < before else now - before)


def counter_whole(now: int) -> Grown:
    """All that a counter has counted."""
    return {None: now} if now else {}


# bound in µs → how many took that long or less; ascending, the last bound is infinite
Classic = dict[Fraction | float, int]


def check_classic(now: Classic) -> None:
    """ValueError if it is no histogram: no end, or fewer below a higher bound."""
    if math.inf not in now:
        raise ValueError("its bucket +Inf is missing")
    if any(low > high for low, high in pairwise(now.values())):
        raise ValueError("its buckets are not cumulative")
    if any(count and at < 0 for at, count in now.items()):
        raise ValueError("it counts negative durations")


def classic_growth(before: Classic, now: Classic) -> Grown | None:
    """What a classic histogram has counted since, by the bounds that both have."""
    bounds = [at for at in now if at in before]
    rises = [now[at] - before[at] for at in bounds]
    if min(rises) < 0:
        return classic_whole(now)
    if any(low > high for low, high in pairwise(rises)):
        return None
    return _by_bucket(dict(zip(bounds, rises, strict=True)))


def classic_whole(now: Classic) -> Grown:
    """All that a classic histogram has counted."""
    return _by_bucket(now)


def _by_bucket(cumulative: Classic) -> Grown:
    grown: Grown = {}
    low: Fraction | float = -math.inf
    below = 0
    for at, count in cumulative.items():
        if count > below:
            key = _ends(low, at, closed=False)
            grown[key] = grown.get(key, 0) + count - below
        low, below = at, count
    return grown


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
    low, high, count = bound(low_text, unit_us), bound(high_text, unit_us), whole(count_text)
    if low > high:
        raise ValueError("its bucket ends before it begins")
    if count and (high < 0 or (high == 0 and low < 0 and not math.isinf(low))):
        raise ValueError("it counts negative durations")
    return Span(float(low), float(high), _ends(low, high, closed=rule in {1, 3}), count)


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
