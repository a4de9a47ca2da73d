"""Tests that are started and stopped in Locust's own web UI are runs of their own."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from ports import free_port
from recording import PACED, Bench, forked, reconciled, serving, wait_for

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


class Page:
    """Locust's web UI."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def up(self):
        """Whether it answers."""
        try:
            return self.get("/")
        except urllib.error.URLError:
            return False

    def get(self, path):
        """A page."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return answer.status == 200

    def counted(self):
        """How many requests Locust has counted."""
        with urllib.request.urlopen(f"{self.url}/stats/requests", timeout=30) as answer:
            return sum(each["num_requests"] for each in json.load(answer)["stats"])

    def swarm(self, bench, users=4):
        """Press start."""
        form = {"user_count": users, "spawn_rate": 50, "host": bench.host}
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.url}/swarm", data, timeout=30) as answer:
            assert b'"success":true' in answer.read().replace(b" ", b"")

    def press(self, path):
        """A button without a form."""
        urllib.request.urlopen(f"{self.url}{path}", b"", timeout=30).close()


@pytest.mark.parametrize("workers", [False, True], ids=["one", "workers"])
def test_each_start_is_a_run(bench, server, workers):
    """Start, reset, stop, start again, SIGTERM: two runs, complete and interrupted."""
    port = free_port()
    page = Page(port)
    process = bench.start(
        *("-f", bench.write(PACED), "--web-host", "127.0.0.1", "--web-port", str(port)),
        *("--stop-timeout", "2", *(forked() if workers else ())),
    )
    wait_for(page.up)
    if workers:
        wait_for(lambda: "2 workers connected" in bench.log())
    page.swarm(bench)
    wait_for(page.counted)
    page.press("/stats/reset")
    seen = sum(server.hits.values())
    wait_for(lambda: sum(server.hits.values()) > seen + 20)
    page.press("/stop")
    first = wait_for(lambda: bench.run("r1").state != "running" and bench.run("r1"))
    served = sum(server.hits.values())
    if workers:
        time.sleep(3)  # as often as they report
    page.swarm(bench)
    wait_for(lambda: sum(server.hits.values()) > served + 20)
    os.kill(process.pid, signal.SIGTERM)
    bench.wait(process)

    assert bench.runs() == ["r1", "r1-2"]
    assert (reconciled(bench, "r1").state, first.state) == ("complete", "complete")
    assert bench.run("r1").rows.before_reset > 0
    assert bench.run("r1").rows.written == served
    assert reconciled(bench, "r1-2").state == "interrupted"
    assert bench.run("r1-2").rows.written == sum(server.hits.values()) - served


def test_a_web_ui_that_was_never_used_leaves_no_run(bench):
    """No start, no run."""
    port = free_port()
    process = bench.start(
        "-f", bench.write(PACED), "--web-host", "127.0.0.1", "--web-port", str(port)
    )
    wait_for(Page(port).up)
    os.kill(process.pid, signal.SIGINT)
    bench.wait(process)

    assert bench.runs() == []
