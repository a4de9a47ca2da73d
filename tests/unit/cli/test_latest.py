from __future__ import annotations

from dataclasses import replace
from time import time

import pytest

from slogate.cli.latest import being_recorded, latest_run
from slogate.errors import NoData
from slogate.model.run import Run
from slogate.model.turns import Interleaved
from slogate.store.layout import open_store
from slogate.store.manifest import write_run

MINUTE = 60_000_000


def run(name, state, *, age=0, planned=MINUTE):
    """A load run of the shop that started so long ago."""
    started = int(time() * 1e6) - age
    return Run(
        id=name, service="shop", kind="load", state=state,
        start_ts=started, created_ts=started, planned_us=planned,
    )  # fmt: skip


@pytest.fixture(name="store")
def _store(tmp_path):
    return open_store(tmp_path / "store", create=True)


@pytest.mark.parametrize(
    ("state", "age", "planned", "recording"),
    [
        pytest.param("running", MINUTE, MINUTE, True, id="running"),
        pytest.param("running", 4 * MINUTE, MINUTE, False, id="killed"),
        pytest.param("running", 4 * MINUTE, None, True, id="unplanned"),
        pytest.param("running", 90 * MINUTE, None, False, id="unplanned-killed"),
        pytest.param("complete", 0, MINUTE, False, id="complete"),
    ],
)
def test_a_run_is_being_recorded_until_its_planned_time_is_over(state, age, planned, recording):
    """And two minutes more."""
    assert being_recorded(run("a", state, age=age, planned=planned), int(time() * 1e6)) is recording


def test_latest_is_the_newest_run_that_is_not_being_recorded(store, capsys):
    """The one that is skipped is named."""
    write_run(store, run("before", "complete", age=5 * MINUTE))
    write_run(store, run("now", "running"))

    assert latest_run(store, "shop").id == "before"
    assert "run now is still being recorded" in capsys.readouterr().err


def test_a_killed_recorders_run_is_the_latest(store):
    """It is judged, and does not pass; an older pass must not stand in for it."""
    write_run(store, run("before", "complete", age=9 * MINUTE))
    write_run(store, run("killed", "running", age=5 * MINUTE))

    assert latest_run(store, "shop").id == "killed"


def test_the_only_run_being_recorded_is_no_verdict(store):
    """Exit 3: there is nothing to judge yet."""
    write_run(store, run("now", "running"))

    with pytest.raises(NoData, match="still being recorded"):
        latest_run(store, "shop")


def test_production_runs_are_named_where_there_is_no_load_run(store):
    """A budget is not judged on real traffic unasked; the way to ask is told."""
    with pytest.raises(NoData) as nothing:
        latest_run(store, "shop")
    write_run(store, replace(run("real", "complete"), kind="production"))
    with pytest.raises(NoData) as caught:
        latest_run(store, "shop")

    assert "slogate import" in str(nothing.value.hint)
    assert str(caught.value.hint).endswith("--run real")


def test_the_base_of_a_test_in_turns_is_never_the_latest(store):
    """Though it is all that is left: it is other code, and would be judged as this one."""
    mark = Interleaved(
        side="base", other="r1", words="./base", seed=1, slice_us=1_000_000, settle_us=0
    )
    write_run(store, replace(run("r1-base", "complete"), interleaved=mark))

    with pytest.raises(NoData, match="has no load run"):
        latest_run(store, None)


@pytest.mark.parametrize(
    ("service", "hint"),
    [("shp", "did you mean shop?; else record one"), ("zzz", "there are: shop; else record one")],
)
def test_another_service_is_named(store, service, hint):
    """A typing error is met with the service that was meant, or with all there are."""
    write_run(store, run("before", "complete"))

    with pytest.raises(NoData) as caught:
        latest_run(store, service)

    assert str(caught.value.hint).startswith(hint)
