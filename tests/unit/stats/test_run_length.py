"""How many requests a verdict needs."""

from __future__ import annotations

from math import ceil, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from slogate.stats.proportion import (
    Batch,
    bounds,
    clopper_pearson,
    decide,
    effective_size,
    interval,
)
from slogate.stats.run_length import min_requests_to_pass, requests_needed, zero_bad_requests

allowed_shares = st.floats(1e-4, 0.4)
deffs = st.floats(1, 300)


def settles(observed, allowed, alpha, deff, n):
    """Whether n requests with exactly this share are decided, by the interval itself."""
    lower, upper = bounds(observed, effective_size(n, deff, alpha, 10), alpha)
    gross = observed >= 5 * allowed and bounds(observed, n, alpha)[0] > allowed
    return lower > allowed or upper <= allowed or gross


@given(
    allowed=allowed_shares, ratio=st.floats(0, 2.4), deff=deffs,
    alpha=st.sampled_from([0.05, 0.01, 1e-4]),
)  # fmt: skip
def test_the_answer_is_the_turning_point_of_the_interval(allowed, ratio, deff, alpha):
    """As many requests are decided and one fewer is not, asked of the interval itself."""
    observed = allowed * ratio
    needed = requests_needed(observed, allowed, alpha, deff)

    if needed is None:
        assert ratio == pytest.approx(1.0, abs=0.01)
        return
    slack = max(1, int(needed * 1e-9))
    assert settles(observed, allowed, alpha, deff, needed + slack)
    assert needed == 1 or not settles(observed, allowed, alpha, deff, max(needed - slack, 0.5))


@given(allowed=allowed_shares, ratio=st.floats(5, 20), deff=deffs)
def test_a_gross_share_needs_no_design_effect(allowed, ratio, deff):
    """Five times the allowed share is settled by the i.i.d. bound, whatever the spells."""
    observed = min(1.0, allowed * ratio)
    needed = requests_needed(observed, allowed, 0.05, deff)

    if observed >= 5 * allowed:
        assert needed == requests_needed(observed, allowed, 0.05, 1000 * deff)


@given(allowed=allowed_shares, ratio=st.sampled_from([0.0, 0.3, 0.8, 1.3, 3.0]), deff=deffs)
def test_a_larger_design_effect_never_needs_fewer(allowed, ratio, deff):
    """Requests in longer spells are worth less."""
    few, many = (requests_needed(min(0.9, ratio * allowed), allowed, 0.05, d) for d in (1.0, deff))

    assert few is not None
    assert many is not None
    assert few <= many <= few * deff + deff


@pytest.mark.parametrize(
    ("observed", "allowed"),
    [
        pytest.param(0.05, 0.05, id="exactly on the limit"),
        pytest.param(0.05 * (1 + 1e-9), 0.05, id="a hair over it"),
        pytest.param(0.05 * (1 - 1e-9), 0.05, id="a hair under it"),
    ],
)
def test_some_shares_are_never_settled(observed, allowed):
    """On the limit, or closer to it than 1e12 requests can tell, the answer is None."""
    assert requests_needed(observed, allowed, 0.05, 1.0) is None


def test_the_verdict_agrees_with_the_number():
    """A real run of that many requests is decided the way the number promised."""
    needed = requests_needed(0.02, 0.05, 0.05, 8.0)
    per_batch = ceil(needed / 10)
    run = [Batch(total=per_batch, bad=int(per_batch * 0.02)) for _ in range(10)]
    half = [Batch(total=per_batch // 2, bad=ceil(per_batch * 0.01)) for _ in range(10)]

    assert decide(interval(run, 0.05, 8.0), 0.05) == "pass"
    assert decide(interval(half, 0.05, 8.0), 0.05) == "inconclusive"


@pytest.mark.parametrize(
    ("allowed", "exact", "rule"), [(0.05, 73, 75), (0.01, 371, 373), (0.001, 3719, 3721)]
)
def test_zero_bad_requests_for_the_usual_percentiles(allowed, exact, rule):
    """P95, p99 and p99.9 need 73, 371 and 3,719 requests; 3.7208 / (1 - q) is just above."""
    assert zero_bad_requests(allowed, 0.05) == exact
    assert ceil(3.7208 / allowed) == rule


@given(allowed=st.floats(1e-5, 0.5), alpha=st.floats(1e-6, 0.3), k=st.integers(5, 30))
def test_zero_bad_requests_is_requests_needed_at_zero(allowed, alpha, k):
    """The closed form is the general answer for an observed share of 0."""
    general = requests_needed(0.0, allowed, alpha, 1.0, k)

    assert zero_bad_requests(allowed, alpha, k) == pytest.approx(general, rel=1e-9)


@pytest.mark.parametrize("allowed", [0.05, 0.01, 0.001])
def test_zero_bad_runs_pass_from_that_length(allowed):
    """The interval passes a run of that many good requests and leaves one fewer open."""
    n = zero_bad_requests(allowed, 0.05)

    for total, decision in ((n, "pass"), (n - 1, "inconclusive")):
        run = [Batch(total=total // 10 + (k < total % 10), bad=0) for k in range(10)]
        assert decide(interval(run, 0.05, None), allowed) == decision


@pytest.mark.parametrize("allowed", [0.05, 0.01])
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("chance", [0.5, 0.9, 0.999])
def test_planned_requests_pass_with_the_planned_chance(allowed, ratio, chance):
    """SciPy's binomial gives the planned number its chance, and every smaller number less."""
    planned = min_requests_to_pass(ratio * allowed, allowed, 0.05, chance=chance)

    assert passing(planned, ratio * allowed, allowed) >= chance - 1e-12
    for n in range(max(1, planned - 60), planned):
        assert passing(n, ratio * allowed, allowed) < chance


def passing(n, share, allowed):
    """The chance that n independent requests pass, by trying every number of bad ones."""
    n_eff, most = effective_size(n, 1.0, 0.05, 10), -1
    while most + 1 < n and bounds((most + 1) / n, n_eff, 0.05)[1] <= allowed:
        most += 1
    return float(stats.binom.cdf(most, n, share)) if most >= 0 else 0.0


def test_planner_scales_with_the_design_effect_and_may_give_up():
    """Requests grow with the design effect; a share at the limit has no answer."""
    single = min_requests_to_pass(0.01, 0.05, 0.05)

    assert min_requests_to_pass(0.01, 0.05, 0.05, deff=8.0) == 8 * single
    assert min_requests_to_pass(0.05, 0.05, 0.05) is None
    assert min_requests_to_pass(0.01, 0.05, 0.05, deff=1e12) is None


def test_everything_bad_follows_the_closed_form():
    """Where all is bad, L = alpha ** (1 / n_eff), hence n_eff > ln(alpha) / ln(allowed)."""
    n_eff = log(0.05) / log(0.3)

    assert requests_needed(1.0, 0.3, 0.05, 40.0) == ceil(n_eff / effective_size(1, 40.0, 0.05, 10))


@pytest.mark.parametrize("allowed", [0.0, 1.0, float("nan")])
def test_allowed_shares_without_a_question_are_refused(allowed):
    """Nothing is settled by statistics when no bad request, or every one, is allowed."""
    calls = (
        lambda: requests_needed(0.1, allowed, 0.05, 1.0),
        lambda: zero_bad_requests(allowed, 0.05),
        lambda: min_requests_to_pass(0.1, allowed, 0.05),
    )
    for call in calls:
        with pytest.raises(ValueError, match="between 0 and 1"):
            call()


def test_gross_answer_is_the_iid_turning_point():
    """60% bad against 10%: three of five are beyond chance, and one of two is not."""
    needed = requests_needed(0.6, 0.1, 0.05, 50.0)

    assert clopper_pearson(3, 5, 0.05)[0] > 0.1 > clopper_pearson(1, 2, 0.05)[0]
    assert 2 < needed <= 5
