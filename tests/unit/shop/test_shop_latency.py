"""The shop's latencies must leave room under the budgets, and a slowed endpoint none.

The limits are read from the sample's own spec, slo/shop.yaml. They are at least 2.5 times the
quiet p95, never reached by the quiet shop, and crossed by far more than the allowed 5% of an
endpoint three times slower.
"""

from __future__ import annotations

from functools import cache
from math import log
from pathlib import Path
from random import Random
from statistics import NormalDist

import pytest
import yaml

from slogate.shop.latency import BROWSE, CART, CHECKOUT, LOGIN, SEARCH, Mixture, draw_us
from slogate.shop.switches import parse_duration_us

DRAWS = 20_000
SPEC = Path(__file__).parents[3] / "slo" / "shop.yaml"


def limits_us(percentile: str) -> dict[str, int]:
    """Read the sample's latency limits of one percentile, by endpoint."""
    budgets = yaml.safe_load(SPEC.read_text(encoding="utf-8"))["budgets"]
    limited = [budget for budget in budgets if percentile in budget]
    return {budget["endpoint"]: parse_duration_us(budget[percentile]) for budget in limited}


MIXTURES = {
    "GET /browse": BROWSE,
    "GET /search": SEARCH,
    "POST /cart": CART,
    "POST /checkout": CHECKOUT,
    "POST /login": LOGIN,
}
LIMITS_US = limits_us("p95")
BUDGETS = [pytest.param(MIXTURES[name], limit, id=name) for name, limit in LIMITS_US.items()]


def share_over(mixture: Mixture, limit_us: float) -> float:
    """Compute the share of a mixture above a limit from the normal distribution of its logs."""
    return sum(
        mode.share * (1 - NormalDist(log(mode.median_us), mode.sigma).cdf(log(limit_us)))
        for mode in mixture
    )


@cache
def drawn(mixture: Mixture, seed: int = 20) -> list[int]:
    rng = Random(seed)
    return sorted(draw_us(mixture, rng) for _ in range(DRAWS))


def test_every_endpoint_of_the_sample_has_a_p95_budget():
    """No endpoint that the load test drives goes unjudged."""
    assert LIMITS_US.keys() == MIXTURES.keys()


@pytest.mark.parametrize("mixture", MIXTURES.values(), ids=MIXTURES.keys())
def test_shares_of_the_modes_are_whole(mixture):
    """The shares of an endpoint's modes add up to one."""
    assert sum(mode.share for mode in mixture) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("mixture", "limit_us"), BUDGETS)
def test_the_limit_leaves_room_over_the_quiet_p95(mixture, limit_us):
    """A p95 limit is at least 2.5 times the quiet p95, with 3 ms for the network and the loop."""
    p95_us = drawn(mixture)[int(DRAWS * 0.95)] + 3_000

    assert 2.5 <= limit_us / p95_us < 3


@pytest.mark.parametrize(("mixture", "limit_us"), BUDGETS)
def test_the_quiet_shop_never_reaches_the_limit(mixture, limit_us):
    """Even 20 ms late, fewer than one answer in ten thousand is over the p95 limit."""
    assert share_over(mixture, limit_us - 20_000) < 1e-4
    assert drawn(mixture)[-1] < limit_us


@pytest.mark.parametrize(("mixture", "limit_us"), BUDGETS)
def test_three_times_slower_is_a_clear_breach(mixture, limit_us):
    """Three times slower, over a quarter of the answers is over the limit; 5% are allowed."""
    slowed = [3 * duration_us for duration_us in drawn(mixture)]
    observed = sum(duration_us > limit_us for duration_us in slowed) / DRAWS

    assert share_over(mixture, limit_us / 3) > 0.25
    assert observed == pytest.approx(share_over(mixture, limit_us / 3), abs=0.02)


def test_browse_keeps_its_p99_too():
    """The p99 limit of browse is met by far, and breached when it is three times slower."""
    limit_us = limits_us("p99")["GET /browse"]

    assert share_over(BROWSE, limit_us - 20_000) < 1e-5
    assert share_over(BROWSE, limit_us / 3) > 0.02


def test_an_endpoint_has_several_humps():
    """Browse is fast or slow, with next to nothing between its cache hits and its misses."""
    durations = drawn(BROWSE)
    between = sum(35_000 < duration_us < 44_000 for duration_us in durations) / DRAWS
    fast = sum(duration_us <= 35_000 for duration_us in durations) / DRAWS

    assert between < 0.01
    assert fast == pytest.approx(0.5, abs=0.02)


def test_the_same_seed_gives_the_same_latencies():
    """Draws are whole µs and repeat with the seed."""
    assert drawn(LOGIN, seed=7) == drawn.__wrapped__(LOGIN, seed=7)
    assert drawn(LOGIN, seed=7) != drawn(LOGIN, seed=8)
    assert {type(duration_us) for duration_us in drawn(LOGIN)} == {int}
