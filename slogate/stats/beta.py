"""The regularised incomplete beta function I_x(a, b) and its inverse, for real a, b > 0.

Every interval of a share stands on these two: Korn & Graubard 1998 need Clopper & Pearson's beta
quantiles at non-integer a and b. Absolute error under 1e-10 for a, b up to 1e6, sane to 1e12.
The inverse is solved in w = ln(x / (1 - x)), where dI/dw = x^a (1-x)^b / B(a, b) is log-concave;
so is I, hence Newton's method on ln I - ln p converges from any point left of the root, and a
step from the right lands on the left. Refuses a, b <= 0 and probabilities outside 0..1.
"""

from __future__ import annotations

from math import exp, inf, isfinite, log, sqrt

from slogate.stats.beta_tail import lower_tail
from slogate.stats.normal import normal_quantile

_LOGIT_END = 700.0
_SMALLEST = 1e-290
# Six are usual. Where I is 1 minus nearly 1, its last digit can keep the steps from shrinking.
_STEPS = 100


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return I_x(a, b), the share of a Beta(a, b) distribution at or below x; 0 and 1 outside."""
    _require_parameters(a, b)
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return lower_tail(x, 1.0 - x, a, b)[0]


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the x with I_x(a, b) = probability, in [0, 1]; 0 and 1 are the ends themselves."""
    _require_parameters(a, b)
    if probability in {0.0, 1.0}:
        return probability
    return _logistic(beta_quantile_logit(probability, a, b))


def beta_quantile_logit(probability: float, a: float, b: float) -> float:
    """Return ln(x / (1 - x)) of the quantile, exact near both ends; clipped to -700..700."""
    _require_parameters(a, b)
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability lies between 0 and 1, both excluded; got {probability!r}")
    if probability > 0.5:
        return -_lower_logit(1.0 - probability, b, a)
    return _lower_logit(probability, a, b)


def _require_parameters(a: float, b: float) -> None:
    if not (0.0 < a < inf and 0.0 < b < inf):
        raise ValueError(f"a beta distribution needs finite a > 0 and b > 0; got {a!r} and {b!r}")


def _logistic(w: float) -> float:
    return 1.0 / (1.0 + exp(-w))


def _lower_logit(probability: float, a: float, b: float) -> float:
    """Return the logit of the quantile for a probability up to one half: Halley in a bracket."""
    goal = log(probability)
    a, b = max(a, _SMALLEST), max(b, _SMALLEST)
    low, high = -_LOGIT_END, _LOGIT_END
    enough = 1e-7 * min(1.0, sqrt(1.0 / a + 1.0 / b))
    w = min(max(_start_logit(probability, a, b), low), high)
    for _ in range(_STEPS):
        x, y = _logistic(w), _logistic(-w)
        tail, density = lower_tail(x, y, a, b)
        gap = log(tail) - goal if tail > 0.0 else -inf
        low, high = (w, high) if gap < 0.0 else (low, w)
        last, w = w, w - _halley(gap, tail, density, a * y - b * x)
        if not low < w < high and abs(w - last) > enough:
            w = (low + high) / 2.0
        if abs(w - last) <= enough:
            break
    return w


def _halley(gap: float, tail: float, density: float, tilt: float) -> float:
    """Return the step of Halley's method on ln I - ln p, or Newton's where it would be wild."""
    if tail <= 0.0 or density <= 0.0:
        return -inf
    step = gap * tail / density
    bend = step * (tilt - density / tail) / 2.0
    return step / (1.0 - bend) if abs(bend) < 0.5 else step


def _start_logit(probability: float, a: float, b: float) -> float:
    """Return a first guess: Abramowitz & Stegun 26.5.22, or the leading power for a, b < 1."""
    if a >= 1.0 and b >= 1.0:
        y = -normal_quantile(probability)
        over_a, over_b = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
        h, third = 2.0 / (over_a + over_b), (y * y - 3.0) / 6.0
        spread = y * sqrt(h + third) / h
        return log(a / b) - 2.0 * (
            spread - (over_b - over_a) * (third + 5.0 / 6.0 - 2.0 / (3.0 * h))
        )
    below = exp(a * log(a / (a + b))) / a
    above = exp(b * log(b / (a + b))) / b
    if probability < below / (below + above):
        guess = log(a * (below + above) * probability) / a
    else:
        guess = -log(b * (below + above) * (1.0 - probability)) / b
    return guess if isfinite(guess) else 0.0
