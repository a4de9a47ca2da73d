from __future__ import annotations

import math
import time
from types import SimpleNamespace

import gevent
import greenlet
import pytest

from slogate.recorders.locust.arrow import to_table
from slogate.recorders.locust.capture import LONGEST_HOLD_S, Capture
from slogate.recorders.locust.pacing import NOT_PACED, STATE, Pacing, UserState

MANY = 300
NOW = 1_700_000_000.0
OK = SimpleNamespace(status_code=200)
TASKSET = SimpleNamespace(_user=SimpleNamespace(_cp_last_run=0.0))


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
    Pacing(capture.learn).watch_sleep(lambda taskset, seconds: None)(TASKSET, 0.0)
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


def like_locusts(taskset, seconds):
    gevent.sleep(seconds)


def like_locusts_but_longer(taskset, seconds):
    gevent.sleep(seconds + 1)


@pytest.mark.parametrize(
    ("sleep", "slept"), [(like_locusts, [0.25]), (like_locusts_but_longer, [1.25])]
)
def test_a_wait_lasts_as_long_as_locust_or_who_stands_in_its_place_would_have_it(
    user, monkeypatch, sleep, slept
):
    """Once; that Locust's own is not called, but gevent at once, makes no difference."""
    found = []
    monkeypatch.setattr(gevent, "sleep", found.append)
    pacing = Pacing(lambda *_: None)
    user.asked = 0.5

    before = time.time()
    pacing.watch_sleep(sleep)(TASKSET, 0.25)

    assert (found, pacing.woken, pacing.missed, pacing.faults) == (slept, 1, 0, 0)
    assert user.due >= before + 0.25


def test_a_wait_that_cannot_be_understood_is_waited_all_the_same(user, monkeypatch):
    """Of a Locust that keeps its users elsewhere, for one: it is counted as a fault."""
    found = []
    monkeypatch.setattr(gevent, "sleep", found.append)
    pacing = Pacing(lambda *_: None)

    pacing.watch_sleep(like_locusts)(SimpleNamespace(), 0.25)

    assert (found, pacing.woken, pacing.faults) == ([0.25], 0, 1)


def test_users_without_pace_have_none(user):
    """And nothing is kept for them after their first wait."""
    capture = Capture()
    iterate(capture, user, "a")
    assert user.iteration == NOT_PACED
    iterate(capture, user, "aa")

    assert paces(capture.take(final=False)) == [None] * 3


def ask(capture, name, start):
    capture.on_request(request_type="GET", name=name, response_time=1, response_length=0,
                       response=OK, start_time=start)  # fmt: skip


def test_a_row_waits_for_the_end_of_its_iteration(user):
    """Only then is the pace known; rows of ended iterations do not wait for it."""
    capture = Capture()
    iterate(capture, user, "a", 0.2)
    ask(capture, "a", time.time())

    assert paces(capture.take(final=False)) == [200_000]
    assert (capture.pending, capture.take(final=False)) == (1, [])
    iterate(capture, user, "a", 0.2)

    assert paces(capture.take(final=False)) == [100_000, 100_000]
    assert (capture.seen, capture.pending) == (3, 0)


def test_a_row_does_not_wait_for_ever(user):
    """An iteration without an end, begun long ago, is settled by what is known so far."""
    user.pace = 0.2
    capture = Capture()
    ask(capture, "a", time.time() - LONGEST_HOLD_S - 1)
    ask(capture, "b", time.time())

    assert paces(capture.take(final=False)) == [200_000]
    assert capture.pending == 1


def test_an_iteration_with_very_many_requests_is_one(user):
    """Each has its share of the pace."""
    capture = Capture()
    iterate(capture, user, "a" * MANY, 0.2)

    assert capture.pending == MANY
    assert paces(capture.take(final=False)) == [round(200_000 / MANY)] * MANY


def test_rows_of_a_user_that_is_gone_wait_no_longer(user):
    """Its last iteration has come to its end; that of another goes on."""
    capture = Capture()
    ask(capture, "a", time.time())
    other = UserState(0.5)
    setattr(greenlet.getcurrent(), STATE, other)
    ask(capture, "b", time.time())
    setattr(greenlet.getcurrent(), STATE, user)
    del other

    assert paces(capture.take(final=False)) == [500_000]
    assert capture.pending == 1


@pytest.mark.parametrize("second", [0.5, math.nan])
def test_another_pace_counts_from_the_iteration_that_asked_for_it(user, second):
    """Rows of earlier iterations keep the one they had, also of a user that waits unpaced."""
    capture = Capture()
    for pace in (0.2, 0.2, second, 0.4):
        iterate(capture, user, "a", pace)

    known = None if math.isnan(second) else 500_000
    last = None if math.isnan(second) else 400_000  # an unpaced user is not watched
    assert paces(capture.take(final=False)) == [200_000, 200_000, known, last]
    iterate(capture, user, "a", 0.4)
    assert paces(capture.take(final=False)) == [400_000]


def test_a_declared_pace_counts_again_after_a_wait_without(user, monkeypatch):
    """A wait that asked for none, and then one of the function that the class declares."""
    user.pace = user.usual = 0.2
    user.run = TASKSET._user._cp_last_run
    monkeypatch.setattr(TASKSET._user, STATE, user, raising=False)
    capture = Capture()
    iterate(capture, user, "a")
    for moment in (1.0, 2.0):
        monkeypatch.setattr(TASKSET._user, "_cp_last_run", moment)
        iterate(capture, user, "a")

    assert paces(capture.take(final=True)) == [None, None, 200_000]


def test_the_rest_is_settled_at_the_end(user):
    """An iteration that the end of the test cuts short: by what is known so far."""
    user.pace = 0.2
    capture = Capture()
    for _ in range(2):
        capture.on_request(request_type="GET", name="a", response_time=1, response_length=0,
                           response=OK, start_time=NOW)  # fmt: skip

    assert paces(capture.take(final=True)) == [100_000, 100_000]
