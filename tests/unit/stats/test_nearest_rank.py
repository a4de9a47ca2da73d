"""Ranks of percentiles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.stats.quantile import nearest_rank

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
    "call",
    [
        pytest.param(lambda: nearest_rank(0, (1, 2)), id="no request"),
        pytest.param(lambda: nearest_rank(5, (0, 2)), id="q of 0"),
        pytest.param(lambda: nearest_rank(5, (3, 2)), id="q over 1"),
    ],
)
def test_nonsense_is_refused(call):
    """Arguments without a percentile raise ValueError with a sentence."""
    with pytest.raises(ValueError, match=r"needs at least|lies in"):
        call()
