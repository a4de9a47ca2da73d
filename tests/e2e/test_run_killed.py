from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from projects import new_project

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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_a_killed_recorder_is_no_pass(tmp_path):
    """What was written is kept and readable; the run is incomplete, now and later: exit 3."""
    project = new_project(tmp_path)
    process = project.start("run", "--run-time", "60s")
    time.sleep(22)
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
def test_a_killed_service_stops_the_test_and_never_passes(tmp_path):
    """At once; why is kept with the run: what was recorded fails the gate, or it could not run."""
    project = new_project(tmp_path)
    process = project.start("run", "--run-time", "60s")
    time.sleep(9)
    shell = next(pid for pid, line in children(process.pid) if "slogate.shop" in line)
    shop = next((pid for pid, line in children(shell) if "slogate.shop" in line), shell)
    os.kill(shop, signal.SIGKILL)
    killed = time.monotonic()
    out, err = process.communicate(timeout=90)

    run = project.slogate("check", "--json").document["run"]

    assert process.returncode in {1, 2}, err + out
    assert time.monotonic() - killed < 20
    assert "the service ended during the test" in err
    assert run["state"] == "aborted"
    assert run["note"].startswith("the service ended (")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_a_killed_gate_leaves_nothing_running(tmp_path):
    """The service and Locust end with it; the run is kept as interrupted."""
    project = new_project(tmp_path)
    process = project.start("run", "--run-time", "60s")
    time.sleep(9)
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


def test_a_second_run_says_what_it_is_too_short_for(tmp_path):
    """The rates of the last run tell what the planned one can decide."""
    project = new_project(tmp_path)
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\ndefaults: {warmup: 1s}\n"
        "budgets: [{name: browse, endpoint: GET /browse, p99.99: 5s}]\n"
    ))  # fmt: skip

    first = project.slogate("run")
    second = project.slogate("run", "-t", "12s")

    assert first.code == second.code == 3, first.err + second.err
    assert "preflight" not in first.err
    assert "after the warm-up: p99.99 of GET /browse cannot pass in this run" in first.err
    assert "preflight: p99.99 of GET /browse cannot pass in this run" in second.err
    assert second.err.index("preflight") < second.err.index("locust")
