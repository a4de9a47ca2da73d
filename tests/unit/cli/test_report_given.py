"""The files of several verdicts: a name each that no other has, whatever services are called."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from verdict_examples import finding, passing, verdict

from slogate.cli.app import run
from slogate.cli.report_given import _names
from slogate.reports.json import document


def on(service: str, run_id: str = "run-1", *findings):
    """A verdict on a run of that service."""
    found = verdict(*(findings or (finding(),)))
    ran = replace(found.subject.run, service=service, id=run_id)
    return replace(found, subject=replace(found.subject, run=ran))


def test_names_differ_and_are_file_names():
    """No path, no two alike on a file system that knows no case; slos are told apart."""
    verdicts = [
        on("../../etc"), on("Shop"), on("shop"), on("shop", "production-20261101-0000"), on("<>"),
    ]  # fmt: skip

    assert _names(verdicts) == ["etc", "Shop", "shop-2", "shop-slos", "one"]


@pytest.fixture(name="given")
def _given(tmp_path, monkeypatch):
    """A file of two verdicts, in the working directory, where there is no store."""
    monkeypatch.chdir(tmp_path)
    both = [document(on("shop")), document(on("pay", "run-2", passing()))]
    (tmp_path / "verdicts.json").write_text(json.dumps(both))
    return tmp_path


def test_several_pages_are_several_files(given, capsys):
    """A page each with -o; to be printed, there is one too many."""
    code = run(["report", "--from", "verdicts.json", "--format", "html", "-o", "v.html"])

    assert code == 0
    assert sorted(each.name for each in given.glob("*.html")) == ["v-pay.html", "v-shop.html"]
    assert run(["report", "--from", "verdicts.json", "--format", "html"]) == 2
    assert "these are 2 documents" in capsys.readouterr().err


def test_text_of_several_is_one_after_the_other(given, capsys):
    """As `check` prints them."""
    assert run(["report", "--from", "verdicts.json"]) == 0

    said = capsys.readouterr().out
    assert said.index("of shop") < said.index("of pay")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "gone.json"], "gone.json: No such file"),
        (["--from", "verdicts.json", "--service", "shop"], "--from takes no run"),
        (["latest-but-one", "--from", "verdicts.json"], "--from takes no run"),
        (["--from", "odd.json"], "odd.json: it is no JSON"),
    ],
)
def test_what_cannot_be_reported(given, capsys, arguments, words):
    """Exit 2 and one sentence."""
    (given / "odd.json").write_text("{")

    assert run(["report", *arguments]) == 2
    assert words in capsys.readouterr().err
