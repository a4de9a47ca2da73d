from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.junit import render
from slogate.verdict import Outcome, Place

# the strict schema of Jenkins' xUnit plugin (junit-10): element -> attributes, children
SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "file"},
        {"properties", "testcase"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": (
        {"name", "classname", "time"}, {"skipped", "error", "failure", "system-out"},
    ),
    "skipped": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "failure": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}  # fmt: skip
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
TIME = re.compile(r"\d+\.\d{6}")


def cases(*findings):
    """The cases of a rendered verdict by name."""
    root = ET.fromstring(render(verdict(*findings)))
    return {case.get("name"): case for case in root.iter("testcase")}


@given(verdicts())
def test_every_document_is_well_formed_and_keeps_to_the_schema(found):
    """XML parsers read it whatever the names hold; only known elements and attributes occur."""
    root = ET.fromstring(render(found).encode("utf-8"))

    for element in root.iter():
        attributes, children = SCHEMA[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
        assert TIME.fullmatch(element.get("time", "0.000000"))


@given(verdicts())
def test_the_counts_of_a_suite_are_those_of_its_cases(found):
    """Tests, failures, errors and skipped add up in each suite and over all."""
    root = ET.fromstring(render(found))

    for suite in [root, *root.iter("testsuite")]:
        assert int(suite.get("tests")) == len(list(suite.iter("testcase")))
        for attribute, tag in (("failures", "failure"), ("errors", "error")):
            assert int(suite.get(attribute)) == len(list(suite.iter(tag)))
    assert sum(int(suite.get("skipped")) for suite in root) == len(list(root.iter("skipped")))


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        pytest.param({}, "failure", id="breach"),
        pytest.param({"outcome": Outcome.INCONCLUSIVE}, "error", id="inconclusive"),
        pytest.param({"outcome": Outcome.NO_DATA}, "error", id="no-data"),
        pytest.param({"outcome": Outcome.INVALID}, "error", id="invalid"),
        pytest.param({"blocking": False, "severity": "warn"}, "skipped", id="warn"),
        pytest.param({"blocking": False, "waived": "until x: y"}, "skipped", id="waived"),
    ],
)
def test_a_breach_is_a_failure_and_a_missing_verdict_an_error(changes, tag):
    """What does not block is skipped; each has its outcome as type and says why."""
    found = finding(**changes)
    element = cases(found)["p95"].find(tag)

    assert element.get("type") == found.outcome.value
    assert found.reason in element.get("message")
    assert element.text == f"slo/shop.yaml:12: {found.reason}"


def test_a_pass_has_neither_failure_nor_error():
    """Its case holds the reason and the figures as output."""
    case = cases(passing())["p95"]

    assert [child.tag for child in case] == ["system-out"]
    assert "limit ≤ 300 ms, observed 112 ms (109–118)" in case.findtext("system-out")


def test_a_suite_is_a_spec_and_a_case_an_objective():
    """Names follow service, file, budget and key; the time is what was judged."""
    other = finding(service="billing", place=Place(file="b.yaml", line=1, column=1, sha256="0"))
    first, second = ET.fromstring(render(verdict(finding(), other)))

    assert first.get("name") == "shop (slo/shop.yaml)"
    assert second.get("name") == "billing (b.yaml)"
    assert first.find("testcase").attrib == {
        "name": "p95",
        "classname": "shop.checkout",
        "time": "40.000000",
    }
    assert first.get("timestamp") == "2026-11-01T02:00:00"


def test_numbers_are_exact_properties_of_the_suite():
    """Tools that plot properties get the values, not their print."""
    root = ET.fromstring(render(verdict(finding())))
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}

    assert properties["checkout/p95.observed_ms"] == "412.345"
    assert properties["checkout/p95.limit_ms"] == "300"
    assert properties["checkout/p95.lower_ms"] == "388"
    assert (properties["run"], properties["state"]) == ("r1", "complete")


def test_properties_are_named_after_their_unit():
    """Shares and rates are what they are in the JSON document too."""
    share = finding(text="errors: 1%", unit="share", limit=0.01, observed=0.0331, interval=None)
    rate = finding(
        text="throughput: 9/s", unit="per_second", limit=9.0, observed=8.5, interval=None
    )
    root = ET.fromstring(render(verdict(share, rate)))
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}

    assert properties["checkout/errors.observed_share"] == "0.0331"
    assert properties["checkout/throughput.limit_per_second"] == "9"


def test_how_the_run_ended_is_a_property():
    """An aborted run is told apart, with its cause."""
    root = ET.fromstring(render(verdict(finding(), ended="aborted", note="errors > 50%")))
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}

    assert (properties["state"], properties["note"]) == ("aborted", "errors > 50%")


def test_judging_production_takes_no_time():
    """A window of 28 days is no test of 28 days: no list of slow tests has it."""
    found = verdict(finding())
    run = replace(found.subject.run, kind="production")
    root = ET.fromstring(render(replace(found, subject=replace(found.subject, run=run))))

    assert {each.get("time") for each in root.iter() if each.get("time")} == {"0.000000"}
    assert ET.fromstring(render(found)).get("time") == "40.000000"
