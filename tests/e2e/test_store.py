from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import duckdb
import pytest
from projects import new_project
from series_strategies import START, row, table

from slogate.model.run import Health, Reconciliation, Run
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, write_run
from slogate.store.parts import write_part
from slogate.store.verdicts import write_verdict

pytestmark = pytest.mark.e2e


@pytest.fixture(name="project")
def _project(tmp_path):
    """A project whose store has two runs of the shop and one of another service."""
    project = new_project(tmp_path)
    store = open_store(project.folder / ".slogate", create=True)
    for number, (name, service) in enumerate((("r-a", "shop"), ("r-b", "shop"), ("x", "π/'s"))):
        rows = table([row(i, endpoint="/a\x1b[31m\tb") for i in range(number + 1)])
        part = write_part(store, name, service, "load", rows, sequence=0, worker="w")
        run = Run(
            id=name, service=service, kind="load", state="complete", created_ts=START + number,
            start_ts=START, labels={"name": "night"}, parts=(part,),
            health=Health(cpu=0.5, lag_us=2_000),
            rows=Reconciliation(seen=number + 1, written=number + 1, counted=number + 1),
        )  # fmt: skip
        write_run(store, run)
    verdict = {"schema": "slogate.verdict/v1", "id": "v", "outcome": "fail", "exit_code": 1}
    write_verdict(store, "v", {**verdict, "run": {"id": "r-a", "service": "shop"}})
    return project


def ids(project):
    """The runs that are in the project's store."""
    return sorted(run.id for run in list_runs(open_store(project.folder / ".slogate")))


def test_sql_answers_in_columns_and_in_json(project):
    """One line a row for people, an array of objects for machines."""
    sql = "select run, count(*) as n from requests where service = 'shop' group by run order by run"
    odd = project.slogate(
        "store", "sql", "select 'nan'::double as n, null as o, -'inf'::double as i"
    )
    assert odd.out.split() == ["n", "o", "i", "nan", "-inf"]
    table_text = project.slogate("store", "sql", sql)
    data = project.slogate("store", "sql", sql, "--json")

    assert table_text.out == "run  n\nr-a  1\nr-b  2\n"
    assert data.document == [{"run": "r-a", "n": 1}, {"run": "r-b", "n": 2}]


def test_sql_says_every_type_in_json(project):
    """Times in ISO 8601 with Z, big integers as integers, maps as objects, NaN as null."""
    sql = (
        "select ts, sum(duration_us) s, labels, 1.5 d, 'nan'::double n, [1] l, date '2026-01-02' t "
        "from requests where run = 'r-a' group by all"
    )

    assert project.slogate("store", "sql", sql, "--json").document == [
        {"ts": "2023-11-14T22:13:20Z", "s": 100, "labels": None, "d": 1.5, "n": None, "l": [1],
         "t": "2026-01-02"}
    ]  # fmt: skip


def test_names_cannot_write_to_the_terminal(project):
    """Control characters of an endpoint's name are shown, not obeyed."""
    done = project.slogate("store", "sql", "select distinct endpoint from requests")

    assert done.out == "endpoint\n/a\\u001b[31m b\n"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        pytest.param("select x from requests", 'column "x" not found', id="unknown column"),
        pytest.param("delete from runs", "read-only", id="writing"),
        pytest.param("from read_text('/etc/passwd')", "disabled by configuration", id="file"),
    ],
)
def test_sql_that_cannot_be_run_is_exit_2(project, sql, words):
    """DuckDB's sentence on stderr, no traceback, nothing on stdout."""
    done = project.slogate("store", "sql", sql)

    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_info_counts_what_is_there(project):
    """Rows, runs and bytes of each service; the same figures in JSON."""
    shown = project.slogate("store", "info")
    data = project.slogate("store", "info", "--json").document

    assert "shop" in shown.out
    assert "3 runs, 1 verdict, 6 requests" in shown.err
    assert data["rows"] == 6
    assert [(h["service"], h["rows"]) for h in data["holdings"]] == [("shop", 3), ("π/'s", 3)]
    assert data["versions"]["DuckDB"] == duckdb.__version__


def test_a_store_that_is_not_there_is_exit_2(project):
    """Every command names the folder and says how to make one."""
    for command in (["store", "info"], ["store", "sql", "select 1"], ["runs", "list"]):
        done = project.slogate(*command, "--store", "elsewhere")

        assert (done.code, done.out) == (2, "")
        assert "elsewhere does not exist" in done.err
        assert "slogate run" in done.err


def test_a_store_of_a_newer_version_is_exit_2(project):
    """A manifest that this version cannot know is not guessed at."""
    path = project.folder / ".slogate" / "runs" / "r-a.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    done = project.slogate("runs", "list")

    assert done.code == 2
    assert "newer slogate" in done.err


def test_runs_are_listed_newest_first_with_their_outcome(project):
    """The list, one service's list, and a short list that says how many more there are."""
    everything = project.slogate("runs", "list", "--json").document
    shop = project.slogate("runs", "list", "--service", "shop")
    one = project.slogate("runs", "list", "-n", "1")

    assert [(r["id"], r["outcome"]) for r in everything] == [
        ("x", None), ("r-b", None), ("r-a", "fail"),
    ]  # fmt: skip
    assert [line.split()[0] for line in shop.out.splitlines()] == ["id", "r-b", "r-a"]
    assert "fail" in shop.out
    assert "2 more" in one.err


def test_a_run_is_shown_whole(project):
    """Times, who counted what, health and parts; by id, beginning, label or latest."""
    shown = project.slogate("runs", "show", "r-a").out

    for words in (
        "r-a",
        "2023-11-14T22:13:20",
        "1 written",
        "0 lost",
        "omission      raw: ",
        "1 × GET /a",
        "CPU 50%",
        "lag 2 ms",
        "fail",
    ):
        assert words in shown
    assert project.slogate("runs", "show", "latest", "--json").document["id"] == "x"
    night = project.slogate("runs", "show", "night", "-s", "shop", "--json").document
    assert (night["id"], night["omission"]) == ("r-b", "raw")


def test_an_ambiguous_run_is_exit_2(project):
    """The beginning of two ids names neither."""
    done = project.slogate("runs", "show", "r-")

    assert done.code == 2
    assert "r-b, r-a" in done.err


def test_labels_are_given_and_taken_and_plain_duckdb_sees_them(project):
    """The convenience database is made anew with every change."""
    done = project.slogate("runs", "label", "r-a", "pin=yes", "name=")
    database = str(project.folder / ".slogate" / "slogate.duckdb")
    with duckdb.connect(database, read_only=True) as connection:
        seen = connection.execute("select labels from runs where id = 'r-a'").fetchone()

    assert done.code == 0
    assert seen == ({"pin": "yes"},)


def test_a_label_without_a_value_is_exit_2(project):
    """A word that is no pair changes nothing."""
    done = project.slogate("runs", "label", "r-a", "pin")

    assert done.code == 2
    assert "label key=value" in done.err


def test_nothing_is_deleted_unasked(project):
    """Where nobody can be asked, --yes must be said; one unknown run deletes none."""
    unasked = project.slogate("runs", "delete", "r-a")
    unknown = project.slogate("runs", "delete", "r-a", "zzz", "--yes")

    assert (unasked.code, unknown.code) == (2, 2)
    assert "--yes" in unasked.err
    assert ids(project) == ["r-a", "r-b", "x"]


def test_runs_are_deleted_with_their_requests(project):
    """Several at once; what is left is what the others hold."""
    done = project.slogate("runs", "delete", "r-a", "x", "--yes", "--json")
    rows = project.slogate("store", "sql", "select count(*) n from requests", "--json").document

    assert done.document == {"deleted": ["r-a", "x"]}
    assert ids(project) == ["r-b"]
    assert rows == [{"n": 2}]


@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [
        pytest.param("y\n", 0, ["r-b", "x"], id="yes"),
        pytest.param("n\n", 130, ["r-a", "r-b", "x"], id="no"),
    ],
)
def test_on_a_terminal_it_asks(project, answer, code, left):
    """The answer decides."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "slogate", "runs", "delete", "r-a"],
        cwd=project.folder, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        os.write(master, answer.encode())
        _, err = process.communicate(timeout=60)
    os.close(master)
    os.close(slave)

    assert process.returncode == code
    assert b"delete r-a with all requests and verdicts?" in err
    assert ids(project) == left


def test_a_damaged_store_is_exit_2(project):
    """A part that is gone is an error of the query, never fewer rows."""
    part = next((project.folder / ".slogate" / "series").rglob("r-a-*.parquet"))
    part.unlink()
    done = project.slogate("store", "sql", "select count(*) from requests")

    assert (done.code, done.out) == (2, "")
    assert "is damaged" in done.err
