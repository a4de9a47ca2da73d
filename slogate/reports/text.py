"""The verdict for a terminal: a table, the reasons, one last line.

As wide as its page, 110 columns unless said otherwise, so that logs show the same everywhere.
On a narrow page columns of the table are left out, the least telling first, and names that are
too long lose their middle. Colour is never the only sign: every outcome has its mark and its
word, blocking ones in capitals.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports import _base, _early, _turns
from slogate.reports._base import MARKS, Report
from slogate.reports._budget import lines as budget_lines
from slogate.reports._page import bullet, cell, elide, width, wrap
from slogate.verdict import Finding, Outcome, Verdict

WIDTH = 110
NARROWEST = 40
_GAP = "  "
_HEAD = ("OUTCOME", "OBJECTIVE", "ENDPOINT", "LIMIT", "OBSERVED", "GOOD / REQUIRED", "REQUESTS")
_NAME, _ENDPOINT, _GOOD, _REQUESTS = 1, 2, 5, 6
_LEFT_OUT = (_GOOD, _REQUESTS, _ENDPOINT)
_READABLE = {_NAME: 18, _ENDPOINT: 12}
_LONGEST = 26
_LONGEST_ERROR = 200
_SHORTEST = 9
_COLOURS = {Outcome.PASS: "32", Outcome.FAIL: "31"}
_YELLOW = "33"


def _paint(text: str, outcome: Outcome, *, colour: bool) -> str:
    return f"\033[{_COLOURS.get(outcome, _YELLOW)}m{text}\033[0m" if colour else text


def _outcome(finding: Finding) -> str:
    said = _base.word(finding.outcome)
    return f"{MARKS[finding.outcome]} {said.upper() if finding.blocking else said}"


def _header(verdict: Verdict, page: int) -> list[str]:
    subject, run = verdict.subject, verdict.subject.run
    when = _base.instant(run.start_ts)[:19].replace("T", " ") + " UTC" if run.start_ts else ""
    commit = f"{run.branch or ''}@{run.commit[:10]}" if run.commit else run.branch or ""
    facts = ", ".join(fact for fact in (f"Run {run.id} of {run.service}", when, commit) if fact)
    trouble = _base.unfinished(run)
    first = _base.plain(f"{facts} ({trouble})" if trouble else facts)
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
    return [*wrap(first, "", page), *wrap(rows, "", page)]


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


def _layout(rows: Sequence[Sequence[str]], page: int) -> dict[int, int]:
    """The columns that are shown with their widths: whole if the page allows, else narrower."""
    widths = {
        index: max(map(width, column)) for index, column in enumerate(zip(*rows, strict=True))
    }
    widths |= {at: min(_LONGEST, taken) for at, taken in widths.items() if at not in _READABLE}
    for index in _LEFT_OUT:
        least = {at: min(taken, _READABLE.get(at, taken)) for at, taken in widths.items()}
        if _taken(least) > page:
            del widths[index]
    while _taken(widths) > page:
        names = [at for at in _READABLE if widths.get(at, 0) > _SHORTEST]
        widths[max(names or widths, key=widths.__getitem__)] -= 1
    return widths


def _taken(widths: dict[int, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def _table(findings: Sequence[Finding], page: int, *, colour: bool) -> list[str]:
    several = len({finding.service for finding in findings}) > 1
    rows = [_HEAD, *(_row(finding, whole_id=several) for finding in findings)]
    widths = _layout(rows, page)
    lines = []
    for number, row in enumerate(rows):
        cells = [cell(row[at], taken, right=at == _REQUESTS) for at, taken in widths.items()]
        if number:
            cells[0] = _paint(cells[0], findings[number - 1].outcome, colour=colour)
        lines.append(_GAP.join(cells).rstrip())
    return lines


def _reasons(findings: Sequence[Finding], page: int, *, colour: bool) -> list[str]:
    lines: list[str] = []
    for finding in _base.worst_first(findings):
        if finding.outcome is Outcome.PASS:
            continue
        mark = _paint(MARKS[finding.outcome], finding.outcome, colour=colour)
        where = elide(f"{_base.place(finding)}  {_base.plain(finding.id)}", page - 2)
        lines += [f"{mark} {where}"]
        lines += wrap(_base.plain(finding.reason) or _base.word(finding.outcome), "  ", page)
        aside = _base.aside(finding)
        lines += wrap(aside, "  ", page) if aside else []
    return lines


def _budgets(verdict: Verdict, page: int) -> list[str]:
    told = [line for text in budget_lines(verdict) for line in bullet(text, page)]
    return ["Error budgets:", *told] if told else []


def _in_turns(verdict: Verdict, page: int) -> list[str]:
    title = _turns.title(verdict)
    told = [line for text in _turns.sentences(verdict) for line in bullet(_base.plain(text), page)]
    return [f"{title}:", *told] if title and told else []


def _looks(verdict: Verdict, page: int) -> list[str]:
    title = _early.title(verdict)
    told = [line for text in _early.sentences(verdict) for line in bullet(_base.plain(text), page)]
    return [*wrap(_base.plain(title), "", page), *told] if title else []


def _failures(verdict: Verdict, page: int) -> list[str]:
    lines = []
    for failure in _base.failures(verdict):
        error = elide(_base.plain(failure.error) or _base.NO_ERROR, _LONGEST_ERROR)
        count = units.format_count(failure.count)
        lines += bullet(f"{count} × {_base.plain(failure.endpoint)}: {error}", page)
    return ["Commonest failures:", *lines] if lines else []


def _conclusion(verdict: Verdict, page: int, *, colour: bool) -> list[str]:
    first, *more = wrap(_base.conclusion(verdict), "", page)
    verb, colon, rest = first.partition(":")
    return [_paint(verb, verdict.outcome, colour=colour) + colon + rest, *more]


def render_styled(verdict: Verdict, *, colour: bool, width: int = WIDTH, notes: bool = True) -> str:
    """The whole report, no line wider than `width` columns (at least 40).

    `colour` adds ANSI codes to marks and outcomes only; without `notes` only what decides is told.
    """
    page = max(NARROWEST, width)
    findings = verdict.findings
    told = _base.notes(verdict) if notes else []
    blocks = [
        _header(verdict, page),
        _table(findings, page, colour=colour) if findings else [],
        _reasons(findings, page, colour=colour),
        _budgets(verdict, page),
        _in_turns(verdict, page),
        _looks(verdict, page),
        _failures(verdict, page),
        ["Notes:", *(line for note in told for line in bullet(note, page))] if told else [],
        _conclusion(verdict, page, colour=colour),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def render(verdict: Verdict) -> str:
    """The report without colour."""
    return render_styled(verdict, colour=False)


PLUGIN = Report(
    name="text",
    help="A table and the reasons, for a terminal.",
    media_type="text/plain",
    extension="txt",
    render=render,
    join="\n".join,
)
