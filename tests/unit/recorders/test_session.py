"""In a process of its own: Locust patches the standard library of whoever imports it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ENDED = """
import json, sys
from pathlib import Path
from slogate.recorders.locust.session import Session, now_us
from slogate.model.run import Run
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.fleet import Fleet
from slogate.store.layout import open_store
from slogate.store.manifest import read_run

store = open_store(Path(sys.argv[1]), create=True)
told = {}
for set_us in map(int, sys.argv[2:]):
    start = now_us() - set_us
    run = Run(id=f"r{set_us}", service="shop", kind="load", state="running", start_ts=start,
              created_ts=start, source="locust")
    source = Fleet(Capture("master"), lambda _: 0, lambda _: True)
    session = Session(store, run, source, counted=lambda: 0, flush_s=10)
    session.begin()
    session.ramped(with_shape=False)
    session.finish()
    found = read_run(store, run.id)
    told[set_us] = found.state, found.note
print(json.dumps(told))
"""
HOUR_US = 3_600_000_000
SET = (0, 200_000, HOUR_US, -HOUR_US)


@pytest.fixture(scope="module", name="ended")
def _ended(tmp_path_factory):
    """State and note of tests of no length during which the clock was set forward by so many µs."""
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(tmp_path_factory.mktemp("store")), *map(str, SET)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("set_us", "state", "note"),
    [
        pytest.param(0, "complete", None, id="not"),
        pytest.param(200_000, "complete", None, id="a-little"),
        pytest.param(
            HOUR_US, "incomplete",
            "the clock was set forward by 60 min during the test, or the machine slept",
            id="forward",
        ),
        pytest.param(
            -HOUR_US, "incomplete", "the clock was set back by 60 min during the test", id="back"
        ),
    ],
)  # fmt: skip
def test_a_clock_that_was_set_makes_the_run_incomplete(ended, set_us, state, note):
    """Every rate, every window and every batch would be wrong."""
    assert ended[str(set_us)] == [state, note]


FAULTS = """
import sys
from pathlib import Path
from slogate.recorders.locust.session import Session, now_us
from slogate.model.run import Run
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.fleet import Fleet
from slogate.store.layout import open_store
from slogate.store.manifest import read_run

store = open_store(Path(sys.argv[1]), create=True)
run = Run(id="r", service="shop", kind="load", state="running", start_ts=now_us(), source="locust")
source = Fleet(Capture("master"), lambda _: 0, lambda _: True)
session = Session(store, run, source, counted=lambda: 0, flush_s=10)
session.begin()
session.ramped(with_shape=False)
for part in range(9):
    session.fault(f"part-{part:05} cannot be written: disk full")
session.fault("another thing")
session.finish()
print(read_run(store, "r").note)
"""


def test_the_same_fault_of_another_part_is_told_once(tmp_path):
    """Or a full disk fills the note with names of parts."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert done.stdout == "part-00000 cannot be written: disk full; another thing\n"
    assert done.stderr.count("the run will be incomplete") == 2
