"""A year of production with planted incidents, by the command line, against a plain reckoning.

Budgets, burn rates and alerts of all three methods, in rolling and calendar windows, over changes
of the clock and ends of months, from single requests and from rollups: equal, exactly.
"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from fractions import Fraction
from io import StringIO

import pytest
from year import PAIRS, SPEC, build, burns, is_burning, reckoned, us

from slogate.cli.app import run as slogate
from slogate.errors import EXIT_BREACH, EXIT_NO_VERDICT, EXIT_PASS
from slogate.slo.cuts import cuts_of
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs
from slogate.store.rollup import roll_up

# before, in and after incidents; where clocks change; ends of months, of the year, of a silence
MOMENTS = [
    "2026-01-31T23:29Z", "2026-01-31T23:59Z", "2026-02-01T05:00Z", "2026-02-01T05:01Z",
    "2026-02-28T23:59Z", "2026-03-08T07:00Z", "2026-03-08T07:30Z", "2026-03-29T01:00Z",
    "2026-03-29T02:17Z", "2026-03-29T12:00Z", "2026-04-01T00:00Z", "2026-06-10T14:29Z",
    "2026-07-13T00:00Z", "2026-07-20T12:00Z", "2026-10-25T01:00Z", "2026-11-01T06:00Z",
    "2026-11-01T06:30Z", "2027-01-01T00:00Z",
]  # fmt: skip
OBJECTIVES = {
    "requests": Fraction("0.993"),
    "slices": Fraction("0.975"),
    "shares": Fraction("0.99"),
}


@pytest.fixture(name="store", scope="module")
def _store(tmp_path_factory):
    """The folder of the store, beside its spec."""
    folder = tmp_path_factory.mktemp("year")
    (folder / "shop.yaml").write_text(SPEC, encoding="utf-8")
    return build(folder / "store").root


def check(store, at: str) -> tuple[int, dict]:
    """The exit code and the document at a moment."""
    told = StringIO()
    with redirect_stdout(told):
        code = slogate(
            ["check", str(store.parent / "shop.yaml"), f"--store={store}", "--at", at, "--json",
             "--threads=1", "--quiet"]
        )  # fmt: skip
    return code, json.loads(told.getvalue())


@pytest.fixture(name="raw", scope="module")
def _raw(store):
    """What is said at every moment, from single requests."""
    return {at: check(store, at) for at in MOMENTS}


def of(document: dict) -> dict[str, dict]:
    """The objectives by id."""
    return {objective["id"]: objective for objective in document["objectives"]}


@pytest.mark.parametrize("at", MOMENTS)
def test_budgets_equal_the_reckoning(raw, at):
    """Bad units, all units and what is left, with corrections and without, to the last digit."""
    found = of(raw[at][1])
    plain = reckoned(us(at), corrected=False)
    for name, (bad, total) in reckoned(us(at)).items():
        budget, allowed = found[name]["budget"], 1 - OBJECTIVES[name.split("/")[1]]

        assert (budget["bad"], budget["total"]) == (float(bad), total), name
        assert budget["best_case"] is None
        left = 1 - bad / (allowed * total) if total else None
        assert budget["remaining"] == (None if left is None else float(left)), name
        raw_figures = budget["uncorrected"] or budget
        figures = (raw_figures["bad"], raw_figures["total"])
        assert figures == (float(plain[name][0]), plain[name][1]), name


@pytest.mark.parametrize("at", MOMENTS)
def test_outcomes_equal_the_reckoning(raw, at):
    """Each promise is kept, broken or cannot be judged, and the exit code says the worst."""
    code, document = raw[at]
    found = {name: objective["outcome"] for name, objective in of(document).items()}
    expected = {}
    for name, (bad, total) in reckoned(us(at)).items():
        kept = total and 1 - bad / total >= OBJECTIVES[name.split("/")[1]]
        expected[name] = "pass" if kept else "fail" if total else "no_data"

    assert found == expected
    worst = {"fail": EXIT_BREACH, "no_data": EXIT_NO_VERDICT}
    named = next((each for each in worst if each in expected.values()), None)
    assert code == (worst[named] if named else EXIT_PASS)


@pytest.mark.parametrize("at", MOMENTS)
def test_alerts_equal_the_reckoning(raw, at):
    """Burn rates of all windows, and which pairs fire."""
    budget = of(raw[at][1])["shop/requests/30d"]["budget"]
    for burn in budget["burn_rates"]:
        rate = burns(us(at), burn["seconds"] * 1_000_000)
        assert burn["rate"] == (None if rate is None else float(rate))
    fired = [alert["burning"] for alert in budget["alerts"]]

    assert fired == [is_burning(us(at), *pair) for pair in PAIRS]


def test_the_year_has_all_that_can_happen(raw):
    """It would be no test if nothing ever burned, or all the time; if all passed, or nothing."""
    found = [of(document) for _, document in raw.values()]
    fired = [
        alert["burning"]
        for each in found
        for alert in each["shop/requests/30d"]["budget"]["alerts"]
    ]
    outcomes = {objective["outcome"] for each in found for objective in each.values()}

    assert 8 <= sum(fired) <= len(fired) - 8
    assert outcomes == {"pass", "fail", "no_data"}
    assert all(any(each[name]["budget"]["uncorrected"] for each in found) for name in found[0])


def test_rollups_say_the_same(store, raw):
    """Counts by the minute and histograms by the hour, in place of the requests."""
    cuts = cuts_of(load_specs([("slo/shop.yaml", SPEC)]))
    opened = open_store(store)
    for run in list_runs(opened, service="shop"):
        roll_up(opened, run, cuts)
    for at in MOMENTS:
        code, document = check(store, at)

        assert code == raw[at][0]
        assert document["objectives"] == raw[at][1]["objectives"]
