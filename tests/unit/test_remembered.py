"""What was imported, and how far a log was followed, is known after `store rebuild` too."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from slogate import keeping
from slogate.errors import SourceError, UsageError
from slogate.follow.follower import follow
from slogate.follow.journal import Wish
from slogate.ingest import Imported, import_files
from slogate.model.run import Run
from slogate.store.compact import compact_run
from slogate.store.layout import Store, open_store
from slogate.store.locks import caring
from slogate.store.manifest import delete_run, list_runs, read_run
from slogate.store.reading import parts_of
from slogate.store.rebuild import NOTE, rebuild
from slogate.store.rollup import roll_up
from slogate.store.strays import QUIET_S

NOW = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * 1_000_000
BEGAN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def written(folder: Path, first: int, last: int) -> Path:
    """A log to which lines were added; the number of bytes tells which they are."""
    path = folder / "access.log"
    with path.open("a") as file:
        for number in range(first, last):
            when = (BEGAN + timedelta(seconds=number)).strftime("%d/%b/%Y:%H:%M:%S +0000")
            file.write(f'10.0.0.1 - - [{when}] "GET /a HTTP/1.1" 200 {number} "-" "c" 0.125\n')
    return path


def taken(store: Store, path: Path) -> Imported:
    """The import of a log, of a host."""
    return import_files(
        store, [(path.name, path)], service="shop", now_ts=NOW, kind="production",
        labels={"host": "a"}, commit="c0ffee",
    )  # fmt: skip


def followed(store: Store, path: Path) -> Run:
    """The run in which a log is followed."""
    found = follow(
        store, Wish(path=path, service="shop"), now_ts=lambda: NOW, wait=lambda _s: True,
        tell=lambda _line: None,
    )  # fmt: skip
    assert found.run is not None
    return read_run(store, found.run.id)


def rebuilt(store: Store, run: Run | None) -> Run:
    """The run after its manifest was lost, or never written, an hour ago."""
    if run is not None:
        (store.runs / f"{run.id}.json").unlink()
    now_s = NOW / 1_000_000
    for path in store.root.rglob("*.parquet"):
        os.utime(path, (now_s - QUIET_S, now_s - QUIET_S))
    [again] = rebuild(store, now_s=now_s).runs
    return again


def numbers(store: Store) -> list[int]:
    """The lines that are stored."""
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    return sorted(
        n for part in parts for n in pq.read_table(part, partitioning=None)["bytes"].to_pylist()
    )


def test_a_log_that_grows_is_known_after_a_rebuild(store, tmp_path):
    """Where it came from, whose it is, and what it held; but not that all was well."""
    run = taken(store, written(tmp_path, 0, 40)).run
    again = rebuilt(store, run)

    assert (again.state, again.note) == ("incomplete", NOTE)
    assert (again.source, again.origin, again.contents) == (run.source, run.origin, run.contents)
    assert (again.labels, again.commit) == ({"host": "a"}, "c0ffee")
    same = taken(store, written(tmp_path, 0, 0))
    assert (same.new, len(same.notes)) == (False, 1)
    assert same.notes[0].endswith(f"delete it and import again: slogate runs delete {run.id}")
    assert taken(store, written(tmp_path, 40, 60)).requests == 20
    assert numbers(store) == [*range(60)]


def test_a_log_that_was_rolled_up_is_known_after_a_rebuild(store, tmp_path):
    """Rollups remember what the manifest said."""
    log = written(tmp_path, 0, 40)
    run = taken(store, log).run
    with caring(store):
        roll_up(store, run, [100_000])

    assert rebuilt(store, read_run(store, run.id)).contents == run.contents
    assert taken(store, log).new is False


def test_a_log_is_followed_on_after_a_rebuild(store, tmp_path):
    """From where it was, also where its parts were merged."""
    log = written(tmp_path, 0, 20)
    followed(store, log)
    written(tmp_path, 20, 40)
    run = followed(store, log)
    with caring(store):
        assert compact_run(store, run) is not None
    assert rebuilt(store, run).origin == run.origin
    written(tmp_path, 40, 50)
    followed(store, log)
    assert numbers(store) == [*range(50)]

    rebuilt(store, read_run(store, run.id))
    written(tmp_path, 50, 60)
    followed(store, log)
    assert numbers(store) == [*range(60)]


def test_what_is_not_all_there_is_not_remembered(store, tmp_path):
    """Of a log that was followed a part is lost: nobody knows where to go on."""
    log = written(tmp_path, 0, 20)
    followed(store, log)
    written(tmp_path, 20, 40)
    run = followed(store, log)
    (store.root / run.parts[0]).unlink()
    assert not rebuilt(store, run).origin

    with pytest.raises(SourceError, match="does not say how far its log was read") as caught:
        followed(store, log)
    assert caught.value.hint.endswith(f"slogate runs delete {run.id}")


def test_an_import_that_died_is_not_taken_for_whole(store, tmp_path, monkeypatch):
    """What it had written is made a run; it goes before the same files are imported again."""
    real = keeping.write_part

    def dies(*words, sequence, **more):
        if sequence:
            raise MemoryError
        return real(*words, sequence=sequence, **more)

    monkeypatch.setattr(keeping, "PART_ROWS", 1)
    monkeypatch.setattr(keeping, "write_part", dies)
    monkeypatch.setattr(keeping, "withdraw", lambda *_words: None)
    later = tmp_path / "later"
    later.mkdir()
    files = [("a.log", written(tmp_path, 0, 40)), ("b.log", written(later, 40, 60))]
    told = {"service": "shop", "now_ts": NOW, "kind": "production"}
    with pytest.raises(MemoryError):
        import_files(store, files, **told)
    monkeypatch.undo()
    run = rebuilt(store, None)
    assert (run.origin, run.contents, run.rows.written) == ({}, {}, 40)

    with pytest.raises(UsageError, match=f"a run '{run.id}' already") as caught:
        import_files(store, files, **told)
    assert caught.value.hint == f"delete it, if it is not whole: slogate runs delete {run.id}"
    delete_run(store, run.id)
    assert import_files(store, files, **told).requests == 60
