"""A lost manifest is made anew from what is there, and says that it was."""

from __future__ import annotations

import os
from dataclasses import replace

import pyarrow as pa
import pytest
from series_strategies import START, row, table

from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.manifest import read_run, write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.reading import parts_of
from slogate.store.rebuild import NOTE, rebuild
from slogate.store.strays import QUIET_S
from slogate.store.supersede import REPLACES_KEY, replacing
from slogate.store.verify import verify

NOW = 2_000_000_000.0


@pytest.fixture(name="store")
def _store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def part(store, run="r-1", sequence=0, service="a/π", kind="production", **more):
    """A part of ten rows that was written long ago."""
    rows = more.pop("rows", None) or table([row(i + 10 * sequence) for i in range(10)])
    name = write_part(store, run, service, kind, rows, sequence=sequence, worker=None, **more)
    os.utime(store.root / name, (NOW - QUIET_S, NOW - QUIET_S))
    return name


def rolled(count):
    """One row of a rollup that stands for so many requests."""
    return pa.Table.from_pylist(
        [{"ts": START, "step_us": 60_000_000, "endpoint": "/", "method": "GET", "lo_us": -1,
          "hi_us": 9, "count": count}],
        SCHEMA("counts"),
    )  # fmt: skip


def test_a_lost_manifest_is_made_anew(store):
    """Service, kind, rows and times from the parts; incomplete, so that it cannot pass."""
    parts = [part(store), part(store, sequence=1)]
    [run] = rebuild(store, now_s=NOW).runs

    assert run == read_run(store, "r-1")
    assert (run.service, run.kind, run.state, run.note) == (
        "a/π", "production", "incomplete", NOTE,
    )  # fmt: skip
    assert (run.start_ts, run.end_ts, run.rows.written) == (START, START + 19, 20)
    assert parts_of(store, run) == [store.root / name for name in parts]
    assert verify(store, now_s=NOW).faults == []


def test_nothing_lost_changes_nothing(store):
    """Runs with a manifest, whatever their state, and parts of a writer at work."""
    running = Run(id="r-1", service="a/π", kind="production", state="running")
    named = part(store)
    write_run(store, running)
    part(store, run="r-2")
    os.utime(store.root / part(store, run="r-2", sequence=1), (NOW - 1, NOW - 1))

    assert rebuild(store, now_s=NOW).runs == ()
    assert read_run(store, "r-1") == running
    assert (store.root / named).exists()


def test_a_corrupt_manifest_is_not_overwritten(store):
    """It may be of a newer version, or be mended by hand."""
    part(store)
    path = store.runs / "r-1.json"
    path.write_text("{")

    found = rebuild(store, now_s=NOW)

    assert found.runs == ()
    [told] = found.left
    assert str(path) in told
    assert "is corrupt" in told
    assert "not overwritten: restore it from a copy, or move it out of the store" in told
    assert path.read_text() == "{"

    path.rename(store.root.parent / "kept.json")
    assert [run.id for run in rebuild(store, now_s=NOW).runs] == ["r-1"]


@pytest.mark.parametrize("pipe", [False, True])
def test_a_part_that_cannot_be_read_is_named_and_left(store, pipe):
    """The others make the run; a pipe is not waited for."""
    part(store)
    broken = store.root / part(store, sequence=1)
    if pipe:
        broken.unlink()
        os.mkfifo(broken)
    else:
        broken.write_bytes(b"PAR1")
    os.utime(broken, (NOW - QUIET_S, NOW - QUIET_S))
    found = rebuild(store, now_s=NOW)

    assert [run.rows.written for run in found.runs] == [10]
    assert str(broken) in found.left[0]
    assert broken.exists()


def test_parts_in_the_folders_of_two_services_are_left(store):
    """Nobody can say whose run it is."""
    part(store)
    part(store, service="b", sequence=1)
    found = rebuild(store, now_s=NOW)

    assert found.runs == ()
    assert "several services" in found.left[0]


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        pytest.param("odd/kind=load/service=a/date=2025-01-01", "of no series", id="of no series"),
        pytest.param("requests", "outside of the folders of services", id="of no service"),
        pytest.param("requests/kind=load", "outside of the folders of services", id="of a kind"),
        pytest.param(".", "in the folder of no series", id="of all"),
    ],
)
def test_parts_in_the_folder_of_no_series_are_left(store, folder, why):
    """Nobody can say what they hold, or whose they are."""
    path = store.root / part(store)
    odd = store.root / "series" / folder / path.name
    odd.parent.mkdir(parents=True, exist_ok=True)
    path.rename(odd)
    found = rebuild(store, now_s=NOW)

    assert found.runs == ()
    assert why in found.left[0]


@pytest.mark.parametrize("gone", [False, True])
def test_parts_that_hold_the_same_rows_count_once(store, gone):
    """A merged part goes aside while all that it replaced is there, else the rest of that does."""
    old = [part(store, sequence=number) for number in range(3)]
    rows = table([row(i) for i in range(30)])
    merged = part(store, rows=rows, sequence=3, metadata=lambda: replacing(old))
    if gone:
        (store.root / old[1]).unlink()
    found = rebuild(store, now_s=NOW)

    aside = [old[0], old[2]] if gone else [merged]
    assert [run.rows.written for run in found.runs] == [30]
    assert [path.relative_to(store.root).as_posix() for path in found.aside] == aside
    assert verify(store, now_s=NOW).faults == []


def test_a_part_that_does_not_say_what_it_replaced(store):
    """Its run is left as it is: its rows could count twice."""
    part(store)
    part(store, sequence=1, metadata=lambda: {REPLACES_KEY: "[1]"})
    found = rebuild(store, now_s=NOW)

    assert found.runs == ()
    assert "does not say which parts it replaced" in found.left[0]


@pytest.mark.parametrize(("other", "rolled_up"), [(7, 7), (8, None)])
def test_a_rolled_up_run_is_known_again(store, other, rolled_up):
    """Counts and histograms that agree describe the same requests."""
    part(store, rows=rolled(7), series="counts")
    part(store, rows=rolled(other), series="histograms", sequence=1)
    [run] = rebuild(store, now_s=NOW).runs

    assert run.rolled_up == rolled_up
    write_run(store, replace(run, state="complete"))
    assert verify(store, now_s=NOW).faults == []
