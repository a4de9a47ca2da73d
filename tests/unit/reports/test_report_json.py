from __future__ import annotations

import json as stdlib_json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import untidy_us, verdicts
from verdict_examples import finding, passing, verdict

from slogate.errors import StoreError
from slogate.reports import json
from slogate.verdict import DesignEffect, Outcome

ODD = st.sampled_from(
    [None, True, -1, 0.5, 10**400, float("inf"), float("nan"), "x", "", [], [1], {}, {"a": 1}]
)


@given(verdicts())
def test_a_document_is_read_back_as_the_same_verdict(found):
    """Nothing that a verdict says is lost in its document, through the text and back."""
    assert json.parse(stdlib_json.loads(json.text(found))) == found


@given(verdicts(us=untidy_us))
def test_a_document_read_back_is_written_the_same(found):
    """Even where a mean is no whole microsecond, a second writing gives the same bytes."""
    written = json.text(found)

    assert json.text(json.parse(stdlib_json.loads(written))) == written


def test_the_top_keys_are_those_of_the_contract_in_order():
    """Consumers rely on these names."""
    document = json.document(verdict(finding()))

    assert list(document) == [
        "schema", "version", "id", "outcome", "exit_code", "run", "floor_runs", "warnings",
        "objectives", "interleaved", "early_stop", "specs",
    ]  # fmt: skip
    assert (document["schema"], document["outcome"]) == ("slogate.verdict/v1", "fail")
    assert document["exit_code"] == 1


def test_values_are_exact_milliseconds():
    """412,345 µs are 412.345 ms, never rounded; whole numbers have no point."""
    (objective,) = json.document(verdict(finding()))["objectives"]

    assert objective["observed"] == 412.345
    assert objective["interval"] == [388, 431]
    assert '"limit": 300,' in json.text(verdict(finding()))
    assert (objective["unit"], objective["confidence"], objective["per_side"]) == ("ms", 0.95, True)


def test_an_unbounded_value_is_null_with_a_text():
    """A percentile among failed requests has no number, and says so."""
    unbounded = finding(observed=None, interval=(540_000.0, None), failed=700)
    (objective,) = json.document(verdict(unbounded))["objectives"]

    assert objective["observed"] is None
    assert objective["observed_text"] == "unbounded (failed requests)"
    assert objective["interval"] == [540, None]


def test_an_unknown_value_is_null_without_a_text():
    """No data is not the same as unbounded."""
    absent = finding(outcome=Outcome.NO_DATA, observed=None, interval=None, failed=3)
    (objective,) = json.document(verdict(absent))["objectives"]

    assert (objective["observed"], objective["observed_text"]) == (None, None)


def test_what_json_cannot_say_is_null():
    """No NaN and no Infinity in the document."""
    strange = passing(observed=float("inf"), effective_n=float("nan"))

    assert "NaN" not in json.text(verdict(strange))
    assert "Infinity" not in json.text(verdict(strange))


def test_moments_and_windows_are_iso_8601_in_utc():
    """People and databases read them alike."""
    run = json.document(verdict(finding()))["run"]

    assert run["start"] == "2026-11-01T02:00:00.000000Z"
    assert run["window"] == {
        "start": "2026-11-01T02:00:05.000000Z",
        "end": "2026-11-01T02:00:45.000000Z",
        "seconds": 40,
    }


def test_where_the_rows_lie_is_not_in_the_document():
    """Compacting or copying a store changes no verdict."""
    found = verdict(finding())
    moved = replace(found.subject.run, parts=("series/x.parquet",), created_ts=1)

    assert json.text(replace(found, subject=replace(found.subject, run=moved))) == json.text(found)


def _without(path):
    document = json.document(verdict(finding()))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return document


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        pytest.param({}, "without an id has the schema None", id="empty"),
        pytest.param(
            {"id": "x", "schema": "slogate.verdict/v2"},
            "x has the schema 'slogate.verdict/v2'; this version reads slogate.verdict/v1",
            id="newer",
        ),
        pytest.param(_without(["run"]), "is incomplete: it lacks 'run'", id="no-run"),
        pytest.param(
            _without(["objectives", 0, "unit"]), "is incomplete: it lacks 'unit'", id="no-unit"
        ),
        pytest.param(
            {**json.document(verdict()), "objectives": [3]}, "is damaged: ", id="no-object"
        ),
        pytest.param({**json.document(verdict()), "run": None}, "is damaged: ", id="null-run"),
    ],
)
def test_a_document_that_is_none_is_refused(document, sentence):
    """A newer, incomplete or damaged document is an error of the store with a sentence."""
    with pytest.raises(StoreError) as caught:
        json.parse(document)

    assert sentence in caught.value.message


LONG = 10**400
FORGED = [
    (("objectives",), [5], "subscriptable"),
    (("objectives", 0, "total"), "x", "total is no whole number"),
    (("objectives", 0, "total"), 0.5, "total is no whole number"),
    (("objectives", 0, "total"), True, "total is no whole number"),
    (("objectives", 0, "total"), LONG, "total is no whole number of 64 bits"),
    (("objectives", 0, "good"), -1, "good is negative"),
    (("objectives", 0, "good"), 12_409, "12409 of 12408 requests of shop/checkout/p95 are good"),
    (("objectives", 0, "failed"), None, "failed is no whole number"),
    (("objectives", 0, "blocking"), "no", "blocking is no boolean"),
    (("objectives", 0, "severity"), [], "severity is none of error, warn, info"),
    (("objectives", 0, "limit"), float("inf"), ""),
    (("objectives", 0, "limit"), LONG, "too large"),
    (("objectives", 0, "limit"), "300", ""),
    (("objectives", 0, "confidence"), "0.95", "'0.95' is no number"),
    (("objectives", 0, "confidence"), float("nan"), "confidence is no finite number"),
    (("objectives", 0, "interval"), [1], "lacks"),
    (("objectives", 0, "spec"), None, "place is no value of its kind"),
    (("objectives", 0, "good_share", "observed"), None, "good_share.observed is no finite"),
    (("objectives", 0, "design_effect"), {"measured": float("inf"), "floor": 1, "used": 1},
     "design_effect.measured is no finite number"),
    (("objectives", 0, "design_effect"), {"measured": -1, "floor": 1, "used": 1},
     "the design effect of shop/checkout/p95 is out of range"),
    (("objectives", 0, "design_effect"), {"measured": 1e300, "floor": 1, "used": 1},
     "the design effect of shop/checkout/p95 is out of range"),
    (("objectives", 0, "window", "start"), "2099-01-01T00:00:00Z", "ends before it starts"),
    (("objectives", 0, "warnings"), "text", "'text' is no list"),
    (("run", "start"), "1 µs since 1970", ""),
    (("run", "start"), "1969-12-31T00:00:00Z", "start_ts is negative"),
    (("run", "rows"), -1, "subject.rows is negative"),
    (("run", "state"), "done", "state is none of"),
    (("run", "labels"), {"a": 1}, "subject.run.labels[0] is no text"),
    (("run", "labels"), ["a"], "is no object"),
    (("run", "health", "cpu"), LONG, "too large"),
    (("run", "failures"), [{"endpoint": "/", "error": None, "count": 1}], "error is no text"),
    (("id",), 5, "id is no text"),
    (("floor_runs",), "r1", "'r1' is no list"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "sentence"), FORGED)
def test_a_value_that_no_verdict_has_is_refused(path, value, sentence):
    """The history is computed with: a forged number is never an internal error, nor a floor."""
    document = json.document(verdict(finding()))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(StoreError) as caught:
        json.parse(document)

    name = document["id"]
    assert caught.value.message.startswith(f"the verdict {name} is ")
    assert sentence in caught.value.message


@given(found=verdicts(most=1), data=st.data())
def test_a_document_with_any_value_exchanged_is_read_or_refused(found, data):
    """Whatever stands anywhere in it, `parse` knows one error only."""
    document = stdlib_json.loads(json.text(found))
    inner = document
    while isinstance(inner, dict | list) and inner:
        key = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else [0]))
        if not isinstance(inner[key], dict | list) or data.draw(st.booleans()):
            inner[key] = data.draw(ODD)
            break
        inner = inner[key]
    try:
        read = json.parse(document)
    except StoreError:
        return
    json.text(read)


def test_a_document_of_before_definitions_were_kept_is_read():
    """Old stores stay readable: what is not told is unknown, not made up."""
    effect = DesignEffect(measured=2.0, floor=3.0, used=3.0, runs=("r0",))
    old = json.document(verdict(finding(design_effect=effect)))
    for key in ("definition", "revision"):
        del old["objectives"][0][key]
    del old["objectives"][0]["design_effect"]["runs"]
    (read,) = json.parse(old).findings

    assert (read.definition, read.revision) == (None, None)
    assert read.design_effect == replace(effect, runs=())
