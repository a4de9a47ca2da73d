"""A recorder that is killed at any moment leaves a store that opens and a run not complete."""

from __future__ import annotations

import os
import random
import signal
import time

import pyarrow.parquet as pq
import pytest
from recording import Bench, wait_for

from slogate.errors import StoreError
from slogate.store.layout import open_store
from slogate.store.reading import parts_of

pytestmark = pytest.mark.e2e

KILLS = 20
AT_ONCE = 5
LONGEST_S = 1.0

BURSTS = """
import gevent, time
from locust import User, constant, events, task

class Burst(User):
    wait_time = constant(0.03)

    @task
    def burst(self):
        for number in range(20):
            events.request.fire(request_type="GET", name=f"/{number % 3}", response_time=0.5,
                                response_length=number, start_time=time.time())
"""


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path, "http://127.0.0.1:1")
    yield bench
    bench.close()


def begun(bench, run):
    """Whether the run has a manifest."""
    try:
        return bench.run(run).state == "running"
    except StoreError:
        return False


def kill_some(bench, names, draw):
    """Start recorders, and kill each at a moment of its own, half of them after a part came."""
    processes = {
        name: bench.load(BURSTS, seconds=None, users=3, run=name, SLOGATE_FLUSH_S="0.05")
        for name in names
    }
    moments = {}
    for name in names:
        wait_for(lambda name=name: begun(bench, name))
        if len(moments) % 2:
            wait_for(lambda name=name: [*bench.folder.rglob(f"{name}-*.parquet")])
        moments[name] = time.monotonic() + draw.uniform(0, LONGEST_S)
    for name, moment in sorted(moments.items(), key=lambda item: item[1]):
        time.sleep(max(0, moment - time.monotonic()))
        os.kill(processes[name].pid, signal.SIGKILL)
        processes[name].wait()


def test_twenty_kills_leave_readable_stores(bench):
    """Every part that lies there can be read to its last row; no run claims to be complete."""
    draw = random.Random(20)
    names = [f"k{number}" for number in range(KILLS)]
    for start in range(0, KILLS, AT_ONCE):
        kill_some(bench, names[start : start + AT_ONCE], draw)

    store = open_store(bench.folder / "store")
    assert sorted(bench.runs()) == sorted(names)
    with_parts = 0
    for name in names:
        run = bench.run(name)
        assert run.state == "running"
        parts = parts_of(store, run)
        assert set(run.parts) <= {part.relative_to(store.root).as_posix() for part in parts}
        stored = sum(pq.ParquetFile(part).read().num_rows for part in parts)
        assert stored >= run.rows.written
        with_parts += bool(parts)
    assert with_parts >= KILLS / 2
