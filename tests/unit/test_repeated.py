"""Production that the series have already, row for row: it is refused, whatever holds it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreign import good, jtl

from slogate.errors import SourceError
from slogate.ingest import Imported, import_files
from slogate.repeated import refuse_repeated, same
from slogate.store.alike import Alike, alike, sparing
from slogate.store.layout import Store, open_store
from slogate.store.manifest import delete_run, list_runs

NOW = 1_764_100_000_000_000
BEGAN = datetime(2026, 11, 24, tzinfo=UTC)
RATE = 10


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def log(first: int, last: int, *, host: int = 1, timed: bool = True) -> str:
    """Lines of a host's access log, ten a second, some of which are alike."""
    chance, lines = random.Random(host), []
    for number in range(last):
        when = (BEGAN + timedelta(seconds=number // RATE)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        path, size = chance.choice(["/", "/cart", "/health"]), chance.choice([7, 120, 5_000])
        time = f" {chance.lognormvariate(-3, 1):.3f}" if timed else ""
        lines.append(f'10.0.0.1 - - [{when}] "GET {path} HTTP/1.1" 200 {size} "-" "c"{time}\n')
    return "".join(lines[first:])


def taken(store: Store, folder: Path, text: str, name: str, **more) -> Imported:
    """The import of such a log."""
    (folder / name).write_text(text, newline="")
    told = {"service": "shop", "now_ts": NOW, "kind": "production", **more}
    return import_files(store, [(name, folder / name)], **told)


@pytest.mark.parametrize(
    ("there", "comes"),
    [
        pytest.param(log(0, 200), log(150, 199), id="nearly the end of it"),
        pytest.param(log(0, 200), log(60, 90), id="some of its middle"),
        pytest.param(log(0, 120), log(80, 200), id="slices that overlap"),
        pytest.param(log(150, 199), log(0, 200), id="the whole after nearly its end"),
        pytest.param(log(0, 200), log(90, 200).replace("\n", "\r\n"), id="other ends of lines"),
        pytest.param(log(0, 200, timed=False), log(90, 199, timed=False), id="nothing is timed"),
        pytest.param(
            jtl(*[good(900 * n) for n in range(60)]),
            jtl(*[good(900 * n) for n in range(30, 60)]),
            id="a header of its own",
        ),
    ],
)
def test_what_the_series_have_row_for_row_is_refused(store, tmp_path, there, comes):
    """However it was cut; nothing of it stays, and a label makes it other traffic."""
    first = taken(store, tmp_path, there, "there.log")
    parts = sorted(store.root.rglob("*.parquet"))

    with pytest.raises(SourceError, match=f"run {first.run.id} has already") as caught:
        taken(store, tmp_path, comes, "comes.log")

    assert f"slogate runs delete {first.run.id}" in caught.value.hint
    assert sorted(store.root.rglob("*.parquet")) == parts
    assert taken(store, tmp_path, comes, "comes.log", labels={"host": "b"}).new


@pytest.mark.parametrize(
    ("there", "comes"),
    [
        pytest.param(log(0, 200), log(200, 400), id="what comes after"),
        pytest.param(log(0, 200), log(0, 200, host=2), id="another host"),
        pytest.param(
            log(0, 400, timed=False), log(0, 400, host=2, timed=False), id="a host without times"
        ),
        pytest.param(
            log(0, 400, timed=False), log(0, 60, host=2, timed=False), id="a host of few requests"
        ),
    ],
)
def test_what_is_alike_by_chance_is_taken(store, tmp_path, there, comes):
    """Some rows of two hosts are alike; a note tells that both cover the time."""
    taken(store, tmp_path, there, "there.log")

    assert taken(store, tmp_path, comes, "comes.log").requests == comes.count("\n")


def test_rows_that_say_too_little_prove_nothing(store, tmp_path):
    """Two hosts are asked for their health at the same seconds."""
    line = 'kube-probe - - [{}] "GET /health HTTP/1.1" 200 2 "-" "probe{}"\n'
    hosts = [
        "".join(line.format(f"24/Nov/2026:00:{m:02}:05 +0000", host) for m in range(40))
        for host in (1, 2)
    ]

    assert [taken(store, tmp_path, h, f"{n}.log").requests for n, h in enumerate(hosts)] == [40, 40]


def counter(first: int, last: int, start: int = 0) -> str:
    """Points of a cumulative histogram, one a minute, as OTLP/JSON."""
    base, minute = 1_764_000_000_000_000_000, 60_000_000_000
    points = [
        {
            "startTimeUnixNano": str(base + start), "timeUnixNano": str(base + n * minute),
            "count": str(7 * n), "sum": n / 2, "bucketCounts": [str(5 * n), str(2 * n)],
            "explicitBounds": [0.1], "attributes": [
                {"key": "http.route", "value": {"stringValue": "/"}},
                {"key": "http.response.status_code", "value": {"intValue": "200"}},
            ],
        }
        for n in range(first, last)
    ]  # fmt: skip
    histogram = {"aggregationTemporality": 2, "dataPoints": points}
    metric = {"name": "http.server.request.duration", "unit": "s", "histogram": histogram}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}) + "\n"


def test_a_counter_is_not_counted_from_its_start_again(store, tmp_path):
    """The first point of a later file has all that the earlier one has; of a restart it has not."""
    first = taken(store, tmp_path, counter(1, 20), "a.json")
    later = counter(20, 40)
    with pytest.raises(SourceError, match=f"from which run {first.run.id} has counted") as caught:
        taken(store, tmp_path, later, "b.json")
    assert "--option first=skip" in caught.value.hint

    skipped = taken(store, tmp_path, later, "b.json", options={"first": "skip"})
    restarted = taken(store, tmp_path, counter(1, 5, start=50_000_000_000), "c.json")
    assert (first.requests, skipped.requests, restarted.requests) == (7 * 19, 7 * 19, 7 * 4)


def found(**told) -> Alike:
    """What was counted of two runs; all of them alike if nothing is said."""
    return Alike(
        **{"one": 100, "other": 100, "both": 100, "kinds": 90, "moved": 3, "every": 1, **told}
    )


@pytest.mark.parametrize(
    ("told", "is_same"),
    [
        pytest.param({}, True, id="all are"),
        pytest.param({"both": 9, "one": 9, "other": 9, "moved": 0}, False, id="nine rows"),
        pytest.param({"kinds": 4}, False, id="four kinds of rows"),
        pytest.param({"moved": 100}, True, id="all are, at every second"),
        pytest.param({"one": 120, "moved": 100}, False, id="within what is there at every second"),
        pytest.param({"both": 75, "moved": 70}, False, id="little more than when moved"),
        pytest.param({"one": 1_000, "other": 1_000, "both": 500}, True, id="half of them"),
        pytest.param({"one": 1_000, "other": 1_000, "both": 150}, False, id="a seventh of them"),
    ],
)
def test_more_must_be_alike_than_chance_makes(told, is_same):
    """By far, and of several kinds."""
    assert same(found(**told), exactly=True) is is_same


def test_steps_of_histograms_are_alike_by_more_than_being_full(store):
    """Two hosts that are asked alike in every step are two hosts."""
    assert not same(found(moved=100), exactly=False)


def test_a_part_of_the_time_is_looked_at_where_there_is_much(store, tmp_path, monkeypatch):
    """The same part of both, so that what they share is found in it."""
    monkeypatch.setattr("slogate.store.alike.LOOKED_AT", 500)
    for name, text in {"a.log": log(0, 2_000), "b.log": log(0, 2_000, host=2)}.items():
        taken(store, tmp_path, text, name)
    a, b = list_runs(store)

    both = alike(store, a, b, "requests")
    assert both is not None
    assert both.every == 4
    assert 480 <= both.one < 700
    assert not same(both, exactly=True)
    again = alike(store, a, a, "requests")
    assert again is not None
    assert again.one == again.other == again.both
    assert alike(store, a, b, "histograms") is None


def test_who_is_surely_another_host_is_not_asked_again(store, tmp_path):
    """Following looks at each piece of a long log; little that is not alike says nothing."""
    runs = [
        taken(store, tmp_path, log(0, last, host=host, timed=False), f"{host}.log").run
        for host, last in ((1, 1_100), (2, 1_200), (3, 100))
    ]

    assert refuse_repeated(store, runs[0], runs[1:]) == {runs[1].id}


def test_of_many_hosts_the_one_that_has_it_already_is_found(store, tmp_path, monkeypatch):
    """Those that have little of it are not asked each for itself, but if they are large."""
    for host in range(1, 9):
        told = {"labels": {"host": str(host)}}
        taken(store, tmp_path, log(0, 60, host=host), f"{host}.log", **told)
    hosts = list_runs(store)
    asked: list[str] = []

    def noted(store, run, other, series):
        asked.append(other.id)
        return alike(store, run, other, series)

    monkeypatch.setattr("slogate.repeated.alike", noted)
    with pytest.raises(SourceError, match="holds requests that run") as caught:
        taken(store, tmp_path, log(30, 60, host=4), "again.log")
    has = next(run for run in hosts if "4.log" in run.origin)
    assert f"run {has.id} has already" in caught.value.message
    assert set(asked) == {has.id}

    large = next(run for run in hosts if "1.log" in run.origin)
    monkeypatch.setattr("slogate.repeated.LOOKED_AT", 10)
    asked.clear()
    refuse_repeated(store, has, [run for run in hosts if run.id != has.id])
    assert large.id in asked


def test_what_was_deleted_meanwhile_is_no_reason(store, tmp_path):
    """A run that was there when the import began, and is not when it ends."""
    first = taken(store, tmp_path, log(0, 60), "first.log").run
    second = taken(store, tmp_path, log(0, 60), "second.log", labels={"host": "b"}).run
    delete_run(store, first.id)

    assert refuse_repeated(store, second, [first]) == set()


def test_what_needs_much_memory_is_laid_aside_in_no_folder_of_ours(tmp_path, monkeypatch):
    """Not where somebody happens to be, who may not be allowed to write there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("slogate.store.views.MEMORY", "40MB")
    with sparing() as connection:
        connection.execute("SET threads = 1")
        connection.execute("CREATE TEMP TABLE much AS SELECT hash(range) FROM range(8_000_000)")
        assert list(tmp_path.iterdir()) == []
