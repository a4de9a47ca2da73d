"""`slogate check` on composites: the production of two services, by weight."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pages import inert
from projects import Project, new_project

import slogate

pytestmark = pytest.mark.e2e

SCHEMA = Path(slogate.__file__).parent / "schemas" / "verdict.v1.schema.json"
SHOP = """slogate: 1
service: shop
slos: [{name: ok, good: ok, objective: 90%, window: 1d}]
composites:
  - {name: journey, of: [{slo: ok, weight: 3}, {slo: cart/ok}], objective: 98%, window: 1h}
  - {name: slices, of: [{slo: ok}, {slo: cart/ok}], objective: 50%, window: 1h,
     budgeting: timeslices, slice: 1m, slice_objective: 100%}
  - {name: missing, of: [{slo: ok}, {slo: cart/none}], objective: 50%, window: 1h}
"""
CART = """slogate: 1
service: cart
slos:
  - {name: ok, good: ok, objective: 90%, window: 1d}
  - {name: none, endpoint: /none, good: ok, objective: 90%, window: 1d, on_no_data: pass}
"""


@pytest.fixture(name="project", scope="module")
def _project(tmp_path_factory) -> Project:
    """Ten requests a minute of an hour of two services, one in 50 and one in 100 failed."""
    project = new_project(tmp_path_factory.mktemp("composites"))
    project.write("slo/shop.yaml", SHOP)
    project.write("slo/cart.yaml", CART)
    for service, bad in (("shop", 50), ("cart", 100)):
        lines = [
            f"2026-11-01T10:{n // 10:02}:{n % 10 * 6:02}Z,/pay,{500 if n % bad == 0 else 200},9\n"
            for n in range(600)
        ]
        project.write(f"{service}.csv", f"time,endpoint,status,duration_ms\n{''.join(lines)}")
        words = (f"{service}.csv", "--service", service, "--kind", "production")
        assert project.slogate("import", *words).code == 0
    return project


def test_the_parts_of_two_services_are_weighed(project):
    """Each with its own requests; the one of which nothing is known lets nothing pass."""
    done = project.slogate("check", "--service", "shop", "--only", "slos", "--json")

    found = {}
    for each in json.loads(done.out):
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(each)
        found |= {objective["id"]: objective for objective in each["objectives"]}
    journey = found["shop/journey/1h"]
    assert journey["observed"] == pytest.approx((3 * 0.02 + 0.01) / 4)
    assert [part["bad"] for part in journey["budget"]["components"]] == [12, 6]
    slices = found["shop/slices/1h"]["budget"]
    assert (slices["bad"], slices["total"]) == (12, 60)
    outcomes = [found[f"shop/{name}/1h"]["outcome"] for name in ("journey", "slices", "missing")]
    assert (outcomes, done.code) == (["pass", "pass", "no_data"], 3)


def test_their_budgets_are_drawn(project):
    """Three of four journeys in the shop; the SLOs of a file that speaks of others' too."""

    def pages(*words):
        project.slogate("check", "--only", "slos", "--report-only", "--quiet", *words)
        return [
            inert(project.slogate("report", run, "--service", "shop", "--format", "html").out).said
            for run in ("production-20261101-1100-composed", "production-20261101-1100")
        ]

    # the spec of the cart is known by what was judged of it only
    alone, both = pages("--service", "shop"), pages()
    assert [page.count("Budget left") for page in alone] == [1, 1 + 2]
    assert [page.count("Budget left") for page in both] == [1 + 2 * 3, 1 + 2]
    left = 1 - (3 * 0.02 + 0.01) / 4 / 0.02
    assert f"at the end {left:.1%} is left" in both[0]
    assert "Not drawn" not in both[0] + both[1]


def test_specs_show_and_rules_say_what_they_leave_out(project):
    """What a composite is made of; Prometheus has no rules for it."""
    shown = project.slogate("spec", "show")
    rules = project.slogate(
        "alerts", "rules", "slo/", "--metric", "m_total", "--ok", "all", "--endpoint-label", "path"
    )

    assert "3 × shop/ok + 1 × cart/ok" in shown.out
    assert "note: shop/journey/1h is left out: Prometheus adds up no SLOs by weight" in rules.err


def test_a_file_that_is_not_given_is_asked_for(project):
    """A composite speaks of SLOs of another file."""
    done = project.slogate("check", "slo/shop.yaml")

    assert (done.code, done.out) == (2, "")
    assert "journey: there is no slo 'cart/ok'" in done.err
    assert "give the file of cart too" in done.err


def test_the_weekly_report_tells_of_them_too(project):
    """Beside the SLOs that they are made of."""
    done = project.slogate("report", "--window", "7d", "--format", "markdown")

    assert "<code>shop/journey/1h</code> | 98% over 1h" in done.out
    assert "<code>shop/missing/1h</code>: no request of cart/none is known" in done.out
