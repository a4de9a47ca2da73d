"""A comparison for people, as text and as Markdown, and for machines: `slogate.comparison/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slogate.comparing import sentences
from slogate.comparing.contest import Compared, Contest
from slogate.comparing.findings import comparison_of
from slogate.errors import EXIT_BREACH, EXIT_NO_VERDICT, EXIT_PASS
from slogate.evaluate import blocks
from slogate.reports._base import MARKS, plain, word
from slogate.reports.markdown import code, escape
from slogate.verdict import Outcome

SCHEMA = "slogate.comparison/v1"
HEAD = ("outcome", "of", "what", "base", "head", "change", "interval", "budget")


def exit_code(found: Sequence[Compared]) -> int:
    """1 if a breach blocks, 3 if a verdict that blocks is missing or no budget is there, else 0."""
    judged = [each for each in found if each.outcome is not None]
    blocking = {each.outcome for each in judged if _blocks(each)}
    if Outcome.FAIL in blocking:
        return EXIT_BREACH
    return EXIT_NO_VERDICT if blocking or not judged else EXIT_PASS


def _blocks(found: Compared) -> bool:
    if found.outcome is None:
        return False
    run = found.contest.head[0].run
    present = found.outcome is not Outcome.NO_DATA
    return blocks(found.line.scope, found.outcome, run, inside=found.inside, present=present)[0]


def rows(found: Sequence[Compared]) -> list[tuple[str, ...]]:
    """The cells of the table; a line that is only shown and has no value is left out."""
    return [_row(each) for each in found if each.outcome is not None or each.change is not None]


def _row(found: Compared) -> tuple[str, ...]:
    line, outcome = found.line, found.outcome
    shown = "" if outcome is None else f"{MARKS[outcome]} {word(outcome)}"
    return (
        shown.upper() if outcome is Outcome.FAIL else shown,
        str(line.scope.selection),
        line.key,
        sentences.value(line, found.base),
        sentences.value(line, found.head),
        "–" if found.change is None else sentences.changed(line, found.change),
        sentences.interval(line, found.interval),
        "" if line.budget is None else f"≤ {sentences.allowed(line)}",
    )


def sides(contest: Contest) -> list[str]:
    """What is compared with what, a line a side."""
    told = [
        f"{name}: {words} of {contest.service}, {sentences.runs_of(len(runs))}"
        f"{': ' if runs else ''}{', '.join(each.run.id for each in runs)}"
        for name, words, runs in (
            ("Base", contest.base_words, contest.base),
            ("Head", contest.head_words, contest.head),
        )
    ]
    return [*told, *(f"left out: {run}, {why}" for run, why in contest.left_out)]


def moved(found: Sequence[Compared], way: str) -> list[str]:
    """What got better or worse for sure, a line each."""
    return [sentences.shown(each).partition(", better")[0].partition(", worse")[0]
            for each in found if each.moved == way]  # fmt: skip


def blocks_of(contest: Contest, found: Sequence[Compared]) -> list[tuple[str, list[str]]]:
    """What is told below the table: a title and its lines."""
    reasons = [
        f"{MARKS[each.outcome]} {each.line.id}: {each.reason}"
        for each in found
        if each.outcome not in {None, Outcome.PASS} and each.outcome is not None
    ]
    told = [
        ("Without a pass", reasons),
        ("Better for sure", moved(found, "better")),
        ("Worse for sure", moved(found, "worse")),
        ("Notes", list(sentences.design(contest))),
    ]
    return [(title, lines) for title, lines in told if lines]


def conclusion(found: Sequence[Compared]) -> str:
    """The whole in one line."""
    judged = [each for each in found if each.outcome is not None]
    failed = sum(each.outcome is Outcome.FAIL for each in judged)
    missing = sum(each.outcome not in {Outcome.FAIL, Outcome.PASS} for each in judged)
    code, count = exit_code(found), len(judged)
    if not judged:
        return f"NO VERDICT: no `regression:` says how much worse is allowed (exit {code})"
    if code == EXIT_BREACH:
        text = f"FAIL: {failed} of {count} regression budgets breached"
    elif code == EXIT_NO_VERDICT:
        text = f"NO VERDICT: {missing} of {count} regression budgets undecided"
    else:
        text = f"PASS: nothing blocks, {count - failed - missing} of {count} regression budgets met"
    return f"{text} (exit {code})"


def text(contest: Contest, found: Sequence[Compared], table: str) -> str:
    """The comparison for a terminal; `table` is made of `rows`."""
    parts = ["\n".join(map(plain, sides(contest))), table.rstrip("\n")]
    for title, lines in blocks_of(contest, found):
        parts.append("\n".join([f"{title}:", *(f"- {plain(line)}" for line in lines)]))
    return "\n\n".join([*parts, conclusion(found)]) + "\n"


def markdown(contest: Contest, found: Sequence[Compared]) -> str:
    """The comparison for a comment on a pull request."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|---|---|---:|---:|---:|---|---|"]
    for row in rows(found):
        cells = [escape(row[0]), code(row[1]), *map(escape, row[2:])]
        lines.append(f"| {' | '.join(cells)} |")
    parts = [
        f"**{escape(conclusion(found))}**",
        "\n".join(f"- {escape(s)}" for s in sides(contest)),
    ]
    parts.append("\n".join(lines))
    for title, told in blocks_of(contest, found):
        parts.append("\n".join([f"**{title}**", "", *(f"- {escape(line)}" for line in told)]))
    return "\n\n".join(parts) + "\n"


def document(contest: Contest, found: Sequence[Compared], version: str) -> dict[str, Any]:
    """The comparison as plain data; it holds no wall clock."""
    return {
        "schema": SCHEMA,
        "version": version,
        "exit_code": exit_code(found),
        "service": contest.service,
        "design": contest.design,
        "base": {"words": contest.base_words, "runs": [each.run.id for each in contest.base]},
        "head": {"words": contest.head_words, "runs": [each.run.id for each in contest.head]},
        "left_out": [{"run": run, "reason": why} for run, why in contest.left_out],
        "notes": list(sentences.design(contest)),
        "lines": [
            {
                "id": each.line.id,
                "endpoint": str(each.line.scope.selection.endpoint or "") or None,
                "key": each.line.key,
                "outcome": None if each.outcome is None else each.outcome.value,
                "blocking": _blocks(each),
                "budget": None if each.line.budget is None else float(each.line.budget),
                **comparison_of(each),
                "reason": each.reason,
            }
            for each in found
        ],
    }
