"""Which of n sorted durations is the percentile.

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
    return min(max(-(-share.numerator * n // share.denominator), 1), n)
