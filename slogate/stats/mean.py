"""The interval of a mean duration from ten time batches.

The mean of all requests, its variance between batches (`batches.py`) and Student's t with one
degree of freedom fewer than there are batches with requests. Sums are whole microseconds, so
order and grouping of the rows change nothing. No floor from history: the spread is measured, not
scaled. Batches without requests are allowed and do not count. Refuses fewer than two batches and
runs without a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from slogate.stats.batches import ratio_sums
from slogate.stats.proportion import Decision
from slogate.stats.student import student_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanBatch:
    """Requests of one of the equal-time batches of a run, and the sum of their durations in µs."""

    count: int
    sum_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanInterval:
    """The mean in µs with its interval; both ends None if one batch has all the requests."""

    lower: float | None
    upper: float | None
    observed: float
    n: int
    k: int
    alpha: float


def mean_interval(batches: Sequence[MeanBatch], alpha: float) -> MeanInterval:
    """Return mean ± t * sqrt(v), `alpha` per side; ValueError without a request or two batches."""
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"the error per side lies between 0 and one half; got {alpha!r}")
    sums = ratio_sums([(batch.count, batch.sum_us) for batch in batches])
    observed, variance = sums.y / sums.n, sums.variance
    lower = upper = None
    if variance is not None:
        half = student_quantile(1.0 - alpha, sums.k - 1) * sqrt(variance)
        lower, upper = observed - half, observed + half
    return MeanInterval(
        lower=lower, upper=upper, observed=observed, n=sums.n, k=sums.k, alpha=alpha
    )


def decide_mean(found: MeanInterval, limit_us: float) -> Decision:
    """Return fail if the whole interval is over the limit, pass if it is within, else neither."""
    if found.lower is not None and found.lower > limit_us:
        return "fail"
    if found.upper is not None and found.upper <= limit_us:
        return "pass"
    return "inconclusive"
