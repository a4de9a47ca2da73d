"""The interval of a bad share, its design effect and its floor."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from slogate.stats.proportion import (
    Batch,
    bounds,
    clopper_pearson,
    design_effect,
    floor_from_history,
    interval,
)

EMPTY = Batch(total=0, bad=0)
alphas = st.floats(1e-9, 0.4)


@st.composite
def runs(draw, size=10, most=5000):
    totals = draw(st.lists(st.integers(1, most), min_size=size, max_size=size))
    return [Batch(total=n, bad=draw(st.integers(0, n))) for n in totals]


def mixed(batches):
    """Whether good and bad requests are both there, so that there is a variance."""
    return 0 < sum(b.bad for b in batches) < sum(b.total for b in batches)


@given(batches=runs().filter(mixed), alpha=alphas, floor=st.none() | st.floats(1, 1e4))
def test_interval_follows_korn_and_graubard(batches, alpha, floor):
    """Every figure equals the formulas written out with NumPy and SciPy."""
    n = np.array([b.total for b in batches], float)
    share = sum(b.bad for b in batches) / n.sum()
    u = np.array([b.bad for b in batches]) - share * n
    v, v_iid = 10 / 9 * (u**2).sum() / n.sum() ** 2, share * (1 - share) / n.sum()
    deff = max(1.0, v / v_iid, floor or 1.0)
    n_eff = n.sum() / deff * (stats.norm.ppf(1 - alpha) / stats.t.ppf(1 - alpha, 9)) ** 2
    x = share * n_eff

    found, effect = interval(batches, alpha, floor), design_effect(batches)

    assert (effect.v, effect.v_iid) == pytest.approx((v, v_iid), rel=1e-6, abs=1e-18)
    assert found.deff_used == pytest.approx(deff, rel=1e-6)
    assert found.n_eff == pytest.approx(n_eff, rel=1e-6)
    assert found.lower == pytest.approx(special.betaincinv(x, n_eff - x + 1, alpha), abs=1e-7)
    assert found.upper == pytest.approx(special.betaincinv(x + 1, n_eff - x, 1 - alpha), abs=1e-7)


@given(batches=runs(), alpha=alphas, floor=st.none() | st.floats(1, 1e4))
def test_interval_holds_the_observed_share(batches, alpha, floor):
    """0 <= L <= observed <= U <= 1, whatever the run."""
    found = interval(batches, alpha, floor)

    assert 0.0 <= found.lower <= found.observed <= found.upper <= 1.0


@given(batches=runs(), data=st.data())
def test_order_of_batches_changes_nothing(batches, data):
    """The figures are the same to the last bit in any order."""
    shuffled = data.draw(st.permutations(batches))

    assert interval(shuffled, 0.05, None) == interval(batches, 0.05, None)


@given(batches=runs(), floors=st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)))
def test_a_higher_floor_never_narrows(batches, floors):
    """History that shows more dependence can only widen the interval."""
    low, high = (interval(batches, 0.05, floor) for floor in sorted(floors))

    assert high.lower <= low.lower + 1e-15
    assert high.upper >= low.upper - 1e-15


@given(batches=runs(), pair=st.tuples(alphas, alphas))
def test_a_smaller_error_never_narrows(batches, pair):
    """Asking for more confidence can only widen the interval."""
    strict, loose = (interval(batches, alpha, None) for alpha in sorted(pair))

    assert strict.lower <= loose.lower + 1e-12
    assert strict.upper >= loose.upper - 1e-12


@given(
    n_eff=st.floats(1, 1e6), low=st.floats(0, 1), high=st.floats(0, 1), alpha=st.floats(1e-4, 0.4)
)  # fmt: skip
def test_bounds_grow_with_the_share_at_fixed_effective_size(n_eff, low, high, alpha):
    """More bad requests at the same design effect never lower either end."""
    low, high = sorted((low, high))
    less, more = bounds(low, n_eff, alpha), bounds(high, n_eff, alpha)

    assert less[0] <= more[0] + 1e-12
    assert less[1] <= more[1] + 1e-12


def test_no_bad_request_gives_a_lower_end_of_zero():
    """Zero bad of N gives L = 0 and the closed form U = 1 - alpha ** (1 / n_eff)."""
    found = interval([Batch(total=100, bad=0)] * 10, 0.05, None)

    assert (found.lower, found.observed, found.deff_measured) == (0.0, 0.0, None)
    assert found.upper == pytest.approx(1 - 0.05 ** (1 / found.n_eff), rel=1e-12)


def test_all_bad_gives_an_upper_end_of_one():
    """N bad of N gives U = 1 and the closed form L = alpha ** (1 / n_eff)."""
    found = interval([Batch(total=100, bad=100)] * 10, 0.05, None)

    assert (found.upper, found.observed, found.deff_measured) == (1.0, 1.0, None)
    assert found.lower == pytest.approx(0.05 ** (1 / found.n_eff), rel=1e-12)


def test_perfectly_even_batches_keep_a_design_effect_of_one():
    """Batches more alike than chance would make them are not taken for extra evidence."""
    found = interval([Batch(total=100, bad=5)] * 10, 0.05, None)

    assert (found.deff_measured, found.deff_used) == (0.0, 1.0)


@given(batches=runs(size=4))
def test_empty_batches_do_not_count(batches):
    """Batches without requests add neither requests nor degrees of freedom."""
    with_empty = interval([*batches, EMPTY, EMPTY], 0.05, None)

    assert with_empty == interval(batches, 0.05, None)
    assert with_empty.k == 4


def test_requests_in_one_batch_know_nothing_of_their_spread():
    """A run whose requests fall into one batch gets the interval (0, 1)."""
    found = interval([Batch(total=1000, bad=10)] + [EMPTY] * 9, 0.05, None)

    assert (found.lower, found.upper, found.n_eff, found.k) == (0.0, 1.0, 0.0, 1)
    assert design_effect([Batch(total=1000, bad=10), EMPTY]).v_iid == 0.0


def test_huge_runs_are_judged():
    """A hundred billion requests neither overflow nor lose the share."""
    found = interval([Batch(total=10**10 + i, bad=10**7 + 3 * i) for i in range(10)], 0.05, None)

    assert found.lower < 0.001 < found.upper
    assert found.upper - found.lower < 1e-6


@given(total=st.integers(1, 10**6), data=st.data(), alpha=st.floats(1e-6, 0.4))
def test_clopper_pearson_equals_scipy(total, data, alpha):
    """The i.i.d. interval is SciPy's exact binomial interval."""
    bad = data.draw(st.integers(0, total))
    wanted = stats.binomtest(bad, total).proportion_ci(1 - 2 * alpha, method="exact")

    assert clopper_pearson(bad, total, alpha) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_one_failure_in_ten():
    """One failed request of ten has the lower bound 0.0051 at 5% per side."""
    assert clopper_pearson(1, 10, 0.05)[0] == pytest.approx(0.005116, abs=1e-6)


@pytest.mark.parametrize(
    ("pairs", "floor"),
    [
        pytest.param([], None, id="no history"),
        pytest.param([(4e-6, 1e-6, 9)], None, id="nine bad requests are too few"),
        pytest.param([(4e-6, 1e-6, 10)], 4.0, id="ten are enough"),
        pytest.param([(0.5e-6, 1e-6, 50)], 1.0, id="never below 1"),
        pytest.param([(0.0, 0.0, 0)] * 9 + [(6e-6, 1e-6, 10)], 6.0, id="no bad, no say"),
        pytest.param([(2e-6, 1e-6, 20)] * 10 + [(1.0, 1e-6, 9)], 2.0, id="the first ten runs"),
        pytest.param([(9e-6, 1e-6, 5), (1e-6, 4e-6, 5)], 2.0, id="ratio of sums"),
        pytest.param([(0.0, 0.0, 50)], None, id="all bad measures nothing"),
    ],
)
def test_floor_from_history(pairs, floor):
    """The floor is the pooled ratio of variances of up to ten runs with ten bad requests."""
    actual = floor_from_history(pairs)

    assert actual == (None if floor is None else pytest.approx(floor, rel=1e-12))


def test_known_design_effect():
    """Two batches, half the requests bad in one of them, worked by hand."""
    effect = design_effect([Batch(total=10, bad=5), Batch(total=10, bad=0)])

    assert effect.v == pytest.approx(2 * (2.5**2 + 2.5**2) / 20**2)
    assert sqrt(effect.v_iid) == pytest.approx(sqrt(0.25 * 0.75 / 20))
    assert effect.measured == pytest.approx(0.0625 / (0.25 * 0.75 / 20))


@pytest.mark.parametrize(
    ("batches", "alpha", "sentence"),
    [
        pytest.param([EMPTY] * 10, 0.05, "at least one request", id="no request"),
        pytest.param([Batch(total=9, bad=1)], 0.05, "at least two batches", id="one batch"),
        pytest.param([], 0.05, "at least two batches", id="no batch"),
        pytest.param([Batch(total=1, bad=2), EMPTY], 0.05, "more bad", id="bad over total"),
        pytest.param([Batch(total=1, bad=-1), EMPTY], 0.05, "no negative", id="negative bad"),
        pytest.param([Batch(total=1, bad=0)] * 2, 0.5, "one half", id="alpha of one half"),
        pytest.param([Batch(total=1, bad=0)] * 2, 0.0, "one half", id="alpha of zero"),
    ],
)
def test_nonsense_is_refused(batches, alpha, sentence):
    """What has no interval raises ValueError with a sentence."""
    with pytest.raises(ValueError, match=sentence):
        interval(batches, alpha, None)


@pytest.mark.parametrize(("bad", "total"), [(1, 0), (2, 1), (-1, 5)])
def test_shares_that_cannot_be_are_refused(bad, total):
    """Clopper and Pearson need a request and a count within it."""
    with pytest.raises(ValueError, match="0 <= bad <= total"):
        clopper_pearson(bad, total, 0.05)
