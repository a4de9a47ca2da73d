"""One process: whatever a locustfile does, every request is a row, and the counts agree."""

from __future__ import annotations

import math
import os
from collections import Counter
from functools import partial

import pytest
from recording import PACED, Bench, reconciled, run_to_end, serving, status_lines
from together import together

pytestmark = pytest.mark.e2e


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def bench(tmp_path, server):
    bench = Bench(tmp_path, server.url)
    yield bench
    bench.close()


ERRORS = """
from locust import FastHttpUser, HttpUser, constant, task

class Fast(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def often(self):
        self.client.get("/often")

    @task
    def caught(self):
        with self.client.get("/fail", name="forgiven", catch_response=True) as response:
            response.success()
        with self.client.get("/a", name="refused", catch_response=True) as response:
            response.failure("not what we wanted")

class Slow(HttpUser):
    wait_time = constant(0.05)

    @task
    def both(self):
        self.client.get("/a")
        self.client.get("/often")
        with self.client.get("/fail", name="forgiven", catch_response=True) as response:
            response.success()
        try:
            self.client.get("http://127.0.0.1:1/", name="closed", timeout=1)
        except Exception:
            pass
"""
ODD = """
import time
from locust import User, constant, events, task

class Stubborn(Exception):
    def __str__(self):
        raise RuntimeError("no words")
    __repr__ = __str__

class Odd(User):
    wait_time = constant(0.02)

    @task
    def fires(self):
        fire = events.request.fire
        fire(request_type="grpc", name="plain", response_time=8.1, response_length=3)
        fire(request_type="grpc", name="timeless", response_time=None, response_length=0)
        fire(request_type="grpc", name="no length", response_time=1.0)
        fire(name="no type", response_time=1.0, response_length=0)
        fire()
        fire(request_type="x", name="silent", response_time=1, response_length=0,
             exception=Stubborn())
        fire(request_type="x", name="words", response_time="soon", response_length="some",
             start_time="now", response=object(), context=7, more=8)
        fire(request_type="x", name="endless", response_time=float("inf"), response_length=0,
             start_time=12.5)
        fire(request_type="x", name="e" * 5000, response_time=0.0001, response_length=2**70,
             exception=ValueError("v" * 5000))

    @task
    def raises(self):
        events.request.fire(request_type="x", name="before", response_time=1, response_length=0)
        raise KeyError("a fault of the user")
"""

PACE = """
import gevent
from locust import FastHttpUser, TaskSet, User, between, constant_pacing, constant_throughput, task

class Once(FastHttpUser):
    wait_time = constant_pacing(0.2)
    fixed_count = 1

    @task
    def each_once(self):
        self.client.get("/a", name="once a")
        self.client.get("/b", name="once b")

class Twice(FastHttpUser):
    fixed_count = 1
    _pace = constant_throughput(5)

    def wait_time(self):
        return self._pace()

    @task
    def twice(self):
        self.client.get("/a", name="twice")
        self.client.get("/a", name="twice")

class Nested(FastHttpUser):
    fixed_count = 1

    @task
    class Tasks(TaskSet):
        wait_time = constant_pacing(0.3)

        @task
        def child(self):
            gevent.spawn(self.client.get, "/a", name="child").join()

class Paced(FastHttpUser):
    abstract = True
    wait_time = constant_pacing(0.2)

class Own(Paced):
    fixed_count = 1

    @task
    class Tasks(TaskSet):
        wait_time = between(0.05, 0.1)

        @task
        def own(self):
            self.client.get("/a", name="own")

class Changed(Paced):
    fixed_count = 1
    turn = 0

    @task
    def changes(self):
        self.turn += 1
        self.client.get("/a", name="changed" if self.turn > 2 else "unchanged")
        if self.turn == 3:
            Changed.wait_time = between(0.05, 0.1)

class Free(FastHttpUser):
    wait_time = between(0.05, 0.1)
    fixed_count = 1

    @task
    def free(self):
        self.client.get("/a", name="free")
"""

SHAPE = (
    PACED
    + """
from locust import LoadTestShape, events

class Steps(LoadTestShape):
    def tick(self):
        elapsed = self.get_run_time()
        return None if elapsed > 3 else (2 + int(elapsed), 10)

seen = []

@events.request.add_listener
def users_own_listener(request_type, name, response_time, response_length, **kwargs):
    seen.append(name)

@events.quit.add_listener
def say(**kwargs):
    print(f"own listener saw {len(seen)}")
"""
)

KEPT = """
from locust import User, constant, events, task
from locust.exception import StopUser

class Kept(User):
    wait_time = constant(0.02)

    @task
    def fire(self):
        events.request.fire(request_type="x", name="n", response_time=1, response_length=0)

@events.request.add_listener
def stop_some(context=None, **_):
    stop_some.turn += 1
    if stop_some.turn % 10 == 0:
        raise StopUser()
stop_some.turn = 0
"""

NOTHING_TO_RUN = (
    ("from locust import HttpUser\n", "No User class found"),
    ("import nothing_of_the_sort\n", "nothing_of_the_sort"),
    (PACED, "You must specify the base host"),
)

VANISH = PACED + (
    "import os, gevent\n"
    "from locust import events\n"
    "def gone():\n"
    "    os.rename(os.environ['SLOGATE_STORE'], 'elsewhere')\n"
    "    open(os.environ['SLOGATE_STORE'], 'w').close()\n"
    "events.test_start.add_listener(lambda **_: gevent.spawn_later(1, gone))\n"
)
LEAVE = PACED + (
    "import sys, gevent\n"
    "from locust import events\n"
    "events.test_start.add_listener(lambda **_: gevent.spawn_later(1.5, sys.exit, 42))\n"
)
PYTEST = "def test_get(fastsession):\n    fastsession.get('/p')\n"


def start_two(bench):
    """Two locustfiles in one -f."""
    other = PACED.replace("Paced", "Other").replace('"/a"', '"/c"')
    both = f"{bench.write(PACED, 'a.py')},{bench.write(other, 'b.py')}"
    return bench.start("-f", both, "-u", "4", "-r", "9", *common(bench, 2))


def start_pytest(bench):
    """A pytest file."""
    return bench.start("-f", bench.write(PYTEST, "test_x.py"), "-u", "1", *common(bench, 2))


def start_reset(bench):
    """Locust forgets its ramp-up, which takes two seconds."""
    users = ("-u", "6", "-r", "3", "--reset-stats")
    return bench.start("-f", bench.write(PACED), *users, *common(bench, 4))


def common(bench, seconds):
    """The options of a test without a web UI."""
    time = ("-t", f"{seconds}s", "--stop-timeout", "5")
    return "--headless", "-H", bench.host, *time, "--only-summary"


def start_nothing(number, bench):
    """A locustfile that gives Locust nothing to run."""
    path = bench.write(NOTHING_TO_RUN[number][0])
    return bench.start("-f", path, "--headless", "-t", "2s", "--only-summary")


STARTS = {
    "errors": lambda bench: bench.load(ERRORS, users=6),
    "odd": lambda bench: bench.load(ODD, users=3, seconds=2),
    "pace": lambda bench: bench.load(PACE, users=6, seconds=3, SLOGATE_FLUSH_S="0.5"),
    "shape": lambda bench: bench.load(SHAPE, SLOGATE_RUN_INFO='{"planned_us": 60000000}'),
    "two": start_two,
    "pytest": start_pytest,
    "reset": start_reset,
    "vanish": lambda bench: bench.load(VANISH, SLOGATE_FLUSH_S="0.5"),
    "leave": lambda bench: bench.load(LEAVE, seconds=None),
    "kept": lambda bench: bench.load(KEPT, users=3, seconds=2),
    **{f"nothing {n}": partial(start_nothing, n) for n in range(len(NOTHING_TO_RUN))},
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


def test_every_request_of_a_process_is_a_row(bench, server):
    """The server, Locust, the manifest and the files count the same requests.

    Times are in order, the plan is Locust's run time, health is measured, and there is a line
    of progress a second.
    """
    info = '{"commit": "c0ffee", "branch": "main", "labels": {"name": "x"}, "planned_rate": 50}'
    reader, writer = os.pipe()
    process = bench.load(PACED, SLOGATE_RUN_INFO=info, SLOGATE_STATUS_FD=str(writer))
    os.close(writer)
    code = bench.wait(process)
    lines = status_lines(os.read(reader, 65536).decode())
    os.close(reader)
    run, rows = reconciled(bench), bench.rows().to_pylist()

    assert (run.state, code, run.generator_exit) == ("complete", 0, 0)
    assert run.rows.seen == run.rows.written == sum(server.hits.values())
    assert Counter(row["endpoint"] for row in rows) == dict(server.hits)
    assert run.start_ts <= run.ramped_ts < run.stop_ts <= run.end_ts
    assert run.stop_ts - run.start_ts > 2_500_000
    assert list(run.seals) == list(run.parts)
    assert sum(seal.rows for seal in run.seals.values()) == run.rows.written
    assert (run.planned_us, run.planned_rate) == (3_000_000, 50)
    assert (run.commit, run.branch, run.labels) == ("c0ffee", "main", {"name": "x"})
    assert 0 < run.health.cpu < 1.1
    assert run.health.lag_us >= run.health.lag_p99_us >= 0
    assert 0 <= run.health.missed <= 1
    assert (run.health.processes, run.health.lost_processes) == (1, 0)
    assert max(row["ts"].timestamp() for row in rows) * 1e6 <= run.end_ts + 1
    assert {tuple(row["labels"]) for row in rows} == {(("name", "x"),)}
    elapsed_s = [line["elapsed_s"] for line in lines]
    assert len(lines) >= 2
    assert elapsed_s == sorted(elapsed_s)
    assert len(lines) <= elapsed_s[-1] + 4
    assert lines[-1]["users"] == lines[-1]["target_users"] == 5
    assert lines[-1]["ramped"] is True
    assert lines[-1]["requests"] > lines[0]["requests"]
    assert set(lines[0]) == {
        "elapsed_s", "users", "target_users", "requests", "failures", "state", "ramped",
        "rows_written", "parts",
    }  # fmt: skip


def test_failures_are_what_locust_calls_failures(loaded):
    """Errors of the service, forgiven ones, refused ones, and a closed port, both clients."""
    done = loaded("errors")
    run = reconciled(done.bench)
    rows = done.bench.rows().to_pylist()

    assert (run.state, done.code, run.generator_exit) == ("complete", 1, 1)
    often = [row for row in rows if row["endpoint"] == "/often"]
    assert {(row["status"], row["ok"]) for row in often} == {(200, True), (500, False)}
    assert {row["ok"] for row in rows if row["endpoint"] == "forgiven"} == {True}
    refused = [row for row in rows if row["endpoint"] == "refused"]
    assert {(row["status"], row["ok"], row["error"]) for row in refused} == {
        (200, False, "not what we wanted")
    }
    closed = [row for row in rows if row["endpoint"] == "closed"]
    assert {(row["status"], row["ok"]) for row in closed} == {(None, False)}
    assert all((row["error"] is None) == row["ok"] for row in rows)


def test_odd_events_are_rows_too(loaded):
    """Missing keywords, no time, odd types, exceptions without words: nothing is lost."""
    bench = loaded("odd").bench
    run = reconciled(bench)
    rows = bench.rows().to_pylist()
    count = Counter(row["endpoint"] for row in rows)
    by_name = {row["endpoint"]: row for row in rows}

    assert (run.state, run.note) == ("complete", None)
    fired = count["plain"]
    assert fired > 10
    assert run.rows.uncountable == 3 * fired
    assert count["no length"] == count["no type"] == count[""] == count["timeless"] == fired
    assert by_name["plain"]["duration_us"] == 8100
    assert by_name["timeless"]["duration_us"] is None
    assert (by_name["silent"]["ok"], by_name["silent"]["error"]) == (False, "Stubborn")
    assert (by_name["words"]["duration_us"], by_name["words"]["bytes"]) == (None, None)
    assert by_name["endless"]["duration_us"] is None
    assert run.start_ts <= by_name["endless"]["ts"].timestamp() * 1e6 <= run.end_ts
    longest = by_name["e" * 1000]
    assert (longest["duration_us"], longest["error"], longest["bytes"]) == (1, "v" * 200, None)


BUSY = """
import gevent, time
from locust import User, constant, events, task

class Busy(User):
    wait_time = constant(0)

    @task
    def burst(self):
        for number in range(200):
            events.request.fire(request_type="GET", name=f"/{number % 7}", response_time=1.5,
                                response_length=number, start_time=time.time())
        gevent.sleep(0)
"""


def test_nothing_is_lost_at_the_highest_rate(bench):
    """As many events as the machine can fire, in several parts."""
    bench.wait(bench.load(BUSY, users=4, seconds=5, SLOGATE_FLUSH_S="1"))
    run = reconciled(bench)

    assert run.state == "complete"
    assert run.rows.written > 10_000
    assert len(run.parts) >= 3


def test_pace_and_lateness_of_paced_users(loaded):
    """The pace is divided by how often the endpoint occurs; lateness is on first requests."""
    bench = loaded("pace").bench
    reconciled(bench)
    rows = sorted(bench.rows().to_pylist(), key=lambda row: row["ts"])
    names = ("once a", "once b", "twice", "child", "own", "unchanged", "changed", "free")
    of = {name: [row for row in rows if row["endpoint"] == name] for name in names}

    paces = {name: {row["pace_us"] for row in of[name]} for name in of}
    assert paces == {"once a": {200_000}, "once b": {200_000}, "twice": {100_000},
                     "child": {300_000}, "own": {None}, "unchanged": {200_000}, "changed": {None},
                     "free": {None}}  # fmt: skip
    assert {row["late_us"] for row in of["once b"]} == {None}
    first, *later = (row["late_us"] for row in of["once a"])
    assert first is None
    assert len(later) > 8
    assert all(-5_000 < late < 2_000_000 for late in later)
    assert sum(row["late_us"] is None for row in of["twice"]) in {
        math.ceil(len(of["twice"]) / 2), math.ceil(len(of["twice"]) / 2) + 1
    }  # fmt: skip
    assert all(row["late_us"] is not None for name in ("child", "free") for row in of[name][1:])


def test_custom_shapes_and_own_listeners_work_unchanged(loaded):
    """With a shape the warm-up counts from the start; the user's listener sees every event."""
    bench = loaded("shape").bench
    run = reconciled(bench)

    assert run.state == "complete"
    assert run.ramped_ts == run.start_ts
    assert (run.planned_us, run.asked_users) == (None, None)
    assert f"own listener saw {run.rows.seen}\n" in bench.log()


def test_pytest_files_and_lists_of_files_work_unchanged(loaded):
    """A pytest file, and two locustfiles in one -f."""
    two, py = loaded("two").bench, loaded("pytest").bench

    assert reconciled(two).state == reconciled(py).state == "complete"
    assert set(two.rows("r1", "endpoint")["endpoint"].to_pylist()) == {"/a", "/b", "/c"}
    assert set(py.rows("r1", "endpoint")["endpoint"].to_pylist()) == {"/p"}
    assert set(py.rows("r1", "pace_us")["pace_us"].to_pylist()) == {None}


def test_what_locust_forgets_at_a_reset_is_named(loaded):
    """--reset-stats throws away Locust's count of the ramp-up, not our rows."""
    done = loaded("reset")
    run = reconciled(done.bench)

    assert run.state == "complete"
    assert run.rows.before_reset > 0
    assert run.rows.written == sum(done.hits.values())


@pytest.mark.parametrize("number", range(len(NOTHING_TO_RUN)), ids=["user", "import", "host"])
def test_a_test_that_never_started_leaves_no_run(loaded, number):
    """No user class, a broken import, no host: nothing to judge, and Locust says why."""
    bench = loaded(f"nothing {number}").bench

    assert bench.runs() == []
    assert NOTHING_TO_RUN[number][1] in bench.log()


def test_a_store_that_vanishes_stops_no_test(loaded):
    """The rows are lost, that is said, and the load goes on."""
    done = loaded("vanish")

    assert done.code == 0
    assert "recording failed" in done.bench.log()
    assert "the run will be incomplete" in done.bench.log()
    assert "/a" in done.bench.log()


def test_a_locust_that_ends_without_goodbye_is_incomplete(loaded):
    """The user's code leaves in the middle: what was recorded is kept, and that is said."""
    done = loaded("leave")
    bench, run = done.bench, done.bench.run()

    assert (done.code, run.state, run.generator_exit) == (42, "incomplete", None)
    assert "in the middle of the test" in run.note
    assert bench.rows("r1", "ts").num_rows == run.rows.written > 0


def test_what_another_listener_keeps_from_locust_is_named(loaded):
    """A listener may stop a user in the middle of an event: a row that Locust never counted."""
    run = reconciled(loaded("kept").bench)

    assert run.state == "complete"
    assert run.rows.uncountable == 3
    assert "3 events were kept from Locust's count" in run.note
