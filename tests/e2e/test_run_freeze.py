"""A shop that freezes again and again, and a generator that does, with real Locust.

The shop does for a second in every six, so that a few seconds hold the same two freezes whenever
they begin; it is else far faster than the pace. One kind of user sends a request an iteration, one
two.
"""

from __future__ import annotations

import pytest
from projects import new_project

pytestmark = pytest.mark.e2e

SPEC = """slogate: 1
service: shop
defaults: {warmup: 1s}
budgets:
  - {name: once, endpoint: GET /once, p99: 500ms}
  - {name: twice, endpoint: GET /twice, p99: 500ms}
"""
LOCUSTFILE = """import random
import time

from locust import FastHttpUser, constant_throughput, task


class Once(FastHttpUser):
    wait_time = constant_throughput(30)
    fixed_count = 3

    def on_start(self):
        time.sleep(random.uniform(0.5, 1.0))

    @task
    def browse(self):
        self.client.get("/browse", name="/once")


class Twice(FastHttpUser):
    wait_time = constant_throughput(15)
    fixed_count = 3

    def on_start(self):
        time.sleep(random.uniform(0.5, 1.0))

    @task
    def browse(self):
        for _ in range(2):
            self.client.get("/browse", name="/twice")
"""


BLOCKING = """
import time

from locust import FastHttpUser, constant_throughput, task


class Blocking(FastHttpUser):
    wait_time = constant_throughput(10)

    @task
    def browse(self):
        self.client.get("/browse", name="/once")
        self.client.get("/browse", name="/twice")
        until = time.perf_counter() + 0.3
        while time.perf_counter() < until:
            pass
"""


def test_a_generator_that_stands_still_is_no_slow_service(tmp_path):
    """Planted: users that compute. Nothing is put back for it, and no verdict is made of it."""
    project = new_project(tmp_path, "--slow", "*=0.2x")
    project.write("slo/shop.yaml", SPEC)
    project.write("loadtests/locustfile.py", BLOCKING)
    done = project.slogate("run", "--run-time", "4s", "-u", "2", "-r", "2", "--json")

    assert done.code == 3, done.err
    for each in done.document["objectives"]:
        assert each["outcome"] == "invalid"
        assert "the run is invalid: the generator" in each["reason"]


def test_a_freeze_that_hides_from_waiting_users_fails(tmp_path):
    """As recorded each p99 passes; with the starts that were missed it does not, and it is said."""
    project = new_project(tmp_path, "--freeze", "1s/6s", "--slow", "*=0.2x")
    project.write("slo/shop.yaml", SPEC)
    project.write("loadtests/locustfile.py", LOCUSTFILE)
    done = project.slogate("run", "--run-time", "13s", "-u", "6", "-r", "6", "--json")
    found = {each["name"]: each for each in done.document["objectives"]}

    assert done.code == 1, done.err
    for name in ("once", "twice"):
        assert found[name]["uncorrected"] < 0.01
        assert found[name]["outcome"] == "fail"
        assert "starts that users missed while they waited" in found[name]["reason"]
        # two freezes of three users, thirty requests a second of each of them
        assert 100 < found[name]["backfilled"] < 350
    assert any(text.startswith("omission: paced users sent") for text in done.document["warnings"])
    assert done.document["run"]["omission"] == "corrected"
