"""A service that hangs: the requests that never came back are rows, and no gate passes on them."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from functools import partial
from threading import Thread

import pytest
from projects import new_project
from recording import Bench, forked, reconciled
from together import together

pytestmark = pytest.mark.e2e

STOP_TIMEOUT_S = 2
USERS = 4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Hanging:
    """A service that never answers `/hang`, and nothing at all `for_s` after its first answer."""

    def __init__(self, listener, for_s):
        self.listener = listener
        self.for_s = for_s
        self.first = None

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        """Serve each connection in a thread of its own."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        """Answer each request, or read on and say nothing."""
        with contextlib.suppress(OSError), connection:
            while received := connection.recv(65536):
                self.first = self.first or time.monotonic()
                late = time.monotonic() > self.first + self.for_s
                if b" /hang" not in received and not late:
                    connection.sendall(ANSWER)


@contextlib.contextmanager
def hanging(for_s=3600):
    """The service, for the time of a test."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        service = Hanging(listener, for_s)
        Thread(target=service.accept, daemon=True).start()
        yield service


def load(folder, text, *arguments, stop_timeout=STOP_TIMEOUT_S):
    """The manifest, its counts compared, and the rows: (run, those cut off, the others)."""
    with hanging() as service:
        bench = Bench(folder, service.url)
        try:
            stop = ("--stop-timeout", str(stop_timeout))
            bench.wait(bench.load(text, *stop, *arguments, users=USERS))
            run, rows = reconciled(bench), bench.rows().to_pylist()
        finally:
            bench.close()
    cut = [row for row in rows if (row["error"] or "").startswith("cut off after ")]
    return run, cut, [row for row in rows if row not in cut]


def end_us(row):
    """When a request was over."""
    return row["ts"].timestamp() * 1e6 + row["duration_us"]


VISITOR = """
from locust import CLIENT, constant_throughput, task

class Visitor(CLIENT):
    wait_time = constant_throughput(5)
    turn = 0

    @task
    def browse(self):
        self.turn += 1
        self.client.get("/a")
        with self.client.get("/b", catch_response=True) as response:
            response.success()
        if self.turn == 3:
            REQUEST
"""
PLAIN = 'self.client.get("/hang?q=1", params={"p": "2"})'
NAMED = 'self.client.post("/hang?q=1", name="pay", catch_response=True)'
POOL = 'from gevent.pool import Pool; Pool(2).map(self.client.get, ["/hang", "/hang"])'


def visitor(client, request):
    """A locustfile whose users make that request when they have made some others."""
    return VISITOR.replace("CLIENT", client).replace("REQUEST", request)


TIMEOUTS = """
import gevent
from locust import FastHttpUser, HttpUser, constant, events, task

def within(client):
    try:
        with gevent.Timeout(0.3):
            client.get("/hang")
    except gevent.Timeout:
        pass

class Slow(HttpUser):
    wait_time = constant(0.1)

    @task
    def impatient(self):
        within(self.client)

class Fast(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def impatient(self):
        within(self.client)
        try:
            self.client.get(7)
        except TypeError:
            pass

@events.request.add_listener
def dawdle(name, **_):
    if name == "/a":
        gevent.sleep(60)

class Listened(FastHttpUser):
    fixed_count = 1

    @task
    def once(self):
        self.client.get("/a")
"""
EAGER = visitor("FastHttpUser", "pass").replace("constant_throughput(5)", "lambda _: 0")


SPEC = """slogate: 1
service: shop
defaults: {warmup: 1s}
budgets:
  - {name: quick, endpoint: GET /a, p95: 400ms}
  - {name: sound, endpoint: GET /a, errors: 1%}
"""
VISITORS = """
import random, time
from locust import FastHttpUser, constant_throughput, task

class Visitor(FastHttpUser):
    wait_time = constant_throughput(2)

    def on_start(self):
        time.sleep(random.uniform(0.5, 1.0))

    @task
    def browse(self):
        self.client.get("/a")
"""


def hang_for_ever(folder):
    """A run against a service that hangs after some seconds: (how it ended, what a check says)."""
    project = new_project(folder)
    with hanging(for_s=11) as service:
        project.write("loadtests/locustfile.py", VISITORS)
        project.write("slo/shop.yaml", SPEC)
        settings = f'host = "{service.url}"\nusers = 20\nspawn_rate = 20\nrun_time = "16s"\n'
        project.write("slogate.toml", settings)
        done = project.slogate("run", "--", "--stop-timeout", "2")
        return done, project.slogate("check", "--json").document


@pytest.fixture(scope="module", name="loaded")
def _loaded(tmp_path_factory):
    """Runs, some at once: name -> (run, rows cut off, other rows), and that against `for ever`."""

    def act(text, *arguments, **keywords):
        return partial(load, tmp_path_factory.mktemp("bench"), text, *arguments, **keywords)

    acts = {
        "for ever": partial(hang_for_ever, tmp_path_factory.mktemp("project")),
        "HttpUser": act(visitor("HttpUser", PLAIN)),
        "HttpUser-named": act(visitor("HttpUser", NAMED)),
        "FastHttpUser": act(visitor("FastHttpUser", PLAIN)),
        "FastHttpUser-named": act(visitor("FastHttpUser", NAMED)),
        "workers": act(visitor("FastHttpUser", PLAIN), *forked()),
        "HttpUser-pool": act(visitor("HttpUser", POOL)),
        "FastHttpUser-pool": act(visitor("FastHttpUser", POOL)),
        "timeouts": act(TIMEOUTS),
        "at once": act(EAGER, stop_timeout=0),
    }
    with together(acts) as loaded:
        yield loaded


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("HttpUser", ("GET", "/hang?q=1&p=2")),
        ("HttpUser-named", ("POST", "pay")),
        ("FastHttpUser", ("GET", "/hang?q=1")),
        ("FastHttpUser-named", ("POST", "pay")),
    ],
)
def test_what_never_came_back_is_a_failed_row(loaded, name, named):
    """As long as it had waited, with its user's pace, named as Locust would have named it."""
    run, cut, others = loaded(name)

    assert (run.state, run.rows.uncountable, len(cut)) == ("complete", USERS, USERS)
    assert run.note == f"{USERS} requests were cut off still waiting for a response"
    assert {(row["method"], row["endpoint"]) for row in cut} == {named}
    assert {(row["status"], row["ok"], row["bytes"]) for row in cut} == {(None, False, None)}
    assert {row["error"].rpartition(", ")[2] for row in cut} == {"still waiting for a response"}
    assert {row["pace_us"] for row in cut} == {200_000}
    stopped = run.stop_ts + STOP_TIMEOUT_S * 1e6
    assert all(stopped - 100_000 < end_us(row) < stopped + 20_000_000 for row in cut)
    assert Counter(row["endpoint"] for row in others) == {"/a": 3 * USERS, "/b": 3 * USERS}
    assert run.end_ts == run.stop_ts


def test_workers_ship_what_was_cut_off_at_their_end(loaded):
    """The rows of the forced stop are in the workers' last reports."""
    run, cut, others = loaded("workers")

    assert (run.state, run.rows.uncountable, len(cut)) == ("complete", USERS, USERS)
    assert run.note == f"{USERS} requests were cut off still waiting for a response"
    assert len({row["worker"] for row in cut}) == 2
    assert min(row["duration_us"] for row in cut) > STOP_TIMEOUT_S * 1_000_000
    assert len(others) == 6 * USERS


@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
def test_greenlets_that_outlive_their_users_are_cut_off(loaded, client):
    """Requests in a user's own pool hang on when Locust has stopped the user."""
    run, cut, others = loaded(f"{client}-pool")

    assert (run.state, run.rows.uncountable, len(cut)) == ("complete", 2 * USERS, 2 * USERS)
    assert {row["endpoint"] for row in cut} == {"/hang"}
    assert len(others) == 6 * USERS


def test_nothing_is_recorded_twice(loaded):
    """What FastHttpUser reports itself, and an answer whose listener is cut off, is one row."""
    run, cut, others = loaded("timeouts")

    assert run.state == "complete"
    assert {row["endpoint"] for row in cut} == {"/hang"}
    assert all(250_000 <= row["duration_us"] < 30_000_000 for row in cut)
    assert {(row["endpoint"], row["ok"]) for row in others} == {("/hang", False), ("/a", True)}
    assert Counter(row["endpoint"] for row in others)["/a"] == 1


def test_a_stop_at_once_says_nothing_about_a_service_that_answers(loaded):
    """Without a stop timeout Locust cuts off requests that had only begun: no rows, no failures."""
    run, cut, others = loaded("at once")

    assert (run.state, run.note, cut) == ("complete", None, [])
    assert all(row["ok"] for row in others)


def test_a_service_that_hangs_for_ever_does_not_pass(loaded):
    """It answers for some seconds, fast and without an error, and then never again."""
    done, checked = loaded("for ever")

    outcomes = {item["name"]: item["outcome"] for item in checked["objectives"]}
    assert done.code == 1, done.out + done.err
    assert outcomes["quick"] == "fail"
    assert outcomes["sound"] != "pass"
    assert checked["run"]["reconciliation"]["uncountable"] == 20
