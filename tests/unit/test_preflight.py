from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from builders import SECOND, START, evidence, objective, run, spec, subject

from slogate.evaluate import judge
from slogate.model.selection import Endpoint, Selection
from slogate.model.turns import Interleaved, Turns
from slogate.objectives._base import Allowance, Scope
from slogate.preflight import Planned, own_seconds, rates, too_few_to_compare, too_short

TURNS = Turns(seed=1, slice_us=2 * SECOND, settle_us=SECOND // 2)
IN_TURNS = Planned(run_time_us=102 * SECOND, ramp_us=2 * SECOND, turns=TURNS)


def test_a_run_too_short_for_a_percentile_is_told_with_what_would_do():
    """p99.9 needs 3,719 requests even if none is slow; at 20/s that is three minutes."""
    one = objective("p99.9: 1s", warmup_us=5 * SECOND)

    told = too_short([one], {one.id: 20.0}, Planned(run_time_us=45 * SECOND))

    assert told == [
        (
            "p99.9 of POST /checkout cannot pass in this run: about 800 requests to judge, "
            "3,719 needed even if none is bad; --run-time 191s would do"
        )
    ]


def test_a_run_that_is_long_enough_is_not_mentioned():
    """p95 needs 75 requests."""
    one = objective("p95: 1s")

    assert too_short([one], {one.id: 20.0}, Planned(run_time_us=45 * SECOND)) == []


def test_the_ramp_the_warm_up_and_ten_seconds_are_always_needed():
    """Without any known rate a run of twelve seconds with a ramp of two is still too short."""
    some = [objective("p95: 1s", warmup_us=5 * SECOND), objective("max: 1s", warmup_us=5 * SECOND)]

    assert too_short(some, {}, Planned(run_time_us=12 * SECOND, ramp_us=2 * SECOND)) == [
        "p95 of POST /checkout (and 1 more of 2 objectives) cannot pass in this run: "  # noqa: ISC004
        "5 s to judge, at least 10 s needed; --run-time 17s would do"
    ]
    assert too_short(some, {}, Planned(run_time_us=17 * SECOND, ramp_us=2 * SECOND)) == []


def test_facts_and_unknown_rates_are_not_mentioned():
    """Nothing is claimed without knowledge."""
    told = too_short(
        [objective("max: 1s"), objective("errors: 0"), objective("p99.9: 1s", name="other")],
        {"shop/submit/max": 1.0, "shop/submit/errors": 1.0},
        Planned(run_time_us=45 * SECOND),
    )

    assert told == []


def test_rates_come_from_the_judged_window():
    """1,000 requests in the 198 s after the ramp."""
    one = objective("p95: 300ms")
    verdict = judge([spec(one)], subject(), {one.id: evidence(1)}, {}, "0")

    assert rates(verdict) == {one.id: 1_000 / 198}
    assert verdict.findings[0].window[0] > START


def test_a_head_that_takes_turns_gets_its_share_alone():
    """Of 98 s judged three eighths are its own and settled: 735 of 1,960 requests."""
    one = objective("p99.9: 1s", warmup_us=2 * SECOND)
    [told] = too_short([one], {one.id: 20.0}, IN_TURNS)

    assert "about 735 requests to judge, 3,719 needed" in told


def test_the_rate_of_a_run_in_turns_is_that_of_its_turns():
    """What it was sent in a third of the time is no third of the rate."""
    mark = Interleaved(
        side="head", other="b", words="b", seed=1, slice_us=2 * SECOND, settle_us=SECOND // 2
    )
    alone, beside = run(), run(interleaved=mark)
    window = (START, START + 200 * SECOND)

    assert own_seconds(alone, *window) == 200
    assert own_seconds(beside, *window) == pytest.approx(75, abs=2)
    assert own_seconds(beside, *window, settled=False) == pytest.approx(100, abs=2)


def regression(key, name="browse", **scope):
    """A regression budget of 10%, or of a tenth of a point."""
    quantile = Fraction(key[1:]) / 100 if key != "errors" else None
    return Allowance(
        kind="percentile" if quantile else key, key=key, quantile=quantile,
        budget=Fraction(1, 10) if quantile else Fraction(1, 1000),
        scope=Scope(
            service="shop", name=name, selection=Selection(endpoint=Endpoint.parse("GET /browse")),
            **scope,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "rate", "words"),
    [
        # 24 pairs, pooled by four into six: 0.5 a second are 3 requests in four slices
        pytest.param(
            "p95", 0.5, "cannot be decided in this run: about 3 requests in 4 slices of 2 s, "
            "about 32 needed for each of 5 pairs or more; --run-time", id="far too few",
        ),
        pytest.param("p95", 6, None, id="enough in pools of four"),
        pytest.param("p99", 6, "about 36 requests in 4 slices of 2 s, about 123", id="p99"),
        pytest.param("p50", 6, None, id="a median needs few"),
        pytest.param(
            "errors", 20, "about 750 requests, 2,995 needed to pass even if none fails",
            id="errors",
        ),
        pytest.param("errors", 100, None, id="enough for errors"),
    ],
)  # fmt: skip
def test_a_regression_in_turns_needs_requests_in_each_slice(key, rate, words):
    """So many that pools are enough to show anything."""
    line = regression(key)
    told = too_few_to_compare([line], {line.id: rate}, IN_TURNS)

    assert len(told) == (words is not None)
    assert words is None or words in told[0]


def test_what_the_sentence_asks_for_is_enough():
    """With the run time that it names, nothing is said any more."""
    line = regression("p95")
    [told] = too_few_to_compare([line], {line.id: 0.5}, IN_TURNS)
    seconds = int(told.partition("--run-time ")[2].partition("s ")[0])
    longer = Planned(
        run_time_us=seconds * SECOND, ramp_us=2 * SECOND,
        turns=Turns(seed=1, slice_us=(seconds - 2) * SECOND // 50, settle_us=SECOND // 2),
    )  # fmt: skip

    assert too_few_to_compare([line], {line.id: 0.5}, longer) == []


def test_a_fail_takes_more_pairs_the_more_regressions_there_are():
    """By Holm: twenty need nine pairs, so pools of two, where a pass has pools of four."""
    lines = [regression("p95", name=f"b{at}") for at in range(20)]
    told = too_few_to_compare(lines, {line.id: 6.0 for line in lines}, IN_TURNS)

    assert too_few_to_compare(lines[:1], {lines[0].id: 6.0}, IN_TURNS) == []
    assert " ".join(told) == (
        "p95 regression of GET /browse (and 19 more of 20 regressions) can pass, but hardly fail "
        "in this run: about 18 requests in 2 slices of 2 s, about 32 needed for each of 9 pairs "
        "or more; --run-time 180s would do"
    )


def test_runs_at_their_own_times_need_requests_beyond_the_percentile():
    """Five: a p99 takes 500 of them."""
    line, planned = regression("p99", warmup_us=8 * SECOND), Planned(run_time_us=58 * SECOND)

    assert too_few_to_compare([line], {line.id: 20.0}, planned) == []
    assert " ".join(too_few_to_compare([line], {line.id: 5.0}, planned)) == (
        "p99 regression of GET /browse cannot be decided in this run: about 250 requests, 500 "
        "needed to compare its percentile; --run-time 108s would do"
    )


def test_a_run_without_time_to_judge_names_no_other():
    """Of no requests nobody can tell how many times as long would do."""
    line, planned = regression("p99", warmup_us=8 * SECOND), Planned(run_time_us=8 * SECOND)
    [told] = too_few_to_compare([line], {line.id: 20.0}, planned)

    assert told.endswith("about 0 requests, 500 needed to compare its percentile")


def test_any_share_of_errors_may_be_allowed():
    """Of a budget of all requests nothing is needed."""
    line = replace(regression("errors"), budget=Fraction(1))

    assert too_few_to_compare([line], {line.id: 1.0}, IN_TURNS) == []


def test_nothing_is_said_of_regressions_without_a_rate():
    """Nothing is claimed without knowledge."""
    assert too_few_to_compare([regression("p99")], {}, IN_TURNS) == []
