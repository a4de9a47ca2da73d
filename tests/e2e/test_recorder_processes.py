"""Several processes: the workers' rows arrive at the master, whoever leaves and however."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial

import pytest
from ports import free_port
from recording import PACED, forked, reconciled, run_to_end, spawned, wait_for
from together import together

pytestmark = pytest.mark.e2e

# the report on the way, which Locust sends every three seconds, comes while users still finish
SLOW = """
from locust import FastHttpUser, constant_throughput, events, task
from locust.runners import WorkerRunner

@events.test_stopping.add_listener
def report(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        environment.runner._send_stats()

class Slow(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def mixed(self):
        self.client.get("/slow")
        self.client.get("/slow")
        self.client.get("/a")
"""


def start_three(bench, *, seconds=None, users=6):
    """A master and two workers that were started by themselves, and have spawned their users."""
    path, port = bench.write(SLOW), str(free_port())
    place = ("-f", path, "--stop-timeout", "5", "--only-summary")
    master = bench.start(
        *(*place, "--headless", "-u", str(users), "-r", "100", "-H", bench.host),
        *("--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1"),
        *("--master-bind-port", port, *(() if seconds is None else ("-t", f"{seconds}s"))),
    )
    join = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
    workers = [bench.start(*place, *join, store=False) for _ in range(2)]
    wait_for(lambda: spawned(bench))
    return master, workers


def start_failing(bench):
    """--processes 2, with failures."""
    bench.load(PACED.replace('"/b"', '"/often"'), *forked(), users=6)


def signal_master(number, bench):
    """End the master by a signal."""
    master, _ = start_three(bench)
    time.sleep(1.5)
    os.kill(master.pid, number)


def signal_worker(number, bench):
    """End one of two workers by a signal."""
    _, (leaver, _) = start_three(bench, seconds=5)
    time.sleep(1.7)
    os.kill(leaver.pid, number)


def start_reset(bench):
    """--reset-stats with two workers; some of their requests come before, however late they are."""
    bench.start(
        *("-f", bench.write(PACED), "--headless", "-u", "4", "-r", "1", "-t", "6s"),
        *("-H", bench.host, "--reset-stats", "--stop-timeout", "5", "--only-summary", *forked()),
    )


def signal_one(bench):
    """Two single processes, each ended by a signal."""
    signals = {"int": signal.SIGINT, "term": signal.SIGTERM}
    for run in signals:
        bench.load(SLOW, seconds=None, users=3, run=run)
    for number in range(2):
        wait_for(lambda number=number: spawned(bench, number))
    time.sleep(1)
    for process, number in zip(bench.started, signals.values(), strict=True):
        os.kill(process.pid, number)


SHAPE = SLOW + (
    "from locust import LoadTestShape\n"
    "class Flat(LoadTestShape):\n"
    "    def tick(self):\n"
    "        return (2, 10)\n"
)


def interrupt_shape(bench):
    """Ctrl-C in a test with a custom shape."""
    process = bench.load(SHAPE, seconds=None)
    wait_for(lambda: spawned(bench))
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)


def join_plain(bench):
    """A plain Locust as the worker of a master that records."""
    path, port = bench.write(PACED), str(free_port())
    bench.start(
        *("-f", path, "--headless", "-u", "3", "-r", "9", "-t", "4s", "-H", bench.host),
        *("--only-summary", "--master", "--expect-workers", "1", "--master-bind-port", port),
    )
    join = ("-m", "locust", "-f", path, "--worker", "--master-port", port)
    worker = subprocess.Popen(
        [sys.executable, *join], cwd=bench.folder, stderr=subprocess.DEVNULL, start_new_session=True
    )
    bench.started.append(worker)


STARTS = {
    "forked": start_failing,
    "separate": lambda bench: start_three(bench, seconds=4),
    "SIGINT": partial(signal_master, signal.SIGINT),
    "SIGTERM": partial(signal_master, signal.SIGTERM),
    "leaves": partial(signal_worker, signal.SIGTERM),
    "killed": partial(signal_worker, signal.SIGKILL),
    "reset": start_reset,
    "one": signal_one,
    "shape": interrupt_shape,
    "plain": join_plain,
}


@pytest.fixture(scope="module", name="loaded")
def _loaded(tmp_path_factory):
    """Tests of which some run at once: name -> what is left of one."""
    acts = {
        name: partial(run_to_end, tmp_path_factory.mktemp("bench"), start)
        for name, start in STARTS.items()
    }
    with together(acts) as loaded:
        yield loaded


def test_forked_workers_ship_their_rows(loaded):
    """--processes 2, with failures: the server counts the same requests as the files."""
    done = loaded("forked")
    bench, run = done.bench, reconciled(done.bench)

    assert (run.state, run.health.processes, run.health.lost_processes) == ("complete", 2, 0)
    assert done.code == run.generator_exit
    assert run.rows.seen == run.rows.written == sum(done.hits.values())
    workers = Counter(bench.rows("r1", "worker")["worker"].to_pylist())
    assert {name.rpartition("-")[2] for name in workers} == {"0", "1"}
    bad = sum(not ok for ok in bench.rows("r1", "ok")["ok"].to_pylist())
    assert bad == done.hits["/often"] // 20


def test_slow_requests_of_separate_workers_are_waited_for(loaded):
    """Requests in flight at the end are in the rows, though Locust listens half a second only."""
    done = loaded("separate")
    bench, run = done.bench, reconciled(done.bench)

    assert (run.state, run.health.processes, run.note) == ("complete", 2, None)
    assert sorted(path.name for path in bench.folder.glob("*/")) == ["store"]
    assert run.rows.written == sum(done.hits.values())
    slow = [row for row in bench.rows().to_pylist() if row["endpoint"] == "/slow"]
    assert all(row["duration_us"] >= 600_000 for row in slow)
    assert max(row["ts"].timestamp() * 1e6 + row["duration_us"] for row in slow) > run.stop_ts


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_master_keeps_what_was_recorded(loaded, number):
    """The workers' last rows arrive, and the run says that it was interrupted."""
    done = loaded(number)
    run = reconciled(done.bench)

    assert (run.state, run.health.lost_processes) == ("interrupted", 0)
    assert run.rows.seen == run.rows.written == sum(done.hits.values())


def test_nothing_is_lost_when_a_worker_leaves_in_order(loaded):
    """SIGTERM to one worker: it lets its users finish and ships their rows before it goes."""
    done = loaded("leaves")
    bench, run = done.bench, reconciled(done.bench)

    assert run.state == "complete"
    assert run.note == "1 generator process left in order while the test went on"
    assert (run.health.processes, run.health.left_processes) == (2, 1)
    assert run.rows.seen == run.rows.written == sum(done.hits.values())
    assert len(set(bench.rows("r1", "worker")["worker"].to_pylist())) == 2


def test_a_killed_worker_makes_the_run_incomplete(loaded):
    """SIGKILL: its last rows are gone, and that is said."""
    done = loaded("killed")
    run = reconciled(done.bench)

    assert (run.state, run.health.lost_processes) == ("incomplete", 1)
    assert "1 generator process was lost" in run.note
    assert 0 < run.rows.written < sum(done.hits.values())


def test_what_workers_forget_at_a_reset_is_named(loaded):
    """--reset-stats on workers throws away counts that the master never heard of."""
    done = loaded("reset")
    run = reconciled(done.bench)

    assert run.state == "complete"
    assert run.rows.before_reset > 0
    assert run.rows.written == sum(done.hits.values())


def test_one_process_ends_on_signals_too(loaded):
    """SIGINT and SIGTERM to a single process: all rows are kept, the run was interrupted."""
    done = loaded("one")
    runs = ("int", "term")

    assert [reconciled(done.bench, run).state for run in runs] == ["interrupted", "interrupted"]
    assert sum(done.bench.run(run).rows.written for run in runs) == sum(done.hits.values())


def test_an_interrupted_shape_is_interrupted(loaded):
    """Ctrl-C in a test with a custom shape, which Locust does not tell from its end."""
    assert reconciled(loaded("shape").bench).state == "interrupted"


def test_a_worker_without_the_recorder_makes_the_run_incomplete(loaded):
    """Plain Locust joined: its requests are counted and are no rows, and that is said."""
    run = loaded("plain").bench.run()

    assert (run.state, run.rows.written) == ("incomplete", 0)
    assert run.rows.lost == run.rows.counted > 0
    assert "runs without slogate" in run.note
