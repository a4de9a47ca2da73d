from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from series_strategies import PREDICATES

from slogate.model.predicate import (
    And,
    Comparison,
    Not,
    Ok,
    Or,
    holds,
    holds_between,
    may_hold_untimed,
)

SLOW = Comparison("duration", ">", 400_000)
SERVER_ERROR = Comparison("status", ">=", 500)


@pytest.mark.parametrize(
    ("predicate", "ok", "status", "duration", "expected"),
    [
        pytest.param(Ok(), True, 503, None, True, id="the-source-decides"),
        pytest.param(Ok(), None, 404, None, True, id="else-status-under-500"),
        pytest.param(Ok(), None, 500, None, False, id="else-server-error"),
        pytest.param(Ok(), None, None, 5, None, id="nothing-known"),
        pytest.param(Comparison("status", "<", 500), True, None, 1, None, id="no-status-unknown"),
        pytest.param(Not(SERVER_ERROR), True, None, 1, None, id="not-of-unknown-is-unknown"),
        pytest.param(And(Ok(), Not(SLOW)), True, 200, 400_000, True, id="within-is-at-most"),
        pytest.param(And(Ok(), SLOW), False, 200, None, False, id="false-and-unknown-is-false"),
        pytest.param(Or(Ok(), SLOW), True, 200, None, True, id="true-or-unknown-is-true"),
        pytest.param(Or(SERVER_ERROR, SLOW), True, 200, None, None, id="false-or-unknown"),
    ],
)
def test_success_is_three_valued(predicate, ok, status, duration, expected):
    """What is not known is neither a success nor a failure of the expression."""
    assert holds(predicate, ok=ok, status=status, duration_us=duration) is expected


@given(
    predicate=PREDICATES,
    ok=st.none() | st.booleans(), status=st.none() | st.sampled_from([200, 500]),
    least=st.integers(95, 205), length=st.integers(0, 12),
)  # fmt: skip
def test_no_duration_of_a_bucket_is_outside_what_is_said_of_it(
    predicate, ok, status, least, length
):
    """Surely, and perhaps, bound what holds of each; of a single duration they are the same."""
    order = [False, None, True]
    sure, may = holds_between(
        predicate, ok=ok, status=status, least_us=least, most_us=least + length
    )
    each = [
        order.index(holds(predicate, ok=ok, status=status, duration_us=us))
        for us in range(least, least + length + 1)
    ]

    assert order.index(sure) <= min(each)
    assert max(each) <= order.index(may)
    assert length or sure is may


SLOW = Comparison("duration", ">", 400)


@pytest.mark.parametrize(
    ("predicate", "ok", "may"),
    [
        pytest.param(And(Ok(), Comparison("duration", "<=", 400)), True, True, id="fast"),
        pytest.param(And(Ok(), Comparison("duration", "<=", 400)), False, False, id="failed"),
        pytest.param(Not(SLOW), True, True, id="not slow"),
        pytest.param(Comparison("duration", "<", 0), True, False, id="impossible"),
        pytest.param(Ok(), None, False, id="unknown for another reason"),
    ],
)
def test_a_time_that_nobody_measured_may_be_any(predicate, ok, may):
    """Other unknowns are none: they hold no longer than they did."""
    assert may_hold_untimed(predicate, ok=ok, status=None) is may
