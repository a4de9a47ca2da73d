"""Small parts become large ones, row for row; nobody loses anything, whatever happens meanwhile."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import row, rows, table

from slogate.errors import StoreError
from slogate.model.run import Reconciliation, Run
from slogate.store import compact
from slogate.store.compact import compact_run, mergeable
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import label_run, read_run, update_run, write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.reading import parts_of
from slogate.store.replacing import replaced
from slogate.store.seals import sealed
from slogate.store.verify import verify

DAY = 86_400_000_000


@pytest.fixture(name="store")
def _store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def keep(store, *groups, run_id="r1", state="complete"):
    """A run of one part a group of rows."""
    parts = [
        write_part(store, run_id, "shop", "load", table(group), sequence=n, worker=f"w-{n % 2}")
        for n, group in enumerate(groups)
    ]
    count = sum(map(len, groups))
    run = Run(id=run_id, service="shop", kind="load", state=state, parts=tuple(parts),
              rows=Reconciliation(seen=count, written=count))  # fmt: skip
    run = sealed(store, run)
    write_run(store, run)
    return run


def stored(store, run):
    """All rows of a run, in the order of its parts."""
    paths = parts_of(store, run)
    return [r for path in paths for r in pq.read_table(path, partitioning=None).to_pylist()]


def is_well(store):
    """Whether verify finds nothing."""
    return verify(store, now_s=9e9).faults == []


@settings(max_examples=15)
@given(groups=st.lists(rows(max_size=8).filter(bool), min_size=2, max_size=4))
def test_merging_keeps_every_row_and_their_order(groups, tmp_path_factory):
    """Every column, every null, every odd text; the old parts are gone."""
    store = open_store(tmp_path_factory.mktemp("s"), create=True)
    run = keep(store, *groups)
    before = stored(store, run)
    merged = compact_run(store, run)

    assert len(merged.run.parts) == 1
    assert stored(store, merged.run) == before
    assert len(list(store.root.rglob("*.parquet"))) == 1
    assert is_well(store)


def test_small_parts_make_no_small_row_groups(store, monkeypatch):
    """Rows are gathered until a row group is full."""
    monkeypatch.setattr(compact, "ROW_GROUP", 10)
    run = keep(store, *([row(7 * n + i) for i in range(7)] for n in range(5)))
    [path] = parts_of(store, compact_run(store, run).run)
    file = pq.read_metadata(path)

    assert [file.row_group(n).num_rows for n in range(file.num_row_groups)] == [10, 10, 10, 5]


def test_large_parts_stay_and_groups_are_bounded(store, monkeypatch):
    """What is large is not written again; no merged part is larger than the bound."""
    monkeypatch.setattr(compact, "SMALL_ROWS", 5)
    monkeypatch.setattr(compact, "LARGE_ROWS", 8)
    run = keep(store, *([row(i) for i in range(n)] for n in (4, 6, 4, 4, 3, 4)))

    assert [len(group) for group in mergeable(store, run)] == [2, 2]
    after = compact_run(store, run).run
    sizes = sorted(seal.rows for seal in after.seals.values())
    assert sizes == [4, 6, 7, 8]
    assert set(run.parts) & set(after.parts) == {run.parts[1], run.parts[5]}


def test_days_and_series_are_not_mixed(store):
    """A part lies in its day's folder, in its series."""
    count = {"ts": 0, "step_us": 1, "endpoint": "/", "method": "", "count": 2}
    counts = [
        write_part(store, "r1", "shop", "load", pa.Table.from_pylist([count], SCHEMA("counts")),
                   sequence=n, worker=None, series="counts")
        for n in (10, 11)
    ]  # fmt: skip
    run = keep(store, [row(0)], [row(1)], [row(DAY)], [row(DAY + 1)])
    run = sealed(store, replace(run, parts=(*run.parts, *counts)))
    run = replace(run, rows=Reconciliation(seen=6, written=6))
    write_run(store, run)
    after = compact_run(store, run).run

    assert len(after.parts) == 3
    assert is_well(store)


def test_a_second_time_there_is_nothing_to_do(store):
    """One part, or a run that is not complete."""
    run = compact_run(store, keep(store, [row(0)], [row(1)])).run
    running = keep(store, [row(0)], [row(1)], run_id="r2", state="running")

    assert compact_run(store, run) is None
    assert compact_run(store, running) is None
    with pytest.raises(StoreError, match="not complete"):
        replaced(store, running, running.parts, lambda _n: iter(()), check=lambda _run: None)


def test_damage_is_not_sealed_anew(store):
    """A flipped bit stays a fault; no new part is left."""
    run = keep(store, [row(0)], [row(1)])
    path = store.root / run.parts[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        compact_run(store, run)

    assert read_run(store, "r1") == run
    assert len(list(store.root.rglob("*.parquet"))) == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda run: replace(run, parts=run.parts[:1], seals={}), id="parts"),
        pytest.param(lambda run: replace(run, state="running"), id="state"),
    ],
)
def test_a_run_that_changed_meanwhile_is_left(store, change):
    """Who was first wins; the new part is taken away again."""
    run = keep(store, [row(0)], [row(1)])
    update_run(store, "r1", change)
    with pytest.raises(StoreError, match="changed by somebody else"):
        compact_run(store, run)

    assert read_run(store, "r1") == change(run)
    assert len(list(store.root.rglob("*.parquet"))) == 2


def test_labels_given_meanwhile_stay(store):
    """Only the parts are swapped."""
    run = keep(store, [row(0)], [row(1)])
    label_run(store, "r1", {"name": "night"})
    compact_run(store, run)

    assert read_run(store, "r1").labels == {"name": "night"}


def test_rows_that_are_not_the_same_are_refused(store):
    """A merge that lost a row changes nothing."""
    run = keep(store, [row(0)], [row(1)])

    def make(number):
        yield write_part(store, "r1", "shop", "load", table([row(0)]), sequence=number, worker=None)

    with pytest.raises(StoreError, match="merged they were 1"):
        replaced(store, run, run.parts, make, check=lambda found: compact._check_rows(found, 2))
    assert read_run(store, "r1") == run
    assert is_well(store)


def test_orphans_of_a_crash_are_not_overwritten(store):
    """A name that a dead compaction has used is not used again."""
    run = keep(store, [row(0)], [row(1)])
    orphan = (store.root / run.parts[0]).with_name("r1-00007.parquet")
    orphan.write_bytes(b"orphan")
    after = compact_run(store, run).run

    assert after.parts[0].endswith("00008.parquet")
    assert orphan.read_bytes() == b"orphan"
    assert len(stored(store, after)) == 2


def test_a_reader_with_the_old_list_finds_the_new_parts(store):
    """The manifest is read once more when a part is gone; a part that is lost stays an error."""
    run = keep(store, [row(0)], [row(1)])
    after = compact_run(store, run).run

    assert parts_of(store, run) == parts_of(store, after)
    (store.root / after.parts[0]).unlink()
    for known in (run, after):
        with pytest.raises(StoreError, match="is missing"):
            parts_of(store, known)


def test_one_caretaker_at_a_time(store):
    """In one process or in two; the lock of a dead one is nobody's."""
    with caring(store), pytest.raises(StoreError, match="already"), caring(store):
        pass
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with caring(store):
            os.write(writer, b"held")
            os.kill(os.getpid(), 9)
    assert os.read(reader, 4) == b"held"
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)
    with caring(store):
        pass


def test_labelling_and_compacting_at_once_undo_nothing(store):
    """Each change of a manifest is made on what the other has left."""
    runs = [keep(store, [row(0)], [row(1)], [row(2)], run_id=f"r{n}") for n in range(12)]
    labels = threading.Thread(
        target=lambda: [label_run(store, run.id, {str(i): "x"}) for i in range(5) for run in runs]
    )
    labels.start()
    for run in runs:
        compact_run(store, run)
    labels.join()

    assert [len(read_run(store, run.id).parts) for run in runs] == [1] * 12
    assert [len(read_run(store, run.id).labels) for run in runs] == [5] * 12
    assert is_well(store)
