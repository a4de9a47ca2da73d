"""What an interval decides against the allowed bad share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.stats.proportion import Batch, Interval, decide, gross_breach, interval


def found(lower, upper, observed=0.05, n=1000):
    """An interval made by hand."""
    return Interval(
        lower=lower, upper=upper, observed=observed, n=n, bad=int(observed * n), n_eff=100.0,
        deff_measured=8.0, deff_floor=None, deff_used=8.0, k=10, alpha=0.05,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lower", "upper", "decision"),
    [
        pytest.param(0.06, 0.09, "fail", id="over"),
        pytest.param(0.01, 0.04, "pass", id="within"),
        pytest.param(0.04, 0.06, "inconclusive", id="across"),
        pytest.param(0.04, 0.05, "pass", id="upper end on the limit is within"),
        pytest.param(0.05, 0.06, "inconclusive", id="lower end on the limit is not over"),
        pytest.param(0.05 + 1e-15, 0.06, "fail", id="compared in full precision"),
    ],
)
def test_the_whole_interval_decides(lower, upper, decision):
    """FAIL if all of it is over the allowed share, PASS if none of it is."""
    assert decide(found(lower, upper), 0.05) == decision


def test_one_batch_that_fails_totally_fails_the_run():
    """One dead batch of ten against 1% is a gross breach, though its own spread hides it."""
    batches = [Batch(total=100, bad=100 if k == 4 else 0) for k in range(10)]
    judged = interval(batches, 0.05, None)

    assert judged.lower <= 0.01 < judged.upper
    assert judged.deff_used > 100
    assert decide(judged, 0.01) == "fail"


@pytest.mark.parametrize(
    ("bad_in_one", "gross"),
    [pytest.param(49, False, id="4.9 times"), pytest.param(50, True, id="5 times the allowed")],
)
def test_gross_starts_at_five_times_the_allowed(bad_in_one, gross):
    """A lumpy run under five times the allowed share stays open."""
    batches = [Batch(total=100, bad=bad_in_one if k == 0 else 0) for k in range(10)]
    judged = interval(batches, 0.05, None)

    assert gross_breach(judged, 0.01) is gross
    assert decide(judged, 0.01) == ("fail" if gross else "inconclusive")


def test_a_single_bad_request_is_no_gross_breach():
    """One bad of ten requests is ten times 1%, and may be chance: its lower bound is 0.5%."""
    batches = [Batch(total=1, bad=int(k == 0)) for k in range(10)]

    assert decide(interval(batches, 0.05, None), 0.01) == "inconclusive"


@given(
    totals=st.lists(st.integers(1, 1000), min_size=10, max_size=10),
    data=st.data(), allowed=st.floats(1e-4, 0.5), floor=st.none() | st.floats(1, 1000),
)  # fmt: skip
def test_decisions_agree_with_the_observed_share(totals, data, allowed, floor):
    """No run fails with its observed share within the limit, none passes with it over."""
    batches = [Batch(total=n, bad=data.draw(st.integers(0, n))) for n in totals]
    judged = interval(batches, 0.05, floor)
    decision = decide(judged, allowed)

    assert decision != "fail" or judged.observed > allowed
    assert decision != "pass" or judged.observed <= allowed


ORDER = {"pass": 0, "inconclusive": 1, "fail": 2}


@given(
    n=st.integers(10, 10**6), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    deff=st.floats(1, 500), allowed=st.sampled_from([0.001, 0.01, 0.05, 0.2]),
)  # fmt: skip
def test_more_bad_never_helps_at_a_fixed_design_effect(n, shares, deff, allowed):
    """With even batches and a floor that rules, more bad requests never improve the decision."""
    less, more = sorted(int(share * n) for share in shares)
    decisions = [decide(interval(even(n, bad), 0.05, deff), allowed) for bad in (less, more)]

    assert ORDER[decisions[0]] <= ORDER[decisions[1]]


def even(n, bad):
    """Ten equal batches of n requests with the bad spread evenly: their own deff stays under 1."""
    return [Batch(total=n, bad=bad // 10 + (k < bad % 10)) for k in range(10)]


@pytest.mark.parametrize("allowed", [0.0, 1.0, -0.1, float("nan")])
def test_allowed_shares_without_a_question_are_refused(allowed):
    """An allowed share of 0 is a fact of the run, decided elsewhere."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        decide(found(0.0, 0.1), allowed)
