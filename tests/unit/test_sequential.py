"""Looks at a run that could end early: when they are, and which of them decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SECOND, START, evidence, objective, spec, subject
from builders import run as a_run

from slogate.evaluate import judge, plan
from slogate.model.early import EarlyStop
from slogate.sequential import in_looks, is_fact, plan_looks, planned_looks, taken_looks
from slogate.verdict import Outcome

P95 = objective("p95: 300ms")
WHOLE = EarlyStop(max_us=202 * SECOND)


def a_test(seconds=200.0, **early):
    """A run of at most 200 s after its ramp, recorded for so long."""
    return a_run(seconds=seconds, early_stop=replace(WHOLE, **early))


def seconds_of(looks):
    """When they are, in seconds after the ramp."""
    return [(look.end_ts - START) / SECOND - 2 for look in looks]


def test_looks_are_shares_of_the_longest_time():
    """Fixed before the load, whatever is seen."""
    assert seconds_of(planned_looks([spec(P95)], a_test())) == [
        20, 40, 50, 60, 70, 80, 100, 120, 160, 200,
    ]  # fmt: skip


def test_a_shortest_time_leaves_early_looks_out():
    """Their part of the error goes to those that are left."""
    looks = planned_looks([spec(P95)], a_test(min_us=90 * SECOND))

    assert [look.number for look in looks] == [1, 2, 3, 4]
    assert seconds_of(looks) == [100, 120, 160, 200]


def test_only_looks_that_were_reached_count():
    """A test that was stopped has no last look at its end; one that ran in full has."""
    assert len(taken_looks([spec(P95)], a_test(90, stopped=True))) == 6
    assert len(taken_looks([spec(P95)], a_run(seconds=90))) == 0
    assert seconds_of(taken_looks([spec(P95)], a_test(201.9)))[-1] == pytest.approx(199.9)


def verdict_of(run, bad_by_look, *objectives):
    """The verdict where the looks see so many bad requests a batch of a hundred."""
    specs = [spec(*(objectives or (P95,)))]
    found = {need.id: evidence(0) for need in plan(specs, run)}
    for need in plan_looks(specs, run):
        found[need.id] = evidence(bad_by_look[int(need.id.rpartition("@")[2]) - 1])
    whole = judge(specs, subject(run), found, {}, "0")
    return in_looks(specs, subject(run), found, lambda _: {}, whole)


def test_the_first_look_that_decides_stands():
    """Whatever comes later, the same or the opposite."""
    found = verdict_of(a_test(130, stopped=True), [4, 0, *[90] * 6])
    [finding] = found.findings

    assert finding.outcome is Outcome.PASS
    assert finding.window[1] == START + 42 * SECOND
    assert "early_stop: decided at look 2 of 10" in finding.warnings[-1]
    assert [look["look"] for look in found.early_stop["looks"] if look["objectives"]] == [1, 2]


def test_early_looks_need_more():
    """What passes at the end is too close to call at the first look."""
    assert verdict_of(a_test(25, stopped=True), [3] * 10).outcome is Outcome.INCONCLUSIVE
    assert verdict_of(a_test(202), [3] * 10).outcome is Outcome.PASS


def test_what_no_look_decides_is_inconclusive():
    """With the interval of the last, and by name."""
    found = verdict_of(a_test(90, stopped=True), [5] * 6)

    assert found.outcome is Outcome.INCONCLUSIVE
    assert "leave open: shop/submit/p95" in found.early_stop["reason"]


def test_a_run_that_could_not_end_early_is_judged_as_ever():
    """Nothing is added."""
    assert verdict_of(a_run(), [0] * 10).early_stop is None


def test_the_definition_is_that_of_the_spec():
    """How sure a look must be is no other objective in the history."""
    looked = verdict_of(a_test(202), [0] * 10).findings[0]
    plain = verdict_of(a_run(), [0] * 10).findings[0]

    assert looked.definition == plain.definition


@pytest.mark.parametrize(
    ("line", "fact"),
    [("p95: 300ms", False), ("errors: 1%", False), ("mean: 1s", False),
     ("errors: 0", True), ("max: 1s", True), ("throughput: 5/s", True)],
)  # fmt: skip
def test_facts_are_judged_on_the_whole(line, fact):
    """There is no interval to peek at."""
    assert is_fact(objective(line)) is fact
    if fact:
        assert plan_looks([spec(objective(line))], a_test()) == []
