from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from decimal import Decimal
from types import SimpleNamespace

import greenlet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.recorders.locust.arrow import to_table
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.pacing import STATE, UserState
from slogate.recorders.locust.values import DISTINCT_ERRORS
from slogate.store.parts import SCHEMA

MANY = 300
OK = SimpleNamespace(status_code=200)
NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def user():
    """The state of the user that requests in a test; a fresh one."""
    state = UserState(watched=False)
    setattr(greenlet.getcurrent(), STATE, state)
    yield state
    delattr(greenlet.getcurrent(), STATE)


def rows_of(capture, now=NOW, labels=()):
    return to_table(capture.take(final=True), dict(labels), now).to_pylist()


def request(capture, **changes):
    usual = {"request_type": "GET", "name": "/a", "response_time": 1.0, "response_length": 3,
             "response": OK, "exception": None, "start_time": NOW}  # fmt: skip
    capture.on_request(**(usual | changes))


def one_row(**changes):
    capture = Capture("host-0")
    request(capture, **changes)
    request(capture, **changes)
    first, second = rows_of(capture)
    assert first == second
    return first


def test_a_request_becomes_a_row_of_the_series():
    """Every column of the schema is there, with what the event said."""
    row = one_row(start_time=NOW + 0.123456)

    assert list(row) == SCHEMA().names
    assert row | {"ts": row["ts"].timestamp()} == {
        "ts": 1_700_000_000.123456, "duration_us": 1000, "late_us": None, "pace_us": None,
        "endpoint": "/a", "method": "GET", "status": 200, "ok": True, "error": None, "bytes": 3,
        "worker": "host-0", "trace_id": None, "labels": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("milliseconds", "micros"),
    [
        pytest.param(8.1, 8100, id="float noise is no duration"),
        pytest.param((0.3 - 0.1) * 1000, 200_000, id="noise of a difference"),
        pytest.param(8.1001, 8101, id="a tenth of a µs is rounded up"),
        pytest.param(0.0, 0, id="zero"),
        pytest.param(0.0001, 1, id="a tenth of a µs"),
        pytest.param(5_000_000, 5_000_000_000, id="longer than an int32 of µs"),
        pytest.param(Decimal("1.5"), 1500, id="a decimal"),
        pytest.param(True, 1000, id="a truth value"),
        pytest.param(None, None, id="none"),
        pytest.param(-1.0, None, id="negative"),
        pytest.param(math.nan, None, id="not a number"),
        pytest.param(math.inf, None, id="endless"),
        pytest.param("soon", None, id="a word"),
    ],
)
def test_durations_are_whole_micros_rounded_up(milliseconds, micros):
    """Half a nanosecond is float noise; anything more counts as the next microsecond."""
    assert one_row(response_time=milliseconds)["duration_us"] == micros


@given(nanos=st.integers(0, 10**13))
def test_a_clock_of_whole_nanoseconds_is_rounded_up_exactly(nanos):
    """Seconds as a float of a nanosecond clock, times 1000, is exact to the microsecond."""
    capture = Capture()
    setattr(greenlet.getcurrent(), STATE, UserState(watched=False))
    request(capture, response_time=nanos / 1e9 * 1000)

    assert rows_of(capture)[0]["duration_us"] == -(-nanos // 1000)


@pytest.mark.parametrize(
    ("status", "known"),
    [
        pytest.param(0, None, id="no response"),
        pytest.param(99_999, None, id="no HTTP status"),
        pytest.param("404", 404, id="as text"),
        pytest.param([200], None, id="a list"),
        pytest.param(None, None, id="none"),
    ],
)
def test_odd_statuses(status, known):
    """Only 100 to 999 are statuses."""
    assert one_row(response=SimpleNamespace(status_code=status))["status"] == known


class Wordless(Exception):
    """It cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


class Falsy(Exception):
    """It denies that it is one."""

    def __bool__(self):
        return False


@pytest.mark.parametrize(
    ("exception", "ok", "error"),
    [
        pytest.param(None, True, None, id="none"),
        pytest.param("", True, None, id="an empty text, as Locust has it"),
        pytest.param("broken", False, "broken", id="a text"),
        pytest.param(ValueError("bad"), False, "bad", id="an exception"),
        pytest.param(ValueError(), False, "ValueError", id="an exception without text"),
        pytest.param(Wordless(), False, "Wordless", id="an exception that cannot say"),
        pytest.param(Falsy("no"), False, "no", id="an exception that is falsy"),
        pytest.param("x" * 999, False, "x" * 200, id="a long text"),
        pytest.param("a\ud800b", False, "a?b", id="half a surrogate pair"),
    ],
)
def test_what_a_failure_is(exception, ok, error):
    """Locust's own meaning, but an exception object is always a failure."""
    row = one_row(exception=exception)

    assert (row["ok"], row["error"]) == (ok, error)


def test_the_number_of_different_errors_is_bounded():
    """Errors with an id in each of them end as the name of their type."""
    capture = Capture()
    for number in range(DISTINCT_ERRORS + 50):
        request(capture, exception=ValueError(f"id {number}"))
    errors = [row["error"] for row in rows_of(capture)]

    assert len(set(errors)) == DISTINCT_ERRORS + 1
    assert errors[-1] == "ValueError"


def test_only_events_without_one_of_four_keywords_are_uncountable():
    """Those that Locust's own listener cannot take; they are rows all the same."""
    capture = Capture()
    full = {"request_type": "x", "name": "n", "response_time": None, "response_length": 0}
    capture.on_request(**full)
    for missing in full:
        for _ in range(2):
            capture.on_request(**{name: v for name, v in full.items() if name != missing})
    chunks = capture.take(final=True)

    assert (sum(c.rows for c in chunks), sum(c.uncountable for c in chunks)) == (9, 8)
    assert (capture.seen, capture.failed, capture.pending) == (9, 0, 0)


def test_an_event_without_start_began_its_response_time_ago():
    """It is fired when the response is there."""
    capture = Capture()
    before = time.time()
    request(capture, start_time=None, response_time=2000)
    row = rows_of(capture, now=before)[0]

    assert before - 2.001 < row["ts"].timestamp() < time.time() - 1.999


def test_a_start_that_is_no_wall_clock_gets_the_time_of_writing():
    """A monotonic clock's seconds would put the row into 1970."""
    assert one_row(start_time=12.5)["ts"].timestamp() == NOW
    assert one_row(start_time=math.nan)["ts"].timestamp() == NOW


def test_rows_stay_in_order():
    """And are counted while they wait."""
    capture = Capture()
    for number in range(MANY):
        request(capture, response_length=number)
    assert capture.pending == MANY
    chunks = capture.take(final=False)

    assert to_table(chunks, {}, NOW)["bytes"].to_pylist() == list(range(MANY))
    assert (capture.pending, capture.taken) == (0, MANY)


def test_an_odd_value_costs_no_other_row():
    """Between plain ones, in their order."""
    capture = Capture()
    for length in (1, "many", 3, None, 2**70, -1):
        request(capture, response_length=length)

    assert [row["bytes"] for row in rows_of(capture)] == [1, None, 3, None, None, None]


def test_labels_are_on_every_row():
    """The run's labels can be selected by."""
    capture = Capture()
    request(capture)
    request(capture)

    labels = [row["labels"] for row in rows_of(capture, labels={"a": "1", "b": "ü"}.items())]
    assert labels == [[("a", "1"), ("b", "ü")]] * 2


def test_what_was_before_the_test_is_discarded():
    """It is neither a row nor seen."""
    capture = Capture()
    request(capture)
    capture.discard()
    request(capture)

    assert (capture.seen, len(rows_of(capture))) == (1, 1)


STANDING_IN = """
import json, logging, sys
from locust import events, log
from locust.env import Environment
from locust.exception import StopUser
from slogate.recorders.locust.capture import Capture

capture = Capture()
hook = events.request
hook.add_listener(capture.on_request)
if "early" in sys.argv:
    hook.add_listener(lambda **_: None)
runner = Environment(events=events).create_local_runner()
capture.stand_in(hook)
stands_in = "fire" in vars(hook)
stats, seen = runner.stats, []

def counts():
    return [stats.total.num_requests, stats.total.num_failures, capture.seen]

full = {"request_type": "GET", "name": "/a", "response_time": 5, "response_length": 3}
said = []
hook.fire(**full, context={}, url="/a", exception=None, start_time=1.0, other=1)
hook.fire(**full, exception=ValueError("no"))
said.append(counts())
for missing in full:
    hook.fire(**{name: value for name, value in full.items() if name != missing})
said.append(counts())
said.append(log.unhandled_greenlet_exception)

@hook.add_listener
def later(**given):
    seen.append((stats.total.num_requests, sorted(given)))
    if "stop" in given:
        raise StopUser

hook.fire(**full, other=1)
try:
    hook.fire(**full, stop=True)
except StopUser:
    said.append("stopped")
hook.remove_listener(later)
hook.fire(**full)
said.append(counts())
print(json.dumps([stands_in, said, seen]))
"""


@pytest.mark.parametrize("early", [[], ["early"]])
def test_standing_in_for_locusts_own_listener(early):
    """Counts, rows, failing listeners and others' turns are the same as where it does not."""
    done = subprocess.run(
        [sys.executable, "-c", STANDING_IN, *early], capture_output=True, text=True, check=True
    )
    stands_in, said, seen = json.loads(done.stdout)

    assert stands_in is not bool(early)
    assert said == [[2, 1, 2], [2, 1, 6], True, "stopped", [5, 1, 9]]
    four = ["name", "request_type", "response_length", "response_time"]
    assert seen == [[3, sorted([*four, "other"])], [4, sorted([*four, "stop"])]]
    assert done.stderr.count("Uncaught exception in event handler") == 4


def test_rows_that_cannot_be_recorded_are_counted():
    """Whatever happens in between, nothing reaches Locust and the sum is right."""

    class Hostile:
        """Even its comparison fails."""

        __hash__ = None

        def __str__(self):
            raise RuntimeError

        __float__ = __int__ = __eq__ = __str__

    capture = Capture()
    for key in ("name", "request_type", "response_time", "response_length", "response"):
        request(capture, **{key: Hostile()})
    rows = rows_of(capture)

    assert (len(rows), capture.failed) == (5, 0)
    assert [row["duration_us"] for row in rows] == [1000, 1000, None, 1000, 1000]
