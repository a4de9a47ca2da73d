"""Change points of a course of numbers, one a run: where its level moved and stayed moved.

Rank scan: for each split of n values, W = |R − k(n+1)/2| / sqrt(k(n−k)(n+1)/12), R being the sum of
the ranks of the first k. The largest W of all splits that leave four values on each side is
compared with what runs in random order would show in one of a thousand courses; ranks make that the
same for every distribution, so that outliers set off nothing. Where it is larger, the course is
split there and both halves are scanned (binary segmentation). A bump that was mended looks the same
on both sides of a split: where the whole shows nothing, stretches of it down to a quarter are
scanned too, with more asked of them (seeded, Kovács et al. 2023). Levels, medians, that differ by
less than 3% are joined again. Of ties each has the mean of their ranks, which errs on the quiet
side.

With under fourteen values no order is rare enough: nothing can be found. Values may be infinite,
as a percentile among failed requests is. Refuses NaN.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf, isnan, log, sqrt

SIDE = 4
LEAST = 14
MOST = 1_000
MIN_EFFECT = 0.03
# W² of the place found is over that of the true place by more than this in one of ten courses
_DOUBT = 4.0
# so much more must W be in a stretch: there are many, and runs that depend on each other show some
_STRETCH = 0.5
# the W that is reached by chance in one of a thousand courses of so many runs in random order:
# simulated, 2,000,000 orders each up to 30 runs, 600,000 to 200, then 200,000; smoothed
_CRITICAL = (
    (14, 3.13), (15, 3.24), (16, 3.26), (17, 3.316), (18, 3.33), (19, 3.38), (20, 3.39),
    (22, 3.44), (24, 3.49), (26, 3.53), (28, 3.57), (30, 3.6), (35, 3.655), (40, 3.71),
    (50, 3.79), (60, 3.85), (80, 3.92), (100, 3.96), (150, 4.05), (200, 4.095), (300, 4.16),
    (400, 4.2), (600, 4.25), (1_000, 4.3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The level moved before value number `at`, from the median `before` to the median `after`.

    `earliest` and `latest` are the first and the last place where the move may as well lie.
    """

    at: int
    earliest: int
    latest: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class _Split:
    """A place, the range that it may as well lie in, and how far its W is beyond chance."""

    at: int
    earliest: int
    latest: int
    excess: float


def change_points(values: Sequence[float], min_effect: float = MIN_EFFECT) -> list[Change]:
    """The changes, oldest first; of more than a thousand values the newest are looked at."""
    if any(isnan(value) for value in values):
        raise ValueError("a value that is no number has no rank")
    first = max(0, len(values) - MOST)
    found, todo = [], [(first, len(values))]
    while todo:
        start, end = todo.pop()
        split = _scan(values[start:end], start) or _scan_stretches(values, start, end)
        if split is not None:
            found.append(split)
            todo += [(start, split.at), (split.at, end)]
    return _joined(values[first:], first, sorted(found, key=lambda split: split.at), min_effect)


def critical(n: int) -> float:
    """The W that n runs in random order exceed once in a thousand courses."""
    if n < LEAST:
        return inf
    place = bisect_left(_CRITICAL, n, key=lambda row: row[0])
    if place == len(_CRITICAL):
        return _CRITICAL[-1][1]
    high, upper = _CRITICAL[place]
    if high == n:
        return upper
    low, lower = _CRITICAL[place - 1]
    return lower + (upper - lower) * log(n / low) / log(high / low)


def statistics(values: Sequence[float]) -> list[float]:
    """W of each split that leaves enough on both sides, from `SIDE` values before it on."""
    n, found, total = len(values), [], 0.0
    for k, rank in enumerate(_ranks(values)[: n - SIDE], start=1):
        total += rank
        if k >= SIDE:
            spread = sqrt(k * (n - k) * (n + 1) / 12)
            found.append(abs(total - k * (n + 1) / 2) / spread)
    return found


def _scan(values: Sequence[float], start: int, more: float = 0.0) -> _Split | None:
    """The best split, if it is beyond chance by so much or more."""
    if len(values) < LEAST:
        return None
    scores = statistics(values)
    best = max(scores)
    excess = best - critical(len(values))
    if excess < more:
        return None
    near = [k for k, score in enumerate(scores) if best**2 - score**2 <= _DOUBT]
    first = start + SIDE
    return _Split(first + scores.index(best), first + near[0], first + near[-1], excess)


def _scan_stretches(values: Sequence[float], start: int, end: int) -> _Split | None:
    """The split that is furthest beyond chance in a part of the course."""
    scans = (_scan(values[low:high], low, _STRETCH) for low, high in _stretches(start, end))
    found = [split for split in scans if split is not None]
    return max(found, key=lambda split: (split.excess, split.at), default=None)


def _stretches(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts of 71%, 50%, 35% and 25%, spread evenly over the whole and overlapping by half."""
    n = end - start
    for halvings in range(1, 5):
        length = n / sqrt(2) ** halvings
        count = 2 * ceil(sqrt(2) ** halvings) - 1
        for number in range(count):
            low = start + (n - length) * number / (count - 1)
            yield floor(low), min(end, ceil(low + length))


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1; of ties the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, at = [0.0] * len(values), 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for place in order[at:end]:
            ranks[place] = (at + 1 + end) / 2
        at = end
    return ranks


def _joined(
    values: Sequence[float], first: int, splits: list[_Split], min_effect: float
) -> list[Change]:
    """The changes that are left when levels that hardly differ are joined, smallest step first."""
    while splits:
        edges = [0, *(split.at - first for split in splits), len(values)]
        levels = [median(values[low:high]) for low, high in pairwise(edges)]
        steps = [_step(before, after) for before, after in pairwise(levels)]
        if min(steps) >= min_effect:
            return [
                Change(
                    at=split.at,
                    earliest=split.earliest,
                    latest=split.latest,
                    before=levels[place],
                    after=levels[place + 1],
                )
                for place, split in enumerate(splits)
            ]
        del splits[steps.index(min(steps))]
    return []


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else (low + high) / 2


def _step(before: float, after: float) -> float:
    """How much the level moved, as a share of what it was."""
    if before == after:
        return 0.0
    if before == 0 or inf in {before, after}:
        return inf
    return abs(after - before) / abs(before)
