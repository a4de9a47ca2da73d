"""Which parts are a run's own, and which are refused."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from series_strategies import row, table

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store import manifest
from slogate.store.compact import compact_run
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, withdraw, write_run
from slogate.store.parts import write_part
from slogate.store.reading import parts_of, with_all_parts, with_parts
from slogate.store.seals import sealed
from slogate.store.views import query

RUN = Run(id="r1", service="shop", kind="load", state="complete", created_ts=1)


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def stored_part(store, run_id="r1", sequence=0, service="shop", ts=0):
    """One part of a run with one row."""
    return write_part(
        store, run_id, service, "load", table([row(ts)]), sequence=sequence, worker=None
    )


def test_the_parts_of_a_complete_run_are_those_it_names(store):
    """Absolute, existing, in the manifest's order; what else lies there is not its."""
    named = [stored_part(store, sequence=i) for i in (0, 1)]
    stored_part(store, sequence=2)

    assert parts_of(store, replace(RUN, parts=tuple(named))) == [store.root / p for p in named]


def test_a_part_of_another_size_than_it_was_sealed_with_is_never_judged(store):
    """A file that was cut, or came from elsewhere under its name, would pass for the run."""
    run = sealed(store, replace(RUN, parts=(stored_part(store), stored_part(store, sequence=1))))
    assert len(parts_of(store, run)) == 2

    path = store.root / run.parts[1]
    pq.write_table(pq.read_table(path, partitioning=None).slice(0, 0), path)

    with pytest.raises(StoreError, match=r"00001.parquet is damaged: it has \d+ bytes"):
        parts_of(store, run)


def test_a_flipped_bit_is_never_read_as_a_count(store):
    """No engine minds the checksum of a page; what reads only footers need not hash the parts."""
    run = sealed(store, replace(RUN, parts=(stored_part(store), stored_part(store, sequence=1))))
    write_run(store, run)
    assert len(with_parts(store, run, list)) == 2

    path = store.root / run.parts[1]
    data = bytearray(path.read_bytes())
    data[9] ^= 1
    path.write_bytes(data)

    assert len(with_parts(store, run, list, whole=False)) == 2
    with pytest.raises(StoreError, match="its content is not what was written") as caught:
        with_parts(store, run, list)
    assert "slogate runs delete r1" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"id": "r2"}, "is no part of it", id="of another run"),
        pytest.param({"id": "r"}, "is no part of it", id="of a longer id"),
        pytest.param({"service": "bank"}, "is no part of it", id="of another service"),
        pytest.param({"kind": "production"}, "is no part of it", id="of another kind"),
    ],
)
@pytest.mark.parametrize("state", ["complete", "running"])
def test_a_part_that_is_not_the_runs_own_is_never_judged(store, change, message, state):
    """Not even if a manifest names it: its requests are those of another run."""
    part = stored_part(store, run_id="r1-x" if change.get("id") == "r" else "r1")
    with pytest.raises(StoreError, match=message) as caught:
        parts_of(store, replace(RUN, state=state, parts=(part,), **change))

    assert "slogate runs delete" in caught.value.hint


@pytest.mark.parametrize("spelling", ["{}", "series/requests/./kind=load/service=shop/{}"])
def test_a_part_named_twice_is_not_counted_twice(store, spelling):
    """However the second name is spelled."""
    part = stored_part(store)
    again = part if spelling == "{}" else spelling.format("/".join(part.split("/")[-2:]))
    with pytest.raises(StoreError, match=r"names .* twice"):
        parts_of(store, replace(RUN, parts=(part, again)))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize("state", ["complete", "incomplete"])
def test_a_part_that_is_no_file_is_not_waited_for(store, make, state):
    """A pipe would hold the gate for ever."""
    part = stored_part(store)
    (store.root / part).unlink()
    make(store.root / part)
    named = (part,) if state == "complete" else ()
    with pytest.raises(StoreError, match="no regular file"):
        parts_of(store, replace(RUN, state=state, parts=named))


def test_a_missing_part_is_an_error(store):
    """Fewer requests than the manifest says are never judged."""
    part = stored_part(store)
    (store.root / part).unlink()
    with pytest.raises(StoreError, match=r"is damaged: its part .*parquet is missing"):
        parts_of(store, replace(RUN, parts=(part,)))


def test_an_incomplete_run_has_whatever_parts_lie_on_disk(store):
    """A killed recorder named none; parts of runs with a longer id, and drafts, are not its."""
    mine = [stored_part(store), stored_part(store, sequence=1, ts=86_400_000_000)]
    stored_part(store, run_id="r1-2")
    draft = (store.root / mine[0]).parent / "r1-00005.parquet.1-x.tmp"
    draft.write_bytes(b"PAR1")
    for state in ("running", "incomplete", "interrupted", "aborted"):
        found = parts_of(store, replace(RUN, state=state, parts=(mine[0],)))
        assert found == [store.root / part for part in mine]


def test_a_reader_whose_parts_are_merged_reads_again(store):
    """Once, with the new parts; any other error is told at once."""
    run = replace(RUN, parts=tuple(stored_part(store, sequence=i) for i in (0, 1)))
    write_run(store, run)
    seen = []

    def read(paths):
        seen.append(len(paths))
        if len(seen) == 1:
            compact_run(store, run)
        return sum(pq.read_table(path, partitioning=None).num_rows for path in paths)

    def careful(paths):
        try:
            return read(paths)
        except FileNotFoundError as error:
            raise StoreError(str(error)) from None

    assert with_parts(store, run, careful) == 2
    assert seen == [2, 1]

    def fail(paths):
        seen.append(len(paths))
        raise StoreError("another fault")

    with pytest.raises(StoreError, match="another fault"):
        with_parts(store, run, fail)
    assert seen == [2, 1, 1]


def test_a_reader_of_many_runs_reads_again_while_they_are_merged_one_by_one(store):
    """As a compaction of the whole store does, faster than the reader reads."""
    runs = []
    for name in ("r1", "r2", "r3"):
        parts = tuple(stored_part(store, run_id=name, sequence=i) for i in (0, 1))
        runs.append(replace(RUN, id=name, parts=parts))
        write_run(store, runs[-1])
    left = list(runs)

    def read(parts):
        if left:
            compact_run(store, left.pop())
        try:
            return [
                sum(pq.read_table(path, partitioning=None).num_rows for path in paths)
                for paths in parts
            ]
        except FileNotFoundError as error:
            raise StoreError(str(error)) from None

    assert with_all_parts(store, runs, read) == [2, 2, 2]
    assert left == []


def test_a_run_that_is_deleted_while_runs_are_listed_is_none(store, monkeypatch):
    """As by a pruning; one that cannot be read is told."""
    for name in ("r1", "r2"):
        write_run(store, replace(RUN, id=name))
    files = manifest.json_files(store.runs)
    monkeypatch.setattr(manifest, "json_files", lambda _folder: files)
    files[0].unlink()

    assert [run.id for run in list_runs(store)] == ["r2"]
    files[0].symlink_to("nowhere")
    with pytest.raises(StoreError):
        list_runs(store)


@pytest.mark.parametrize("named", [False, True])
def test_parts_written_in_vain_go_unless_they_are_named(store, named):
    """Whoever is interrupted while it names them cannot know which it is."""
    part = stored_part(store)
    if named:
        write_run(store, replace(RUN, parts=(part,)))
    withdraw(store, "r1", [part])

    assert (store.root / part).exists() is named


def test_a_manifest_that_cannot_be_read_keeps_what_it_may_name(store):
    """Nothing is removed on a guess."""
    part = stored_part(store)
    (store.runs / "r1.json").write_text("{")
    withdraw(store, "r1", [part])

    assert (store.root / part).exists()


def test_readers_beside_a_compaction_see_every_row(store):
    """In SQL, over all runs, while they are merged one by one."""
    runs = []
    for number in range(8):
        name = f"m{number}"
        parts = tuple(stored_part(store, run_id=name, sequence=i) for i in range(3))
        runs.append(replace(RUN, id=name, parts=parts))
        write_run(store, runs[-1])
    merging = threading.Thread(target=lambda: [compact_run(store, run) for run in runs])
    merging.start()
    counts = []
    while merging.is_alive() or len(counts) < 3:
        counts.append(query(store, "SELECT count(*) FROM requests")[1])
    merging.join()

    assert {tuple(each) for each in counts} == {((24,),)}
    assert len(list(store.root.rglob("*.parquet"))) == 8
