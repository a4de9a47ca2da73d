from __future__ import annotations

from builders import SECOND, START, evidence, objective, spec, subject

from slogate.evaluate import judge
from slogate.preflight import rates, too_short


def test_a_run_too_short_for_a_percentile_is_told_with_what_would_do():
    """p99.9 needs 3,719 requests even if none is slow; at 20/s that is three minutes."""
    one = objective("p99.9: 1s", warmup_us=5 * SECOND)

    told = too_short([one], {one.id: 20.0}, 45 * SECOND)

    assert told == [
        (
            "p99.9 of POST /checkout cannot pass in this run: about 800 requests to judge, "
            "3,719 needed even if none is bad; --run-time 191s would do"
        )
    ]


def test_a_run_that_is_long_enough_is_not_mentioned():
    """p95 needs 75 requests."""
    one = objective("p95: 1s")

    assert too_short([one], {one.id: 20.0}, 45 * SECOND) == []


def test_the_ramp_the_warm_up_and_ten_seconds_are_always_needed():
    """Without any known rate a run of twelve seconds with a ramp of two is still too short."""
    some = [objective("p95: 1s", warmup_us=5 * SECOND), objective("max: 1s", warmup_us=5 * SECOND)]

    assert too_short(some, {}, 12 * SECOND, 2 * SECOND) == [
        "p95 of POST /checkout (and 1 more of 2 objectives) cannot pass in this run: "  # noqa: ISC004
        "5 s to judge, at least 10 s needed; --run-time 17s would do"
    ]
    assert too_short(some, {}, 17 * SECOND, 2 * SECOND) == []


def test_facts_and_unknown_rates_are_not_mentioned():
    """Nothing is claimed without knowledge."""
    told = too_short(
        [objective("max: 1s"), objective("errors: 0"), objective("p99.9: 1s", name="other")],
        {"shop/submit/max": 1.0, "shop/submit/errors": 1.0},
        45 * SECOND,
    )

    assert told == []


def test_rates_come_from_the_judged_window():
    """1,000 requests in the 198 s after the ramp."""
    one = objective("p95: 300ms")
    verdict = judge([spec(one)], subject(), {one.id: evidence(1)}, {}, "0")

    assert rates(verdict) == {one.id: 1_000 / 198}
    assert verdict.findings[0].window[0] > START
