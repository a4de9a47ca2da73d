from __future__ import annotations

from fractions import Fraction

import pytest
from builders import START
from histories import HOUR, commit, course_of, judged, stepped

from slogate.history.shifts import Known, shifts

ID = "shop/submit/p95"


def known(number, objective=ID):
    """That somebody acknowledged a change which began with the run of that number."""
    return Known(objective=objective, ts=START + number * HOUR, reason="new cache")


def statuses(verdicts, *acknowledged):
    """The status of each change."""
    return [shift.status for shift in shifts(course_of(verdicts), acknowledged)]


def test_a_change_names_the_runs_and_commits_on_both_sides():
    """Between the last run of the old level and the first of the new one it happened."""
    (shift,) = shifts(course_of(stepped(180, 210)))

    assert (shift.last.run, shift.first.run) == ("run-029", "run-030")
    assert (shift.last.commit, shift.first.commit) == (commit(29), commit(30))
    assert shift.earliest.ts <= shift.first.ts <= shift.latest.ts
    assert (shift.before, shift.after) == pytest.approx((180, 210), rel=0.02)
    assert (shift.status, shift.unit) == ("new", "ms")


def test_faster_is_better():
    """Nobody is to acknowledge an improvement."""
    assert statuses(stepped(210, 180)) == ["better"]


def test_less_throughput_is_worse():
    """What is better depends on the kind."""

    def course(before, after):
        return course_of(
            judged(number, 100, line="throughput: 1/s", seconds=before if number < 30 else after)
            for number in range(60)
        )  # fmt: skip

    assert [shift.status for shift in shifts(course(200, 300))] == ["new"]
    assert [shift.status for shift in shifts(course(300, 200))] == ["better"]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(30, "known", id="that run"),
        pytest.param(28, "known", id="its place moved"),
        pytest.param(33, "known", id="the other way"),
        pytest.param(26, "new", id="an earlier one"),
        pytest.param(40, "new", id="a later one"),
    ],
)
def test_what_was_acknowledged_is_known(number, status):
    """Also if new runs move its place a little; another change is not covered."""
    assert statuses(stepped(180, 210), known(number)) == [status]


def test_an_acknowledgement_is_of_one_objective():
    """That p95 got slower was agreed; that is no leave for others."""
    assert statuses(stepped(180, 210), known(30, "shop/other/p95")) == ["new"]


def test_an_acknowledgement_outlives_its_run():
    """When the run is pruned, time still says which change it was."""
    verdicts = [each for each in stepped(180, 210) if each.subject.run.id != "run-030"]

    assert statuses(verdicts, known(30)) == ["known"]


def test_a_level_that_came_back_is_recovered():
    """What was mended fails nothing any more."""
    verdicts = stepped(180, 210) + [
        judged(60 + number, 180 * (1 + 0.01 * (number % 3))) for number in range(30)
    ]

    assert statuses(verdicts) == ["recovered", "better"]


def test_a_level_that_came_back_in_part_is_still_new():
    """Half mended is not mended."""
    verdicts = stepped(180, 220) + [
        judged(60 + number, 200 * (1 + 0.01 * (number % 3))) for number in range(30)
    ]

    assert statuses(verdicts) == ["new", "better"]


def test_what_is_counted_no_more_is_past():
    """A change of what is counted ends the watch over what was."""
    later = [judged(60 + number, 100, scope={"failures": "drop"}) for number in range(3)]

    assert statuses(stepped(180, 210) + later) == ["past"]


def test_another_limit_does_not_hide_a_change():
    """Whoever loosens a budget has not made the service faster."""
    verdicts = [
        judged(number, 180 if number < 30 else 210, line=f"p95: {300 if number < 30 else 400}ms")
        for number in range(60)
    ]

    assert statuses(verdicts) == ["new"]


def test_a_percentile_among_failures_is_worse_than_any():
    """Unbounded is the worst level there is, and not a hole in the course."""
    verdicts = []
    for number in range(60):
        whole = judged(number, 180, bad=1 if number < 30 else 50)
        if number >= 30:
            found = whole.findings[0]
            from dataclasses import replace

            unbounded = replace(found, observed=None, failed=500)
            whole = replace(whole, findings=(unbounded,))
        verdicts.append(whole)
    (shift,) = shifts(course_of(verdicts))

    assert (shift.status, shift.after, shift.ratio) == ("new", float("inf"), None)


def test_invalid_runs_in_between_change_nothing():
    """A generator that was late tells nothing of the service."""
    bad = {7, 20, 29, 30, 31, 45}
    verdicts = [
        judged(n, 900, state="aborted") if n in bad else judged(n, 180 if n < 30 else 210)
        for n in range(60)
    ]
    (shift,) = shifts(course_of(verdicts))

    assert (shift.last.run, shift.first.run) == ("run-028", "run-032")


def test_failed_runs_count():
    """A level over the limit is a level."""
    assert statuses(stepped(180, 450)) == ["new"]


def test_a_percentage_of_zero_is_none():
    """From no failure at all, no share can be told."""
    verdicts = [
        judged(number, 100, line="errors: 5%", bad=0 if number < 30 else 1) for number in range(60)
    ]
    (shift,) = shifts(course_of(verdicts))

    assert (shift.before, shift.after, shift.ratio) == (0, float(Fraction(1, 100)), None)
