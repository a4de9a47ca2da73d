"""The t interval of a mean from batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from slogate.stats.mean import MeanBatch, decide_mean, mean_interval

batch = st.tuples(st.integers(1, 5000), st.integers(0, 10**12)).map(
    lambda pair: MeanBatch(count=pair[0], sum_us=pair[1])
)
EMPTY = MeanBatch(count=0, sum_us=0)


@given(means=st.lists(st.integers(1, 10**9), min_size=2, max_size=30), alpha=st.floats(1e-6, 0.4))
def test_equal_batches_give_the_textbook_interval(means, alpha):
    """With batches of equal size it is SciPy's t interval of the batch means."""
    found = mean_interval([MeanBatch(count=7, sum_us=7 * m) for m in means], alpha)
    t, error = stats.t.ppf(1 - alpha, len(means) - 1), stats.sem(means)

    assert found.observed == pytest.approx(np.mean(means))
    assert found.upper - found.observed == pytest.approx(t * error, rel=1e-9, abs=1e-5)
    assert found.observed - found.lower == pytest.approx(t * error, rel=1e-9, abs=1e-5)


@given(batches=st.lists(batch, min_size=2, max_size=12))
def test_unequal_batches_follow_the_linearised_variance(batches):
    """Batches of any size follow K / (K - 1) * sum(u^2) / N^2."""
    found = mean_interval(batches, 0.05)
    counts = np.array([b.count for b in batches], float)
    residuals = np.array([b.sum_us for b in batches], float) - found.observed * counts
    k = len(batches)
    error = np.sqrt(k / (k - 1) * (residuals**2).sum()) / counts.sum()

    width = stats.t.ppf(0.95, k - 1) * error
    assert found.upper - found.observed == pytest.approx(width, rel=1e-6, abs=1e-3)


@given(batches=st.lists(batch, min_size=2, max_size=12), data=st.data())
def test_order_and_empty_batches_change_nothing(batches, data):
    """Shuffling the batches or adding empty ones gives the same interval."""
    shuffled = data.draw(st.permutations([*batches, EMPTY, EMPTY]))

    assert mean_interval(shuffled, 0.05) == mean_interval(batches, 0.05)


def test_one_batch_with_requests_has_no_interval():
    """Requests in one batch only leave both ends unknown and the decision open."""
    found = mean_interval([MeanBatch(count=100, sum_us=100), EMPTY], 0.05)

    assert (found.lower, found.upper, found.k) == (None, None, 1)
    assert decide_mean(found, 10**9) == "inconclusive"


@pytest.mark.parametrize(
    ("limit", "decision"),
    [
        pytest.param(50, "fail", id="interval over the limit"),
        pytest.param(100, "inconclusive", id="limit inside"),
        pytest.param(150, "pass", id="interval within"),
    ],
)
def test_decisions(limit, decision):
    """The whole interval decides, not the mean."""
    batches = [MeanBatch(count=1, sum_us=95 + i) for i in range(10)]

    assert decide_mean(mean_interval(batches, 0.05), limit) == decision


def test_equality_with_the_limit_passes():
    """An interval that ends exactly on the limit is within it."""
    found = mean_interval([MeanBatch(count=2, sum_us=200)] * 10, 0.05)

    assert (found.lower, found.upper) == (100.0, 100.0)
    assert decide_mean(found, 100) == "pass"


@pytest.mark.parametrize(
    ("batches", "alpha", "sentence"),
    [
        pytest.param([EMPTY, EMPTY], 0.05, "at least one request", id="no request"),
        pytest.param([MeanBatch(count=1, sum_us=1)], 0.05, "two batches", id="one batch"),
        pytest.param([MeanBatch(count=0, sum_us=1), EMPTY], 0.05, "batch", id="sum of nothing"),
        pytest.param([MeanBatch(count=1, sum_us=1)] * 2, 0.5, "one half", id="alpha"),
    ],
)
def test_nonsense_is_refused(batches, alpha, sentence):
    """What has no interval raises ValueError with a sentence."""
    with pytest.raises(ValueError, match=sentence):
        mean_interval(batches, alpha)
