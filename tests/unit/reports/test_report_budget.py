"""Error budgets in reports: a sentence for people, numbers for JUnit, whatever was stored."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from verdict_examples import BUDGET, UNKNOWN_BUDGET, passing, verdict

from slogate import plugins
from slogate.reports._budget import lines

SENTENCE = (
    "checkout/28d: 26.6% to 30% left, 13.4 min of 50.4 min (73.4% spent); "
    "burning at 3.5 times the sustainable rate, gone in 29 h 46 min at that rate; "
    "in 7 d 70% to 110% spent, overspent in 20% of draws "
    "(estimate: nominal 80%, measured 60 to 80%; never gates)"
)


def judged(budget):
    """A verdict on one SLO with that budget."""
    return verdict(
        passing(id="shop/checkout/28d", text="99.5% over 28d", kind="slo", budget=budget)
    )


def test_a_budget_in_a_sentence():
    """What is left, how fast it burns, and where that leads."""
    assert lines(judged(BUDGET)) == [SENTENCE]


def test_nobody_foresees_more_than_ten_years():
    """A hardly touched budget has no end with a date."""
    (line,) = lines(judged({**BUDGET, "exhausted_in_seconds": 7e16, "forecast": None}))

    assert "gone in over ten years at that rate" in line


def test_an_overspent_budget_has_none_left():
    """However much it is overspent."""
    worse = {"spent": 2.5, "remaining": -1.5, "remaining_minutes": -75.6, "burn_rate": 0}
    spent = {**BUDGET, **worse, "best_case": None, "exhausted_in_seconds": 0, "forecast": None}

    (line,) = lines(judged(spent))

    assert line == (
        "checkout/28d: none left, 0 ms of 50.4 min (250% spent); "
        "burning at 0 times the sustainable rate"
    )


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_reports_for_people_show_budgets(name):
    """Under a heading of their own, and none without a budget."""
    render = plugins.find("reports", name).render

    assert "Error budgets:" in render(judged(BUDGET))
    assert "Error budgets:" not in render(judged(UNKNOWN_BUDGET))
    assert "Error budgets:" not in render(judged(None))


def test_junit_has_the_numbers():
    """As properties of the suite."""
    suite = ET.fromstring(plugins.find("reports", "junit").render(judged(BUDGET)))
    found = {each.get("name"): each.get("value") for each in suite.iter("property")}

    assert found["checkout/28d.budget_remaining"] == "0.265873015873016"
    assert found["checkout/28d.budget_bad"] == "74"


@pytest.mark.parametrize("key", sorted(BUDGET))
@pytest.mark.parametrize("value", [None, "x", [], {}, True, ["x", 1]], ids=repr)
def test_damaged_budgets_render(key, value):
    """A stored document may hold anything; reports never stumble over it."""
    for name in plugins.names("reports"):
        assert isinstance(plugins.find("reports", name).render(judged({**BUDGET, key: value})), str)
