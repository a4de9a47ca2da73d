"""How many requests fail a bad service, and what shares a given number can decide."""

from __future__ import annotations

import pytest
from scipy import stats

from slogate.stats.proportion import bounds, effective_size
from slogate.stats.run_length import (
    decidable,
    min_requests_to_fail,
    min_requests_to_pass,
    zero_bad_requests,
)


def fewest_failing(n, allowed):
    """The fewest bad requests among n that fail, by trying every number; n + 1 for none."""
    n_eff = effective_size(n, 1.0, 0.05, 10)
    return next(
        (bad for bad in range(1, n + 1) if bounds(bad / n, n_eff, 0.05)[0] > allowed), n + 1
    )


def failing(n, share, allowed):
    """The chance that n independent requests fail."""
    return float(stats.binom.sf(fewest_failing(n, allowed) - 1, n, share))


@pytest.mark.parametrize("allowed", [0.05, 0.01])
@pytest.mark.parametrize("ratio", [2.0, 4.0, 1000.0])
@pytest.mark.parametrize("chance", [0.5, 0.9, 0.99])
def test_planned_requests_fail_with_the_planned_chance(allowed, ratio, chance):
    """SciPy's binomial gives the planned number its chance, and the numbers just under it less."""
    share = min(1.0, ratio * allowed)
    planned = min_requests_to_fail(share, allowed, 0.05, chance=chance)

    assert failing(planned, share, allowed) >= chance - 1e-12
    for n in range(max(1, planned - 5), planned):
        assert failing(n, share, allowed) < chance


def test_a_share_within_the_allowed_never_fails_by_plan():
    """At the limit and under it there is no number; nor where it would be astronomic."""
    assert min_requests_to_fail(0.05, 0.05, 0.05) is None
    assert min_requests_to_fail(0.01, 0.05, 0.05) is None
    assert min_requests_to_fail(0.1, 0.05, 0.05, deff=1e12) is None
    assert min_requests_to_fail(0.1, 0.05, 0.05, deff=8.0) == 8 * min_requests_to_fail(
        0.1, 0.05, 0.05
    )


@pytest.mark.parametrize("requests", [100, 400, 900])
@pytest.mark.parametrize("chance", [0.5, 0.9])
def test_what_a_number_of_requests_decides_is_the_planner_turned_round(requests, chance):
    """So many requests are enough for the shares given, by SciPy, and for none between them."""
    allowed = 0.05
    passes, fails = decidable(requests, allowed, 0.05, chance=chance)

    assert 0 < passes < allowed < fails
    assert failing(requests, fails, allowed) == pytest.approx(chance, abs=1e-6)
    most = _most_passing(requests, allowed)
    assert stats.binom.cdf(most, requests, passes) == pytest.approx(chance, abs=1e-6)
    assert min_requests_to_pass(passes * 0.99, allowed, 0.05, chance=chance) <= requests


def _most_passing(n, allowed):
    n_eff = effective_size(n, 1.0, 0.05, 10)
    return max(bad for bad in range(n) if bounds(bad / n, n_eff, 0.05)[1] <= allowed)


@pytest.mark.parametrize("allowed", [0.05, 0.01, 0.001])
def test_one_request_too_few_passes_no_share(allowed):
    """73, 371 and 3,719 requests pass the smallest share; one fewer passes none."""
    least = zero_bad_requests(allowed, 0.05)

    assert least == {0.05: 73, 0.01: 371, 0.001: 3_719}[allowed]
    assert decidable(least, allowed, 0.05)[0] is not None
    assert decidable(least - 1, allowed, 0.05)[0] is None


def test_nothing_decides_nothing():
    """Under one request there is neither a pass nor a fail."""
    assert decidable(0.4, 0.05, 0.05) == (None, None)


@pytest.mark.parametrize("allowed", [0.0, 1.0])
def test_allowed_shares_without_a_question_are_refused(allowed):
    """Nothing is planned when no bad request, or every one, is allowed."""
    for call in (min_requests_to_fail, lambda s, a, alpha: decidable(10, a, alpha)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            call(0.5, allowed, 0.05)
