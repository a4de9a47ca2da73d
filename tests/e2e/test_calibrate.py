"""`slogate calibrate` with a real Locust and the sample shop: one run more of a calibration."""

from __future__ import annotations

import pytest
from projects import new_project
from stored_runs import keep

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", name="calibrated")
def _calibrated(tmp_path_factory):
    """Three runs are stored; the fourth is planned from them, served, load-tested and judged."""
    project = new_project(tmp_path_factory.mktemp("calibrated"))
    for number in range(3):
        keep(
            project.folder, f"before-{number}", set(), moved=150 * number,
            endpoint="/cart", labels={"calibration": "aa"},
        )  # fmt: skip
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\ndefaults: {warmup: 500ms}\n"
        "budgets: [{name: cart, endpoint: POST /cart, p95: 600ms, errors: 5%}]\n"
    ))  # fmt: skip
    return project, project.slogate(
        "calibrate", "--resume", "aa", "-n", "4", "--run-time", "auto", "--max-time", "12s"
    )


def test_the_missing_run_is_planned_and_done(calibrated):
    """It says how long and why, what is left to do, and how the run came out."""
    _, done = calibrated

    assert done.code == 0, done.err
    assert "planned from 3 runs: 12 s, which is --max-time; " in done.err
    assert "calibration aa: 1 run, about 12 s" in done.err
    assert "run 4 of 4: " in done.err
    assert " pass, " in done.err


def test_a_run_that_differs_is_told(calibrated):
    """Against runs of another kind of load the real one is no repetition: both tables say so."""
    _, done = calibrated

    assert "shop: 4 runs of the same" in done.out
    assert "cart/p95" in done.out
    assert "false alarm" in done.out


def test_the_run_is_kept_as_history(calibrated):
    """With its label and its verdict; the next plan stands on it."""
    project, _ = calibrated
    plan = project.slogate("plan", "--run", "latest", "--json")

    assert plan.code == 0, plan.err
    assert not plan.document["runs"][0].startswith("before")
    assert len(list((project.folder / ".slogate" / "verdicts").glob("*.json"))) == 1
