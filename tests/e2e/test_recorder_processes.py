"""Several processes: the workers' rows arrive at the master, whoever leaves and however."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from recording import PACED, Bench, forked, free_port, reconciled, serving, spawned, wait_for

pytestmark = pytest.mark.e2e

SLOW = """
from locust import FastHttpUser, constant_throughput, task

class Slow(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def mixed(self):
        self.client.get("/slow")
        self.client.get("/a")
"""


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def bench(tmp_path, server):
    bench = Bench(tmp_path, server.url)
    yield bench
    bench.close()


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


def test_forked_workers_ship_their_rows(bench, server):
    """--processes 2, with failures: the server counts the same requests as the files."""
    text = PACED.replace('"/b"', '"/often"')
    code = bench.wait(bench.load(text, *forked(), users=6))
    run = reconciled(bench)

    assert (run.state, run.health.processes, run.health.lost_processes) == ("complete", 2, 0)
    assert code == run.generator_exit
    assert run.rows.seen == run.rows.written == sum(server.hits.values())
    workers = Counter(bench.rows("r1", "worker")["worker"].to_pylist())
    assert {name.rpartition("-")[2] for name in workers} == {"0", "1"}
    bad = sum(not ok for ok in bench.rows("r1", "ok")["ok"].to_pylist())
    assert bad == server.hits["/often"] // 20


def test_slow_requests_of_separate_workers_are_waited_for(bench, server):
    """Requests in flight at the end are in the rows, though Locust listens half a second only."""
    master, workers = start_three(bench, seconds=4)
    for process in (master, *workers):
        bench.wait(process)
    run = reconciled(bench)

    assert (run.state, run.health.processes) == ("complete", 2)
    assert sorted(path.name for path in bench.folder.glob("*/")) == ["store"]
    assert run.rows.written == sum(server.hits.values())
    slow = [row for row in bench.rows().to_pylist() if row["endpoint"] == "/slow"]
    assert all(row["duration_us"] >= 600_000 for row in slow)
    assert max(row["ts"].timestamp() * 1e6 + row["duration_us"] for row in slow) > run.stop_ts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_to_the_master_keeps_what_was_recorded(bench, server, number):
    """The workers' last rows arrive, and the run says that it was interrupted."""
    master, workers = start_three(bench)
    time.sleep(1.5)
    os.kill(master.pid, number)
    for process in (master, *workers):
        bench.wait(process)
    run = reconciled(bench)

    assert (run.state, run.health.lost_processes) == ("interrupted", 0)
    assert run.rows.seen == run.rows.written == sum(server.hits.values())


def test_nothing_is_lost_when_a_worker_leaves_in_order(bench, server):
    """SIGTERM to one worker: it lets its users finish and ships their rows before it goes."""
    master, (leaver, stayer) = start_three(bench, seconds=6)
    time.sleep(1.7)
    os.kill(leaver.pid, signal.SIGTERM)
    for process in (master, leaver, stayer):
        bench.wait(process)
    run = reconciled(bench)

    assert (run.state, run.note) == ("complete", None)
    assert run.health.processes == 2
    assert run.rows.seen == run.rows.written == sum(server.hits.values())
    assert len(set(bench.rows("r1", "worker")["worker"].to_pylist())) == 2


def test_a_killed_worker_makes_the_run_incomplete(bench, server):
    """SIGKILL: its last rows are gone, and that is said."""
    master, (killed, stayer) = start_three(bench, seconds=5)
    time.sleep(1.5)
    os.kill(killed.pid, signal.SIGKILL)
    for process in (master, killed, stayer):
        bench.wait(process)
    run = reconciled(bench)

    assert (run.state, run.health.lost_processes) == ("incomplete", 1)
    assert "1 generator process was lost" in run.note
    assert 0 < run.rows.written < sum(server.hits.values())


def test_what_workers_forget_at_a_reset_is_named(bench, server):
    """--reset-stats on workers throws away counts that the master never heard of."""
    path = bench.write(PACED)
    bench.wait(
        bench.start(
            *("-f", path, "--headless", "-u", "6", "-r", "3", "-t", "5s", "-H", bench.host),
            *("--reset-stats", "--stop-timeout", "5", "--only-summary", *forked()),
        )
    )
    run = reconciled(bench)

    assert run.state == "complete"
    assert run.rows.before_reset > 0
    assert run.rows.written == sum(server.hits.values())


def test_one_process_ends_on_signals_too(bench, server):
    """SIGINT and SIGTERM to a single process: all rows are kept, the run was interrupted."""
    signals = {"int": signal.SIGINT, "term": signal.SIGTERM}
    for run in signals:
        bench.load(SLOW, seconds=None, users=3, run=run)
    for number in range(2):
        wait_for(lambda number=number: spawned(bench, number))
    time.sleep(1)
    for process, number in zip(bench.started, signals.values(), strict=True):
        os.kill(process.pid, number)
    for process in bench.started:
        bench.wait(process)

    assert [reconciled(bench, run).state for run in signals] == ["interrupted", "interrupted"]
    assert sum(bench.run(run).rows.written for run in signals) == sum(server.hits.values())


def test_an_interrupted_shape_is_interrupted(bench):
    """Ctrl-C in a test with a custom shape, which Locust does not tell from its end."""
    shape = SLOW + (
        "from locust import LoadTestShape\n"
        "class Flat(LoadTestShape):\n"
        "    def tick(self):\n"
        "        return (2, 10)\n"
    )
    process = bench.load(shape, seconds=None)
    wait_for(lambda: spawned(bench))
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    bench.wait(process)

    assert reconciled(bench).state == "interrupted"


def test_a_worker_without_the_recorder_makes_the_run_incomplete(bench):
    """Plain Locust joined: its requests are counted and are no rows, and that is said."""
    path, port = bench.write(PACED), str(free_port())
    master = bench.start(
        *("-f", path, "--headless", "-u", "3", "-r", "9", "-t", "4s", "-H", bench.host),
        *("--only-summary", "--master", "--expect-workers", "1", "--master-bind-port", port),
    )
    join = ("-m", "locust", "-f", path, "--worker", "--master-port", port)
    worker = subprocess.Popen(
        [sys.executable, *join], cwd=bench.folder, stderr=subprocess.DEVNULL, start_new_session=True
    )
    bench.started.append(worker)
    bench.wait(master)
    run = bench.run()

    assert (run.state, run.rows.written) == ("incomplete", 0)
    assert run.rows.lost == run.rows.counted > 0
    assert "runs without slogate" in run.note
