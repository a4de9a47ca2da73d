from __future__ import annotations

import pytest

from slogate.shop.degrade import degrade
from slogate.shop.endpoints import ENDPOINTS
from slogate.shop.switches import Errors, Slow, parse_slow


def by_name(endpoints):
    return {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in endpoints}


def test_only_the_named_endpoint_gets_slower():
    """A slowed endpoint leaves the others as they were."""
    slowed = by_name(degrade(ENDPOINTS, [parse_slow("POST /checkout=3x")], []))
    before = by_name(ENDPOINTS)

    assert slowed.pop("POST /checkout").factor == 3.0
    before.pop("POST /checkout")
    assert slowed == before


def test_slowness_adds_up_in_the_order_given():
    """A factor multiplies what was added before it."""
    slows = [parse_slow("/cart=+100ms"), parse_slow("*=2x"), parse_slow("GET /cart=+1ms")]
    slowed = by_name(degrade(ENDPOINTS, slows, []))

    assert (slowed["GET /cart"].factor, slowed["GET /cart"].extra_us) == (2.0, 201_000)
    assert (slowed["POST /cart"].factor, slowed["POST /cart"].extra_us) == (2.0, 200_000)
    assert (slowed["GET /browse"].factor, slowed["GET /browse"].extra_us) == (2.0, 0)


def test_of_several_error_shares_the_last_holds():
    """An endpoint's own share may follow that of all."""
    errors = [Errors(target="*", share=0.0), Errors(target="/login", share=0.2)]
    shares = {e.path: e.error_share for e in degrade(ENDPOINTS, [], errors)}

    assert shares == {"/browse": 0, "/search": 0, "/cart": 0, "/checkout": 0, "/login": 0.2}


def test_the_quiet_shop_fails_half_a_percent_of_checkouts_and_logins():
    """The built-in failures are a tenth of a 1% budget over all requests."""
    shares = {e.path: e.error_share for e in degrade(ENDPOINTS, [], [])}

    assert shares == {"/browse": 0, "/search": 0, "/cart": 0, "/checkout": 0.005, "/login": 0.005}


@pytest.mark.parametrize("target", ["/chekout", "GET /checkout", "post /checkout", "checkout"])
def test_a_target_that_names_nothing_is_refused(target):
    """The refusal lists the endpoints there are."""
    with pytest.raises(ValueError, match=r"no endpoint '.*'; there are GET /browse, .*, and \*"):
        degrade(ENDPOINTS, [Slow(target=target, factor=2.0)], [])
