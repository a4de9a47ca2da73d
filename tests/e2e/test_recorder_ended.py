"""A locustfile that ends its test by itself, in whatever way: what was recorded is kept."""

from __future__ import annotations

from functools import partial

import pytest
from recording import reconciled, run_to_end
from together import together

pytestmark = pytest.mark.e2e

PACED = """
import os, sys
from locust import FastHttpUser, constant_throughput, events, task

begun = []

class Paced(FastHttpUser):
    wait_time = constant_throughput(20)

    @task
    def browse(self):
        self.client.get("/a")
        begun.append(1)
        if len(begun) > 20:
            end(self)
"""
QUITS = f"{PACED}\ndef end(user):\n    user.environment.runner.quit()\n"
EXITS = f"{PACED}\ndef end(user):\n    sys.exit(5)\n"
INTERRUPTS = f"{PACED}\ndef end(user):\n    raise KeyboardInterrupt\n"
FORKS = f"""{PACED}
def end(user):
    if len(begun) == 21 and not (child := os.fork()):
        sys.exit(0)
"""
WRAPS = f"""{PACED}
def end(user):
    pass

fire = events.request.fire

def renamed(**event):
    fire(**event | {{"name": "renamed"}})

events.request.fire = renamed
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """What is left of a test of each of these locustfiles."""

    def act(text, seconds=20):
        def start(bench):
            bench.load(text, seconds=seconds, users=4)

        return run_to_end(tmp_path_factory.mktemp("ended"), start)

    acts = {
        "quits": partial(act, QUITS),
        "exits": partial(act, EXITS),
        "interrupts": partial(act, INTERRUPTS),
        "forks": partial(act, FORKS, seconds=3),
        "wraps": partial(act, WRAPS, seconds=2),
    }
    with together(acts, at_once=2) as each:
        yield each


def test_a_user_that_quits_the_runner_loses_no_row(ended):
    """Locust kills that very user while the last rows are written for it."""
    end = ended("quits")
    run = reconciled(end.bench)

    assert (end.code, run.state) == (0, "complete"), end.bench.log()
    assert run.rows.written >= 21


@pytest.mark.parametrize(("how", "code"), [("exits", 5), ("interrupts", -2)])
def test_a_user_that_exits_leaves_an_incomplete_run_with_its_rows(ended, how, code):
    """All the users do it, one after the other, while the rows are written."""
    end = ended(how)
    run = end.bench.run()

    assert (end.code, run.state) == (code, "incomplete"), end.bench.log()
    assert "in the middle of the test" in run.note
    assert end.bench.rows().num_rows == run.rows.written >= 21


def test_a_forked_child_writes_nothing(ended):
    """It has the rows of its parent in its memory, and ends as a Locust would."""
    end = ended("forks")
    run = reconciled(end.bench)

    assert run.state == "complete", f"{run.note} {end.bench.log()}"
    assert run.rows.written >= 21


def test_the_users_own_fire_is_called(ended):
    """Who wraps it before the test begins changes events as he would without us."""
    end = ended("wraps")
    reconciled(end.bench)

    assert {"renamed"} == set(end.bench.rows("r1", "endpoint")["endpoint"].to_pylist())
