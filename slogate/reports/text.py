"""The verdict for a terminal: a table, the reasons, one last line.

At most 110 columns wide, whatever the terminal, so that logs and terminals show the same;
names that are too long lose their middle. Wide characters count as two. Colour is never the
only sign: every outcome has its mark and its word, blocking ones in capitals.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from slogate import units
from slogate.reports import _base
from slogate.reports._base import MARKS, Report
from slogate.verdict import Finding, Outcome, Verdict

WIDTH = 110
_GAP = "  "
_HEAD = ("OUTCOME", "OBJECTIVE", "ENDPOINT", "LIMIT", "OBSERVED", "GOOD / REQUIRED", "REQUESTS")
_NAMES = (1, 2)
_LONGEST = 26
_SHORTEST = 9
_COLOURS = {Outcome.PASS: "32", Outcome.FAIL: "31"}
_YELLOW = "33"


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def elide(text: str, columns: int) -> str:
    """The text in at most so many columns, its middle left out if need be."""
    if width(text) <= columns:
        return text
    tail = _fitting(text[::-1], (columns - 1) // 2)[::-1]
    return f"{_fitting(text, columns - 1 - width(tail))}…{tail}"


def _fitting(text: str, columns: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:index]
    return text


def wrap(text: str, indent: str) -> list[str]:
    """The words of the text in indented lines of at most WIDTH columns."""
    lines: list[str] = []
    room = WIDTH - width(indent)
    for each in text.split(" "):
        piece = elide(each, room)
        if lines and width(lines[-1]) + 1 + width(piece) <= room:
            lines[-1] += f" {piece}"
        else:
            # CI systems take a line that starts with `::` for a command
            lines.append(elide(f"\\{piece}", room) if piece.startswith("::") else piece)
    return [indent + line for line in lines]


def _paint(text: str, outcome: Outcome, *, colour: bool) -> str:
    return f"\033[{_COLOURS.get(outcome, _YELLOW)}m{text}\033[0m" if colour else text


def _outcome(finding: Finding) -> str:
    said = _base.word(finding.outcome)
    return f"{MARKS[finding.outcome]} {said.upper() if finding.blocking else said}"


def _header(verdict: Verdict) -> list[str]:
    subject, run = verdict.subject, verdict.subject.run
    when = _base.instant(run.start_ts)[:19].replace("T", " ") + " UTC" if run.start_ts else ""
    commit = f"{run.branch or ''}@{run.commit[:10]}" if run.commit else run.branch or ""
    state = "" if run.state == "complete" else run.state
    facts = (f"Run {run.id} of {run.service}", when, commit, state)
    rows = (
        f"{units.format_count(subject.rows)} requests = "
        f"{units.format_count(subject.warmup)} warm-up + "
        f"{units.format_count(subject.judged)} judged"
    )
    if subject.window:
        seconds = (subject.window[1] - subject.window[0]) / units.US_PER_SECOND
        rows += f" over {units.format_span(seconds)}"
    if subject.backfilled:
        rows += f", {units.format_count(subject.backfilled)} missed starts back-filled"
    first = _base.plain(", ".join(fact for fact in facts if fact))
    return [*wrap(first, ""), *wrap(rows, "")]


def _row(finding: Finding, *, whole_id: bool) -> tuple[str, ...]:
    return (
        _outcome(finding),
        _base.plain(finding.id) if whole_id else _base.label(finding),
        _base.plain(finding.endpoint or "(all)"),
        _base.limit(finding),
        _base.observed(finding),
        _base.good_share(finding),
        _base.requests(finding),
    )


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """A width for each column: its content's, names cut down until the line fits."""
    widths = [min(_LONGEST, max(map(width, column))) for column in zip(*rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - WIDTH
    while over > 0:
        names = [index for index in _NAMES if widths[index] > _SHORTEST]
        widest = max(names or range(len(widths)), key=widths.__getitem__)
        widths[widest] -= 1
        over -= 1
    return widths


def _table(findings: Sequence[Finding], *, colour: bool) -> list[str]:
    several = len({finding.service for finding in findings}) > 1
    rows = [_HEAD, *(_row(finding, whole_id=several) for finding in findings)]
    widths = _widths(rows)
    lines = []
    for number, row in enumerate(rows):
        cells = [_cell(text, columns) for text, columns in zip(row, widths, strict=True)]
        cells[-1] = cells[-1].strip().rjust(widths[-1])
        if number:
            cells[0] = _paint(cells[0], findings[number - 1].outcome, colour=colour)
        lines.append(_GAP.join(cells).rstrip())
    return lines


def _cell(text: str, columns: int) -> str:
    shown = elide(text, columns)
    return shown + " " * (columns - width(shown))


def _reasons(findings: Sequence[Finding], *, colour: bool) -> list[str]:
    lines: list[str] = []
    for finding in _base.worst_first(findings):
        if finding.outcome is Outcome.PASS:
            continue
        mark = _paint(MARKS[finding.outcome], finding.outcome, colour=colour)
        where = elide(f"{_base.place(finding)}  {_base.plain(finding.id)}", WIDTH - 2)
        lines += [f"{mark} {where}"]
        lines += wrap(_base.plain(finding.reason) or _base.word(finding.outcome), "  ")
        aside = _base.aside(finding)
        lines += wrap(aside, "  ") if aside else []
    return lines


def _last_line(verdict: Verdict, *, colour: bool) -> str:
    verb, colon, rest = _base.conclusion(verdict).partition(":")
    return _paint(verb, verdict.outcome, colour=colour) + colon + rest


def render_styled(verdict: Verdict, *, colour: bool) -> str:
    """The whole report; `colour` adds ANSI codes to marks and outcomes only."""
    findings = verdict.findings
    notes = [line for note in _base.notes(verdict) for line in _bullet(note)]
    blocks = [
        _header(verdict),
        _table(findings, colour=colour) if findings else [],
        _reasons(findings, colour=colour),
        ["Notes:", *notes] if notes else [],
        [_last_line(verdict, colour=colour)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _bullet(note: str) -> list[str]:
    first, *more = wrap(note, "  ")
    return [f"- {first[2:]}", *more]


def render(verdict: Verdict) -> str:
    """The report without colour."""
    return render_styled(verdict, colour=False)


PLUGIN = Report(
    name="text",
    help="A table and the reasons, for a terminal.",
    media_type="text/plain",
    extension="txt",
    render=render,
)
