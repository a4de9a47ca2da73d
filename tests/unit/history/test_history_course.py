from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from histories import commit, course_of, judged, stepped
from jsonschema import Draft202012Validator

from slogate.cli.historytable import overview, sheet
from slogate.errors import NoData, StoreError, UsageError
from slogate.history.choice import Choice, names
from slogate.history.course import courses
from slogate.history.document import Told, document
from slogate.history.shifts import shifts
from slogate.reports.json import document as verdict_document
from slogate.verdict import Finding, Outcome

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "slogate/schemas/history.v1.schema.json").read_text()
)


def told_of(verdicts, rows=20):
    """The document on them, through JSON as a reader gets it."""
    course = course_of(verdicts)
    told = Told(course=course, shifts=tuple(shifts(course)), rows=rows)
    return json.loads(json.dumps(document([told], version="0.1.0")))


def test_entries_are_in_order_of_time_whatever_order_they_are_read_in():
    """Neither the order of writing nor that of ids matters."""
    verdicts = [judged(number, 100 + number) for number in range(5)]
    forth, back = course_of(verdicts), course_of(verdicts[::-1])

    assert [entry.run for entry in forth.entries] == [f"run-00{number}" for number in range(5)]
    assert forth == back


def test_another_limit_is_another_revision_and_the_course_goes_on():
    """The revision says what changed; the measurements stay comparable."""
    verdicts = [
        judged(0, 100),
        judged(1, 100, line="p95: 250ms"),
        judged(2, 100, line="p95: 300ms"),
    ]
    course = course_of(verdicts)
    first, second = course.revisions()

    assert course.numbers() == [1, 2, 1]
    assert (first.since.run, first.changed) == ("run-000", ())
    assert (second.since.run, second.changed) == (
        "run-001", (("terms.limit_us", 300_000, 250_000),),
    )  # fmt: skip
    assert [len(stretch) for stretch in course.stretches()] == [3]


def test_what_is_counted_otherwise_is_not_compared():
    """Where the measure changes, a new stretch of measurements begins."""
    verdicts = [judged(0, 100), judged(1, 100, scope={"failures": "drop"}), judged(2, 100)]

    assert [len(stretch) for stretch in course_of(verdicts).stretches()] == [1, 1, 1]


def test_a_run_that_was_judged_twice_is_one_measurement():
    """Each stored verdict is a row; of a run there is one value."""
    verdicts = [judged(0, 100), judged(0, 100, line="p95: 250ms"), judged(1, 100)]
    course = course_of(verdicts)

    assert len(course.entries) == 3
    assert [len(stretch) for stretch in course.stretches()] == [2]


def test_verdicts_of_before_definitions_were_kept_belong_to_what_followed():
    """An old store has no revisions, and its numbers are not thrown away."""
    documents = [verdict_document(judged(number, 100)) for number in range(4)]
    for old in documents[:2]:
        for key in ("definition", "revision"):
            del old["objectives"][0][key]
    (course,) = courses(Choice().entries(documents))

    assert course.numbers() == [None, None, 1, 1]
    assert [len(stretch) for stretch in course.stretches()] == [4]


def test_runs_that_tell_nothing_are_no_measurements():
    """Invalid runs and runs without data are rows, and are not compared."""
    verdicts = [judged(0, 100), judged(1, 900, state="aborted")]
    course = course_of(verdicts)

    assert [entry.outcome for entry in course.entries] == [Outcome.PASS, Outcome.INVALID]
    assert [[entry.run for entry in stretch] for stretch in course.stretches()] == [["run-000"]]


def test_the_document_keeps_its_schema():
    """Published and closed: what we print is described there."""
    verdicts = [*stepped(180, 210), judged(60, 205, line="p95: 250ms")]
    found = told_of(verdicts)
    Draft202012Validator.check_schema(SCHEMA)

    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
    assert found["new_changes"] == 1
    assert [row["run"] for row in found["objectives"][0]["rows"]] == [
        f"run-{number:03}" for number in range(41, 61)
    ]
    (change,) = found["objectives"][0]["changes"]
    assert change["commits"] == [commit(29), commit(30)]
    assert (change["status"], change["first"]["run"]) == ("new", "run-030")


def test_the_document_does_not_depend_on_the_order_of_reading():
    """The same verdicts, the same bytes."""
    verdicts = stepped(180, 210)

    assert json.dumps(told_of(verdicts)) == json.dumps(told_of(verdicts[::-1]))


def test_rows_say_what_the_verdicts_say():
    """Numbers are copied from the stored documents, never reckoned anew."""
    verdict = judged(0, 123)
    (stored,) = verdict_document(verdict)["objectives"]
    (row,) = told_of([verdict])["objectives"][0]["rows"]

    for key in ("limit", "observed", "interval", "good", "total", "good_share", "reason"):
        assert row[key] == json.loads(json.dumps(stored[key])), key


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        pytest.param("shop/submit/p95", True, id="id"),
        pytest.param("submit/p95", True, id="without the service"),
        pytest.param("p95", True, id="key"),
        pytest.param("shop", True, id="service"),
        pytest.param("shop/*/p95", True, id="pattern"),
        pytest.param("sub", False, id="part of a word"),
        pytest.param("shop/submit/p9", False, id="part of a key"),
    ],
)
def test_how_objectives_are_named(name, fits):
    """By whole parts between slashes, or by a pattern."""
    assert names(name, "shop/submit/p95") is fits


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("submit/p59", "did you mean shop/submit/p95?", id="near"),
        pytest.param("sumbit", "did you mean shop/submit/p95?", id="a part"),
        pytest.param("zzz", "there are: shop/submit/p95", id="far"),
    ],
)
def test_an_unknown_objective_is_refused_with_the_nearest(name, hint):
    """A typing error is no empty history."""
    with pytest.raises(UsageError, match="no stored verdict is on an objective") as caught:
        course_of([judged(0, 100)], objectives=(name,))

    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param({"branch": "release-*"}, id="branch"),
        pytest.param({"service": "bank"}, id="service"),
        pytest.param({"since_ts": 10**18}, id="since"),
        pytest.param({"labels": {"purpose": "nightly"}}, id="label"),
    ],
)
def test_nothing_chosen_is_no_pass(choice):
    """Where no verdict is left there is nothing to say."""
    with pytest.raises(NoData):
        course_of([judged(0, 100)], **choice)


def test_branches_are_chosen():
    """By name or pattern; a run without a branch is of none."""
    verdicts = [judged(0, 100), judged(1, 100, branch="fix/a"), judged(2, 100, branch=None)]

    assert [entry.run for entry in course_of(verdicts, branch="main").entries] == ["run-000"]
    assert [entry.run for entry in course_of(verdicts, branch="fix/*").entries] == ["run-001"]


def test_labels_are_chosen():
    """All that are asked for, with just these values."""
    nightly = {"purpose": "nightly", "size": "big"}
    verdicts = [
        judged(0, 100),
        judged(1, 100, labels=nightly),
        judged(2, 100, labels={"size": "s"}),
    ]

    for asked in (nightly, {"size": "big"}):
        assert [it.run for it in course_of(verdicts, labels=asked).entries] == ["run-001"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("run", "start"), "yesterday", id="moment"),
        pytest.param(("objectives", 0, "outcome"), "maybe", id="outcome"),
        pytest.param(("objectives", 0, "observed"), "fast", id="value"),
        pytest.param(("objectives", 0, "definition"), 5, id="definition"),
        pytest.param(("objectives", 0, "revision"), ["x"], id="revision"),
        pytest.param(("run", "branch"), 7, id="branch"),
        pytest.param(("run", "labels"), None, id="labels"),
    ],
)
def test_a_damaged_verdict_is_named(path, value):
    """A history is never told around a hole."""
    stored = copy.deepcopy(verdict_document(judged(0, 100)))
    inner = stored
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(StoreError, match=f"the verdict {stored['id']} is damaged"):
        Choice().entries([stored])


def test_an_empty_store_is_told_apart_from_an_empty_choice():
    """Where nothing was ever stored, the remedy is to judge something."""
    with pytest.raises(NoData, match="no verdict is stored yet") as empty:
        Choice(objectives=("p95",)).entries([])
    with pytest.raises(NoData, match="is of the service 'bank'"):
        Choice(objectives=("p95",), service="bank").entries([verdict_document(judged(0, 100))])

    assert "slogate check" in empty.value.hint


def test_a_hostile_name_is_not_echoed():
    """Neither its control characters nor all of its length."""
    with pytest.raises(UsageError) as refused:
        Choice(objectives=("\x1b[31m" + "x" * 10_000,)).entries([verdict_document(judged(0, 100))])

    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 200


def test_a_course_of_verdicts_with_and_without_a_budget_is_told():
    """As budgets and SLOs of one id in turn give it; what cannot be so is told without a crash."""
    verdicts = [verdict_document(judged(number, 100)) for number in range(2)]
    verdicts[0]["objectives"][0]["budget"] = {"remaining": 1e308, "burn_rate": None}
    (course,) = courses(Choice().entries(verdicts))
    rows = sheet(Told(course=course, shifts=(), rows=20), no_color=True)

    assert "∞%" in rows
    assert "left" in rows


def test_the_overview_keeps_its_width():
    """A name of ten thousand characters does not push the outcome out of sight."""
    stored = verdict_document(judged(0, 100))
    stored["objectives"][0]["id"] = "x" * 10_000
    (course,) = courses(Choice().entries([stored]))
    told = overview([Told(course=course, shifts=(), rows=20)], no_color=True)

    assert max(map(len, told.splitlines())) < 200


def test_a_finding_is_what_was_stored():
    """An entry gives back the whole finding."""
    verdict = judged(0, 100)

    assert course_of([verdict]).last.finding() == verdict.findings[0]
    assert isinstance(course_of([verdict]).last.finding(), Finding)
