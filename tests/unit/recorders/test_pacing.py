from __future__ import annotations

import math
from types import SimpleNamespace

import greenlet
import pytest

from slogate.recorders.locust.arrow import to_table
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.pacing import STATE, UserState

NOW = 1_700_000_000.0
OK = SimpleNamespace(status_code=200)


@pytest.fixture
def user():
    state = UserState()
    setattr(greenlet.getcurrent(), STATE, state)
    yield state
    delattr(greenlet.getcurrent(), STATE)


def iterate(capture, user, names, pace=math.nan):
    """One iteration: requests, then the wait, which asks for the pace."""
    for name in names:
        capture.on_request(request_type="GET", name=name, response_time=1, response_length=0,
                           response=OK, start_time=NOW)  # fmt: skip
    user.asked = pace
    user.finish_iteration()
    user.due = NOW - 0.002


def paces(chunks):
    return to_table(chunks, {}, NOW)["pace_us"].to_pylist()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param("a", [200_000], id="one request"),
        pytest.param("ab", [200_000, 200_000], id="each endpoint once"),
        pytest.param("aa", [100_000, 100_000], id="one endpoint twice"),
        pytest.param("abaca", [66_667, 200_000, 66_667, 200_000, 66_667], id="mixed"),
    ],
)
def test_the_pace_is_divided_by_how_often_the_endpoint_occurs(user, names, expected):
    """In the first iteration, where the pace is learnt at its end, and in the next."""
    capture = Capture()
    iterate(capture, user, names, 0.2)
    iterate(capture, user, names, 0.2)

    assert paces(capture.take(final=False)) == expected * 2


def test_lateness_is_on_the_first_request_of_an_iteration_but_the_first(user):
    """It is the start after the moment the wait was due."""
    capture = Capture()
    iterate(capture, user, "ab", 0.2)
    iterate(capture, user, "ab", 0.2)

    late = to_table(capture.take(final=False), {}, NOW)["late_us"].to_pylist()
    assert late == [None, None, 2000, None]


def test_users_without_pace_have_none(user):
    """And nothing is kept for them after their first wait."""
    capture = Capture()
    iterate(capture, user, "a")
    assert user.watched is False
    iterate(capture, user, "aa")

    assert paces(capture.take(final=False)) == [None] * 3


def test_a_buffer_waits_for_the_iterations_that_have_rows_in_it(user):
    """Only then is the pace known; an iteration may lie in two buffers."""
    capture = Capture()
    iterate(capture, user, "a", 0.2)
    capture.on_request(request_type="GET", name="a", response_time=1, response_length=0,
                       response=OK, start_time=NOW)  # fmt: skip
    assert capture.take(final=False) == []
    iterate(capture, user, "a", 0.2)

    chunks = capture.take(final=False)
    assert [chunk.rows for chunk in chunks] == [2, 1]
    assert paces(chunks) == [200_000, 100_000, 100_000]


def test_the_rest_is_settled_at_the_end(user):
    """An iteration that the end of the test cuts short: by what is known so far."""
    user.pace = 0.2
    capture = Capture()
    for _ in range(2):
        capture.on_request(request_type="GET", name="a", response_time=1, response_length=0,
                           response=OK, start_time=NOW)  # fmt: skip

    assert paces(capture.take(final=True)) == [100_000, 100_000]
