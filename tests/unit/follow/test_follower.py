"""Following a log into the store, with deaths at the worst moments and a clock that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from slogate.errors import SourceError
from slogate.follow import follower
from slogate.follow.follower import Followed, follow
from slogate.follow.journal import Wish
from slogate.store.compact import compact_run
from slogate.store.layout import Store, open_store
from slogate.store.locks import caring
from slogate.store.manifest import list_runs, read_run
from slogate.store.parts import write_part
from slogate.store.reading import parts_of

NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000


class Killed(BaseException):
    """What ends a process without giving it time for anything."""


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


@pytest.fixture
def log(tmp_path) -> Path:
    """A log with ten lines."""
    path = tmp_path / "access.log"
    _append(path, range(10))
    return path


def _append(log: Path, numbers: range) -> None:
    """A line of nginx for each number, which is its bytes."""
    with log.open("a") as file:
        for number in numbers:
            file.write(
                f'10.0.0.1 - - [26/Nov/2026:10:00:{number % 60:02d} +0000] "GET /a HTTP/1.1" 200 '
                f'{number} "-" "x" 0.100\n'
            )


def _follow(store: Store, log: Path, now_ts: int = NOON) -> Followed:
    """Take in what is there."""
    return follow(
        store, Wish(path=log, service="shop"), now_ts=lambda: now_ts, wait=lambda _s: True,
        tell=lambda _line: None,
    )  # fmt: skip


def _numbers(store: Store) -> list[int]:
    """The lines that whoever reads the store finds in it."""
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    return sorted(
        n for part in parts for n in pq.read_table(part, partitioning=None)["bytes"].to_pylist()
    )


def _die_before_naming(store: Store, log: Path, monkeypatch, now_ts: int = NOON) -> None:
    """Follow until a part is written, and die before any manifest names it."""

    def die(*_words: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(follower, "keep", die)
        patch.setattr(follower, "withdraw", lambda *_words: None)
        patch.setattr(follower, "close", lambda *_words: None)
        with pytest.raises(Killed):
            _follow(store, log, now_ts)


@pytest.mark.parametrize("before", [0, 10])
def test_a_follower_goes_on_after_it_died_at_the_first_part_of_a_day(
    store, log, monkeypatch, before
):
    """What it wrote is named by nobody: it is taken away, and the lines are read again."""
    if before:
        _follow(store, log, NOON - DAY)
        _append(log, range(10, 20))
    _die_before_naming(store, log, monkeypatch)

    assert _follow(store, log).requests == 10
    assert _numbers(store) == [*range(10 + before)]


def test_a_follower_goes_on_after_it_died_within_a_day(store, log, monkeypatch):
    """The part that it did not come to name is taken away."""
    _follow(store, log)
    _append(log, range(10, 20))
    _die_before_naming(store, log, monkeypatch)
    _append(log, range(20, 30))

    _follow(store, log)

    assert _numbers(store) == [*range(30)]


def test_a_compaction_that_died_does_not_count_twice_when_the_day_goes_on(store, log):
    """Its part is in the folder and no manifest names it; nobody reads it then either."""
    run = _follow(store, log).run
    named = store.root / run.parts[0]
    rows = pq.read_table(named, partitioning=None)
    write_part(
        store, run.id, run.service, run.kind, rows, sequence=1, worker=None, series="requests"
    )
    _append(log, range(10, 20))

    seen: list[list[int]] = []
    follow(
        store, Wish(path=log, service="shop"), now_ts=lambda: NOON, tell=lambda _line: None,
        wait=lambda _s: bool(seen.append(_numbers(store)) or True),
    )  # fmt: skip

    assert seen == [[*range(20)]]
    assert _numbers(store) == [*range(20)]


def test_a_day_that_was_compacted_goes_on(store, log):
    """New parts get other names than those that were merged."""
    for end in (10, 20, 30):
        _append(log, range(end, end + 10))
        _follow(store, log)
    with caring(store):
        compact_run(store, list_runs(store)[0])
    _append(log, range(40, 50))

    _follow(store, log)

    assert _numbers(store) == [*range(50)]


def test_a_clock_that_is_set_back_over_midnight_loses_nothing(store, log):
    """The last day goes on, and the one before stays as it is."""
    _follow(store, log)
    _append(log, range(10, 20))
    second = _follow(store, log, NOON + DAY).run
    _append(log, range(20, 30))

    third = _follow(store, log).run

    assert third.id == second.id
    assert _numbers(store) == [*range(30)]
    assert len(list_runs(store)) == 2


def test_a_log_that_was_followed_may_be_missing_for_a_moment(store, log):
    """Between two steps of a rotation; one that was never there is a mistake."""
    _follow(store, log)
    log.rename(f"{log}.1")
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        if not waited:
            _append(log, range(10, 20))
        waited.append(seconds)
        return len(waited) > 2

    follow(
        store, Wish(path=log, service="shop"), now_ts=lambda: NOON, wait=wait,
        tell=lambda _line: None,
    )  # fmt: skip

    assert _numbers(store) == [*range(20)]
    with pytest.raises(SourceError, match="there is no file"):
        _follow(store, log.with_name("other.log"))


def test_a_format_that_is_said_wins(store, log):
    """Over the one that was recognised when the following began."""
    _follow(store, log)
    _append(log, range(10, 20))

    with pytest.raises(SourceError):
        follow(
            store, Wish(path=log, service="shop", format="k6-json"), now_ts=lambda: NOON,
            wait=lambda _s: True, tell=lambda _line: None,
        )  # fmt: skip
    assert _follow(store, log).requests == 10
    assert _numbers(store) == [*range(20)]


def test_a_day_tells_of_its_own_bad_lines_only(store, log):
    """Yesterday's are in yesterday's run."""
    with log.open("a") as file:
        file.write("rubbish\n")
    first = _follow(store, log).run
    _append(log, range(10, 20))

    second = _follow(store, log, NOON + DAY).run

    assert read_run(store, first.id).rows.unreadable == 1
    assert read_run(store, second.id).rows.unreadable == 0
    assert second.note is None
