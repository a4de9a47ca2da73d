"""Ranks of percentiles and of their intervals."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.stats.proportion import bounds
from slogate.stats.quantile import nearest_rank, rank_interval

quantiles = st.integers(1, 99_999).map(lambda k: Fraction(k, 100_000))


@pytest.mark.parametrize(
    ("n", "q", "rank"),
    [
        pytest.param(20, (95, 100), 19, id="exact multiple"),
        pytest.param(21, (95, 100), 20, id="rounded up"),
        pytest.param(1, (999, 1000), 1, id="one request"),
        pytest.param(100, (55, 100), 55, id="0.55 * 100 is over 55 in floats"),
        pytest.param(10**18, (999, 1000), 999 * 10**15, id="beyond the digits of a float"),
        pytest.param(7, (1, 1), 7, id="the largest"),
        pytest.param(7, Fraction(1, 1000), 1, id="the smallest"),
    ],
)
def test_known_ranks(n, q, rank):
    """The q quantile is the ceil(q n)-th smallest, without float error."""
    assert nearest_rank(n, q) == rank


@given(n=st.integers(1, 10**9), q=quantiles)
def test_rank_is_the_first_that_covers_the_share(n, q):
    """The rank covers a share q of the requests, and one rank less does not."""
    rank = nearest_rank(n, q)

    assert Fraction(rank, n) >= q > Fraction(rank - 1, n)


@given(values=st.lists(st.integers(0, 10**6), min_size=1, max_size=300), q=st.integers(1, 1023))
def test_rank_is_numpys_inverted_cdf(values, q):
    """On sorted data the rank picks the element of NumPy's nearest-rank method."""
    rank = nearest_rank(len(values), (q, 1024))

    assert sorted(values)[rank - 1] == np.quantile(values, q / 1024, method="inverted_cdf")


@pytest.mark.parametrize(
    ("n", "lower", "upper", "ranks"),
    [
        pytest.param(1024, 0.03125, 0.0625, (960, 992), id="around p95"),
        pytest.param(1000, 0.0, 1.0, (1, 1000), id="knows nothing"),
        pytest.param(1, 0.2, 0.3, (1, 1), id="one request"),
        pytest.param(1000, 0.0, 0.0003, (1000, 1000), id="beyond the last"),
    ],
)
def test_rank_interval(n, lower, upper, ranks):
    """The ranks are those of the quantiles at 1 - U and 1 - L, inside 1..n."""
    assert rank_interval(n, lower, upper) == ranks


@given(
    n=st.integers(20, 10**6), q=st.sampled_from([Fraction(19, 20), Fraction(99, 100)]),
    worth=st.floats(0.01, 1.0),
)  # fmt: skip
def test_interval_of_a_percentile_holds_the_percentile(n, q, worth):
    """The ranks found from the interval of the share 1 - q surround the percentile's own rank."""
    lower, upper = rank_interval(n, *bounds(float(1 - q), n * worth, 0.05))

    assert 1 <= lower <= nearest_rank(n, q) <= upper <= n


@given(n=st.integers(1, 10**6), lower=st.floats(0, 1), upper=st.floats(0, 1))
def test_rank_interval_is_ordered_and_close_to_the_floats(n, lower, upper):
    """Ranks are ordered and within one of the float formula."""
    lower, upper = sorted((lower, upper))
    low, high = rank_interval(n, lower, upper)

    assert 1 <= low <= high <= n
    assert abs(low - max(1, ceil((1 - upper) * n))) <= 1


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: nearest_rank(0, (1, 2)), id="no request"),
        pytest.param(lambda: nearest_rank(5, (0, 2)), id="q of 0"),
        pytest.param(lambda: nearest_rank(5, (3, 2)), id="q over 1"),
        pytest.param(lambda: rank_interval(0, 0.1, 0.2), id="no request for an interval"),
        pytest.param(lambda: rank_interval(5, 0.3, 0.2), id="shares the wrong way round"),
        pytest.param(lambda: rank_interval(5, float("nan"), 0.2), id="not a number"),
    ],
)
def test_nonsense_is_refused(call):
    """Arguments without a percentile raise ValueError with a sentence."""
    with pytest.raises(ValueError, match=r"needs at least|lies in|go up"):
        call()
