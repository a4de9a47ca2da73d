"""The step summary holds what GitHub shows, the worst first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from verdict_examples import finding, passing, verdict

from slogate.cli.telling_github import MOST_OF_A_SUMMARY, tell_github, tell_github_of
from slogate.verdict import Outcome


def named(found, service):
    """The verdict on another service."""
    run = replace(found.subject.run, service=service)
    return replace(found, subject=replace(found.subject, run=run))


@pytest.fixture(name="summary")
def _summary(tmp_path, monkeypatch):
    """The file of a step's summary."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return tmp_path / "summary"


def test_the_worst_comes_first(summary, capsys):
    """A breach before what has no verdict, before what passes; each under its service."""
    undecided = verdict(finding(outcome=Outcome.INCONCLUSIVE))
    tell_github([
        named(verdict(passing()), "a"), named(undecided, "b"), named(verdict(finding()), "c"),
    ])  # fmt: skip

    heads = [line for line in summary.read_text().splitlines() if line.startswith("## ")]
    assert [head.partition("</code>")[0][-1] for head in heads] == ["c", "b", "a"]
    assert capsys.readouterr().err.count("::error ") == 2


def test_a_summary_stays_within_what_github_shows(summary):
    """What a step said before counts, too; the rest is counted."""
    summary.write_text("x" * 900_000)
    found = verdict(*(finding(name=f"n{n}") for n in range(150)))

    tell_github([found] * 5)

    text = summary.read_bytes()
    assert len(text) <= MOST_OF_A_SUMMARY + 1_000
    assert text.count(b"\n## ") + text.startswith(b"## ") < 5
    assert b"more left out here" in text


def test_a_summary_that_cannot_be_written_changes_nothing(tmp_path, monkeypatch, capsys):
    """It is a note."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    tell_github([verdict(passing())])

    assert "the step summary cannot be written" in capsys.readouterr().err


def test_what_is_no_verdict_is_told_likewise(summary, capsys):
    """A comparison: its findings that do not pass on their lines, its own text as summary."""
    tell_github_of([passing(), finding()], "| base | head |\n")

    assert summary.read_text() == "| base | head |\n"
    assert capsys.readouterr().err.startswith("::error file=slo/shop.yaml,line=12")
