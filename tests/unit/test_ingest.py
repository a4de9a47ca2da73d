from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from foreign import START_MS, good, jtl

from slogate import keeping
from slogate.errors import SourceError, StoreError, UsageError
from slogate.ingest import import_files
from slogate.store.layout import Store, open_store
from slogate.store.manifest import list_runs, read_run
from slogate.store.reading import parts_of

NOW = 1_764_100_000_000_000
BAD = f"{START_MS},-1,a,200,OK,true"


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def files(tmp_path: Path, *contents: str) -> list[tuple[str, Path]]:
    """Files of these contents, by short names."""
    found = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.jtl"
        path.write_text(content)
        found.append((f"{number}.jtl", path))
    return found


def left(store: Store) -> list[str]:
    """All files in the store but its own marks."""
    paths = (path for path in store.root.rglob("*") if path.is_file())
    marks = {"format", ".gitignore"}
    return sorted(p.name for p in paths if p.name not in marks and p.parent.name != "locks")


def durations(store: Store, run) -> list[int]:
    """The stored durations of a run, part by part."""
    tables = [pq.read_table(path, partitioning=None) for path in parts_of(store, run)]
    return pa.concat_tables(tables)["duration_us"].to_pylist()


def test_an_import_is_a_complete_run(store, tmp_path):
    """The manifest says what, when, from where, and how many rows."""
    given = files(tmp_path, jtl(good(5), good(2), good(9)))

    done = import_files(
        store, given, service="shop", now_ts=NOW, labels={"az": "1"}, commit="c0ffee", branch="main"
    )

    run = read_run(store, done.run.id)
    assert run == done.run
    assert run.id.startswith("20251124-160000-")
    assert (run.service, run.kind, run.state, run.source) == (
        "shop", "load", "complete", "jmeter-csv"
    )  # fmt: skip
    starts = [(START_MS + ms) * 1000 for ms in (2, 9)]
    assert (run.start_ts, run.ramped_ts, run.end_ts) == (starts[0], starts[0], starts[1])
    assert (run.stop_ts, run.created_ts) == (starts[1], NOW)
    assert (run.rows.seen, run.rows.written, run.rows.lost) == (3, 3, 0)
    assert (run.commit, run.branch, dict(run.labels)) == ("c0ffee", "main", {"az": "1"})
    assert list(run.origin) == ["0.jtl"]
    assert run.origin["0.jtl"].startswith("sha256:")
    assert durations(store, run) == [15_000, 12_000, 19_000]
    assert (done.new, done.endpoints) == (True, 1)


def test_the_same_content_again_changes_nothing(store, tmp_path):
    """Whatever the file is called, it is there already."""
    given = files(tmp_path, jtl(good()), jtl(good()))
    first = import_files(store, given[:1], service="shop", now_ts=NOW)
    before = left(store)

    again = import_files(store, given[1:], service="shop", now_ts=NOW + 1)

    assert (again.new, again.run, left(store)) == (False, first.run, before)


@pytest.mark.parametrize(
    "change",
    [{"service": "other"}, {"kind": "production"}, {"options": {"transactions": "keep"}}],
    ids=["service", "kind", "option"],
)
def test_what_is_read_otherwise_is_another_run(store, tmp_path, change):
    """The same file for another service, as another kind or with other options is new."""
    given = files(tmp_path, jtl(good()))
    first = import_files(store, given, service="shop", now_ts=NOW)

    second = import_files(store, given, **{"service": "shop", "now_ts": NOW, **change})

    assert second.new
    assert {run.id for run in list_runs(store)} == {first.run.id, second.run.id}


def test_production_series_hold_no_file_twice(store, tmp_path):
    """A file that is there already is skipped among new ones; load runs stand for themselves."""
    given = files(tmp_path, jtl(good()), jtl(good(1), good(2)))
    imported = {}
    for kind in ("production", "load"):
        import_files(store, given[:1], service="shop", now_ts=NOW, kind=kind)
        imported[kind] = import_files(store, given, service="shop", now_ts=NOW, kind=kind)

    assert [imported[kind].run.rows.written for kind in ("production", "load")] == [2, 3]
    assert list(imported["production"].skipped) == ["0.jtl"]
    again = import_files(store, given[:1], service="shop", now_ts=NOW, kind="production")
    assert again.new is False


def test_halves_are_the_whole(store, tmp_path):
    """Two files of a run give the rows that one file of both gives."""
    rows = [good(i) for i in range(40)]
    halves = files(tmp_path, jtl(*rows[:20]), jtl(*rows[20:]), jtl(*rows[20:]))

    split = import_files(store, halves, service="split", now_ts=NOW)
    whole = import_files(store, files(tmp_path, jtl(*rows)), service="whole", now_ts=NOW)

    assert durations(store, split.run) == durations(store, whole.run)
    assert split.skipped == {"2.jtl": "given twice"}


def test_parts_are_cut_and_keep_all_rows(store, tmp_path, monkeypatch):
    """A long file becomes several parts, none lost or doubled at the cut."""
    monkeypatch.setattr(keeping, "PART_ROWS", 1)
    given = files(tmp_path, *(jtl(*(good(i + n) for n in range(3))) for i in range(4)))

    run = import_files(store, given, service="shop", now_ts=NOW).run

    assert (len(run.parts), len(durations(store, run)), run.rows.written) == (4, 12, 12)


@pytest.mark.parametrize(
    ("bad", "rows", "max_bad", "kept"),
    [
        pytest.param(1, 3, None, True, id="one row is let pass"),
        pytest.param(2, 198, None, True, id="1% is let pass"),
        pytest.param(3, 198, None, False, id="over 1%"),
        pytest.param(1, 3, Fraction(0), False, id="strict"),
        pytest.param(1, 3, Fraction(1, 4), True, id="at the share"),
        pytest.param(1, 4, Fraction(19, 100), False, id="over the share"),
    ],
)
def test_the_share_of_bad_rows_decides(store, tmp_path, bad, rows, max_bad, kept):
    """Few bad rows are counted, more refuse the whole and leave nothing."""
    given = files(tmp_path, jtl(*map(good, range(rows)), *[BAD] * bad))

    if kept:
        done = import_files(store, given, service="shop", now_ts=NOW, max_bad=max_bad)
        assert (done.run.rows.written, sum(done.bad.values())) == (rows, bad)
        assert str(bad) in done.run.note
        return
    with pytest.raises(SourceError, match=rf"0.jtl: {bad} of {rows + bad} rows are bad") as caught:
        import_files(store, given, service="shop", now_ts=NOW, max_bad=max_bad)
    assert f"0.jtl:{rows + 2}: its elapsed" in caught.value.message
    assert left(store) == []


@pytest.mark.parametrize(
    "second", ["", "<html>", jtl(), jtl(good(), "x", "y"), jtl("1764000000,1,a,,,true")]
)
def test_an_import_that_fails_leaves_nothing(store, tmp_path, second, monkeypatch):
    """A fault in a later file takes the parts of the earlier ones away again."""
    monkeypatch.setattr(keeping, "PART_ROWS", 1)

    with pytest.raises(SourceError):
        import_files(store, files(tmp_path, jtl(good()), second), service="shop", now_ts=NOW)

    assert left(store) == []


def test_an_interrupted_import_leaves_nothing(store, tmp_path, monkeypatch):
    """Ctrl-C between two files is a failure like any other."""
    monkeypatch.setattr(keeping, "PART_ROWS", 1)

    def interrupt(rows, _expected):
        if rows > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_files(
            store, files(tmp_path, jtl(good()), jtl(good(1))), service="shop", now_ts=NOW,
            progress=interrupt,
        )  # fmt: skip

    assert left(store) == []


def test_what_a_killed_import_left_is_no_hindrance(store, tmp_path):
    """Parts without a manifest are cleared when the same files come again."""
    given = files(tmp_path, jtl(good()))
    run = import_files(store, given, service="shop", now_ts=NOW).run
    (store.runs / f"{run.id}.json").unlink()

    again = import_files(store, given, service="shop", now_ts=NOW).run

    assert (again.id, len(left(store))) == (run.id, 2)


def test_only_left_out_rows_are_no_requests(store, tmp_path):
    """A file of nothing but controllers says so, and how to keep them."""
    text = '"Number of samples in transaction : 1, number of failing samples : 0"'
    given = files(tmp_path, jtl(f"{START_MS},1,a,200,{text},true"))

    with pytest.raises(SourceError, match=r"no requests; left out: 1 .*transactions=keep"):
        import_files(store, given, service="shop", now_ts=NOW)

    assert left(store) == []


@pytest.mark.parametrize(
    ("more", "error", "sentence"),
    [
        pytest.param({"format": "jmeter"}, UsageError, "no 'jmeter' among", id="format"),
        pytest.param({"options": {"tz": "UTC"}}, UsageError, "no option 'tz'", id="option"),
        pytest.param({"run_id": "../up"}, StoreError, "cannot be the id", id="run id"),
        pytest.param({"service": "x" * 300}, StoreError, "too long", id="service"),
    ],
)
def test_what_is_asked_wrongly_is_refused(store, tmp_path, more, error, sentence):
    """Unknown words and unsafe names are errors that leave nothing."""
    given = files(tmp_path, jtl(good()))

    with pytest.raises(error, match=sentence):
        import_files(store, given, **{"service": "shop", "now_ts": NOW, **more})

    assert left(store) == []


def test_what_may_not_be_meant_is_told(store, tmp_path):
    """Formats that mix, and production that is read again in another way, are taken and told."""
    [first, second] = files(tmp_path, jtl(good()), jtl(good(1)))
    second[1].write_text('{"latency_ms": 1, "ts": 1764000000000, "path": "/a", "status": 200}\n')

    mixed = import_files(store, [first, second], service="shop", now_ts=NOW, kind="production")
    options = {"transactions": "keep"}
    again = {
        kind: import_files(
            store, [first], service="shop", now_ts=NOW, kind=kind, options=options
        ).notes
        for kind in ("production", "load")
    }

    assert mixed.notes == ("files of several formats (export-ndjson, jmeter-csv) are one run",)
    assert [note.split(",")[0] for note in again["production"]] == [
        f"{first[0]} is also in {mixed.run.id}"
    ]
    assert again["load"] == ()


def test_an_unknown_format_says_where_the_known_are_listed(store, tmp_path):
    """What no source recognises is refused, with the way to the formats there are."""
    with pytest.raises(SourceError, match="its format is not known") as caught:
        import_files(store, files(tmp_path, "hello"), service="shop", now_ts=NOW)

    assert "slogate import --formats" in caught.value.hint


@pytest.mark.parametrize(
    ("rows", "message", "hint"),
    [
        pytest.param(["x,y"] * 3, "none of its rows can be used, 3 are bad", "another format?",
                     id="all"),
        pytest.param([good(label="caf\xe9")] * 3, "none of its rows can be used", "iconv -f LATIN1",
                     id="Latin-1"),
        pytest.param([good(), *[good(label="caf\xe9")] * 3], "3 of 4 rows are bad",
                     "iconv -f LATIN1", id="some in Latin-1"),
    ],
)  # fmt: skip
def test_what_can_be_done_about_bad_rows_is_said(store, tmp_path, rows, message, hint):
    """To allow more bad rows helps only where there are others."""
    (tmp_path / "latin").write_bytes(jtl(*rows).encode("latin-1"))

    with pytest.raises(SourceError, match=message) as caught:
        import_files(store, [("latin", tmp_path / "latin")], service="shop", now_ts=NOW)

    assert hint in (caught.value.hint or "")
    assert ("--max-bad" in (caught.value.hint or "")) == (message[0] == "3")


def test_what_is_there_is_held_against_the_share_of_now(store, tmp_path):
    """Who asks for no bad row is not told that all is well with a run that had one."""
    given = files(tmp_path, jtl(good(5), BAD, good(9)))
    done = import_files(store, given, service="shop", now_ts=NOW)

    for share in (None, Fraction(1, 3)):
        assert not import_files(store, given, service="shop", now_ts=NOW, max_bad=share).new
    with pytest.raises(SourceError, match=f"{done.run.id}, and 1 of 3 rows were bad"):
        import_files(store, given, service="shop", now_ts=NOW, max_bad=Fraction(0))
