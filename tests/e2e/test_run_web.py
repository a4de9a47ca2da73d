from __future__ import annotations

import socket
import time
import urllib.parse
import urllib.request

import pytest
from ports import free_port
from projects import new_project

from slogate.loadtest.service import await_ready

pytestmark = pytest.mark.e2e


def press(port, path, **form):
    """A button of Locust's web UI."""
    data = urllib.parse.urlencode(form).encode()
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=30).close()


def test_a_test_led_from_the_web_ui_is_judged_when_it_has_stopped(tmp_path):
    """The UI's address is told; nobody has to end Locust."""
    project = new_project(tmp_path)
    port = free_port()
    process = project.start("run", "--web", "--json", "--", "--web-port", str(port))
    await_ready(f"http://127.0.0.1:{port}/", 30_000_000)
    press(port, "/swarm", user_count=40, spawn_rate=40, host=project.url)
    time.sleep(13)
    press(port, "/stop")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err + out
    assert f"open http://localhost:{port}, start a test there" in err
    assert " 0 users" not in err
    assert '"state": "complete"' in out


def test_a_taken_port_of_the_web_ui_is_told(tmp_path):
    """Before Locust fails in its own words."""
    project = new_project(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = project.slogate("run", "--web", "--", f"--web-port={port}")

    assert done.code == 2
    assert f"the port {port} of Locust's web UI is taken" in done.err
