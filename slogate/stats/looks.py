"""How much error each of several looks at a running test may spend (O'Brien–Fleming spending).

Whoever looks at a running test again and again, and stops at the first interval that decides, is
wrong far more often than each interval says. So the error agreed on is spent over looks that are
fixed beforehand: cumulatively a(f) = 2 (1 − Φ(z / √f)), z = Φ⁻¹(1 − a/2), at the share f of the
longest time (Lan & DeMets 1983, "Discrete sequential boundaries for clinical trials", after
O'Brien & Fleming 1979): hardly anything early on, where little is known, nearly all of it at the
end. Each look has what has been added since the one before; the sum is the error agreed on, so that
by the union bound it holds whatever the looks have to do with each other. Refuses looks that do not
go up to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import erfc, sqrt

from slogate.stats.normal import normal_quantile

# closer where what is clear is decided: a test decided between two looks runs on to the next
SHARES = tuple(Fraction(share, 100) for share in (10, 20, 25, 30, 35, 40, 50, 60, 80, 100))


def spent(share: float, alpha: float) -> float:
    """Return the error per side that may be spent by this share of the time."""
    if not 0.0 < share <= 1.0:
        raise ValueError(f"a look is taken after a share of the time; got {share!r}")
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"the error per side lies between 0 and one half; got {alpha!r}")
    return erfc(normal_quantile(1.0 - alpha / 2.0) / sqrt(share) / sqrt(2.0))


def errors_of_looks(alpha: float, shares: Sequence[Fraction] = SHARES) -> list[float]:
    """Return the error per side of each look; they add up to `alpha`."""
    if not shares or shares[-1] != 1 or any(a >= b for a, b in pairwise(shares)):
        raise ValueError("looks go up, and the last is at the end")
    sums = [0.0, *(spent(float(share), alpha) for share in shares)]
    return [after - before for before, after in pairwise(sums)]
