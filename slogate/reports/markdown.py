"""The verdict as Markdown, for step summaries and comments on pull requests.

Names come from anywhere, so every character that Markdown or HTML could take for markup is
written as an entity, and mentions, references and links are broken up. At most 65,536
characters, what GitHub takes for a comment: the worst objectives stay, and a sentence says how
many were left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slogate import units
from slogate.reports import _base, _early, _turns
from slogate.reports._base import MARKS, Report
from slogate.reports._budget import lines as budget_lines
from slogate.verdict import Finding, Outcome, Verdict

MOST = 65_536
_MANY = 8
_LONGEST_NAME = 120
_LONGEST_SENTENCE = 1_000
_LONGEST_ERROR = 300
_MOST_NOTES = 20
_MOST_LINES = 40
_MARKUP = {ord(char): f"&#{ord(char)};" for char in "&<>|`*_[]\\~$!"}
_TRIGGERS = {ord(char): f"{char}&#8203;" for char in "@#"} | {0x200B: "&#8203;"}
# what GitLab takes for a reference: a merge request, a label, a snippet, an epic, a milestone
_REFERENCES = re.compile(r"([!~$&%])(?=[\w\"])")
_HEAD = "| | objective | endpoint | limit | observed | good / required | requests |"
_RULE = "|---|---|---|---|---|---|---:|"


def escape(text: str, longest: int = _LONGEST_SENTENCE) -> str:
    """One line of text that shows as it is, and mentions, refers to and links nothing."""
    shown = _base.plain(text)
    if len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    inert = _REFERENCES.sub("\\1\u200b", shown).translate(_MARKUP | _TRIGGERS)
    for link in ("://", "www.", "GH-"):
        inert = inert.replace(link, f"{link[:-1]}&#8203;{link[-1]}")
    return inert


def code(text: str) -> str:
    """A name as code; its characters are entities, not fenced, so no backtick ends it.

    GitHub links addresses in there, too: they are broken up so that they can still be copied.
    """
    shown = _base.plain(text)
    if len(shown) > _LONGEST_NAME:
        shown = f"{shown[: _LONGEST_NAME - 1]}…"
    inert = shown.translate(_MARKUP)
    for link, broken in (("://", "&#58;//"), ("www.", "&#119;ww."), ("@", "<wbr>@")):
        inert = inert.replace(link, broken)
    return f"<code>{inert}</code>"


def outcome_cell(finding: Finding) -> str:
    """`✗ **fail**`, on one line however narrow the table is."""
    said = _whole(_base.word(finding.outcome))
    return f"{MARKS[finding.outcome]}\u00a0{f'**{said}**' if finding.blocking else said}"


def limit_cell(finding: Finding) -> str:
    """`≤ 300 ms`, on one line."""
    return _whole(_base.limit(finding))


def _whole(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _row(finding: Finding, *, whole_id: bool) -> str:
    cells = (
        outcome_cell(finding),
        code(finding.id if whole_id else _base.label(finding)),
        code(finding.endpoint) if finding.endpoint else "all",
        limit_cell(finding),
        _base.observed(finding),
        _base.good_share(finding),
        _base.requests(finding),
    )
    return f"| {' | '.join(cells)} |"


def _table(findings: Sequence[Finding], *, whole_id: bool) -> str:
    return "\n".join([_HEAD, _RULE, *(_row(each, whole_id=whole_id) for each in findings)])


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _run(verdict: Verdict) -> str:
    subject, run = verdict.subject, verdict.subject.run
    facts = [f"Run {code(run.id)} of {code(run.service)}"]
    if run.start_ts is not None:
        facts.append(_base.instant(run.start_ts)[:19].replace("T", " ") + " UTC")
    if run.branch or run.commit:
        facts.append(code("@".join(part for part in (run.branch, (run.commit or "")[:10]) if part)))
    trouble = _base.unfinished(run)
    rows, warmup, judged, backfilled = (
        units.format_count(count)
        for count in (subject.rows, subject.warmup, subject.judged, subject.backfilled)
    )
    ended = f" (**{escape(trouble)}**)" if trouble else ""
    text = f"{', '.join(facts)}{ended}. {rows} requests = {warmup} warm-up + {judged} judged"
    return f"{text}, {backfilled} missed starts back-filled." if subject.backfilled else f"{text}."


def _reason(finding: Finding) -> str:
    reason = escape(finding.reason) or _base.word(finding.outcome)
    aside = _base.aside(finding)
    place = code(_base.place(finding))
    text = f"- {MARKS[finding.outcome]} {code(_base.label(finding))} ({place}): {reason}"
    return f"{text} _({escape(aside)})_" if aside else text


def _budgets(verdict: Verdict) -> str:
    told = [f"- {escape(line)}" for line in budget_lines(verdict)]
    more = [f"- and {len(told) - _MOST_NOTES} more, in the JSON report"]
    shown = [*told[:_MOST_NOTES], *(more if len(told) > _MOST_NOTES else [])]
    return "\n".join(["Error budgets:", "", *shown]) if told else ""


def _in_turns(verdict: Verdict) -> str:
    title, lines = _turns.title(verdict), _turns.lines(verdict)
    if title is None or not lines:
        return ""
    rows = [
        f"| {' | '.join([code(first), *map(escape, rest)])} |"
        for first, *rest in map(_turns.row, lines[:_MOST_LINES])
    ]
    if len(lines) > _MOST_LINES:
        rows.append(f"| and {len(lines) - _MOST_LINES} more, in the JSON report | | | | | | |")
    head = [f"| {' | '.join(_turns.HEAD)} |", "|---|---:|---:|---:|---|---|---|"]
    return "\n".join([f"{title}:", "", *head, *rows])


def _looks(verdict: Verdict) -> str:
    title = _early.title(verdict)
    lines = [f"- {escape(text)}" for text in _early.sentences(verdict)]
    return "\n".join([escape(title), "", *lines]) if title else ""


def _failures(verdict: Verdict) -> str:
    lines = [
        f"- {units.format_count(failure.count)} × {code(failure.endpoint)}: "
        f"{escape(failure.error, _LONGEST_ERROR) or _base.NO_ERROR}"
        for failure in _base.failures(verdict)
    ]
    return "\n".join(["Commonest failures:", "", *lines]) if lines else ""


def _notes(verdict: Verdict) -> str:
    notes = _base.notes(verdict)
    lines = [f"- {escape(note)}" for note in notes[:_MOST_NOTES]]
    if len(notes) > _MOST_NOTES:
        lines.append(f"- and {len(notes) - _MOST_NOTES} more, in the JSON report")
    return _folded(f"Notes ({len(notes)})", "\n".join(lines)) if lines else ""


def _blocks(verdict: Verdict, shown: int) -> list[str]:
    """The report with the `shown` worst objectives."""
    findings = _base.worst_first(verdict.findings)[:shown]
    several = len({finding.service for finding in verdict.findings}) > 1
    passing = [finding for finding in findings if finding.outcome is Outcome.PASS]
    rest = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    fold = len(passing) > _MANY or (bool(rest) and len(passing) > 3)
    upper = rest if fold else [*rest, *passing]
    left_out = len(verdict.findings) - shown
    service = code(verdict.subject.run.service)
    return [
        f"## {MARKS[verdict.outcome]} {service}: {_base.conclusion(verdict)}",
        _run(verdict),
        _table(upper, whole_id=several) if upper else "",
        "\n".join(map(_reason, rest)),
        _budgets(verdict),
        _in_turns(verdict),
        _looks(verdict),
        _failures(verdict),
        _folded(f"{len(passing)} objectives pass", _table(passing, whole_id=several))
        if fold
        else "",
        f"{left_out} of {len(verdict.findings)} objectives are left out here, the least severe, "
        f"to stay within {MOST:,} characters; the JSON report has all."
        if left_out
        else "",
        _notes(verdict),
    ]


def _joined(verdict: Verdict, shown: int) -> str:
    return "\n\n".join(block for block in _blocks(verdict, shown) if block) + "\n"


def render(verdict: Verdict) -> str:
    """The report; as many objectives as fit, the worst first."""
    fits, over = 0, len(verdict.findings) + 1
    if len(whole := _joined(verdict, over - 1)) <= MOST:
        return whole
    while over - fits > 1:
        middle = (fits + over) // 2
        if len(_joined(verdict, middle)) <= MOST:
            fits = middle
        else:
            over = middle
    return _joined(verdict, fits)


PLUGIN = Report(
    name="markdown",
    help="Markdown, for step summaries and comments on pull requests.",
    media_type="text/markdown",
    extension="md",
    render=render,
    join="\n".join,
)
