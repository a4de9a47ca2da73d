"""Which of n sorted durations is the percentile, and which two bound it.

Nearest rank: the q quantile is the ceil(q n)-th smallest, a duration that was really measured.
Ranks are computed in fractions, because 0.95 * 20 is more than 19 in floats for some q and n and
one rank up is another request. Refuses n < 1 and q outside (0, 1]. Percentiles are shown only;
the share of requests over the limit decides.
"""

from __future__ import annotations

from fractions import Fraction


def nearest_rank(n: int, q: Fraction | tuple[int, int]) -> int:
    """Return ceil(q n), counted from 1; q is a fraction or (numerator, denominator)."""
    share = q if isinstance(q, Fraction) else Fraction(*q)
    if n < 1:
        raise ValueError(f"a percentile needs at least one duration; got {n}")
    if not 0 < share <= 1:
        raise ValueError(f"a quantile lies in (0, 1]; got {share}")
    return _ceil_rank(n, share)


def rank_interval(n: int, lower_share: float, upper_share: float) -> tuple[int, int]:
    """Return the ranks of the quantiles at 1 - U and 1 - L, counted from 1, clipped to 1..n.

    L and U bound the share of requests slower than the percentile: `proportion.bounds` at
    1 - q and the effective size of the run. Woodruff 1952: the interval of a quantile.
    """
    if n < 1:
        raise ValueError(f"a percentile needs at least one duration; got {n}")
    if not 0.0 <= lower_share <= upper_share <= 1.0:
        raise ValueError(f"shares go up from 0 to 1; got {lower_share!r} and {upper_share!r}")
    lower, upper = (_ceil_rank(n, 1 - Fraction(share)) for share in (upper_share, lower_share))
    return lower, upper


def _ceil_rank(n: int, share: Fraction) -> int:
    return min(max(-(-share.numerator * n // share.denominator), 1), n)
