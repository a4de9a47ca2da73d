"""`slogate report` on a store with judged runs, as a user calls it."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from verdict_examples import START, finding, passing, verdict

from slogate.cli.app import run
from slogate.reports.json import document, text
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.verdicts import write_verdict

MINUTE = 60_000_000


def judged(name, *findings, minutes=0):
    """A verdict on a run of that name, so many minutes after the first."""
    found = verdict(*findings, id=f"verdict-of-{name}")
    ran = replace(
        found.subject.run,
        id=name,
        created_ts=START + minutes * MINUTE,
        labels={"name": f"nightly-{name}"},
    )
    return replace(found, subject=replace(found.subject, run=ran))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with two judged runs, `older` and `newer`, in the working directory."""
    monkeypatch.chdir(tmp_path)
    opened = open_store(tmp_path / ".slogate", create=True)
    for found in (judged("older", finding()), judged("newer", passing(), minutes=5)):
        write_run(opened, found.subject.run)
        write_verdict(opened, found.id, document(found))
    return opened


def test_without_arguments_the_latest_run_is_shown(store, capsys):
    """Its verdict is printed for people, and the exit code is 0."""
    assert run(["report"]) == 0

    printed = capsys.readouterr().out
    assert printed.startswith("Run newer of shop")
    assert printed.endswith("PASS: the only objective met (exit 0)\n")


@pytest.mark.parametrize("ref", ["older", "old", "nightly-older"])
def test_a_run_is_named_by_id_or_its_beginning_or_label(store, capsys, ref):
    """A breach is shown and exits 0: reporting is not judging."""
    assert run(["report", ref]) == 0
    assert capsys.readouterr().out.endswith("FAIL: 1 of 1 objective breached (exit 1)\n")


def test_json_prints_the_stored_document_byte_for_byte(store, capsys):
    """Reading and writing again changes nothing."""
    assert run(["report", "older", "--json"]) == 0
    assert capsys.readouterr().out == text(judged("older", finding()))


@pytest.mark.parametrize("form", ["text", "json", "junit", "markdown", "github", "html"])
def test_a_report_goes_to_a_file_as_to_the_screen(store, capsys, tmp_path, form):
    """With -o the report is in the file and a note on stderr, nothing on stdout."""
    assert run(["report", "older", "--format", form]) == 0
    printed = capsys.readouterr().out
    assert run(["report", "older", "--format", form, "-o", "out"]) == 0

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "wrote out\n")
    assert (tmp_path / "out").read_text("utf-8") == printed


def test_of_several_verdicts_on_a_run_the_last_written_counts(store, capsys):
    """Judged again by a changed spec, a run shows the new verdict."""
    again = replace(judged("older", passing()), id="0")
    write_verdict(store, again.id, document(again))
    os.utime(store.verdicts / "0.json", ns=(2**61, 2**61))

    assert run(["report", "older", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "0"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--format", "jsn"], "did you mean 'json'?", id="format"),
        pytest.param(["--format", "pdf"], "there is no 'pdf' among the reports", id="pdf"),
        pytest.param(["--json", "--format", "text"], "contradict each other", id="both"),
        pytest.param(["nope"], "that 'nope' names", id="run"),
        pytest.param(["--service", "billing"], "no load run of the service", id="service"),
        pytest.param(["-o", "no/such/folder"], "no/such/folder cannot be written", id="output"),
        pytest.param(["--store", "elsewhere"], "does not exist", id="store"),
    ],
)
def test_a_mistake_is_explained_and_exits_with_2(store, capsys, arguments, sentence):
    """No traceback, and nothing on stdout."""
    assert run(["report", *arguments]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err


def test_a_run_without_a_verdict_says_how_to_get_one(store, capsys):
    """A run that was never judged is no pass."""
    unjudged = judged("unjudged", minutes=9).subject.run
    write_run(store, unjudged)

    assert run(["report"]) == 2
    assert "hint: judge it: slogate check --run unjudged" in capsys.readouterr().err
