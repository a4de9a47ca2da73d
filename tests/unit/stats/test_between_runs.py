"""The change between runs and Holm's correction, against SciPy and statsmodels' textbook cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from slogate.stats.between_runs import Level, change, runs_needed
from slogate.stats.holm import holm
from slogate.stats.student import student_tail

VALUES = st.lists(st.floats(-3, 3), min_size=2, max_size=9)


def levels(values, variance=0.0):
    """Levels of these values."""
    return [Level(value=value, variance=variance) for value in values]


def test_two_sides_are_students_pooled_test():
    """With several runs on both sides, and no variance known from requests."""
    base, head = [1.0, 1.2, 0.9, 1.1], [1.3, 1.25, 1.4]
    found = change(levels(base), levels(head))
    expected = stats.ttest_ind(head, base, alternative="greater")

    assert found.df == 5
    assert found.p_over(0.0) == pytest.approx(expected.pvalue)
    assert found.p_within(0.0) == pytest.approx(1 - expected.pvalue)
    low, high = found.interval(0.05)
    both = stats.ttest_ind(head, base).confidence_interval(0.90)
    assert (low, high) == pytest.approx((both.low, both.high))


def test_one_head_run_is_held_against_the_prediction_interval():
    """It is s sqrt(1 + 1/n) with n - 1 degrees of freedom, not the error of the base's mean."""
    base = [1.0, 1.2, 0.9, 1.1, 1.3]
    found = change(levels(base), levels([1.5]))
    deviation = stats.tstd(base)

    assert found.error == pytest.approx(deviation * (1 + 1 / 5) ** 0.5)
    assert found.p_over(0.1) == pytest.approx(stats.t.sf((1.5 - 1.1 - 0.1) / found.error, 4))


def test_spread_is_never_less_than_that_of_the_requests():
    """Three base runs that agree by luck do not make a certain verdict."""
    found = change(levels([1.0, 1.0, 1.0], 0.04), levels([1.1], 0.04))

    assert found.error == pytest.approx((0.04 * (1 + 1 / 3)) ** 0.5)


def test_a_shorter_head_run_has_a_wider_interval():
    """What its requests add over those of the base comes on top."""
    base = levels([1.0, 1.2, 0.9, 1.1], 0.001)
    same, shorter = change(base, levels([1.1], 0.001)), change(base, levels([1.1], 0.05))

    assert shorter.error**2 == pytest.approx(same.error**2 + 0.049)


def test_spread_of_other_runs_stands_in_for_a_single_base_run():
    """One run against one, with the spread that earlier runs show."""
    found = change(levels([1.0]), levels([1.1]), spread=levels([1.0, 1.2, 0.9, 1.1]))

    assert found.df == 3
    assert found.error == pytest.approx(stats.tstd([1.0, 1.2, 0.9, 1.1]) * 2**0.5)
    with pytest.raises(ValueError, match="two runs"):
        change(levels([1.0]), levels([1.1]))


def test_runs_needed_would_decide_it():
    """A change at half the budget: more base runs, then more head runs; at the budget none."""
    base = [1.0, 1.02, 0.98, 1.01]
    found = change(levels(base), levels([1.06]))
    needed = runs_needed(found, 0.095, 0.05)

    assert needed is not None
    assert needed[0] > 4
    wide = runs_needed(found, 0.08, 0.05)
    assert wide is not None
    assert wide[1] > 1
    assert runs_needed(found, found.mean, 0.05) is None


@given(VALUES, VALUES, st.floats(-3, 3))
def test_tails_and_interval_agree(base, head, budget):
    """A budget outside the interval is one that a test refuses at the same error."""
    found = change(levels(base, 0.01), levels(head, 0.01))
    low, high = found.interval(0.05)

    assert (found.p_over(budget) < 0.05) == (budget < low) or budget == pytest.approx(low)
    assert (found.p_within(budget) < 0.05) == (budget > high) or budget == pytest.approx(high)


@pytest.mark.parametrize("df", [1, 2, 9, 200])
@pytest.mark.parametrize("t", [-40.0, -1.5, 0.0, 0.3, 2.0, 12.0])
def test_tail_is_scipys(t, df):
    """Student's t on both sides, far out too."""
    assert student_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-9)


def test_holm_is_holms():
    """The example of his paper's kind: steps down, never falls, keeps the order given."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_none_and_bonferroni(p_values):
    """At least the raw p-value, at most that times their number."""
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(p_values) * (1 + 1e-12))
