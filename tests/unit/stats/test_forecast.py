"""The forecast of a budget: an estimate, the same everywhere, none from too little history."""

from __future__ import annotations

from slogate.stats.forecast import forecast

QUIET = [(1.0, 10_000)] * 40


def test_days_that_are_all_alike_have_no_spread():
    """A bad share of 0.01% spends a tenth of what 99.9% allows, whatever is drawn."""
    found = forecast(QUIET, (10.0, 100_000), 18, allowed_share=0.001)

    assert found is not None
    assert abs(found.median - 0.1) < 1e-12
    assert max(found.interval) - min(found.interval) < 1e-12
    assert found.exhausted == 0


def test_bad_days_widen_it():
    """One bad week in six makes exhaustion likely but not sure, and the interval wide."""
    history = [*QUIET, *[(40.0, 10_000)] * 7]

    found = forecast(history, (0.0, 0), 28, allowed_share=0.001)

    assert found is not None
    assert 0.05 < found.exhausted < 0.6
    assert found.interval[0] < found.median < found.interval[1]
    assert found == forecast(history, (0.0, 0), 28, allowed_share=0.001)


def test_what_is_spent_stays_spent():
    """An exhausted budget is forecast as exhausted."""
    found = forecast(QUIET, (10_000.0, 10_000), 1, allowed_share=0.001)

    assert found is not None
    assert found.exhausted == 1


def test_too_little_history():
    """Nine days tell nothing, and no days to come need no forecast."""
    assert forecast(QUIET[:9], (0.0, 0), 5, allowed_share=0.001) is None
    assert forecast(QUIET, (0.0, 0), 0, allowed_share=0.001) is None
