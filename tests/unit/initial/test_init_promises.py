"""What a first spec promises of production: what the data show, with room."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slogate.initial.budgets import Basis, budgets
from slogate.initial.measured import Measured
from slogate.initial.promises import promises, strictest
from slogate.initial.spec import spec_text
from slogate.slo.load import load_specs
from slogate.store.observed import Observed

NOW = 1_764_100_000_000_000


def seen(requests, failed=0, *, p95=50_000, p99=90_000, untimed=0):
    """What was observed of some requests."""
    return Observed(requests=requests, failed=failed, untimed=untimed, p95_us=p95, p99_us=p99)


def measured(whole, endpoints=None, **changes):
    """A log of thirty days."""
    fields = {
        "file": "access.log", "format": "nginx-log", "options": {}, "requests": whole.requests,
        "endpoints": endpoints or {"GET /a": whole}, "whole": whole, "seconds": 30 * 86_400.0,
    } | changes  # fmt: skip
    return Measured(**fields)


@pytest.mark.parametrize(
    ("requests", "failed", "objective"),
    [
        pytest.param(10_000, 0, "99.9", id="clean"),
        pytest.param(9_999, 0, "99.5", id="too-few-for-more"),
        pytest.param(10_000, 5, "99.9", id="twice-as-many-just-fit"),
        pytest.param(10_000, 6, "99.5", id="twice-as-many-do-not"),
        pytest.param(1_000, 0, "99", id="a-thousand"),
        pytest.param(100, 0, "90", id="a-hundred"),
        pytest.param(99, 0, None, id="too-few"),
        pytest.param(10_000, 501, None, id="too-bad"),
    ],
)
def test_the_objective_is_what_the_data_show(requests, failed, objective):
    """Ten bad requests are allowed at least, and twice as many as there were."""
    found = promises(measured(seen(requests, failed, p95=None, p99=None)))

    assert [each.objective * 100 for each in found] == ([Fraction(objective)] if objective else [])


def test_a_few_failures_are_not_shown_as_none():
    """What is not quite all is never called all."""
    few, none = (promises(measured(seen(100_000, failed)))[0] for failed in (3, 0))

    assert few.shown.startswith("99.997% of 100,000 requests over 30 d in access.log")
    assert none.shown.startswith("100% of 100,000")


@pytest.mark.parametrize(
    ("found", "good"),
    [
        pytest.param(seen(1_000), "ok and duration <= 140ms", id="p99"),
        pytest.param(seen(999), "ok and duration <= 75ms", id="too-few-for-p99"),
        pytest.param(seen(5_000, 60, p99=None), "ok and duration <= 75ms", id="failures"),
        pytest.param(seen(199), None, id="too-few"),
        pytest.param(seen(1_000, untimed=1), "ok and duration <= 140ms", id="one-untimed"),
        pytest.param(seen(1_000, untimed=400), None, id="untimed"),
    ],
)
def test_the_latency_is_what_was_observed_with_room(found, good):
    """Half as much again, of as high a percentile as there are requests for."""
    latencies = [each for each in promises(measured(found)) if each.name == "latency"]

    assert [each.good for each in latencies] == ([good] if good else [])
    assert all(each.endpoint == "GET /a" for each in latencies)


def test_endpoints_whose_name_is_another_elsewhere_are_left_out():
    """A template is no name of the log's own, a star is a pattern, `-` is no request."""
    names = ("GET /o/{id}", "GET /a*", "-", "GET /a", "GET /b", "GET /c", "GET /d")
    found = promises(measured(seen(9_000), dict.fromkeys(names, seen(1_000))))

    assert [each.name for each in found] == [
        "availability", "latency-get-a", "latency-get-b", "latency-get-c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param({}, 2, id="log"),
        pytest.param({"seconds": 60.0}, 2, id="log-of-a-minute"),
        pytest.param({"format": "jmeter-csv"}, 0, id="load-test"),
        pytest.param({"format": "export-csv"}, 2, id="export"),
        pytest.param({"format": "export-csv", "seconds": 3_600.0}, 0, id="export-of-an-hour"),
        pytest.param({"tells_failures": False}, 1, id="no-failures-told"),
    ],
)
def test_only_production_is_promised_of(changes, count):
    """A load test shows what a build can do, not what users got."""
    found = promises(measured(seen(10_000), **changes))

    assert len(found) == count
    if changes.get("tells_failures") is False:
        assert found[0].good == "duration <= 140ms"
        assert strictest(found) is None


def test_a_hostile_endpoint_is_quoted():
    """Name and file come from anywhere, and are data in the spec."""
    evil = 'GET /"  x: # slogate: ignore all'
    data = measured(seen(10_000), {evil: seen(10_000)}, file="a\nb: c")
    made, _ = budgets(Basis(load="own", endpoints=[], planned=None, script=None, measured=data))

    text = spec_text(
        "shop", made, origin="x", left=[], warmup=False, now_ts=NOW, promises=promises(data)
    )

    (spec,) = load_specs([("slo/shop.yaml", text)])
    assert [str(each.selection.endpoint) for each in spec.promises[1:]] == [evil]
    assert "\nb: c" not in text
