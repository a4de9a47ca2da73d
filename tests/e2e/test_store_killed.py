"""A compaction that is killed at any moment loses no row and doubles none."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from series_strategies import row, table

from slogate.model.run import Reconciliation, Run
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import delete_run, list_runs, write_run
from slogate.store.parts import write_part
from slogate.store.prune import remove_strays
from slogate.store.reading import parts_of
from slogate.store.rebuild import rebuild
from slogate.store.seals import sealed
from slogate.store.strays import strays
from slogate.store.verify import verify

pytestmark = pytest.mark.e2e

RUNS = 16
PARTS = 3
ROWS = 20
KILLS = 4
LATER_S = 7_200

WORK = """
import os, shutil, signal, sys
from pathlib import Path
from slogate.store.compact import compact_run
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import list_runs
from slogate.store.rollup import can_roll_up, roll_up
import duckdb, pyarrow.compute, pyarrow.parquet

def care(store, keep_raw=False):
    with caring(store):
        runs = list_runs(store)
        print("begun", flush=True)
        for run in runs:
            if run.kind == "load":
                compact_run(store, run)
            elif can_roll_up(run):
                roll_up(store, run, [1_000], keep_raw=keep_raw)
"""
ALL = f"{WORK}\ncare(open_store(Path(sys.argv[1])))"

# in a copy of the store for each step that changes a folder, dies just before that step
STEPS = f"""{WORK}
before = Path(sys.argv[1])
for step in range(1, 99):
    copy = before.with_name(f"{{before.name}}-{{step:02d}}")
    shutil.copytree(before, copy)
    child = os.fork()
    if child == 0:
        left = step
        def die(event, arguments):
            global left
            writes = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wxa"
            if writes or event in ("os.rename", "os.remove", "os.mkdir"):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        store = open_store(copy)
        sys.addaudithook(die)
        care(store, keep_raw=sys.argv[2] == "keep")
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


def keep(store, name, kind):
    """A run of small parts; the duration of each request tells it from all others."""
    parts = [
        write_part(
            store, name, "shop", kind,
            table([row(i, duration_us=part * ROWS + i) for i in range(ROWS)]),
            sequence=part, worker=None,
        )
        for part in range(PARTS)
    ]  # fmt: skip
    count = PARTS * ROWS
    run = Run(id=name, service="shop", kind=kind, state="complete", parts=tuple(parts),
              rows=Reconciliation(seen=count, written=count))  # fmt: skip
    write_run(store, sealed(store, run))


def check(store):
    """Every run is whole, either as it was or as it is to be; how many of them are done."""
    done = 0
    for run in list_runs(store):
        tables = [pq.read_table(path, partitioning=None) for path in parts_of(store, run)]
        if run.rolled_up is None:
            durations = sorted(us for table in tables for us in table["duration_us"].to_pylist())
            assert durations == list(range(PARTS * ROWS)), run.id
            done += len(tables) == 1
        else:
            assert [sum(t["count"].to_pylist()) for t in tables] == [PARTS * ROWS] * 2
            done += 1
    return done


def tidy(store):
    """Remove what the dead have left, as `prune --leftovers` does; the store is well then."""
    later = time.time() + LATER_S
    found = strays(store, later)
    assert {fault.path for fault in verify(store, now_s=later).faults} == {
        stray.path.relative_to(store.root).as_posix() for stray in found
    }
    with caring(store):
        remove_strays(store, found)
    assert verify(store, now_s=later).faults == []
    return len(found)


def rebuilt(copy):
    """Lose the manifest too, and make it anew: the rows are there once; how many parts went."""
    lost = open_store(Path(shutil.copytree(copy, f"{copy}-lost")))
    (lost.runs / "r1.json").unlink()
    found = rebuild(lost, now_s=time.time() + LATER_S)
    check(lost)
    assert (found.left, [run.state for run in found.runs]) == ((), ["incomplete"])
    delete_run(lost, "r1")
    assert list(lost.root.rglob("*.parquet")) == []
    return len(found.aside)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        pytest.param("load", "drop", id="merge"),
        pytest.param("production", "keep", id="roll up and keep"),
    ],
)
def test_a_death_before_each_step_loses_nothing(tmp_path, kind, raw):
    """Whatever folder was changed last: each request is there once, in the old or new parts."""
    keep(open_store(tmp_path / "s", create=True), "r1", kind)
    subprocess.run([sys.executable, "-c", STEPS, str(tmp_path / "s"), raw], check=True,
                   capture_output=True)  # fmt: skip
    copies = sorted(tmp_path.glob("s-*"))
    done = [check(open_store(copy)) for copy in copies]
    aside = [rebuilt(copy) for copy in copies]
    left = [tidy(open_store(copy)) for copy in copies]

    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 1)
    assert 0 < sum(map(bool, left)) < len(left)
    assert 0 < sum(map(bool, aside)) < len(aside)
    assert [check(open_store(copy)) for copy in copies] == done


def test_killed_compactions_lose_nothing(tmp_path):
    """Killed at random again and again, then left to end: the store is whole after each."""
    store = open_store(tmp_path / "s", create=True)
    for number in range(RUNS):
        keep(store, f"r{number:02d}", "load" if number % 8 else "production")
    draw = random.Random(8)
    progress = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", ALL, str(store.root)], stdout=subprocess.PIPE
        )
        assert process.stdout.readline() == b"begun\n"
        time.sleep(draw.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        progress.append(check(store))
        if draw.random() < 0.5:
            tidy(store)
    subprocess.run([sys.executable, "-c", ALL, str(store.root)], check=True, capture_output=True)
    tidy(store)

    assert progress == sorted(progress)
    assert check(store) == RUNS
    assert len(list(store.root.rglob("*.parquet"))) == RUNS + RUNS // 8
    assert list(store.root.rglob("*.tmp")) == []
