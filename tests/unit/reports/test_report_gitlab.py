from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.gitlab import render
from slogate.verdict import Outcome, Place

# GitLab publishes no schema file with a package: these are the fields that its manual demands
SCHEMA = Path(__file__).parents[2] / "schemas" / "gitlab-code-quality.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def entries(*findings):
    """The entries of a rendered verdict."""
    return json.loads(render(verdict(*findings)))


@given(verdicts())
def test_every_report_has_what_gitlab_demands(found):
    """Whatever the names hold, each entry is whole and no two are one to GitLab."""
    report = json.loads(render(found))

    assert [error.message for error in VALIDATOR.iter_errors(report)] == []
    assert len({entry["fingerprint"] for entry in report}) == len(report)


def test_an_entry_is_an_objective_that_does_not_pass():
    """It stands on its line, with its reason."""
    (entry,) = entries(finding(), passing(name="home"))

    assert entry["description"].startswith("shop/checkout/p95: fail: p95 of POST /checkout is 412")
    assert entry["check_name"] == "slogate/percentile"
    assert entry["location"] == {"path": "slo/shop.yaml", "lines": {"begin": 12}}


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        pytest.param({}, "blocker", id="breach"),
        pytest.param({"outcome": Outcome.INCONCLUSIVE}, "critical", id="inconclusive"),
        pytest.param({"blocking": False, "severity": "warn"}, "minor", id="warn"),
        pytest.param({"blocking": False, "severity": "info"}, "info", id="info"),
        pytest.param({"blocking": False, "waived": "known"}, "info", id="waived"),
    ],
)
def test_what_blocks_is_severe(changes, severity):
    """A breach that blocks is the worst, what does not block the least."""
    assert entries(finding(**changes))[0]["severity"] == severity


def test_a_fingerprint_is_that_of_the_objective():
    """Another run, other figures, another line, a neighbour that came to pass: the same one."""
    moved = Place(file="slo/moved.yaml", line=40, column=1, sha256="0" * 64)
    first = entries(finding(name="other"), finding())
    second = entries(finding(observed=1.0, place=moved), passing(name="other"))

    assert {first[1]["fingerprint"]} == {entry["fingerprint"] for entry in second}
    assert first[0]["fingerprint"] != first[1]["fingerprint"]
