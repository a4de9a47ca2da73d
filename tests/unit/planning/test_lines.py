"""What an objective needs to be decided, from what runs showed of it."""

from __future__ import annotations

import pytest
from builders import objective
from histories import judged

from slogate.planning.line import Aim, line_of
from slogate.stats.run_length import min_requests_to_fail, min_requests_to_pass
from slogate.verdict import Outcome

NINE_IN_TEN = Aim(chance=0.9)
EVEN = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
CLUSTERED = [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def found(*bads, line="p95: 300ms", total=100, **changes):
    """Findings on runs with so many bad requests in each batch, newest first."""
    return [
        judged(number, 200, line=line, bad=bad, total=total, **changes).findings[0]
        for number, bad in enumerate(bads)
    ]


@pytest.mark.parametrize(
    ("line", "least"),
    [
        pytest.param("p95: 300ms", 73, id="p95"),
        pytest.param("p99: 300ms", 371, id="p99"),
        pytest.param("p99.9: 300ms", 3_719, id="p99.9"),
        pytest.param("errors: 0.1%", 3_719, id="errors"),
    ],
)
def test_the_least_is_what_passes_if_none_is_bad(line, least):
    """It is known without any run; the rest is not."""
    nothing = line_of(objective(line), [], NINE_IN_TEN)

    assert nothing.least == least
    assert nothing.how == "unknown"
    assert nothing.seconds is None
    assert "no run has requests" in nothing.note


def test_a_plan_is_the_exact_binomial_half_as_long_again():
    """1% bad of 5% allowed, evenly spread: the requests of the planner, at the rate seen."""
    planned = line_of(objective("p95: 300ms"), found(EVEN, EVEN), NINE_IN_TEN)

    assert planned.likely == pytest.approx(0.01)
    assert planned.design_effect == 1.0
    assert planned.requests == min_requests_to_pass(0.01, 0.05, 0.05, deff=1.5)
    assert planned.outcome is Outcome.PASS
    # 1,000 requests in 198 s
    assert planned.seconds == pytest.approx(planned.requests / (1_000 / 198))


def test_clustered_bad_requests_take_longer():
    """The design effect of the runs multiplies what is needed."""
    planned = line_of(objective("p95: 300ms"), found(CLUSTERED, CLUSTERED), NINE_IN_TEN)
    effect = found(CLUSTERED)[0].design_effect.measured

    assert planned.design_effect == pytest.approx(effect)
    assert planned.requests == min_requests_to_pass(0.01, 0.05, 0.05, deff=1.5 * effect)


def test_more_load_shortens_independent_requests_and_not_spells():
    """Twice the load halves the time of the one; of the other it takes little off."""
    even, bursty = (
        [
            line_of(objective("p95: 300ms"), found(bads, bads), Aim(chance=0.9, load=load)).seconds
            for load in (1.0, 2.0)
        ]
        for bads in (EVEN, CLUSTERED)
    )

    assert even[1] == pytest.approx(even[0] / 2, rel=0.02)
    assert bursty[1] > 0.9 * bursty[0]


def test_one_bad_deploy_does_not_spoil_the_plan():
    """The runs on the commoner side of the limit are what is reckoned with."""
    bad = [20] * 10
    mostly_good = line_of(objective("p95: 300ms"), found(bad, EVEN, EVEN), NINE_IN_TEN)
    mostly_bad = line_of(objective("p95: 300ms"), found(EVEN, bad, bad), NINE_IN_TEN)

    assert mostly_good.likely == pytest.approx(0.01)
    assert mostly_bad.likely == pytest.approx(0.2)
    assert mostly_bad.outcome is Outcome.FAIL
    assert mostly_bad.requests == max(
        10, min_requests_to_fail(0.2, 0.05, 0.05, deff=1.5 * mostly_bad.design_effect)
    )


def test_no_bad_request_so_far():
    """Enough good ones tell how rare bad ones are; of too few a quarter of the allowed is taken."""
    many = line_of(objective("p95: 300ms"), found(0), NINE_IN_TEN)
    few = line_of(objective("p99.9: 300ms"), found(0, line="p99.9: 300ms"), NINE_IN_TEN)

    assert many.likely == pytest.approx(1 - 0.5 ** (1 / 1_000))
    assert not many.supposed
    assert few.likely == pytest.approx(0.00025)
    assert few.supposed
    assert "rough" in few.note


def test_a_service_at_its_limit_is_never_decided():
    """No length does it; nor one of days."""
    at_it = line_of(objective("p95: 300ms"), found([5] * 10), NINE_IN_TEN)
    near = line_of(objective("p95: 300ms"), found([49] * 10, total=1_000), NINE_IN_TEN)

    assert at_it.seconds is None
    assert at_it.note == "at its limit"
    assert near.seconds is None or near.seconds > 3_600


@pytest.mark.parametrize(
    "line", ["max: 1s", "throughput: 1/s", "errors: 0%"], ids=["max", "throughput", "errors"]
)
def test_facts_need_ten_requests_and_ten_seconds(line):
    """There is nothing to be lucky with."""
    planned = line_of(objective(line), found(0, line="errors: 0%"), NINE_IN_TEN)

    assert planned.how == "fact"
    assert planned.requests == 10
    assert planned.seconds == 10


def test_the_point_rule_is_a_fact():
    """`judge: observed` decides whatever there is."""
    asked = objective("p95: 300ms", judge="observed")

    assert line_of(asked, found(EVEN, scope={"judge": "observed"}), NINE_IN_TEN).how == "fact"


@pytest.mark.parametrize(
    ("seconds", "decided"),
    [pytest.param(4, False, id="no verdict under 10 s"), pytest.param(60, True, id="a minute")],
)
def test_in_a_given_time(seconds, decided):
    """The requests of that time, the shares that they decide and the chance of it."""
    aim = Aim(chance=0.9, judged_s=seconds)
    it = line_of(objective("p95: 300ms"), found(EVEN, EVEN), aim)

    assert it.requests_in_time == int(seconds * 1_000 / 198)
    assert (it.in_time >= 0.9) == decided
    assert (it.passes_up_to is not None) == decided


def test_the_chance_grows_with_the_time():
    """From nothing to certainty, without a step back."""
    chances = [
        line_of(
            objective("p95: 300ms"), found([2] * 10, [2] * 10), Aim(chance=0.9, judged_s=seconds)
        ).in_time
        for seconds in (5, 20, 40, 80, 160, 320)
    ]

    assert chances == sorted(chances)
    assert chances[0] == 0
    assert chances[-1] > 0.99


def test_more_power_takes_longer():
    """And the least is the same."""
    planned = [
        line_of(objective("p95: 300ms"), found(EVEN), Aim(chance=chance))
        for chance in (0.5, 0.9, 0.999)
    ]

    assert planned[0].requests < planned[1].requests < planned[2].requests
    assert {each.least for each in planned} == {73}
