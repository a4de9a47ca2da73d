"""The smaller tail of a beta distribution and its density, accurate for parameters of any size.

Under `beta.py`. lgamma alone loses 2e-9 at a, b = 1e6, so the density is written in deviances
(Loader 2000, "Fast and accurate computation of binomial probabilities"). The tail is a continued
fraction (Didonato & Morris 1992, TOMS 708) while the smaller parameter is small, else
Gauss-Legendre over the logit w = ln(x / y), y = 1 - x, whose cost does not grow with a and b.
Measured against SciPy: 4e-14 up to 1e6, 4e-11 up to 1e12. Takes a, b > 0 and 0 < x < 1 unchecked.
"""

from __future__ import annotations

from math import exp, expm1, inf, lgamma, log, log1p, pi, sqrt

_FRACTION_UP_TO = 100.0
_DROP = 40.0

# Abramowitz & Stegun table 25.4: the 16-point Gauss-Legendre rule on (-1, 1), positive half.
_NODES = (
    (0.0950125098376374402, 0.1894506104550684963),
    (0.2816035507792589132, 0.1826034150449235889),
    (0.4580167776572273863, 0.1691565193950025382),
    (0.6178762444026437484, 0.1495959888165767321),
    (0.7554044083550030339, 0.1246289712555338720),
    (0.8656312023878317439, 0.0951585116824927848),
    (0.9445750230732325761, 0.0622535239386478929),
    (0.9894009349916499326, 0.0271524594117540949),
)


def lower_tail(x: float, y: float, a: float, b: float) -> tuple[float, float]:
    """Return (I_x(a, b), dI/dw) at x with y = 1 - x; computes the smaller side, then subtracts."""
    density = _density(x, y, a, b)
    if x * (a + b + 2.0) <= a + 1.0:
        return _tail(x, y, a, b) * density, density
    return 1.0 - _tail(y, x, b, a) * density, density


def _tail(x: float, y: float, a: float, b: float) -> float:
    """Return I_x(a, b) divided by its density, for x below about the mean."""
    if min(a, b) < _FRACTION_UP_TO:
        return _fraction(x, y, a, b)
    return _quadrature(x, y, a, b)


def _density(x: float, y: float, a: float, b: float) -> float:
    """Return x^a y^b / B(a, b) in Loader's saddle-point form: no difference of large numbers."""
    n = a + b
    stirling = _stirling(n) - _stirling(a) - _stirling(b)
    return sqrt(a / n * b / (2.0 * pi)) * exp(stirling - _deviance(a, n * x) - _deviance(b, n * y))


def _stirling(a: float) -> float:
    """Return ln Gamma(a + 1) minus Stirling's (a + 1/2) ln a - a + ln(2 pi) / 2."""
    if a < 16.0:
        return lgamma(a + 1.0) - (a + 0.5) * log(a) + a - log(2.0 * pi) / 2.0
    s = 1.0 / (a * a)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / a


def _deviance(a: float, mean: float) -> float:
    """Return a ln(a / mean) + mean - a, by Loader's series where the plain form would cancel."""
    gap = a - mean
    if mean <= 0.0:
        return inf
    if abs(gap) >= 0.1 * (a + mean):
        ratio = a / mean
        return a * (log(ratio) if ratio < inf else log(a) - log(mean)) - gap
    v = gap / (a + mean)
    total, term, odd = gap * v, 2.0 * a * v, 1.0
    while True:
        term *= v * v
        odd += 2.0
        longer = total + term / odd
        if longer == total:
            return total
        total = longer


def _fraction(x: float, y: float, a: float, b: float) -> float:
    """Return the continued fraction (9) of Didonato & Morris 1992 by Lentz's method.

    It sees the distance to the mean as a y - b x, which stays exact when x or y is tiny.
    """
    gap = a * y - b * x
    value = c = a / (a + 1.0) * (gap + 1.0)
    d = 0.0
    for m in range(1, 10_000):
        odd = a + 2.0 * m - 1.0
        up = m * (b - m) * x / odd
        alpha = (a + (m - 1)) / odd * (a + b + m - 1.0) * x * up
        beta = m + up + (a + m) / (odd + 2.0) * (gap + 1.0 + m * (1.0 + y))
        d = 1.0 / (beta + alpha * d)
        c = beta + alpha / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return 1.0 / value


def _quadrature(x: float, y: float, a: float, b: float) -> float:
    """Return the integral of density(w + s) / density(w) over s < 0, in two Gauss panels."""
    n, slope = a + b, a * y - b * x
    power, base, sign = (a, x, 1.0) if x <= y else (-b, y, -1.0)
    # The log density is concave: its tangent at -reach falls by _DROP no sooner than it does.
    reach = 2.0 * _DROP / (slope + sqrt(slope * slope + 2.0 * _DROP * n * x * y))
    drop = -power * reach - n * log1p(base * expm1(-sign * reach))
    reach += (drop + _DROP) / (a - n * x / (x + y * exp(reach)))
    quarter = reach / 4.0
    total = 0.0
    for node, weight in _NODES:
        for place in (-1.0 - node, -1.0 + node, -3.0 - node, -3.0 + node):
            s = place * quarter
            total += weight * exp(power * s - n * log1p(base * expm1(sign * s)))
    return total * quarter
