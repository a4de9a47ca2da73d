from __future__ import annotations

import re
from dataclasses import replace

import pytest
from verdict_examples import finding, passing, verdict

from slogate.objectives import _share
from slogate.reports._next import PRACTICAL_S
from slogate.talk.past import Past, sparkline
from slogate.talk.words import MOST, body, calm, chat, next_step
from slogate.verdict import Outcome

EVIL = '<script>"|`\n::error::@everyone #1 [x](https://evil.example)\u202e ![y](z) --> <!-- slogate'


@pytest.mark.parametrize(
    ("values", "line"),
    [
        pytest.param([1.0, 2.0, 3.0], "▁▄█", id="rising"),
        pytest.param([5.0, 5.0], "▄▄", id="level"),
        pytest.param([None, 1.0, 9.0], "·▁█", id="unknown"),
        pytest.param([None], "", id="nothing"),
    ],
)
def test_a_sparkline(values, line):
    """The least is the lowest block, the largest the highest, an unknown value a dot."""
    assert sparkline(values) == line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, "Mend <code>checkout/p95</code> first", id="breach"),
        pytest.param(
            {"outcome": Outcome.INCONCLUSIVE, "seconds_needed": 120.0}, "Run longer: 2", id="longer"
        ),
        pytest.param(
            {"outcome": Outcome.INCONCLUSIVE, "seconds_needed": PRACTICAL_S + 1.0},
            "Move the limit",
            id="never",
        ),
        pytest.param({"outcome": Outcome.NO_DATA}, "slogate runs show r1", id="no-data"),
        pytest.param({"outcome": Outcome.INVALID}, "Mend the measurement", id="invalid"),
        pytest.param({"blocking": False}, "Nothing blocks", id="not-blocking"),
    ],
)
def test_the_next_step_is_that_of_the_outcome(changes, said):
    """Its reader is told what to do, by what blocks first."""
    assert said in next_step(verdict(finding(**changes), passing()))


def test_what_no_run_settles_is_what_the_reason_says():
    """The step and the reason agree on how long is too long."""
    assert PRACTICAL_S == _share.PRACTICAL_S


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param(Outcome.FAIL, "its error budget", id="breach"),
        pytest.param(Outcome.NO_DATA, "Bring data of", id="no-data"),
        pytest.param(Outcome.INCONCLUSIVE, "says what is missing", id="inconclusive"),
    ],
)
def test_the_next_step_of_production_is_no_load_test(outcome, said):
    """Nobody can run production longer, and it is no run of the store."""
    found = verdict(finding(outcome=outcome))
    run = replace(found.subject.run, kind="production", id="production-20261101-0200")
    step = next_step(replace(found, subject=replace(found.subject, run=run)))

    assert said in step
    assert "Run longer" not in step
    assert "runs show" not in step


COMPARED = {
    "unit": "ms", "base": 29.0, "head": 59.0, "change": 1.034, "change_interval": [0.9, None],
    "design": "sequential",
}  # fmt: skip
REGRESSION = {"kind": "regression", "unit": "share", "limit": 0.1, "observed": None}


def test_a_regression_shows_what_it_compared():
    """Its own base and head, in any spec, whatever the store's past is."""
    told = {**REGRESSION, "interval": None, "good_share": None, "comparison": COMPARED}
    text = body(verdict(finding(**told), passing()), Past())

    assert "| limit | base | now | change |" in text
    assert "| ≤\u00a010% | 29 ms | 59 ms | +103% (+90% to +∞) |" in text
    assert "| ≤\u00a0300\u00a0ms | – | 112 ms (109–118) | – |" in text


@pytest.mark.parametrize("key", COMPARED)
def test_an_odd_comparison_shows_nothing(key):
    """A forged document breaks no comment."""
    told = {**REGRESSION, "interval": None, "good_share": None}
    odd = {**COMPARED, key: {"x": 1}} if key != "design" else {"change_interval": 3}

    assert "| ≤\u00a010% | – |" in body(verdict(finding(**told, comparison=odd)), Past())


def test_a_regression_without_a_verdict_needs_more_runs():
    """Not longer ones."""
    told = {**REGRESSION, "outcome": Outcome.INCONCLUSIVE, "comparison": COMPARED}

    assert next_step(verdict(finding(**told))).startswith("Run it again")


def test_base_and_head_stand_side_by_side():
    """The base's value, this one, the change and the course, under the branch's name."""
    base = verdict(finding(observed=275_000.0, interval=None))
    past = Past(base=base, name="main", courses={"shop/checkout/p95": [250_000.0, 275_000.0]})

    text = body(verdict(finding()), past, url="https://ci.example/runs/1")

    (row,) = [line for line in text.splitlines() if line.startswith("| ✗\u00a0")]
    assert "| ≤\u00a0300\u00a0ms | 275 ms | 412 ms (388–431) | +49.9% | ▁▂█ |" in row
    assert "<code>main</code> | now | change | trend |" in text
    assert "[the job](https://ci.example/runs/1)" in text
    assert text.splitlines()[0].startswith("### ✗ <code>shop</code>: FAIL: 1 of 1")


def test_what_meant_something_else_is_not_compared():
    """Another definition is another objective."""
    one = {"measure": {"kind": "percentile"}, "terms": {"limit": 1}}
    other = {"measure": {"kind": "percentile"}, "terms": {"limit": 2}}
    past = Past(base=verdict(finding(definition=one, observed=1.0)))

    text = body(verdict(finding(definition=other)), past)

    assert "| ≤\u00a0300\u00a0ms | – | 412 ms (388–431) | – |" in text


def test_hostile_names_are_inert_in_a_comment():
    """They end no cell, mention nobody, link nowhere, and plant no mark."""
    told = {"service": EVIL, "name": EVIL, "endpoint": EVIL, "reason": EVIL, "waived": EVIL}
    found = verdict(finding(**told), passing(**told), note=EVIL, ended="aborted")

    text = body(found, Past(base=found, name=EVIL))

    outside = re.sub("<code>.*?</code>", "", text)
    assert {row.count("|") for row in text.splitlines() if row.startswith("|")} == {8}
    assert not any(
        mark in outside for mark in ("<script", "@everyone", "](", "<!--", "\u202e", "\n::")
    )
    assert "<script" not in text


@pytest.mark.parametrize("name", ["x", "<" * 1_000], ids=["short", "hostile"])
def test_a_comment_fits(name):
    """Hundreds of objectives are cut to the worst, and said to be."""
    found = verdict(*(finding(name=f"{name}{n}", reason=(name * 99)[:10_000]) for n in range(400)))

    text = body(found, Past())

    assert len(text) <= MOST
    assert "more are left out here" in text


def test_a_chat_is_told_in_few_lines():
    """The outcome, the first five reasons, how many more, the job."""
    found = verdict(*(finding(name=f"n{n}", reason=f"reason {n}") for n in range(7)))

    lines = chat(found, Past(), url="https://ci.example/1").splitlines()

    assert lines[0] == "shop: FAIL: 7 of 7 objectives breached (exit 1)"
    assert lines[1:] == [
        *(f"- reason {n}" for n in range(5)), "- and 2 more", "https://ci.example/1"
    ]  # fmt: skip


def test_a_chat_is_told_of_a_recovery():
    """After a breach on the same branch a pass is news."""
    past = Past(before=verdict(finding()))

    assert chat(verdict(passing()), past).splitlines()[0].endswith("recovered")


def test_hostile_names_are_inert_in_a_chat():
    """No markup, no mention, no link, no second line."""
    text = calm(EVIL)

    assert not any(mark in text for mark in ("<", ">", "@e", "](", "://", "\n", "`", "|", "\u202e"))
