from __future__ import annotations

from fractions import Fraction

import pytest
from builders import START, evidence, objective

from slogate import plugins
from slogate.model.window import Window
from slogate.verdict import Outcome

WINDOW = Window(start_ts=START, end_ts=START + 200_000_000)


def judge(line, found, floor=None, window=WINDOW, **scope):
    """Judge one line of a budget on evidence."""
    it = objective(line, **scope)
    return plugins.find("objectives", it.kind).judge(it, found, window, floor)


@pytest.mark.parametrize(
    ("line", "bad", "expected"),
    [
        pytest.param("p95: 300ms", 1, Outcome.PASS, id="percentile-within"),
        pytest.param("p95: 300ms", 10, Outcome.FAIL, id="percentile-over"),
        pytest.param("p95: 300ms", 5, Outcome.INCONCLUSIVE, id="percentile-at-the-limit"),
        pytest.param("errors: 5%", 1, Outcome.PASS, id="errors-within"),
        pytest.param("errors: 5%", 10, Outcome.FAIL, id="errors-over"),
        pytest.param("errors: 5%", 5, Outcome.INCONCLUSIVE, id="errors-at-the-limit"),
        pytest.param("errors: 0", 0, Outcome.PASS, id="no-errors-allowed-none-seen"),
    ],
)
def test_a_share_is_judged_by_its_interval(line, bad, expected):
    """Fail if the whole interval breaches, pass if it is within, else inconclusive."""
    assert judge(line, evidence(bad)).outcome is expected


def test_no_errors_allowed_is_a_fact():
    """A single failure breaches, without an interval."""
    judgement = judge("errors: 0", evidence([1] + [0] * 9))

    assert judgement.outcome is Outcome.FAIL
    assert judgement.interval is None
    assert judgement.reason == "1 of 1,000 requests of POST /checkout failed, none allowed"


def test_one_catastrophic_batch_does_not_hide_itself():
    """Ten per cent bad in one batch, one allowed: a gross breach fails and says so."""
    judgement = judge("errors: 1%", evidence([100] + [0] * 9))

    assert judgement.outcome is Outcome.FAIL
    assert any(w.startswith("gross_breach") for w in judgement.warnings)


def test_the_sentence_names_value_interval_limit_and_shares():
    """One plain sentence says why."""
    judgement = judge("p95: 300ms", evidence(10))

    assert judgement.reason.startswith("p95 of POST /checkout is 95 ms (")
    assert "over the 300 ms budget: 10% of 1,000 requests were slower, 5% allowed" in (
        judgement.reason
    )


@pytest.mark.parametrize(
    ("bad", "raw", "told"),
    [
        pytest.param(10, (910, 9), True, id="only what was put back breaches"),
        pytest.param(5, (910, 9), True, id="nor may that be too close to call"),
        pytest.param(10, (910, 60), False, id="what was sent breaches as well"),
        pytest.param(1, (910, 9), False, id="nothing breaches"),
    ],
)
def test_the_sentence_says_when_it_is_missed_starts_that_decide(bad, raw, told):
    """Whoever looks at what was sent would take the verdict for wrong."""
    judgement = judge("p95: 300ms", evidence(bad, backfilled=90, raw=raw))

    words = (
        "; of the 910 that were sent only 0.989% were, the others are starts that users missed "
        "while they waited (coordinated omission)"
    )
    assert judgement.reason.endswith(words) is told
    assert judgement.uncorrected == raw[1] / raw[0]


def test_failures_count_as_slow_in_the_sentence():
    """Where failures are among the slow ones the sentence says so."""
    assert "were slower or failed" in judge("p95: 300ms", evidence(10, failed=3)).reason


def test_an_inconclusive_share_says_what_would_settle_it():
    """The seconds of load that would settle it, if the share held."""
    judgement = judge("p95: 300ms", evidence([4] * 5 + [5] * 5))

    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert judgement.requests_needed is not None
    assert judgement.requests_needed > 1_000
    assert judgement.seconds_needed == pytest.approx(judgement.requests_needed / 5)
    assert "of judged load would settle it, 3 min 20 s were judged" in judgement.settle


def test_the_floor_of_history_widens_the_interval():
    """A run that looks independent is not believed if its history was bursty."""
    alone = judge("p95: 300ms", evidence(2))
    with_history = judge("p95: 300ms", evidence(2), floor=20.0)

    assert alone.outcome is Outcome.PASS
    assert with_history.outcome is Outcome.INCONCLUSIVE
    assert with_history.design_effect.floor == 20.0
    assert not any(w.startswith("history") for w in with_history.warnings)


def test_the_point_rule_is_exact_and_labelled():
    """`judge: observed` decides at the limit, and warns."""
    judgement = judge("p95: 300ms", evidence(5), judge="observed")

    assert judgement.outcome is Outcome.PASS
    assert any(w.startswith("observed") for w in judgement.warnings)


def test_an_unbounded_percentile_is_none():
    """With more failures than the percentile leaves room for its value has no bound."""
    ladder = tuple((Fraction(i, 1000), None if i > 900 else i) for i in range(1, 1001))

    judgement = judge("p95: 300ms", evidence(10, failed=100, ladder=ladder))

    assert judgement.observed is None
    assert "is unbounded, over the 300 ms budget" in judgement.reason


def test_the_percentiles_interval_brackets_it():
    """The ends are order statistics on both sides of the nearest rank."""
    judgement = judge("p95: 300ms", evidence(5))

    low, high = judgement.interval
    assert low <= judgement.observed <= high
    assert low < high


@pytest.mark.parametrize(
    ("largest", "expected"),
    [
        pytest.param(5_000_000, Outcome.PASS, id="within-is-at-most"),
        pytest.param(5_000_001, Outcome.FAIL, id="a-microsecond-over"),
    ],
)
def test_the_maximum_is_a_fact(largest, expected):
    """Compared in full precision."""
    judgement = judge("max: 5s", evidence(0, max_us=largest))

    assert judgement.outcome is expected
    assert judgement.interval is None


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        pytest.param(0, Outcome.PASS, id="exactly-the-rate"),
        pytest.param([1] + [0] * 9, Outcome.FAIL, id="one-short"),
    ],
)
def test_throughput_is_exact(bad, expected):
    """1,000 successes in 200 s are 5/s, 999 are not."""
    assert judge("throughput: 5/s", evidence(bad)).outcome is expected


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        pytest.param([9_000_000] * 10, Outcome.PASS, id="within"),
        pytest.param([11_000_000] * 10, Outcome.FAIL, id="over"),
        pytest.param([5_000_000, 14_000_000] * 5, Outcome.INCONCLUSIVE, id="too-noisy"),
    ],
)
def test_the_mean_is_judged_by_its_interval(sums, expected):
    """100 ms is the limit; the batches' spread decides how sure we are."""
    assert judge("mean: 100ms", evidence(0, sum_us=sums)).outcome is expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("p95: 300", "has no unit", id="bare-number"),
        pytest.param("p95: 0ms", "can never be met", id="zero-limit"),
        pytest.param("p100: 1s", "the largest value is 'max'", id="p100"),
        pytest.param("p0: 1s", "no percentile between 0 and 100", id="p0"),
        pytest.param("errors: 100%", "allows every request to fail", id="all-errors"),
        pytest.param("errors: 1", "is not a percentage", id="errors-bare"),
        pytest.param("max: soon", "is not a duration", id="max-word"),
        pytest.param("mean: 0s", "can never be met", id="mean-zero"),
        pytest.param("throughput: 0/s", "demands nothing", id="throughput-zero"),
        pytest.param("throughput: 50", "is not a rate", id="throughput-bare"),
    ],
)
def test_a_wrong_value_says_what_is_wrong(line, words):
    """Every kind refuses with a sentence."""
    with pytest.raises(ValueError) as caught:
        objective(line)

    assert words in str(caught.value)


def test_too_few_requests_are_not_called_too_close():
    """Nothing slow among 40: the limit is not near, there is just too little to be sure."""
    percentile = judge("p95: 300ms", evidence(0, 4))
    errors = judge("errors: 1%", evidence(0, 4))

    assert "under the 300 ms budget, but on too few requests to be sure" in percentile.reason
    assert "too few requests to be sure of the 1% allowed" in errors.reason


def test_failures_alone_can_never_keep_a_mean():
    """A failure counts at least a microsecond over the limit."""
    one = objective("mean: 100ms")

    need = plugins.find("objectives", "mean").needs(one, WINDOW)
    all_failed = judge("mean: 100ms", evidence(0, sum_us=[100 * need.limit_us] * 10))

    assert all_failed.outcome is Outcome.FAIL
