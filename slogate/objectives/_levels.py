"""What runs measured, for comparing them: the value, and the variance that its requests give it.

The variances come from the same ten batches as the verdicts' intervals, so that spells are in them:
Woodruff's interval of a percentile, Taylor's linearisation of a ratio. Where counts are too few for
that, no less than what independent requests would show, two of each kind added (Agresti & Coull
1998): no error in a hundred requests is not none for ever.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from math import inf, log

from slogate.model.evidence import UNBOUNDED_US, Evidence
from slogate.model.window import Window
from slogate.objectives._base import Allowance, Measured
from slogate.stats import proportion
from slogate.stats.batches import ratio_sums
from slogate.stats.student import student_quantile

LEAST = 10
# requests beyond a percentile, without which it is hardly more than the slowest of all
BEYOND = 5
BEYOND_IN_PAIRS = 1
_ALPHA = 0.05


def percentile(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """The percentile; `again` counts requests over it, by batch."""
    del window
    quantile = allowance.quantile or Fraction(0)
    if evidence.total * (1 - quantile) < BEYOND or not evidence.ladder:
        return None
    observed = evidence.quantile(quantile)
    if observed is None:
        return Measured(value=None)
    variance = inf if again is None else _of_logarithm(evidence, again, quantile, max(1, observed))
    return None if variance == inf else Measured(value=max(1, observed), variance=variance)


def percentile_in_pairs(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """The percentile of one of a pair; how much it varies is seen from pair to pair."""
    del again, window
    quantile = allowance.quantile or Fraction(0)
    enough = evidence.total * min(quantile, 1 - quantile) >= BEYOND_IN_PAIRS
    if not enough or not evidence.ladder:
        return None
    observed = evidence.quantile(quantile)
    return Measured(value=None if observed is None else max(1, observed))


def _of_logarithm(
    evidence: Evidence, again: Evidence, quantile: Fraction, observed: float
) -> float:
    batches = [proportion.Batch(total=batch.total, bad=batch.bad) for batch in again.batches]
    found = proportion.interval(batches, _ALPHA, None)
    if found.n_eff <= 0:
        return inf
    lower, upper = proportion.bounds(float(1 - quantile), found.n_eff, _ALPHA)
    shares = [share for share, _ in evidence.ladder]
    below = bisect_right(shares, 1 - upper) - 1
    above = min(bisect_left(shares, 1 - lower), len(shares) - 1)
    low = evidence.ladder[max(below, 0)][1] or observed
    high = evidence.ladder[above][1]
    # where failures leave no upper end the lower one tells how far the percentile may be off
    reach = log(observed / max(1, low))
    if high is not None:
        reach = log(max(1, high) / max(1, low)) / 2
    return float((reach / student_quantile(1 - _ALPHA, found.k - 1)) ** 2)


def errors(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """The share of failed requests."""
    del allowance, again, window
    total, bad = evidence.total, evidence.bad
    if total < LEAST:
        return None
    sums = ratio_sums([(batch.total, batch.bad) for batch in evidence.batches])
    share = (bad + 2) / (total + 4)
    return Measured(
        value=bad / total,
        variance=max(sums.variance or 0.0, share * (1 - share) / total),
        counts=(bad, total),
    )


def mean(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """The mean duration."""
    del allowance, again, window
    if evidence.total < LEAST or evidence.sum_us <= 0:
        return None
    if evidence.sum_us >= UNBOUNDED_US:
        return Measured(value=None)
    sums = ratio_sums([(batch.total, batch.sum_us) for batch in evidence.batches])
    value = sums.y / sums.n
    return Measured(value=value, variance=(sums.variance or 0.0) / value**2)


def maximum(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """The largest duration; one number, whose variance only other runs tell."""
    del allowance, again, window
    if evidence.total < LEAST or evidence.max_us is None:
        return None
    bounded = evidence.max_us < UNBOUNDED_US
    return Measured(value=float(max(1, evidence.max_us)) if bounded else None)


def throughput(
    allowance: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> Measured | None:
    """Successes a second."""
    del allowance, again
    good = evidence.total - evidence.bad
    if good < LEAST or window.seconds <= 0:
        return None
    return Measured(value=good / window.seconds, variance=1 / good)
