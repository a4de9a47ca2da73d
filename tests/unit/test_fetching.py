"""Importing from servers: what is covered, what is left, and what stays when it ends badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay import START_S, Replay, counter, serving

from slogate import fetching
from slogate.errors import SourceError, StoreError, UsageError
from slogate.fetching import Wish, import_url
from slogate.ingest import Imported
from slogate.store.layout import Store, open_store
from slogate.store.manifest import list_runs
from slogate.store.reading import parts_of
from slogate.store.rebuild import rebuild
from slogate.store.strays import QUIET_S

COUNT = 10
SCRAPES = 1_000
REFUSAL = (400, {}, b'{"status": "error", "error": "out of order"}')


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    """A server with two counters, one of which begins anew."""
    one = counter(*range(SCRAPES), job="a", handler="/a", code="200")
    two = counter(*[n % 600 for n in range(SCRAPES)], job="a", handler="/b", code="500")
    with serving(Replay([one, two])) as running:
        yield running


WHOLE = (0, SCRAPES * 15)
TOTAL = 2 * (SCRAPES - 1) - 1  # at the reset one series shows 0


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def fetch(
    store: Store, replay: Replay, span: tuple[int, int] = WHOLE, *, options: Any = None,
    **wish: Any,
) -> Imported:  # fmt: skip
    """Import a span, in seconds after the first scrape."""
    given_options = {
        "query": "requests_total", "from": f"{START_S + span[0]}", "to": f"{START_S + span[1]}",
        **(options or {}),
    }  # fmt: skip
    given_wish = Wish(url=replay.url, options=given_options, **{"service": "shop", **wish})
    return import_url(store, given_wish, environment={}, now_ts=1)


def total(store: Store, **only: Any) -> int:
    """How many requests the store holds."""
    runs = list_runs(store, **only)
    parts = [pq.read_table(p, partitioning=None) for run in runs for p in parts_of(store, run)]
    return sum(pa.concat_tables(parts)["count"].to_pylist()) if parts else 0


def left(store: Store) -> list[str]:
    """All parts and manifests that lie in the store."""
    paths = [
        *store.root.rglob("*.parquet"),
        *store.root.rglob("*.json"),
        *store.root.rglob("*.tmp"),
    ]
    return sorted(path.name for path in paths)


def test_a_run_says_what_it_covers(store, replay):
    """The manifest names address, query and span, and how it was read."""
    done = fetch(store, replay, (0, 600), options={"step": "5m"}, labels={"az": "1"}, commit="c0")

    [run] = list_runs(store)
    assert run == done.run
    assert dict(run.origin) == {
        "url": replay.url, "query": "requests_total", "--option step": "5m",
        "covers": "2025-11-24T16:00:00.000+00:00/2025-11-24T16:10:00.000+00:00",
    }  # fmt: skip
    assert (run.state, run.kind, run.source, run.commit) == (
        "complete", "production", "prometheus", "c0"
    )  # fmt: skip
    assert (done.requests, total(store), run.rows.lost) == (80, 80, 0)
    assert (run.start_ts, run.end_ts) == (START_S * 1_000_000, (START_S + 600) * 1_000_000)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(-99, WHOLE[1]), st.integers(1, 6_000)), max_size=4))
def test_spans_may_overlap_and_nothing_is_counted_twice(tmp_path_factory, replay, spans):
    """Whatever was imported before, the whole adds the rest, and again it adds nothing."""
    store = open_store(tmp_path_factory.mktemp("s") / "store", create=True)
    for start, length in spans:
        try:
            fetch(store, replay, (start, start + length))
        except SourceError as error:
            assert "no requests were counted" in error.message  # noqa: PT017
    fetch(store, replay)

    again = fetch(store, replay)
    assert (total(store), again.new, again.requests) == (TOTAL, False, 0)


def test_halves_are_the_whole(tmp_path, replay):
    """Two spans that meet at the end of a step give the rows that one span of both gives."""
    halves, whole = (open_store(tmp_path / name, create=True) for name in ("halves", "whole"))
    fetch(halves, replay, (0, 6_000))
    fetch(halves, replay, (6_000, WHOLE[1]))
    fetch(whole, replay)

    def rows(store: Store) -> list[tuple[Any, ...]]:
        parts = [pq.read_table(p, partitioning=None)
                 for run in list_runs(store) for p in parts_of(store, run)]  # fmt: skip
        return sorted(map(str, pa.concat_tables(parts).to_pylist()))

    assert rows(halves) == rows(whole)


def test_how_it_is_read_makes_no_new_series(store, replay):
    """With other options, a moment that is there would be counted twice: it is skipped."""
    first = fetch(store, replay, (0, 6_000))
    second = fetch(store, replay, (0, 9_000), options={"drop": "job", "step": "5m"})

    assert total(store) == first.requests + second.requests == 1_200 - 1
    assert list(second.skipped.values()) == [f"already imported as {first.run.id}"]
    [told] = second.skipped
    assert told == "what was scraped from 2025-11-24 16:00:00 to 2025-11-24 17:40:00 UTC"


def test_another_service_or_query_is_another_series(store, replay):
    """Nothing is shared between them."""
    fetch(store, replay)
    fetch(store, replay, service="other")
    fetch(store, replay, options={"query": 'requests_total{job="a"}'})

    assert (total(store), total(store, service="other")) == (3 * TOTAL, TOTAL)


def test_a_load_run_stands_for_itself(store, replay):
    """It is read whole whatever other runs hold; the same span again is the same run."""
    first = fetch(store, replay, (0, 900), kind="load")
    wider = fetch(store, replay, (0, 1_800), kind="load")
    again = fetch(store, replay, (0, 900), kind="load")

    assert (first.requests, wider.requests) == (120, 240)
    assert (again.new, again.run.id) == (False, first.run.id)


def test_many_imports_are_told_in_one_sentence(store, replay):
    """As of a job that imports each hour; a gap between them makes it two."""
    spans = [(0, 1_500), (1_500, 3_000), (3_000, 4_500), (6_000, 7_500)]
    runs = [fetch(store, replay, span).run.id for span in spans]

    told = fetch(store, replay).skipped

    assert list(told.values()) == [
        f"already imported as 3 runs, the last of them {runs[2]}",
        f"already imported as {runs[3]}",
    ]
    assert total(store) == TOTAL


def test_a_long_import_is_several_runs(store, replay, monkeypatch):
    """Each of which covers what it holds, one after the other."""
    monkeypatch.setattr(fetching, "RUN_ROWS", COUNT)

    done = fetch(store, replay)

    covers = sorted(run.origin["covers"].split("/") for run in list_runs(store))
    assert len(covers) > 2
    assert [end for _, end in covers[:-1]] == [start for start, _ in covers[1:]]
    assert f"stored as {len(covers)} runs" in done.notes[-1]
    assert (done.requests, total(store)) == (TOTAL, TOTAL)


@pytest.mark.parametrize("most", [COUNT, fetching.RUN_ROWS])
def test_an_import_that_failed_goes_on_where_it_ended(store, replay, monkeypatch, most):
    """What was answered before stays, and is not read again."""
    monkeypatch.setattr(fetching, "RUN_ROWS", most)
    answers = iter([None] * 4 + [REFUSAL])
    monkeypatch.setattr(replay, "before", lambda: next(answers))

    with pytest.raises(SourceError, match="out of order") as caught:
        fetch(store, replay)

    assert "is imported: call it again" in (caught.value.hint or "")
    before = total(store)
    assert 0 < before < TOTAL
    monkeypatch.setattr(replay, "before", lambda: None)
    assert fetch(store, replay).requests == TOTAL - before
    assert total(store) == TOTAL


def test_a_load_run_that_failed_leaves_nothing(store, replay, monkeypatch):
    """A part of a load test is no load test."""
    monkeypatch.setattr(fetching, "RUN_ROWS", COUNT)
    answers = iter([None] * 4 + [REFUSAL])
    monkeypatch.setattr(replay, "before", lambda: next(answers))

    with pytest.raises(SourceError):
        fetch(store, replay, kind="load")

    assert left(store) == []


def test_a_killed_import_leaves_nothing_half(tmp_path, replay, monkeypatch):
    """What it had not named is no part of the store, and the next import counts it once."""
    reached, dead = threading.Event(), threading.Event()
    asked = iter(range(100))

    def before() -> None:
        if next(asked) == 4:
            reached.set()
            dead.wait(30)

    monkeypatch.setattr(replay, "before", before)
    words = ["--from", str(START_S), "--to", str(START_S + WHOLE[1]), "--service", "shop"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "slogate", "import", replay.url,
         "--query", "requests_total", *words], cwd=tmp_path,
    )  # fmt: skip
    try:
        assert reached.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    finally:
        dead.set()
    store = open_store(tmp_path / ".slogate")

    assert list_runs(store) == []
    monkeypatch.setattr(replay, "before", lambda: None)
    assert fetch(store, replay).requests == total(store) == TOTAL


def test_two_at_once_are_refused(store, replay, monkeypatch):
    """Both would find the same span missing."""

    def inner() -> None:
        monkeypatch.setattr(replay, "before", lambda: None)
        with pytest.raises(StoreError, match="are being imported into this store already"):
            fetch(store, replay)

    monkeypatch.setattr(replay, "before", inner)

    assert fetch(store, replay).requests == TOTAL


def test_what_was_fetched_is_known_after_a_rebuild(store, replay):
    """A manifest that was lost makes no span missing."""
    run = fetch(store, replay, (0, 600)).run
    (store.runs / f"{run.id}.json").unlink()
    for path in store.root.rglob("*.parquet"):
        os.utime(path, (1, 1))
    [again] = rebuild(store, now_s=1 + QUIET_S).runs
    assert again.origin == run.origin

    assert fetch(store, replay, (0, 600)).new is False
    fetch(store, replay, (300, 900))
    assert total(store) == 120


def test_bad_scrapes_are_judged(store):
    """Over the allowed share nothing is stored; below it they are told."""
    odd = counter(0, 1, "NaN", 3, "NaN", 5, handler="/a")
    with serving(Replay([odd])) as running:
        with pytest.raises(SourceError, match=r"2 of 5 rows are bad") as caught:
            fetch(store, running, options={"step": "scrape"})
        assert left(store) == []
        done = fetch(store, running, options={"step": "scrape"}, max_bad=Fraction(1, 2))

    assert 'requests_total{handler="/a"}: its value is NaN' in caught.value.message
    assert (done.requests, done.bad) == (5, {"its value is NaN": 2})
    assert done.run.note == "2 bad rows were not kept"


def test_only_bad_scrapes_are_an_error(store):
    """There is nothing to store."""
    refused = pytest.raises(SourceError, match="2 of 2 rows are bad")
    with serving(Replay([counter("NaN", "NaN")])) as running, refused:
        fetch(store, running, max_bad=Fraction(1))


def test_an_idle_service_is_told(store):
    """No requests are no run; what was left out is said."""
    refused = pytest.raises(SourceError, match="no requests were counted from 2025")
    with serving(Replay([counter(7, 7, 7)])) as running, refused as caught:
        fetch(store, running, (-60, 60))

    assert "left out: 7 requests that their series had counted already" in caught.value.message
    assert left(store) == []


def test_a_run_that_does_not_say_what_it_covers(store, replay, monkeypatch):
    """Is damaged, and no guess is made."""
    run = fetch(store, replay, (0, 60)).run
    path = store.runs / f"{run.id}.json"
    path.write_text(path.read_text().replace("2025-11-24T16:00:00.000+00:00/", "x/"))

    with pytest.raises(StoreError, match=f"run {run.id} does not say what it covers"):
        fetch(store, replay)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"format": "jmeter-csv"}, "format jmeter-csv reads files, not servers"),
        ({"format": "promethus"}, "there is no 'promethus' among the sources"),
        ({"options": {"quary": "x"}}, "format prometheus has no option 'quary'"),
    ],
)
def test_wrong_wishes_are_refused(store, replay, wish, told):
    """Before anything is asked."""
    asked = len(replay.asked)
    with pytest.raises(UsageError, match=told):
        fetch(store, replay, **wish)

    assert len(replay.asked) == asked
