"""The incomplete beta function and its inverse, against SciPy."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import special

from slogate.stats.beta import beta_cdf, beta_quantile, beta_quantile_logit
from slogate.stats.beta_tail import lower_tail

EXACT = 1e-10


def powers_of_ten(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


parameters = powers_of_ten(-6, 6)
probabilities = st.one_of(
    st.floats(1e-9, 1 - 1e-9),
    powers_of_ten(-9, -0.01),
    powers_of_ten(-9, -0.01).map(lambda p: 1 - p),
)


@given(a=parameters, b=parameters, x=st.floats(0, 1, allow_subnormal=False))
@example(a=1e6, b=1e6, x=0.5)
@example(a=5e4, b=9.5e5, x=0.05)
@example(a=1.3e-6, b=45.9, x=0.0203)
@example(a=20.0, b=1e6, x=2e-5)
def test_cdf_equals_scipy(a, b, x):
    """I_x(a, b) differs from SciPy's by less than 1e-10 for parameters up to a million."""
    assert abs(beta_cdf(x, a, b) - special.betainc(a, b, x)) < EXACT


@given(a=parameters, b=parameters, probability=probabilities)
@example(a=1e6, b=1e6, probability=0.05)
@example(a=5e4, b=9.5e5, probability=0.95)
@example(a=1.0, b=1e6, probability=0.05)
def test_cdf_equals_scipy_where_the_mass_is(a, b, probability):
    """The agreement holds at the quantiles, where the function is steep."""
    x = float(special.betaincinv(a, b, probability))

    assert abs(beta_cdf(x, a, b) - special.betainc(a, b, x)) < EXACT


@given(a=parameters, b=parameters, probability=probabilities)
@example(a=1e6, b=1e6, probability=0.05)
@example(a=1e-6, b=1e6, probability=0.95)
@example(a=13.76, b=5e-4, probability=1.3e-8)
@example(a=1.16e-6, b=0.109, probability=0.99999)
def test_quantile_equals_scipy(a, b, probability):
    """The quantile is SciPy's within 1e-10, or differs less than p's last digit moves it."""
    actual, expected = beta_quantile(probability, a, b), special.betaincinv(a, b, probability)
    missed = special.betainc(a, b, actual) - probability

    assert abs(actual - expected) < EXACT or abs(missed) < 4e-16


@pytest.mark.parametrize("n", [1e7, 1e8, 1e10, 1e12])
@pytest.mark.parametrize("share", [1e-6, 0.001, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("probability", [1e-9, 0.05, 0.5, 0.95, 1 - 1e-9])
def test_huge_parameters_stay_sane(n, share, probability):
    """The quantile of a huge sample is near SciPy's and leads back to its probability."""
    a, b = share * n, (1 - share) * n
    x = beta_quantile(probability, a, b)

    assert x == pytest.approx(special.betaincinv(a, b, probability), abs=1e-9)
    assert beta_cdf(x, a, b) == pytest.approx(probability, abs=1e-7)


@given(a=powers_of_ten(-3, 9), b=powers_of_ten(-3, 9), probability=probabilities)
def test_quantile_leads_back_to_its_probability(a, b, probability):
    """The lower tail at the logits around the quantile's brackets the probability."""
    w = beta_quantile_logit(probability, a, b)
    assume(abs(w) < 699)
    below, above = (
        lower_tail(special.expit(w + step), special.expit(-w - step), a, b)[0]
        for step in (-1e-6, 1e-6)
    )

    assert below <= probability + 1e-12
    assert above >= probability - 1e-12


@given(a=powers_of_ten(-3, 6), b=powers_of_ten(-3, 6), p=probabilities, q=probabilities)
def test_quantile_grows_with_the_probability(a, b, p, q):
    """A larger probability never has a smaller quantile."""
    low, high = sorted((p, q))

    assert beta_quantile(low, a, b) <= beta_quantile(high, a, b) + 1e-15


@given(a=powers_of_ten(-3, 6), b=powers_of_ten(-3, 6), x=st.floats(1e-6, 0.5))
def test_the_two_tails_add_up(a, b, x):
    """I_x(a, b) + I_(1-x)(b, a) = 1 wherever 1 - x is exact enough to say so."""
    rest = 1.0 - x

    assert beta_cdf(1.0 - rest, a, b) + beta_cdf(rest, b, a) == pytest.approx(1.0, abs=1e-12)


def test_closed_forms():
    """The uniform and the power distributions come out exactly as their formulas say."""
    assert beta_cdf(0.3, 1.0, 1.0) == pytest.approx(0.3, abs=1e-15)
    assert beta_cdf(0.3, 4.0, 1.0) == pytest.approx(0.3**4, rel=1e-14)
    assert beta_quantile(0.05, 1.0, 59.0) == pytest.approx(1 - 0.95 ** (1 / 59), rel=1e-13)


@pytest.mark.parametrize(
    ("x", "expected"), [(-1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (5e-324, 0.0)]
)
def test_cdf_at_and_beyond_the_ends(x, expected):
    """The CDF is 0 up to x = 0 and 1 from x = 1."""
    assert beta_cdf(x, 2.0, 3.0) == expected


def test_quantile_at_the_ends():
    """Probabilities 0 and 1 give the ends themselves, tiny parameters give ends too."""
    assert beta_quantile(0.0, 2.0, 3.0) == 0.0
    assert beta_quantile(1.0, 2.0, 3.0) == 1.0
    assert beta_quantile(0.05, 1e-6, 5.0) == pytest.approx(0.0, abs=1e-300)
    assert beta_quantile(0.95, 5.0, 1e-6) == 1.0


@pytest.mark.parametrize("wrong", [0.0, -1.0, inf, nan])
def test_parameters_out_of_range_are_refused(wrong):
    """Parameters that are not finite and positive are told in a sentence."""
    for call in (lambda: beta_cdf(0.5, wrong, 1.0), lambda: beta_quantile(0.5, 1.0, wrong)):
        with pytest.raises(ValueError, match="finite a > 0 and b > 0"):
            call()


@pytest.mark.parametrize("wrong", [-0.1, 1.1, nan])
def test_probabilities_out_of_range_are_refused(wrong):
    """A probability outside 0..1 has no quantile."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        beta_quantile(wrong, 1.0, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "probability"),
    [
        pytest.param(520.0, 2.8e-12, 4.9e-10, id="last digit of I is coarse"),
        pytest.param(1e-300, 5e-324, 0.5, id="subnormal"),
        pytest.param(1.0, 1e-300, 1.4e-63, id="all mass at one end"),
        pytest.param(1e15, 1e15, 1e-300, id="far tail of a huge sample"),
    ],
)
def test_absurd_parameters_end(a, b, probability):
    """The search ends and answers a share even where the digits run out."""
    assert 0.0 <= beta_quantile(probability, a, b) <= 1.0
