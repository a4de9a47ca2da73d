"""How many requests a verdict needs: for a share seen, for none bad, for a share expected.

The interval of `proportion.py` turned round. Used by the preflight before the load, by the
sentence of an inconclusive verdict and by the planner. Multiply by the rate to get seconds.
Refuses allowed shares outside (0, 1); answers None where no number of requests would do.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log, log1p

from slogate.stats.beta import beta_cdf, beta_quantile
from slogate.stats.proportion import GROSS, effective_size

_LIMIT = 10**12


def requests_needed(
    observed: float, allowed: float, alpha: float, deff: float, k: int = 10
) -> int | None:
    """Return the fewest requests that would PASS or FAIL if the observed share held.

    At design effect `deff` and k batches, by the same rules as `decide`, gross breach included.
    None if the observed share is the allowed one, or if it would take more than 1e12.
    """
    _require_allowed(allowed)
    worth = effective_size(1.0, deff, alpha, k)
    if observed < allowed:
        return _fewest(lambda n: _within(observed, n * worth, allowed, alpha))
    if observed >= GROSS * allowed:
        return _fewest(lambda n: _over(observed, n, allowed, alpha))
    if observed > allowed:
        return _fewest(lambda n: _over(observed, n * worth, allowed, alpha))
    return None


def zero_bad_requests(allowed: float, alpha: float, k: int = 10) -> int:
    """Return the fewest requests that PASS when none is bad: (t / z)^2 ln(alpha) / ln(1 - allowed).

    At 5% per side about 3.72 / allowed (the rule of three, widened for ten batches).
    """
    _require_allowed(allowed)
    return ceil(log(alpha) / log1p(-allowed) / effective_size(1.0, 1.0, alpha, k))


def min_requests_to_pass(
    expected: float,
    allowed: float,
    alpha: float,
    *,
    deff: float = 1.0,
    chance: float = 0.9,
    k: int = 10,
) -> int | None:
    """Return the fewest requests that PASS with the given chance if `expected` is the true share.

    Exact binomial on N / deff requests. The design effect of the run itself is uncertain: plan
    1.5 times as many. None if the expected share is not under the allowed, or over 1e12 requests.
    """
    _require_allowed(allowed)
    if expected >= allowed:
        return None
    worth = effective_size(1.0, 1.0, alpha, k)

    def fewest_with(bad: int) -> int | None:
        return _fewest(
            lambda n: n > bad and _within(bad / n, n * worth, allowed, alpha), start=bad + 1
        )

    def likely(bad: int) -> bool:
        n = fewest_with(bad)
        at_most = 1.0 - beta_cdf(expected, bad + 1.0, n - bad) if n is not None else 1.0
        return at_most >= chance

    bad = 0 if likely(0) else _fewest(likely)
    n = fewest_with(bad) if bad is not None else None
    return ceil(n * deff) if n is not None and n * deff <= _LIMIT else None


def min_requests_to_fail(
    expected: float,
    allowed: float,
    alpha: float,
    *,
    deff: float = 1.0,
    chance: float = 0.9,
    k: int = 10,
) -> int | None:
    """Return the fewest requests that FAIL with the given chance if `expected` is the true share.

    The same the other way round; without the rule of a gross breach, so never too few. None if
    the expected share is not over the allowed, or over 1e12 requests.
    """
    _require_allowed(allowed)
    if expected <= allowed:
        return None
    worth = effective_size(1.0, 1.0, alpha, k)

    def most_with(bad: int) -> int:
        within = _fewest(lambda n: not _over(bad / n, n * worth, allowed, alpha), start=bad)
        return (within or _LIMIT) - 1

    def likely(n: int, bad: int) -> bool:
        return n >= bad and (
            expected >= 1.0 or beta_cdf(expected, float(bad), n - bad + 1.0) >= chance
        )

    bad = _fewest(lambda bad: likely(most_with(bad), bad))
    n = _fewest(lambda n: likely(n, bad), start=bad) if bad is not None else None
    return ceil(n * deff) if n is not None and n * deff <= _LIMIT else None


def decidable(
    requests: float, allowed: float, alpha: float, *, chance: float = 0.9, k: int = 10
) -> tuple[float | None, float | None]:
    """Return the shares between which so many independent requests have no verdict.

    (the largest true share that PASSes with the given chance, the least that FAILs); None where
    none does.
    """
    _require_allowed(allowed)
    worth = effective_size(1.0, 1.0, alpha, k)
    whole = int(requests)
    passes = fails = None
    over = _fewest(
        lambda bad: bad > whole or _over(bad / requests, requests * worth, allowed, alpha)
    )
    if over is not None and over <= whole:
        fails = beta_quantile(chance, float(over), requests - over + 1.0)
    if requests > 0.0 and _within(0.0, requests * worth, allowed, alpha):
        most = _fewest(
            lambda bad: bad > whole or not _within(bad / requests, requests * worth, allowed, alpha)
        )
        at_most = (most or 1) - 1
        passes = beta_quantile(1.0 - chance, at_most + 1.0, max(requests - at_most, 1e-9))
    return passes, fails


def _within(share: float, n_eff: float, allowed: float, alpha: float) -> bool:
    """Return whether U <= allowed, asked of the distribution so that no inverse is needed."""
    return beta_cdf(allowed, share * n_eff + 1.0, (1.0 - share) * n_eff) >= 1.0 - alpha


def _over(share: float, n_eff: float, allowed: float, alpha: float) -> bool:
    """Return whether L > allowed, likewise."""
    if share <= 0.0:
        return False
    return beta_cdf(allowed, share * n_eff, (1.0 - share) * n_eff + 1.0) < alpha


def _fewest(settled: Callable[[int], bool], start: int = 1) -> int | None:
    """Return the least n >= start with settled(n), which must stay true; None above the limit."""
    low, high = start - 1, start
    while not settled(high):
        low, high = high, 2 * high
        if low > _LIMIT:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return high if high <= _LIMIT else None


def _require_allowed(allowed: float) -> None:
    if not 0.0 < allowed < 1.0:
        raise ValueError(f"an allowed bad share lies between 0 and 1; got {allowed!r}")
