"""Puts requests whose batch is not known where they make the batches most unlike each other.

A step across the border of two batches has requests of both. Which, nobody knows; the interval is
widest if the residuals u_k = y_k - r n_k of the batches (`stats/batches.py`) have the largest
squares. These are convex in what is moved over a border, so that one of its two extremes is the
worst, and the worst of all borders is found from the first to the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from slogate.model.evidence import BATCHES, Batch, Evidence

Border = tuple[Batch, Batch]
# what an objective's ratio has above the line
Above = Callable[[Batch], int]


class _Way(NamedTuple):
    """Batches up to a border, moved so that their squares are the largest, and what follows."""

    squares: int
    done: tuple[Batch, ...]
    rest: Batch


def most_unlike(evidence: Evidence, mean_limit_us: Fraction | None) -> Evidence:
    """The evidence with the batches most unlike each other.

    `mean_limit_us` is the limit of a mean; of shares, None.
    """
    if not evidence.borders:
        return evidence
    of_mean = mean_limit_us is not None
    above: Above = (lambda batch: batch.sum_us) if of_mean else (lambda batch: batch.bad)
    total, over = evidence.total, sum(map(above, evidence.batches))

    def square(batch: Batch) -> int:
        return (total * above(batch) - over * batch.total) ** 2

    ways = [_Way(0, (), evidence.batches[0])]
    for border, after in zip(evidence.borders, evidence.batches[1:], strict=True):
        extremes = (
            [Batch(total=side.total, bad=side.bad) for side in border]
            if mean_limit_us is None
            else _extremes(border, mean_limit_us, total=total, over=over)
        )
        # each way of passing a border is the best of the ways that lead there
        ways = [
            max(
                (_moved(way, extreme, after, square) for way in ways),
                key=lambda way: way.squares,
            )
            for extreme in extremes
        ]
    last = max(ways, key=lambda way: way.squares + square(way.rest))
    return replace(evidence, batches=(*last.done, last.rest), borders=())


def _moved(way: _Way, moved: Batch, after: Batch, square: Callable[[Batch], int]) -> _Way:
    """The way over one border, with those requests counted behind it."""
    left = _sum(way.rest, moved, sign=-1)
    return _Way(way.squares + square(left), (*way.done, left), _sum(after, moved))


def _sum(one: Batch, other: Batch, sign: int = 1) -> Batch:
    return Batch(
        total=one.total + sign * other.total,
        bad=one.bad + sign * other.bad,
        sum_us=one.sum_us + sign * other.sum_us,
    )


def _extremes(border: Border, limit_us: Fraction, *, total: int, over: int) -> list[Batch]:
    """What moves a mean most, upward and downward: those over it, and those under.

    Known are count and sum of those over the limit and of those under. Where the mean lies on
    their side, one of them may take all that the others can spare.
    """
    good, bad = border
    whole, mean = _sum(good, bad), Fraction(over, total)
    if mean <= limit_us:
        high = bad
        more = min(good.sum_us - mean, (limit_us - mean) * good.total)
        if more > 0:
            one = Batch(total=1, sum_us=ceil(mean + more))
            high = _sum(bad, one) if good.total > 1 else whole
    else:
        most = bad.sum_us - int(limit_us) * (bad.total - 1)
        high = Batch(total=1, sum_us=most) if bad.total and most > mean else Batch()
    return [high, _sum(whole, high, sign=-1)]


def in_one(evidence: Evidence) -> Evidence:
    """The evidence in one batch: how its requests cluster is not known."""
    whole = Batch(total=evidence.total, bad=evidence.bad, sum_us=evidence.sum_us)
    best = evidence.best
    return replace(
        evidence,
        batches=(whole, *[Batch()] * (BATCHES - 1)),
        borders=(),
        best=None if best is None else in_one(best),
    )


def mixtures(worst: Evidence, best: Evidence) -> list[Evidence]:
    """Some batches at their worst, the others at their best: those that are worse in the middle."""
    pairs = list(zip(worst.batches, best.batches, strict=True))
    order = sorted(range(BATCHES), key=lambda at: _middle(*pairs[at]), reverse=True)
    found = []
    for count in range(1, BATCHES):
        high = set(order[:count])
        batches = tuple(w if at in high else b for at, (w, b) in enumerate(pairs))
        if sum(batch.total for batch in batches):
            found.append(
                replace(worst, batches=batches, borders=_borders(worst, best, high), best=None)
            )
    return found


def _borders(worst: Evidence, best: Evidence, high: set[int]) -> tuple[Border, ...]:
    pairs = zip(worst.borders or (), best.borders or (), strict=True)
    return tuple(w if at in high else b for at, (w, b) in enumerate(pairs))


def _middle(worst: Batch, best: Batch) -> tuple[Fraction, Fraction]:
    total = max(1, worst.total + best.total)
    return (
        Fraction(worst.bad + best.bad, total),
        Fraction(worst.sum_us + best.sum_us, total),
    )
