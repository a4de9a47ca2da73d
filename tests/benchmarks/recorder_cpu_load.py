"""The locustfile of recorder_cpu.py: a generator that says what a request cost it.

It is the same for plain Locust and for one that is recorded. All it adds to the load is done
before and after the time that is measured, in which it only sleeps.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

import gevent
from locust import FastHttpUser, HttpUser, constant, constant_throughput, events, task

SIDES = 2
PER_USER = float(os.environ["PER_USER"])


class Visitor(HttpUser if os.environ["CLIENT"] == "HttpUser" else FastHttpUser):
    """Asks for one page an iteration: with more, our part of an iteration is spread over them."""

    wait_time = constant_throughput(PER_USER) if PER_USER else constant(0)

    @task
    def browse(self):
        """The least request there is."""
        self.client.get("/browse")


def take_turns():
    """On one core, in long turns (a tenth of a second), before whatever else wants to run.

    Who may not ask for that is in turns of some milliseconds, with colder caches.
    """
    os.sched_setaffinity(0, {int(os.environ["CORE"])})
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def met():
    """When to begin: a second after the later of the two was ready."""
    here = Path(os.environ["MEET"])
    (here / str(os.getpid())).touch()
    while len(ready := list(here.iterdir())) < SIDES:
        gevent.sleep(0.05)
    return max(file.stat().st_mtime for file in ready) + 1


def measure(environment):
    """CPU of the whole process, native threads included, and requests, in the given time."""
    take_turns()
    start, total, marks = met(), environment.runner.stats.total, []
    for moment in (start, start + float(os.environ["SECONDS"])):
        gevent.sleep(moment - time.time())
        marks.append((time.process_time(), total.num_requests))
    (cpu, requests), (cpu_after, requests_after) = marks
    told = {
        "cpu": cpu_after - cpu,
        "requests": requests_after - requests,
        "failed": total.num_failures,
    }
    print(json.dumps(told), flush=True)
    environment.runner.quit()


@events.init.add_listener
def prepare(environment, **_):
    """Measure once all users are there."""
    environment.events.spawning_complete.add_listener(
        lambda **_: gevent.spawn(measure, environment)
    )
