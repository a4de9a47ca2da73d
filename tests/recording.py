"""Runs the recorder in a real Locust against a real server that counts what it was asked."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import pyarrow as pa
import pyarrow.parquet as pq
from ports import free_port

from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, read_run
from slogate.store.reading import parts_of

PATIENCE_S = 120

PACED = """
from locust import FastHttpUser, constant_throughput, task

class Paced(FastHttpUser):
    wait_time = constant_throughput(10)

    @task
    def browse(self):
        self.client.get("/a")
        self.client.get("/b")
"""


class Handler(BaseHTTPRequestHandler):
    """`/fail` is a 500, every twentieth `/often` too, `/slow` takes 0.6 s."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer and count."""
        server = self.server
        with server.lock:
            server.hits[self.path] += 1
            turn = server.hits[self.path]
        if self.path == "/slow":
            time.sleep(0.6)
        failed = self.path == "/fail" or (self.path == "/often" and turn % 20 == 0)
        self.send_response(500 if failed else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A service under test that knows what it served."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits = Counter()
        self.lock = Lock()

    def handle_error(self, *_):
        """A client that was killed is no news."""

    @property
    def url(self):
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving():
    """A server for the time of a test."""
    with Server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@dataclass
class Bench:
    """A folder with a store, the server's address, and the processes that were started."""

    folder: Path
    host: str
    started: list = field(default_factory=list)

    def write(self, text, name="locustfile.py"):
        """A locustfile."""
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def start(self, *arguments, run="r1", store=True, **environment):
        """Start the recorder in a session of its own."""
        given = {"SLOGATE_STORE": str(self.folder / "store")} if store else {}
        given |= {"SLOGATE_RUN": run, "SLOGATE_SERVICE": "shop"} if store else {}
        log = (self.folder / f"log-{len(self.started)}").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "slogate.recorders.locust", *arguments],
            cwd=self.folder,
            env=os.environ | given | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[int(environment["SLOGATE_STATUS_FD"])]
            if "SLOGATE_STATUS_FD" in environment
            else [],
        )
        self.started.append(process)
        return process

    def load(self, text, *arguments, users=5, seconds=3, **keywords):
        """Run a locustfile headless to its end; the exit code."""
        path = self.write(text)
        return self.start(
            *("-f", path, "--headless", "-u", str(users), "-r", "100", "-H", self.host),
            *(() if seconds is None else ("-t", f"{seconds}s")),
            *("--stop-timeout", "5", "--only-summary", *arguments),
            **keywords,
        )

    def log(self, number=0):
        """What a process printed."""
        return (self.folder / f"log-{number}").read_text(errors="replace")

    def wait(self, process):
        """Its exit code."""
        return process.wait(PATIENCE_S)

    def run(self, run="r1") -> Run:
        """The manifest."""
        return read_run(open_store(self.folder / "store"), run)

    def runs(self):
        """The ids of all runs, oldest first."""
        return [run.id for run in reversed(list_runs(open_store(self.folder / "store")))]

    def rows(self, run="r1", *columns) -> pa.Table:
        """The rows of a run, out of the files."""
        parts = parts_of(open_store(self.folder / "store"), self.run(run))
        return pa.concat_tables(pq.ParquetFile(part).read(columns or None) for part in parts)

    def close(self):
        """End what still runs, workers that were forked too."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Ended:
    """What is left of a test: its bench, the exit code of the first process, what was served."""

    bench: Bench
    code: int
    hits: Counter


def run_to_end(folder, start):
    """Against a server of its own, start Locust with `start(bench)` and wait for all to end."""
    with serving() as server:
        bench = Bench(folder, server.url)
        try:
            start(bench)
            code, *_ = [bench.wait(process) for process in bench.started]
        finally:
            bench.close()
        return Ended(bench, code, server.hits)


def forked(count=2):
    """The arguments for workers that Locust forks, on a port that no other test uses."""
    port = str(free_port())
    return "--processes", str(count), "--master-bind-port", port, "--master-port", port


def spawned(bench, number=0):
    """Whether Locust has said that the ramp-up is over."""
    log = bench.log(number)
    return "All users spawned" in log or "Spawning is complete" in log


def wait_for(condition, patience=PATIENCE_S):
    """Poll until it holds; fail when patience is at its end."""
    deadline = time.monotonic() + patience
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return result


def reconciled(bench, run="r1"):
    """The run, after its counts were compared with the rows that are in the files."""
    found = bench.run(run)
    stored = bench.rows(run, "ts").num_rows if found.parts else 0
    rows = found.rows

    assert rows.written == stored, bench.log()
    assert rows.written == rows.counted + rows.uncountable + rows.before_reset, bench.log()
    return found


def status_lines(text):
    """The lines of a status file."""
    return [json.loads(line) for line in text.splitlines()]
