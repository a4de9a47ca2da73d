"""The sign-flip test against all patterns written out, and against SciPy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from slogate.stats.sign_flip import EXACT_UP_TO, pairs_needed, sign_flip

WHOLE = st.lists(st.integers(-50, 50), min_size=1, max_size=7)


def written_out(differences, budget):
    """Both p-values as the textbook has them: the share of patterns at least as extreme."""
    shifted = [each - budget for each in differences]
    sums = [
        sum(sign * each for sign, each in zip(signs, shifted, strict=True))
        for signs in product((1, -1), repeat=len(shifted))
    ]
    observed = sum(shifted)
    over = sum(each >= observed for each in sums) / len(sums)
    return over, sum(each <= observed for each in sums) / len(sums)


@given(WHOLE, st.integers(-50, 50))
def test_both_p_values_are_those_of_all_patterns(differences, budget):
    """Ties included: on whole numbers they are frequent."""
    found = sign_flip(differences)

    assert (found.p_over(budget), found.p_within(budget)) == written_out(differences, budget)


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=9), st.sampled_from([0.05, 0.1, 0.2]))
def test_interval_holds_what_no_test_refuses(differences, alpha):
    """Just outside an end its test refuses, just inside none does."""
    found = sign_flip(differences)
    low, high = found.interval(alpha)

    assert low is not None
    assert found.p_over(low - 1e-9) <= alpha < found.p_over(low + 1e-9)
    assert found.p_within(high + 1e-9) <= alpha < found.p_within(high - 1e-9)


def test_scipy_agrees():
    """SciPy's permutation test of paired samples counts the same patterns."""
    draws = np.random.default_rng(5)
    differences = draws.normal(0.02, 0.05, 10)
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf,
        alternative="greater",
    ).pvalue  # fmt: skip

    assert sign_flip(list(differences)).p_over(0.0) == pytest.approx(expected)


def test_many_pairs_are_drawn_with_a_seed_of_their_own():
    """The same seed gives the same digits, another nearly the same; no pattern has p = 0."""
    draws = np.random.default_rng(6)
    differences = list(draws.normal(0.02, 0.05, EXACT_UP_TO + 60))
    found, again, other = (sign_flip(differences, seed=seed) for seed in (1, 1, 2))

    assert not found.exact
    assert found == again
    assert found.p_over(0.0) != other.p_over(0.0)
    assert found.p_over(0.0) == pytest.approx(other.p_over(0.0), abs=0.01)
    assert found.p_over(-10.0) == 1 / found.patterns


def test_too_few_pairs_show_nothing():
    """Four pairs cannot reach 5%, however far apart; five can."""
    four, five = sign_flip([1.0] * 4), sign_flip([1.0] * 5)

    assert pairs_needed(0.05) == 5
    assert four.p_over(0.0) == 1 / 16
    assert four.interval(0.05) == (None, None)
    assert five.p_over(0.0) == 1 / 32
    assert five.interval(0.05) == (1.0, 1.0)


@pytest.mark.parametrize("differences", [[], [float("nan")], [float("inf"), 1.0]])
def test_what_is_no_pair_is_refused(differences):
    """No pairs, or differences that are not finite."""
    with pytest.raises(ValueError, match="needs pairs"):
        sign_flip(differences)
