"""Logs that have grown since they were imported: each request once, whatever came before."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from foreign import good, jtl

from slogate import grown, ingest
from slogate.errors import SourceError
from slogate.ingest import Imported, import_files
from slogate.store.layout import Store, open_store
from slogate.store.manifest import delete_run, list_runs
from slogate.store.reading import parts_of

NOW = 1_764_100_000_000_000
BEGAN = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def line(number: int) -> str:
    """A line of an access log that says its own number, as the endpoint."""
    when = (BEGAN + timedelta(seconds=number)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'10.0.0.1 - - [{when}] "GET /{number} HTTP/1.1" 200 7 "-" "curl/8.5.0"\n'


def log(first: int, last: int) -> str:
    """Lines of an access log."""
    return "".join(map(line, range(first, last)))


def taken(store: Store, folder: Path, text: str, name: str = "access.log", **more) -> Imported:
    """The import of such a log, compressed if its name says so."""
    packed = text.encode()
    if name.endswith(".gz"):
        packed = gzip.compress(packed, mtime=7)
    if name.endswith(".zst"):
        packed = pa.compress(packed, codec="zstd", asbytes=True)
    (folder / name).write_bytes(packed)
    told = {"service": "shop", "now_ts": NOW, "kind": "production", **more}
    return import_files(store, [(name, folder / name)], **told)


def numbers(store: Store) -> list[int]:
    """The numbers of all lines that are stored."""
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    tables = [pq.read_table(part, columns=["endpoint"], partitioning=None) for part in parts]
    return sorted(
        int(e.removeprefix("/")) for e in pa.concat_tables(tables)["endpoint"].to_pylist()
    )


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
def test_a_log_that_grows_is_imported_every_day(store, tmp_path, packed):
    """Each day what is new; a day without requests changes nothing, nor does a day repeated."""
    days = [
        taken(store, tmp_path, log(0, last), f"access.log{packed}") for last in (90, 130, 130, 400)
    ]

    assert [day.new for day in days] == [True, True, False, True]
    assert [day.requests for day in days] == [90, 40, 0, 270]
    assert numbers(store) == [*range(400)]
    assert days[1].notes[0] == (
        f"access.log{packed} begins with what was imported as {days[0].run.id}: "
        "taken from line 91 on"
    )
    assert not list(store.root.glob("*.tmp"))


def test_the_whole_after_its_halves_changes_nothing(store, tmp_path):
    """However it was cut, if at ends of lines."""
    runs = [
        taken(store, tmp_path, log(first, last), f"{first}.log").run.id
        for first, last in ((0, 30), (30, 31), (31, 90))
    ]
    whole = taken(store, tmp_path, log(0, 90), "whole.log.gz")

    assert not whole.new
    assert whole.skipped == {"whole.log.gz": f"already imported as {', '.join(runs)}"}
    assert numbers(store) == [*range(90)]


def test_lines_are_told_by_their_numbers_in_the_file(store, tmp_path):
    """Though only the rest of it is read."""
    taken(store, tmp_path, log(0, 30))
    more = taken(store, tmp_path, log(0, 60) + "nonsense\n" + log(60, 70))

    assert [shown.split(": ")[0] for shown in more.shown] == ["access.log:61"]


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(1, id="before the end of its line"),
        pytest.param(9, id="in the middle of a line"),
        pytest.param(75, id="near its beginning"),
    ],
)
def test_the_seam_may_lie_within_a_line(store, tmp_path, cut):
    """A line that was cut off was a bad row, or is the same row when it is there whole."""
    first = taken(store, tmp_path, log(0, 30)[:-cut])
    more = taken(store, tmp_path, log(0, 60))

    assert first.requests + more.requests == 60
    assert numbers(store) == [*range(60)]
    assert taken(store, tmp_path, log(0, 60)).new is False


def test_a_cut_line_that_was_counted_is_not_counted_again(store, tmp_path):
    """What was taken of it is wrong: the run goes, and the whole is imported."""
    text = log(0, 60).replace("\n", " 0.125\n")  # nginx's $request_time
    cut = text.index("0.125", text.index("GET /29 ")) + 4
    first = taken(store, tmp_path, text[:cut])
    assert first.requests == 30
    with pytest.raises(SourceError, match="their last line was cut off") as caught:
        taken(store, tmp_path, text)
    assert caught.value.hint.endswith(f"slogate runs delete {first.run.id}")

    delete_run(store, first.run.id)
    assert taken(store, tmp_path, text).requests == 60


def test_a_run_that_was_deleted_leaves_a_gap_that_is_told(store, tmp_path):
    """What came after it is held still, and would count twice with the whole."""
    first = taken(store, tmp_path, log(0, 30))
    second = taken(store, tmp_path, log(0, 60))
    delete_run(store, first.run.id)

    with pytest.raises(SourceError, match=f"run {second.run.id} has already") as caught:
        taken(store, tmp_path, log(0, 90))
    assert caught.value.hint.endswith(f"slogate runs delete {second.run.id}")

    delete_run(store, second.run.id)
    taken(store, tmp_path, log(0, 90))
    assert numbers(store) == [*range(90)]


def test_the_beginning_of_what_is_there_is_refused(store, tmp_path):
    """What it holds was imported with more; labels tell other traffic that begins alike."""
    whole = taken(store, tmp_path, log(0, 90))
    with pytest.raises(SourceError, match=f"a longer file that was imported as {whole.run.id}"):
        taken(store, tmp_path, log(0, 60), "half.log")

    assert taken(store, tmp_path, log(0, 60), "half.log", labels={"host": "b"}).requests == 60


def test_what_has_a_header_is_not_taken_apart(store, tmp_path):
    """Its rest is no file of that format: it is refused, not counted twice."""
    rows = [good(1_000 * number) for number in range(20)]
    first = taken(store, tmp_path, jtl(*rows[:9]), "r.jtl")
    with pytest.raises(SourceError, match="and would count them twice") as caught:
        taken(store, tmp_path, jtl(*rows), "r.jtl")

    assert caught.value.hint.endswith(f"slogate runs delete {first.run.id}")
    assert len(list_runs(store)) == 1


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"kind": "load"}, id="a load test"),
        pytest.param({"service": "bank"}, id="another service"),
        pytest.param({"labels": {"host": "b"}}, id="another host"),
        pytest.param({"options": {"paths": "numbers"}}, id="read otherwise"),
    ],
)
def test_what_is_not_the_same_traffic_is_taken_whole(store, tmp_path, more):
    """It may be meant so; where it may not, a note tells it as before."""
    taken(store, tmp_path, log(0, 30))

    assert taken(store, tmp_path, log(0, 60), **more).requests == 60


def test_a_log_that_is_written_to_while_it_is_read_is_taken_as_it_was(store, tmp_path, monkeypatch):
    """What comes after the import has begun is the next one's, whole and once."""
    path, real = tmp_path / "access.log", ingest.recognise

    def grows(name, given, *words, **more):
        found = real(name, given, *words, **more)
        with path.open("a") as file:
            file.write(log(grows.at, grows.at + 10))
        grows.at += 10
        return found

    grows.at = 30
    monkeypatch.setattr(ingest, "recognise", grows)
    first = taken(store, tmp_path, log(0, 30))
    monkeypatch.undo()
    assert first.requests == 40
    second = import_files(
        store, [("access.log", path)], service="shop", now_ts=NOW, kind="production"
    )

    assert second.requests == 10
    assert numbers(store) == [*range(50)]
    assert not list(store.root.glob("*.tmp"))


def test_a_load_test_that_is_still_written_is_refused(store, tmp_path, monkeypatch):
    """It is not what was measured."""
    real = ingest.recognise

    def grows(name, given, *words, **more):
        found = real(name, given, *words, **more)
        with given.open("a") as file:
            file.write(good(9_000) + "\n")
        return found

    monkeypatch.setattr(ingest, "recognise", grows)
    with pytest.raises(grown.Growing, match="was written to while it was read"):
        taken(store, tmp_path, jtl(good(0), good(1_000)), "r.jtl", kind="load")
    assert list_runs(store) == []


@pytest.mark.parametrize("kind", ["load", "production"])
@pytest.mark.parametrize(
    "part",
    [pytest.param(log(0, 90), id="its beginning"), pytest.param(log(90, 200), id="its end")],
)
def test_a_log_beside_a_part_of_it_is_refused(store, tmp_path, kind, part):
    """Both would be in one run; compressed or not."""
    (tmp_path / "part.log").write_text(part)
    (tmp_path / "whole.gz").write_bytes(gzip.compress(log(0, 200).encode()))
    given = [(name, tmp_path / name) for name in ("part.log", "whole.gz")]

    with pytest.raises(SourceError, match=r"^whole\.gz holds all of part\.log:") as caught:
        import_files(store, given, service="shop", now_ts=NOW, kind=kind)
    assert caught.value.hint == "give one of them"
    assert list_runs(store) == []


@pytest.mark.parametrize("first", ["whole", "end"])
def test_what_ends_alike_is_refused_by_its_bytes(store, tmp_path, first):
    """Also where all lines say the same, but for the moment."""
    lines = [line(number).replace(f"/{number} ", "/health ") for number in range(200)]
    texts = {"whole": "".join(lines), "end": "".join(lines[100:])}
    run = taken(store, tmp_path, texts.pop(first), "first.log").run

    with pytest.raises(SourceError, match=f"ends like what was imported as {run.id},"):
        taken(store, tmp_path, texts.popitem()[1], "second.log.gz")


def test_slices_of_one_import_that_overlap_are_told(store, tmp_path):
    """Their rows may be another host's as well, so that they are kept, with a note."""
    for name, text in (("one.log", log(0, 900)), ("two.log", log(600, 1500))):
        (tmp_path / name).write_text(text)
    both = [(name, tmp_path / name) for name in ("two.log", "one.log")]

    told = import_files(store, both, service="shop", now_ts=NOW, kind="production")
    load = import_files(store, both, service="shop", now_ts=NOW)

    note = (
        "2 files cover the same time in part: one.log, two.log; "
        "requests in more than one of them are counted twice"
    )
    assert note in told.notes
    assert told.requests == 1800
    assert note not in load.notes


@pytest.mark.parametrize(
    ("spans", "named"),
    [
        pytest.param({"a": (0, 3600), "b": (3539, 7200)}, None, id="a timeout of a minute"),
        pytest.param({"a": (0, 500), "b": (475, 1000)}, "a, b", id="slices"),
        pytest.param({"b": (9, 80_000), "a": (0, 86_400), "c": (9, 10)}, "a, c, b", id="within"),
        pytest.param({"a": (0, 90_000), "b": (86_400, 200_000)}, "a, b", id="an hour of days"),
        pytest.param({"a": (5, 5), "b": (5, 5)}, None, id="moments"),
        pytest.param({str(n): (0, 9) for n in range(5)}, "0, 1, 2, …", id="many"),
        pytest.param({"a": (0, 9)}, None, id="alone"),
    ],
)
def test_files_cover_the_same_time_beyond_what_rotation_does(spans, named):
    """Where one log ends and the next begins a little is in both."""
    given = {name: (start * 1_000_000, end * 1_000_000) for name, (start, end) in spans.items()}

    told = list(grown.covering_each_other(given))

    assert [note.split(": ")[1].split(";")[0] for note in told] == ([named] if named else [])
