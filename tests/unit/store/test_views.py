from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from series_strategies import START, row, table

from slogate.errors import StoreError, UsageError
from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, write_run
from slogate.store.parts import write_part
from slogate.store.summary import summarise
from slogate.store.verdicts import write_verdict
from slogate.store.views import query, refresh

SERVICES = ("a/../b", 'it\'s "x"\n', "", "[*?]😀")

RUN = Run(
    id="r",
    service="",
    kind="load",
    state="complete",
    start_ts=START,
    end_ts=START + 5,
    labels={"a": "b"},
)
OBJECTIVE = {"id": "x/y/p95", "outcome": "fail", "observed": None, "interval": [310.5, None]}
VERDICT = {
    "schema": "slogate.verdict/v1",
    "id": "v1",
    "outcome": "fail",
    "exit_code": 1,
    "run": {"id": "r-0"},
    "objectives": [OBJECTIVE, OBJECTIVE],
}


@pytest.fixture
def store(tmp_path):
    """A store with two requests of each of some services with odd names, in an odd folder."""
    store = open_store(tmp_path / "it's [a] *store", create=True)
    for number, service in enumerate(SERVICES):
        rows = table([row(i, labels=[("k", "v")]) for i in (0, 1)])
        part = write_part(store, f"r-{number}", service, "load", rows, sequence=0, worker="w-1")
        run = replace(RUN, id=f"r-{number}", service=service, created_ts=number, parts=(part,))
        write_run(store, run)
    write_verdict(store, "v1", VERDICT)
    return store


def test_requests_carry_the_service_and_run_of_their_part(store):
    """Percent-encoding is undone; names are those that were given."""
    _, rows = query(
        store, "select run, service, kind, count(*) from requests group by all order by 1"
    )

    assert rows == [(f"r-{i}", name, "load", 2) for i, name in enumerate(SERVICES)]


def test_times_and_labels_are_readable(store):
    """A time is a moment in UTC, labels are a map."""
    names, rows = query(store, "select epoch_us(ts) us, ts, labels from requests limit 1")

    assert names == ["us", "ts", "labels"]
    assert rows[0][0] == START
    assert rows[0][1].utcoffset().total_seconds() == 0
    assert rows[0][2] == {"k": "v"}


def test_runs_and_verdicts_are_tables(store):
    """One row a run, one row an objective of a verdict."""
    _, runs = query(store, "select id, epoch_us(start), labels, len(parts) from runs order by id")
    _, verdicts = query(
        store, "select id, run, verdict, objective, low, high, observed from verdicts"
    )

    assert runs[0] == ("r-0", START, {"a": "b"}, 1)
    assert verdicts == [("v1", "r-0", "fail", "x/y/p95", 310.5, None, None)] * 2


@pytest.mark.parametrize("view", ["requests", "runs", "verdicts", "counts", "histograms"])
def test_an_empty_store_has_every_view_with_its_columns(tmp_path, view):
    """Nothing recorded is no rows, not an error."""
    names, rows = query(open_store(tmp_path, create=True), f"select * from {view}")

    assert rows == []
    assert len(names) >= 9


def test_a_filter_on_run_reads_that_run_only(store):
    """Parts that a WHERE rules out are not opened (the newest gives the columns)."""
    for run in list_runs(store)[1:-1]:
        (store.root / run.parts[0]).write_bytes(b"torn")
    _, rows = query(store, "select count(*) from requests where run = 'r-0'")

    assert rows == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{}/x.csv'",
        "attach '{}/x.db'",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set enable_external_access = true",
        "pragma enable_profiling",
        "create table t as select 1",
        "drop view requests",
        "delete from runs",
        "export database '{}/x'",
        "select 1; select 2",
        "explain analyze select 1",
        "call duckdb_functions()",
        "",
        "-- nothing",
        "from read_text('/etc/hostname')",
        "from read_csv('/etc/passwd')",
        "from glob('/*')",
        "from '{}/other.parquet'",
        "select * from query('from read_text(''/etc/hostname'')')",
        "from os",
        "selec",
        "select nothing from requests",
    ],
)
def test_a_query_reads_the_views_and_nothing_else(store, sql, tmp_path):
    """No writing, no other file, no settings, no extension, no variable of ours."""
    (tmp_path / "other.parquet").write_bytes(
        (store.root / list_runs(store)[0].parts[0]).read_bytes()
    )
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError):
        query(store, sql.format(tmp_path))

    assert sorted(tmp_path.rglob("*")) == before


def test_a_part_cannot_be_overwritten_by_a_query(store):
    """The parts are allowed to be read, and only that."""
    part = store.root / list_runs(store)[0].parts[0]
    before = part.read_bytes()
    path = str(part).replace("'", "''")
    with pytest.raises(UsageError, match="read-only"):
        query(store, f"copy (select 1) to '{path}' (format parquet, use_tmp_file false)")

    assert part.read_bytes() == before


def test_duckdbs_own_words_are_given(store):
    """A misspelt column is answered with the sentence and the place."""
    with pytest.raises(UsageError, match='column "duration" not found'):
        query(store, "select duration from requests")


def test_a_missing_part_is_a_store_error(store):
    """Fewer rows than there were are never shown as all."""
    (store.root / list_runs(store)[0].parts[0]).unlink()
    with pytest.raises(StoreError, match="is missing"):
        query(store, "select 1")


def test_the_database_opens_with_plain_duckdb_from_any_folder(store, monkeypatch):
    """The views stand in the file, with absolute paths."""
    assert refresh(store) is None
    monkeypatch.chdir("/")
    with duckdb.connect(str(store.database), read_only=True) as connection:
        views = connection.execute("select table_name from information_schema.tables order by 1")
        assert [name for (name,) in views.fetchall()] == [
            "counts", "histograms", "requests", "runs", "verdicts",
        ]  # fmt: skip
        assert connection.execute("select count(*) from requests").fetchone() == (8,)
        assert connection.execute("select count(*) from runs").fetchone() == (4,)


def test_a_reader_of_the_database_does_not_hinder_its_renewal(store):
    """Whoever has it open keeps the old one; the next to open it sees the new one."""
    refresh(store)
    with duckdb.connect(str(store.database)) as reader:
        reader.execute("create table mine as select 1")
        write_run(store, replace(list_runs(store)[0], id="more", parts=()))

        assert refresh(store) is None
        assert reader.execute("select count(*) from runs").fetchone() == (4,)
    with duckdb.connect(str(store.database), read_only=True) as again:
        assert again.execute("select count(*) from runs").fetchone() == (5,)


def test_a_failed_renewal_is_a_sentence_and_leaves_nothing(store):
    """It never stops a verdict; the old database stays, no draft is left."""
    refresh(store)
    before = store.database.read_bytes()
    (store.runs / "bad.json").write_text("{")
    trouble = refresh(store)

    assert "was not refreshed" in trouble
    assert "bad.json" in trouble
    assert store.database.read_bytes() == before
    assert list(store.root.glob("*.tmp*")) == []


def test_the_summary_counts_what_the_parts_hold(store):
    """Rows from the files themselves, bytes of the parts, by service and kind."""
    found = summarise(store)

    assert (found.runs, found.verdicts, found.rows) == (4, 1, 8)
    assert [h.service for h in found.holdings] == sorted(SERVICES)
    assert {(h.runs, h.parts, h.rows) for h in found.holdings} == {(1, 1, 2)}
    assert sum(h.bytes for h in found.holdings) < found.bytes


def test_half_characters_do_not_lock_the_store(store):
    """A label from an odd file name is shown as an escape."""
    write_run(
        store, replace(list_runs(store)[0], id="odd", parts=(), labels={"caf\udcff": "\ud800"})
    )

    assert query(store, "SELECT labels FROM runs WHERE id = 'odd'")[1] == [
        ({"caf\\udcff": "\\ud800"},)
    ]


@pytest.mark.parametrize("total", ["x", 10**400, 2**70], ids=["text", "400 digits", "70 bits"])
def test_a_value_that_no_column_holds_is_a_store_error(store, total):
    """A forged verdict is not an internal error, and its error is short."""
    document = {"schema": "slogate.verdict/v1", "id": "x", "run": {"id": "r"}}
    write_verdict(store, "x", {**document, "objectives": [{"total": total}]})
    with pytest.raises(StoreError, match="cannot be read") as caught:
        query(store, "SELECT * FROM verdicts")

    assert len(str(caught.value)) < 500
