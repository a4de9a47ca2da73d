"""The locustfile of recorder_instructions.py: counts while so many requests are made."""

from __future__ import annotations

import os
import subprocess
import sys

import gevent
from locust import FastHttpUser, HttpUser, constant, constant_throughput, events, task

PER_USER = float(os.environ["PER_USER"])
WARM = 1500
NEVER_S = 1e5


class Visitor(HttpUser if os.environ["CLIENT"] == "HttpUser" else FastHttpUser):
    """Asks for one page an iteration."""

    wait_time = constant_throughput(PER_USER) if PER_USER else constant(0)

    @task
    def browse(self):
        """The least request there is."""
        self.client.get("/browse")


def still(module):
    """Nothing of the recorder's by the second."""
    for name in ("TICK_S", "CHECK_S"):
        if hasattr(module, name):
            setattr(module, name, NEVER_S)


def counting(on):
    """Begin or end the counting; another process tells Valgrind."""
    subprocess.run(
        ["callgrind_control", "-i", on, str(os.getpid())], check=True, stdout=subprocess.DEVNULL
    )


def measure(environment):
    """Count the instructions of so many requests."""
    total = environment.runner.stats.total
    while total.num_requests < WARM:
        gevent.sleep(0.2)
    counting("on")
    before = total.num_requests
    while total.num_requests < before + int(os.environ["REQUESTS"]):
        gevent.sleep(0.2)
    made = total.num_requests - before
    counting("off")
    print(f"MADE {made} FAILED {total.num_failures}", flush=True)
    environment.runner.quit()


@events.init.add_listener
def prepare(environment, **_):
    """Measure once all users are there."""
    for name in ("health", "recorder"):
        still(sys.modules.get(f"slogate.recorders.locust.{name}"))
    environment.events.spawning_complete.add_listener(
        lambda **_: gevent.spawn(measure, environment)
    )
