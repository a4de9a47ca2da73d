from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from projects import new_project, rows_on_disk
from together import together

from slogate.loadtest.service import answers

pytestmark = pytest.mark.e2e


def alive(pid):
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    """(pid, command line) of the processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue
        if entry.name.isdigit() and int(status[1]) == pid:
            found.append((int(entry.name), line))
    return found


LOADED = ("recorder", "service", "gate", "SIGINT", "SIGTERM")


@pytest.fixture(scope="module", name="loaded")
def _loaded(tmp_path_factory):
    """Projects whose run has written requests and goes on: name -> (project, its process)."""
    started = []

    def load(name):
        project = new_project(tmp_path_factory.mktemp(name))
        started.append(project.load())
        return project, started[-1]

    with together({name: partial(load, name) for name in LOADED}, at_once=2) as loaded:
        yield loaded
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_a_killed_recorder_is_no_pass(loaded):
    """What was written is kept and readable; the run is incomplete, now and later: exit 3."""
    project, process = loaded("recorder")
    generator = next(pid for pid, line in children(process.pid) if "recorders.locust" in line)
    os.kill(generator, signal.SIGKILL)
    out, err = process.communicate(timeout=60)

    later = project.slogate("check", "--json")

    assert process.returncode == 3, err + out
    assert later.code == 3
    assert later.document["run"]["state"] == "incomplete"
    assert later.document["run"]["rows"] > 0
    assert {o["outcome"] for o in later.document["objectives"]} == {"invalid"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_a_killed_service_stops_the_test_and_never_passes(loaded):
    """At once; why is kept with the run: what was recorded fails the gate, or it could not run."""
    project, process = loaded("service")
    shell = next(pid for pid, line in children(process.pid) if "slogate.shop" in line)
    shop = next((pid for pid, line in children(shell) if "slogate.shop" in line), shell)
    os.kill(shop, signal.SIGKILL)
    killed = time.monotonic()
    out, err = process.communicate(timeout=90)

    run = project.slogate("check", "--json").document["run"]

    assert process.returncode in {1, 2}, err + out
    assert time.monotonic() - killed < 45
    assert "the service ended during the test" in err
    assert run["state"] == "aborted"
    assert run["note"].startswith("the service ended (")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_a_killed_gate_leaves_nothing_running(loaded):
    """The service and Locust end with it; the run is kept as interrupted."""
    project, process = loaded("gate")
    started = [pid for pid, _ in children(process.pid)]
    process.kill()
    process.wait()

    until = time.monotonic() + 30
    while any(alive(pid) for pid in started) and time.monotonic() < until:
        time.sleep(0.2)

    assert len(started) == 4
    assert [pid for pid in started if alive(pid)] == []
    assert not answers(f"{project.url}/ready")
    assert project.slogate("check", "--json").document["run"]["state"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_run_keeps_what_it_has_and_exits_130(loaded, number):
    """The rows are kept and judged later they are no pass, even where somebody presses twice."""
    project, process = loaded(number.name)
    process.send_signal(number)
    time.sleep(0.2)
    with suppress(ProcessLookupError):
        process.send_signal(number)
    _, err = process.communicate(timeout=60)

    done = project.slogate("check", "--json")

    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "are kept" in err
    assert done.code == 3
    assert done.document["run"]["state"] == "interrupted"
    assert done.document["run"]["rows"] == rows_on_disk(project) > 0
