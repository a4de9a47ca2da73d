"""Quantiles and tails of Student's t distribution.

Ten batches estimate their own spread, so intervals widen from the normal's to t's with nine
degrees of freedom. Solved through the beta quantile (Abramowitz & Stegun 26.7.1): with
X ~ Beta(df / 2, 1 / 2), P(|T| > t) = P(X < df / (df + t^2)). Refuses df below 1.
"""

from __future__ import annotations

from math import exp, sqrt

from slogate.stats.beta import beta_cdf, beta_quantile_logit


def student_quantile(probability: float, df: float) -> float:
    """Return t with P(T <= t) = probability for df >= 1; ValueError for other arguments."""
    if not df >= 1.0:
        raise ValueError(f"Student's t needs at least one degree of freedom; got {df!r}")
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability lies between 0 and 1, both excluded; got {probability!r}")
    if probability == 0.5:
        return 0.0
    tail = min(probability, 1.0 - probability)
    size = sqrt(df) * exp(-beta_quantile_logit(2.0 * tail, df / 2.0, 0.5) / 2.0)
    return size if probability > 0.5 else -size


def student_tail(t: float, df: float) -> float:
    """Return P(T > t) for df >= 1; ValueError for fewer."""
    if not df >= 1.0:
        raise ValueError(f"Student's t needs at least one degree of freedom; got {df!r}")
    if t == 0.0:
        return 0.5
    tail = beta_cdf(df / (df + t * t), df / 2.0, 0.5) / 2.0
    return tail if t > 0.0 else 1.0 - tail
