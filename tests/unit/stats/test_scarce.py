"""Shares in pairs are no surer than their requests can make them."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from slogate.stats.scarce import Scarce
from slogate.stats.sign_flip import sign_flip

ALPHA = 0.05


def scarce(bad: int, total: int, base: float = 0.0, differences=(0.0,) * 20) -> Scarce:
    """Twenty pairs without any difference, unless others are given."""
    return Scarce(flips=sign_flip(differences), bad=bad, total=total, base=base)


def test_no_failure_in_few_requests_shows_nothing():
    """Though the signs of twenty differences of zero are all on one side of any budget."""
    found = scarce(0, 118)

    assert found.flips.p_within(0.001) < ALPHA
    assert found.p_within(0.001) == pytest.approx(0.999**118)
    assert found.interval(ALPHA)[1] == pytest.approx(1 - ALPHA ** (1 / 118))


@pytest.mark.parametrize(
    ("bad", "total", "base", "budget"), [(0, 3_000, 0.0, 0.001), (7, 900, 0.01, 0.005)]
)
def test_the_chance_is_the_binomial(bad, total, base, budget):
    """At most so many failures, were the share at its limit; never less than what pairs say."""
    found = scarce(bad, total, base)
    expected = max(binom.cdf(bad, total, base + budget), found.flips.p_within(budget))

    assert found.p_within(budget) == pytest.approx(expected)


def test_so_many_requests_would_do():
    """Of the closed form where none failed; none where the pairs are not sure themselves."""
    needed = scarce(0, 118).requests_needed(0.001, ALPHA)

    assert 2_995 <= needed <= 2_995 * 1.1 + 1
    assert scarce(0, 118, differences=(0.01, -0.01) * 10).requests_needed(0.001, ALPHA) is None
    assert scarce(6, 118, 0.0).requests_needed(0.001, ALPHA) is None


@pytest.mark.parametrize(("bad", "total", "base"), [(0, 5, -1.0), (5, 5, 0.0)])
def test_what_has_no_limit_is_never_shown(bad, total, base):
    """All failed, or the limit is no share."""
    assert scarce(bad, total, base).p_within(0.5) == 1.0
    assert scarce(bad, total, base).p_over(0.5) == scarce(bad, total, base).flips.p_over(0.5)
