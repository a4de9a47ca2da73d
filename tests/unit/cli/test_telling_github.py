"""The step summary holds what GitHub shows, the worst first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from commands import slogate_in
from projects import Project, budget, record
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


BAD = "slogate: 1\nservice: x\nbudgets:\n  - {name: a, p95: 3}\n  - {nam: '::error::x'}\n"


@pytest.mark.parametrize("words", [("check",), ("spec", "lint")])
def test_faults_of_a_spec_are_told_on_their_lines(tmp_path, words):
    """Whatever reads it, from the top of the repository, with the hint."""
    (tmp_path / "svc/slo").mkdir(parents=True)
    (tmp_path / "svc/slo/x.yaml").write_text(BAD)
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
    done = slogate_in(tmp_path / "svc", *words, environment=environment)

    told = [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert done.returncode == 2
    assert len(told) == 3
    assert told[0] == (
        "::error file=svc/slo/x.yaml,line=4,col=20,title=spec%3A missing-unit"
        "::budgets[0].p95: '3' has no unit (write 3ms or 3s)"
    )


def test_remarks_of_lint_are_no_errors_and_what_is_ignored_is_not_told(tmp_path):
    """A warning stays one, and something for information is a notice."""
    text = (
        "slogate: 1\nservice: x\nbudgets:\n  - name: a\n"
        "    # slogate: ignore limits-out-of-order: meant\n    p95: 1s\n    p50: 2s\n"
    )
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo/x.yaml").write_text(text)
    done = slogate_in(tmp_path, "spec", "lint", environment={"GITHUB_ACTIONS": "true"})

    levels = {line.partition(" ")[0] for line in done.stderr.splitlines() if "::" in line}
    assert "limits-out-of-order" not in done.stderr
    assert levels <= {"::warning", "::notice"}
    assert "::notice" in levels


@pytest.mark.parametrize(("command", "count"), [("check", 1), ("runs", 0)])
def test_what_keeps_a_gate_from_judging_is_an_annotation(tmp_path, command, count):
    """The job says why, not only that it ended with 2; other commands say it on stderr alone."""
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo/x.yaml").write_text("slogate: 1\nservice: x\nbudgets: [{name: a, p95: 1s}]\n")
    words = [command, *(["list"] if command == "runs" else [])]
    done = slogate_in(tmp_path, *words, environment={"GITHUB_ACTIONS": "true"})

    assert done.returncode == 2
    assert done.stderr.count("::error title=slogate check::the store") == count


def test_a_service_that_could_not_be_judged_is_an_annotation_too(tmp_path):
    """Though others were judged, and whatever they came to."""
    record(Project(tmp_path, 1), "shop")
    for name in ("shop", "other"):
        budget(Project(tmp_path, 1), name, "p95: 1h")
    done = slogate_in(tmp_path, "check", environment={"GITHUB_ACTIONS": "true"})

    assert "PASS" in done.stdout
    assert done.stderr.count("::error title=slogate check::no verdict: ") == 1
