"""The interval of a bad share from ten time batches, and what it decides ("KG-10").

Clopper & Pearson's interval (1934) at the effective sample size (Korn & Graubard 1998, "Confidence
intervals for proportions with small expected number of positive counts estimated from survey
data"). Requests of a load test come in good and bad spells: an interval that takes them for
independent reports a service exactly at its limit as failed in 28-41% of runs where 5% are
stated. The design effect is the factor by which spells inflate the variance: measured between
the batches of the run, and never taken to be lower than its history shows (the floor).

In the flow: counts by batch come in, an `Interval` and a decision go out. `alpha` is the error
per side, everywhere. Refuses fewer than two batches and runs without a request; an allowed share
of 0 is a fact of the run, not a question of statistics, and is refused too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

from slogate.stats.batches import RatioSums, ratio_sums
from slogate.stats.beta import beta_quantile
from slogate.stats.normal import normal_quantile
from slogate.stats.student import student_quantile

Decision = Literal["pass", "fail", "inconclusive"]

GROSS = 5.0
FLOOR_RUNS = 10
FLOOR_BAD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Requests of one of the equal-time batches of a run, and how many of them were bad."""

    total: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect:
    """Variance of the bad share between batches, and what independent requests would have.

    Both are 0 and `measured` is None where nothing can be measured: no bad request, no good one,
    or fewer than two batches with requests.
    """

    v: float
    v_iid: float
    measured: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The bad share of a run with its interval; `alpha` per side, `k` batches with requests."""

    lower: float
    upper: float
    observed: float
    n: int
    bad: int
    n_eff: float
    deff_measured: float | None
    deff_floor: float | None
    deff_used: float
    k: int
    alpha: float


def design_effect(batches: Sequence[Batch]) -> DesignEffect:
    """Return the variances of the bad share and their ratio; ValueError as for `interval`."""
    return _design_effect(_sums(batches))


def interval(batches: Sequence[Batch], alpha: float, floor: float | None) -> Interval:
    """Return the interval of the bad share; `floor` is the design effect of history, or None.

    deff = max(1, measured, floor); see `bounds` for the rest. With requests in one batch only
    the interval is (0, 1) and n_eff 0: such a run cannot tell its own spread.
    """
    sums = _sums(batches)
    measured = _design_effect(sums).measured
    deff = max(1.0, measured or 1.0, floor or 1.0)
    observed = sums.y / sums.n
    n_eff = effective_size(sums.n, deff, alpha, sums.k) if sums.k > 1 else 0.0
    lower, upper = bounds(observed, n_eff, alpha) if n_eff > 0.0 else (0.0, 1.0)
    return Interval(
        lower=lower, upper=upper, observed=observed, n=sums.n, bad=sums.y, n_eff=n_eff,
        deff_measured=measured, deff_floor=floor, deff_used=deff, k=sums.k, alpha=alpha,
    )  # fmt: skip


def effective_size(n: float, deff: float, alpha: float, k: int) -> float:
    """Return N / deff * (z / t)^2, the independent requests that n requests are worth."""
    _require_alpha(alpha)
    factor = normal_quantile(alpha) / student_quantile(alpha, k - 1)
    return n / deff * factor * factor


def bounds(share: float, n_eff: float, alpha: float) -> tuple[float, float]:
    """Return Clopper & Pearson's (L, U) for a share observed on n_eff independent requests.

    L = B^-1(alpha; x, n - x + 1) and U = B^-1(1 - alpha; x + 1, n - x) with real x = share * n;
    L is 0 without a bad request, U is 1 without a good one.
    """
    _require_alpha(alpha)
    bad, good = share * n_eff, (1.0 - share) * n_eff
    lower = beta_quantile(alpha, bad, good + 1.0) if bad > 0.0 else 0.0
    upper = 1.0 - beta_quantile(alpha, good, bad + 1.0) if good > 0.0 else 1.0
    return lower, upper


def clopper_pearson(bad: int, total: int, alpha: float) -> tuple[float, float]:
    """Return the exact interval of a share of independent requests; ValueError if total < 1."""
    if not 0 <= bad <= total or total < 1:
        raise ValueError(f"a share needs 0 <= bad <= total and a request; got {bad} of {total}")
    return bounds(bad / total, total, alpha)


def decide(found: Interval, allowed: float) -> Decision:
    """Return whether the whole interval breaches the allowed bad share, respects it, or neither.

    0 < allowed < 1, else ValueError. U = allowed still passes. A gross breach fails as well.
    """
    if gross_breach(found, allowed) or found.lower > allowed:
        return "fail"
    return "pass" if found.upper <= allowed else "inconclusive"


def gross_breach(found: Interval, allowed: float) -> bool:
    """Return whether the bad share is 5 times the allowed and not by chance of single requests.

    Without this rule one batch that fails totally inflates the design effect and hides itself.
    """
    if not 0.0 < allowed < 1.0:
        raise ValueError(f"an allowed bad share lies between 0 and 1; got {allowed!r}")
    if found.observed < GROSS * allowed:
        return False
    return clopper_pearson(found.bad, found.n, found.alpha)[0] > allowed


def floor_from_history(pairs: Sequence[tuple[float, float, int]]) -> float | None:
    """Return sum(v) / sum(v_iid), at least 1, of the first ten (v, v_iid, bad), newest run first.

    None with fewer than ten bad requests among them: a mean of design effects would count runs
    that saw no bad request as proof of independence.
    """
    runs = pairs[:FLOOR_RUNS]
    v_iid = fsum(run[1] for run in runs)
    if sum(run[2] for run in runs) < FLOOR_BAD or v_iid <= 0.0:
        return None
    return max(1.0, fsum(run[0] for run in runs) / v_iid)


def _sums(batches: Sequence[Batch]) -> RatioSums:
    if any(batch.bad > batch.total for batch in batches):
        raise ValueError("a batch cannot have more bad requests than requests")
    return ratio_sums([(batch.total, batch.bad) for batch in batches])


def _design_effect(sums: RatioSums) -> DesignEffect:
    variance, good = sums.variance, sums.n - sums.y
    if variance is None or sums.y == 0 or good == 0:
        return DesignEffect(v=0.0, v_iid=0.0, measured=None)
    measured = sums.k * sums.squares / ((sums.k - 1) * sums.n * sums.y * good)
    return DesignEffect(v=variance, v_iid=sums.y * good / sums.n**3, measured=measured)


def _require_alpha(alpha: float) -> None:
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"the error per side lies between 0 and one half; got {alpha!r}")
