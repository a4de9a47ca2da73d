"""A log that is followed and imported: each line once, whoever was first."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from slogate.errors import SourceError
from slogate.follow.follower import follow
from slogate.follow.journal import Wish
from slogate.ingest import Imported, import_files
from slogate.store.layout import Store, open_store
from slogate.store.manifest import delete_run, list_runs
from slogate.store.reading import parts_of

NOW = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


@pytest.fixture
def log(tmp_path) -> Path:
    """A log of forty lines."""
    path = tmp_path / "access.log"
    append(path, 0, 40)
    return path


def append(path: Path, first: int, last: int) -> None:
    """A line of nginx for each number, which is its bytes."""
    with path.open("a") as file:
        for number in range(first, last):
            file.write(
                f"10.0.0.1 - - [26/Nov/2026:10:{number // 60 % 60:02}:{number % 60:02} +0000] "
                f'"GET /a HTTP/1.1" 200 {number} "-" "x" 0.100\n'
            )


def followed(store: Store, path: Path) -> tuple[int, list[str]]:
    """How many requests were taken in by following what is there, and what was told."""
    told: list[str] = []
    found = follow(
        store, Wish(path=path, service="shop"), now_ts=lambda: NOW, wait=lambda _s: True,
        tell=told.append,
    )  # fmt: skip
    return found.requests, told


def taken(store: Store, path: Path) -> Imported:
    """The import of a file."""
    return import_files(store, [(path.name, path)], service="shop", now_ts=NOW, kind="production")


def numbers(store: Store) -> list[int]:
    """The lines that are stored."""
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    return sorted(
        n for part in parts for n in pq.read_table(part, partitioning=None)["bytes"].to_pylist()
    )


def test_following_begins_behind_what_was_imported(store, log):
    """It says so, and goes on from there, also when it is started again."""
    run = taken(store, log).run

    assert followed(store, log) == (0, [f"{log} is imported as {run.id} up to line 40"])
    append(log, 40, 60)
    assert followed(store, log)[0] == 20
    append(log, 60, 70)
    assert followed(store, log) == (10, [])
    assert numbers(store) == [*range(70)]


def test_a_file_begun_since_may_be_imported_before_it_is_followed(store, log):
    """Each file of a rotation is asked for, not only the first."""
    followed(store, log)
    log.rename(log.with_name("access.log.1"))
    append(log, 40, 60)
    taken(store, log)
    append(log, 60, 70)

    assert followed(store, log)[0] == 10
    assert numbers(store) == [*range(70)]


@pytest.mark.parametrize("lines", [1, 40])
def test_what_is_followed_is_not_imported(store, tmp_path, lines):
    """Not even one line of it, nor when more has come; who follows it takes that in."""
    log = tmp_path / "access.log"
    append(log, 0, lines)
    followed(store, log)
    append(log, lines, 50)

    with pytest.raises(SourceError, match=f"is followed: run .* up to line {lines},") as caught:
        taken(store, log)

    assert f"slogate import --follow {log};" in caught.value.hint
    assert numbers(store) == [*range(lines)]


def test_what_was_followed_before_a_rotation_is_not_imported(store, log):
    """Its rows are there, whatever it is called and however it is compressed."""
    followed(store, log)
    old = log.rename(log.with_name("access.log.1"))
    append(log, 40, 80)
    followed(store, log)
    packed = old.with_suffix(".1.gz")
    packed.write_bytes(gzip.compress(old.read_bytes()))
    for path in (old, packed):
        with pytest.raises(SourceError, match=r"run follow-.* has already"):
            taken(store, path)

    assert numbers(store) == [*range(80)]


def test_a_log_of_which_a_slice_was_imported_is_not_followed(store, log, tmp_path):
    """Where following is to begin is not known: the run goes, or it is not followed."""
    part = tmp_path / "part.log"
    append(part, 15, 30)
    run = taken(store, part).run
    with pytest.raises(SourceError, match=f"{log} holds requests that run {run.id}"):
        followed(store, log)
    assert numbers(store) == [*range(15, 30)]

    delete_run(store, run.id)
    assert followed(store, log)[0] == 40


def test_a_copy_of_a_followed_log_is_not_followed(store, log, tmp_path):
    """It would be another following, of the same requests."""
    followed(store, log)
    copy = tmp_path / "copy.log"
    append(copy, 0, 60)

    with pytest.raises(SourceError, match=r"run follow-.* has already"):
        followed(store, copy)
    assert numbers(store) == [*range(40)]


def test_an_import_that_ended_within_a_line_is_to_be_finished_first(store, log):
    """The import knows what became of that line."""
    whole = log.read_text()
    log.write_text(whole[:-9])
    taken(store, log)
    log.write_text(whole)
    append(log, 40, 50)
    with pytest.raises(SourceError, match="up to the middle of its line 40") as caught:
        followed(store, log)
    assert "import it once more" in caught.value.hint

    taken(store, log)
    append(log, 50, 60)
    assert followed(store, log)[0] == 10
    assert numbers(store) == [*range(60)]


def test_a_last_line_whose_end_came_later_is_whole(store, log):
    """It was taken in by the import."""
    whole = log.read_text()
    log.write_text(whole.removesuffix("\n"))
    taken(store, log)
    log.write_text(whole)
    append(log, 40, 50)

    assert followed(store, log)[0] == 10
    assert numbers(store) == [*range(50)]


def test_what_lies_between_imports_is_not_passed_over(store, log, tmp_path):
    """A run in between was deleted: what is behind it is held still."""
    first, second = taken(store, log).run, None
    append(log, 40, 60)
    second = taken(store, log).run
    delete_run(store, first.id)

    with pytest.raises(SourceError, match=f"holds requests that {second.id} has already"):
        followed(store, log)
