from __future__ import annotations

from dataclasses import replace

import pytest

from slogate.model.run import Run
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.fleet import Fleet
from slogate.recorders.locust.session import Session, now_us
from slogate.store.layout import open_store
from slogate.store.manifest import read_run

HOUR_US = 3_600_000_000


def ended(folder, *, set_us):
    """The manifest of a test of no length during which the clock was set forward by so much."""
    store = open_store(folder / "store", create=True)
    start = now_us() - set_us
    run = Run(
        id="r1", service="shop", kind="load", state="running", start_ts=start, created_ts=start,
        source="locust",
    )  # fmt: skip
    source = Fleet(Capture("master"), lambda _: 0, lambda _: True)
    session = Session(store, run, source, counted=lambda: 0, flush_s=10)
    session.begin()
    session.ramped(with_shape=False)
    session.finish()
    return replace(read_run(store, "r1"), parts=())


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
def test_a_clock_that_was_set_makes_the_run_incomplete(tmp_path, set_us, state, note):
    """Every rate, every window and every batch would be wrong."""
    run = ended(tmp_path, set_us=set_us)

    assert (run.state, run.note) == (state, note)
