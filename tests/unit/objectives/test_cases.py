"""What stands of evidence in buckets and steps, and the sentence where nothing does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from builders import SECOND, START, evidence, objective

from slogate import plugins
from slogate.model.evidence import UNBOUNDED_US, Batch, Cut, Doubt
from slogate.model.window import Window
from slogate.objectives._cases import stand
from slogate.verdict import Outcome

WINDOW = Window(start_ts=START, end_ts=START + 200 * SECOND)
PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def judged(line, found, window=WINDOW, **scope):
    """The judgement of a line of a budget on evidence, and whether it stands."""
    one = objective(line, **scope)
    return stand(plugins.find("objectives", one.kind), one, found, window, None)


def between(worst, best, total=100, doubt=(0, 500_000), **more):
    """Evidence of ten batches of which the bad requests are known to within two counts."""
    ends = [tuple((Fraction(i, 1000), us) for i in range(1, 1001)) for us in (500_000, 250_001)]
    case = evidence(best, total, **more.pop("best", {}), ladder=ends[1])
    requests = evidence(worst, total).bad - case.bad
    return evidence(
        worst, total, **more, ladder=ends[0], best=case, doubt=Doubt(
            requests=requests, lo_us=doubt[0], hi_us=doubt[1]
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("worst", "best", "outcome"),
    [
        pytest.param(1, 0, PASS, id="within whatever is true"),
        pytest.param(30, 12, FAIL, id="over whatever is true"),
        pytest.param(10, 0, OPEN, id="within or over"),
        pytest.param(5, 0, OPEN, id="within or too close"),
        pytest.param([2] * 10, [0] * 5 + [2] * 5, PASS, id="within in any mixture"),
    ],
)
def test_an_outcome_stands_if_worst_and_best_case_agree(worst, best, outcome):
    """Otherwise it is inconclusive, and never on the favourable side."""
    found, stands = judged("p95: 300ms", between(worst, best))

    assert found.outcome is outcome
    assert stands is (outcome is not OPEN)


def test_batches_that_may_be_unlike_each_other_leave_it_open():
    """Best and worst case are even, and pass; what lies between may be one bad spell."""
    million = 1_000_000
    found, stands = judged("p95: 300ms", between(49_000, 20_000, million))

    assert judged("p95: 300ms", evidence(49_000, million))[0].outcome is PASS
    assert (found.outcome, stands) == (OPEN, False)


def test_the_sentence_names_bucket_shares_and_what_would_be_decided():
    """The limit, the bucket around it, how many are in it, and the nearest bounds."""
    found, _ = judged("p95: 300ms", between(14, 2, doubt=(250_000, 500_000)))

    assert found.reason == (
        "p95 of POST /checkout is between 250 ms and 500 ms: 2% to 14% of 1,000 requests were "
        "slower, 5% allowed; the 300 ms limit lies in the bucket 250 ms to 500 ms with 120 of "
        "them; with 250 ms or 500 ms instead it would be decided"
    )


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        pytest.param((-1, 500_000), "bucket up to 500 ms with 120 of them; with 500 ms", id="low"),
        pytest.param((250_000, None), "bucket over 250 ms with 120 of them; with 250 ms", id="top"),
        pytest.param((-1, None), "in the bucket of any duration with 120 of them", id="any"),
        pytest.param((400_000, 500_000), "a duration that `ok` asks for lies in", id="rule"),
    ],
)
def test_buckets_without_bounds_and_rules_on_durations_have_their_words(doubt, words):
    """Only a bound that there is can be chosen."""
    assert words in judged("p95: 300ms", between(14, 2, doubt=doubt))[0].reason


def test_what_stands_is_told_to_within_its_bucket():
    """The percentile lies between two bounds, and the interval holds that of either."""
    found, _ = judged("p95: 600ms", between(1, 0))

    assert found.reason.startswith(
        "p95 of POST /checkout is between 250 ms and 500 ms, within the 600 ms budget: "
        "0% to 1% of 1,000 requests were slower, 5% allowed"
    )
    assert (found.observed, found.interval) == (500_000, (250_001, 500_000))
    assert found.good_share.interval[1] == 1.0


@pytest.mark.parametrize(
    ("line", "scope", "bad", "outcome"),
    [
        pytest.param("p95: 300ms", {}, 1, OPEN, id="no interval"),
        pytest.param("errors: 5%", {}, 1, OPEN, id="errors likewise"),
        pytest.param("mean: 100ms", {}, 1, OPEN, id="the mean likewise"),
        pytest.param("p95: 300ms", {"judge": "observed"}, 1, PASS, id="as observed"),
        pytest.param("p95: 300ms", {"judge": "observed"}, 6, FAIL, id="as observed and over"),
        pytest.param("errors: 5%", {}, 60, FAIL, id="a gross breach needs none"),
        pytest.param("errors: 0", {}, 0, PASS, id="a fact"),
        pytest.param("throughput: 1/s", {}, 1, PASS, id="a rate"),
        pytest.param("max: 1s", {"max_us": 900_000}, 1, PASS, id="the largest"),
    ],
)
def test_steps_too_long_for_batches_give_no_interval(line, scope, bad, outcome):
    """Only facts, the point rule and gross breaches are judged, and no interval is shown."""
    more = {"max_us": scope.pop("max_us")} if "max_us" in scope else {}
    found, _ = judged(line, evidence(bad, step_us=60 * SECOND, **more), **scope)

    assert found.outcome is outcome
    assert (found.interval, found.effective_n) == (None, None)


def test_the_sentence_says_what_long_steps_hide():
    """What was counted, why it decides nothing, and what to do."""
    found, stands = judged("p95: 300ms", evidence(1, step_us=60 * SECOND))

    assert not stands
    assert found.reason == (
        "p95 of POST /checkout is 95 ms: 1% of 1,000 requests were slower, 5% allowed; they are "
        "counted in steps of 60 s, and with steps over a tenth of the 3 min 20 s judged there is "
        "no telling how they cluster, so no interval; steps of at most 20 s would give one, "
        "`judge: observed` does without"
    )


@pytest.mark.parametrize(("seconds", "stands"), [(20, True), (22, True), (23, False)])
def test_ten_steps_are_ten_batches(seconds, stands):
    """Even where the window ends with the start of the last of them."""
    found, actual = judged("errors: 5%", evidence(1, step_us=seconds * SECOND))

    assert (actual, found.outcome) == (stands, PASS if stands else OPEN)


@pytest.mark.parametrize(
    ("line", "worst", "best", "outcome"),
    [
        pytest.param("max: 5s", 4_000_000, 2_000_000, PASS, id="within"),
        pytest.param("max: 1s", 4_000_000, 2_000_000, FAIL, id="over"),
        pytest.param("max: 3s", 4_000_000, 2_000_000, OPEN, id="between"),
        pytest.param("max: 3s", UNBOUNDED_US, 2_000_000, OPEN, id="without a bound"),
        pytest.param("max: 1s", UNBOUNDED_US, 2_000_000, FAIL, id="over without a bound"),
    ],
)
def test_a_maximum_in_a_bucket_is_known_to_within_it(line, worst, best, outcome):
    """A fact that is known only so far decides only what lies outside."""
    found, _ = judged(line, evidence(0, max_us=worst, best=evidence(0, max_us=best)))

    assert found.outcome is outcome
    assert (found.observed is None) == (worst == UNBOUNDED_US)


@pytest.mark.parametrize(
    ("sums", "outcome"),
    [
        pytest.param((9_000_000, 8_000_000), PASS, id="within"),
        pytest.param((12_000_000, 11_000_000), FAIL, id="over"),
        pytest.param((12_000_000, 8_000_000), OPEN, id="between"),
        pytest.param((100 * UNBOUNDED_US, 8_000_000), OPEN, id="without a bound"),
    ],
)
def test_a_mean_of_buckets_is_known_to_within_them(sums, outcome):
    """Both ends must be on the same side of the limit."""
    worst, best = ([total] * 10 for total in sums)
    found, _ = judged("mean: 100ms", evidence(0, sum_us=worst, best=evidence(0, sum_us=best)))

    assert found.outcome is outcome
    assert found.facts.startswith("mean of POST /checkout is ")


@pytest.mark.parametrize(
    ("requests", "bad", "outcome"),
    [
        pytest.param(10, 0, PASS, id="few"),
        pytest.param(200, 150, OPEN, id="many and bad"),
    ],
)
def test_a_step_across_the_end_of_the_window_counts_where_it_hurts(requests, bad, outcome):
    """Its requests may belong to the window or not: both must give the same."""
    worst = Cut(requests=requests, batch=Batch(total=bad, bad=bad))
    good = Cut(requests=requests, batch=Batch(total=requests - bad))
    found, _ = judged("errors: 5%", evidence(1, cut=worst, best=evidence(1, cut=good)))

    assert found.outcome is outcome
    assert (" more are counted in steps across the ends of the window" in found.reason) == (
        outcome is OPEN
    )


def test_the_longest_of_a_step_across_the_end_leaves_a_maximum_open():
    """Nobody knows whether it started within the window."""
    cut = Cut(requests=3, max_us=4_000_000)
    found, _ = judged("max: 3s", evidence(0, max_us=1_000_000, cut=cut))

    assert found.outcome is OPEN


def test_inside_is_only_what_is_inside_in_any_case():
    """A policy for inconclusive outcomes lets nothing pass that may be over its limit."""
    assert not judged("p95: 300ms", between(10, 0))[0].inside
    assert judged("p95: 300ms", replace(between(5, 4), best=None))[0].inside
