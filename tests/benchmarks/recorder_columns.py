"""What the listener costs a request: the columns filled, in µs; the budget is 1.5.

Run: python tests/benchmarks/recorder_columns.py
A user makes one request an iteration, paced and not, and waits in between; the events are given
as Locust gives them. The wait itself is not Locust's: only the recorder's part of it is timed.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from types import SimpleNamespace

import gevent
import greenlet
from locust import TaskSet

from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.columns import NAN
from slogate.recorders.locust.pacing import STATE, Pacing, UserState

BUDGET_US = 1.5
REQUESTS = 100_000
ROUNDS = 9
NAMES = ("/browse", "/search", "/cart", "/checkout", "/login")


def event(number):
    """One event as HttpUser fires it."""
    return {
        "request_type": "GET", "name": NAMES[number % 5], "response_time": 12.25,
        "response_length": 512, "response": SimpleNamespace(status_code=200), "context": {},
        "exception": None, "start_time": time.time(), "url": "http://127.0.0.1/browse",
    }  # fmt: skip


def nothing(*_, **__):
    """A listener that does nothing: what calling one costs."""


def measure(capture, events, pace, iterations):
    """Seconds of CPU for the events; with `iterations` each is an iteration of its own."""
    state = UserState(pace, watched=not math.isnan(pace))
    setattr(greenlet.getcurrent(), STATE, state)
    listen = nothing if capture is None else capture.on_request
    taskset = SimpleNamespace(_user=SimpleNamespace(_cp_last_run=0.0))
    setattr(taskset._user, STATE, state)
    wait = Pacing(nothing).watch_sleep(TaskSet._sleep)
    assert wait.__code__.co_name == "watched", "Locust's wait is another: it costs a call more"
    gc.collect()
    start = time.process_time()
    if iterations:
        for keywords in events:
            listen(**keywords)
            state.asked = pace
            wait(taskset, 0.0)
    else:
        for keywords in events:
            listen(**keywords)
    return time.process_time() - start


def cost_us(make, pace, *, iterations):
    """Least cost a request in µs, over rounds with fresh columns: the least disturbed round."""
    events = [event(number) for number in range(10)] * (REQUESTS // 10)
    costs = [measure(make(), events, pace, iterations) for _ in range(ROUNDS)]
    return min(costs) / REQUESTS * 1e6


def main():
    """Print the costs; the exit code says whether they are within the budget."""
    asleep, gevent.sleep = gevent.sleep, nothing
    call = cost_us(lambda: None, NAN, iterations=False)
    waits = cost_us(lambda: None, 1.0, iterations=True) - call
    free = cost_us(Capture, NAN, iterations=False)
    paced = cost_us(Capture, 1.0, iterations=True)
    gevent.sleep = asleep
    print(f"calling a listener that does nothing      {call:.2f} µs")
    print(f"recording, user not paced                 {free:.2f} µs")
    print(f"recording, paced, one request an iteration{paced:6.2f} µs")
    print(f"  of which the end of an iteration without rows {waits:.2f} µs")
    return 0 if max(free, paced) <= BUDGET_US else 1


if __name__ == "__main__":
    sys.exit(main())
