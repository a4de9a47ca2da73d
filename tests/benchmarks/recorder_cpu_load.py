"""The locustfile of recorder_cpu.py: one generator that records, and does not, in turns.

Started by the recorder's own launcher. In a spell without recording the listener is not called
and waits and requests are Locust's own: what is left is plain Locust. Spells last some 12 ms, a
pair is one of each in changing order, so that whatever else the machine does falls on both: in the
same time 40 ms gave intervals twice as wide.
"""

from __future__ import annotations

import inspect
import json
import os
import time

import gevent
from locust import FastHttpUser, HttpUser, TaskSet, constant_throughput, events, task
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

SPELL_S = 0.012
SETTLE_S = 0.002
Client, Session = (
    (HttpUser, HttpSession)
    if os.environ["CLIENT"] == "HttpUser"
    else (FastHttpUser, FastHttpSession)
)
recorded = {"sleep": TaskSet._sleep, "request": Session.request}
plain = {name: function.__wrapped__ for name, function in recorded.items()}
now = dict(recorded)


def in_turns(name):
    """Locust's function or ours, as the spell has it."""

    def turn(*arguments, **keywords):
        return now[name](*arguments, **keywords)

    return turn


TaskSet._sleep = in_turns("sleep")
Session.request = in_turns("request")


class Visitor(Client):
    """Asks for the next page faster than the generator can, and is paced."""

    wait_time = constant_throughput(1000)

    @task
    def browse(self):
        """With one request, our part of an iteration is spread over the least."""
        for _ in range(int(os.environ["REQUESTS"])):
            self.client.get("/browse")


def spell(stats):
    """CPU µs a request of the whole process, native threads included."""
    gevent.sleep(SETTLE_S)
    requests, cpu = stats.num_requests, time.process_time()
    while stats.num_requests == requests:  # a machine that stood still
        gevent.sleep(SPELL_S)
    return (time.process_time() - cpu) / (stats.num_requests - requests) * 1e6


def measure(environment):
    """Pairs of (plain, recorded) spells, as many as there is time for."""
    gevent.sleep(1)
    hook, stats = environment.events.request, environment.runner.stats.total
    assert "fire" in vars(hook), "the recorder does not stand in for Locust's listener"
    ours = vars(hook) | {"_handlers": hook._handlers.copy()}
    counted = inspect.getclosurevars(hook.fire).nonlocals["counted"]
    sides = {"plain": (plain, {"_handlers": [counted]}), "recorded": (recorded, ours)}
    begun, requests, pairs = time.monotonic(), stats.num_requests, []
    while time.monotonic() - begun < float(os.environ["SECONDS"]):
        costs = {}
        for side in list(sides)[:: 1 - 2 * (len(pairs) % 2)]:
            functions, listeners = sides[side]
            now.update(functions)
            vars(hook).clear()
            vars(hook).update(listeners)
            costs[side] = spell(stats)
        pairs.append((costs["plain"], costs["recorded"]))
    rate = (stats.num_requests - requests) / (time.monotonic() - begun)
    print(json.dumps({"pairs": pairs, "rate": rate, "failed": stats.num_failures}), flush=True)
    environment.runner.quit()


@events.init.add_listener
def prepare(environment, **_):
    """Measure as soon as all users are there."""
    environment.events.spawning_complete.add_listener(
        lambda **_: gevent.spawn(measure, environment)
    )
