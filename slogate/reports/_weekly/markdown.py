"""The week as Markdown, for an issue: what is not kept first, all else folded away.

Names come from anywhere; everything is escaped as in `reports/markdown.py`. At most 60,000 bytes,
so that a body of GitHub's (65,536 characters) has room for a line more: the least bad rows are left
out, and a sentence says how many.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports._base import UNKNOWN, plain
from slogate.reports._weekly import loads, words
from slogate.reports._weekly.fitting import fitting
from slogate.reports._weekly.week import LoadRun, Row, State, Week, good_of, left_of
from slogate.reports.markdown import code, escape
from slogate.verdict import Outcome

MOST = 60_000
# no row takes fewer characters than this
_LEAST_ROW = 100
_MOST_RUNS = 15
_MOST_NOTES = 20
_BLOCKS = "▁▂▃▄▅▆▇█"


def render(week: Week) -> str:
    """The report; as many rows as fit, the worst first."""
    most = min(len(week.rows), MOST // _LEAST_ROW)
    return fitting(lambda shown: _joined(week, shown), most, MOST)


def _joined(week: Week, shown: int) -> str:
    return "\n\n".join(block for block in _blocks(week, shown) if block) + "\n"


def _blocks(week: Week, shown: int) -> list[str]:
    rows = week.worst_first[:shown]
    bad = [row for row in rows if row.state is not State.KEPT]
    kept = [row for row in rows if row.state is State.KEPT]
    left_out = len(week.rows) - shown
    return [
        f"## {words.verdict(week)[0]} {escape(words.conclusion(week))}",
        f"{words.title(week)}, {words.span(week)}.",
        _troubles(week),
        _section("Worst offenders", _offenders(week, shown)),
        f"**Next step:** {step}" if (step := words.next_step(week, code)) else "",
        _section("Not kept", _table(bad, week)),
        _folded(f"{len(kept)} kept", _table(kept, week)) if kept else "",
        f"{left_out} more promises, the least bad, are left out to stay within {MOST:,} "
        "bytes; the JSON report has all."
        if left_out
        else "",
        _section("Load tests", _runs(week)),
        _notes(week, rows),
        f"_{words.FORECAST_NOTE}_" if any(map(words.forecast_of, rows)) else "",
    ]


def _section(title: str, content: str) -> str:
    return f"### {title}\n\n{content}" if content else ""


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _troubles(week: Week) -> str:
    if not week.troubles:
        return ""
    lines = [f"> - {escape(each)}" for each in week.troubles[:_MOST_NOTES]]
    more = len(week.troubles) - _MOST_NOTES
    lines += [f"> - and {more} more, in the JSON report"] if more > 0 else []
    return "\n".join(["> **This report is not whole.**", ">", *lines])


def _offenders(week: Week, shown: int) -> str:
    ids = {row.id for row in week.worst_first[:shown]}
    found = [row for row in words.offenders(week) if row.id in ids]
    lines = []
    for row in found[: words.OFFENDERS]:
        owner = f" ({escape(row.owner)})" if row.owner else ""
        said = escape(words.reason(row))
        more = ""
        if row.burn is not None and row.burn > 1:
            more = f" In {words.name(week)}: {words.spent(row)}."
        news = f", {row.news}" if week.compared and row.news is not None else ""
        lines.append(f"- {words.MARKS[row.state]} {code(row.id)}{owner}{news}: {said}.{more}")
    left_out = len(found) - len(lines)
    lines += [f"- and {left_out} more, below"] if left_out > 0 else []
    recovered = [row for row in week.worst_first if week.compared and row.news == "recovered"]
    if recovered:
        lines += ["", f"Recovered: {', '.join(code(row.id) for row in recovered[:_MOST_NOTES])}."]
    return "\n".join(lines)


def _table(rows: Sequence[Row], week: Week) -> str:
    if not rows:
        return ""
    time, was = words.name(week), " (before)" if week.compared else ""
    heads = ["", "SLO", "promised", f"good in {time}{was}", f"spent in {time}", "budget left"]
    heads += [f"left, {len(week.weeks)} ends", "forecast"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(_row(row, week) for row in rows)])


def _row(row: Row, week: Week) -> str:
    said = words.state_word(row)
    changed = words.change_text(row) if week.compared else ""
    cells = (
        f"{words.MARKS[row.state]} {f'**{said}**' if row.state is State.BROKEN else said}",
        code(row.id),
        escape(words.promised(row)),
        _good(row) + (f" ({words.good(row.weeks[-2], row.promised)})" if week.compared else ""),
        words.spent(row),
        f"{words.left(row.now)} {changed}".strip(),
        sparkline([left_of(end) for end in row.ends]),
        words.forecast(row) or UNKNOWN,
    )
    return f"| {' | '.join(cells)} |"


def _good(row: Row) -> str:
    shown = words.good(row.week, row.promised)
    return f"**{shown}** ✗" if row.slipped and good_of(row.week) is not None else shown


def sparkline(values: Sequence[float | None]) -> str:
    """Budgets left as blocks: an overspent one is `✗`, an unknown one `·`."""
    return "".join(map(_block, values))


def _block(left: float | None) -> str:
    if left is None:
        return "·"
    if left < 0:
        return "✗"
    return _BLOCKS[min(len(_BLOCKS) - 1, int(left * len(_BLOCKS)))]


def _runs(week: Week) -> str:
    told = f"{loads.counts(week.runs)}."
    if week.compared:
        told += f" Before: {loads.counts(week.runs_before)}."
    told = f"{told[:1].upper()}{told[1:]}"
    failed = loads.without_pass(week)
    lines = [_run(run) for run in failed[:_MOST_RUNS]]
    more = len(failed) - len(lines)
    lines += [f"- and {more} more without a pass, in the JSON report"] if more > 0 else []
    return "\n".join([told, *(["", *lines] if lines else [])])


def _run(run: LoadRun) -> str:
    reasons = "; ".join(escape(each, 300) for each in loads.reasons(run))
    mark = "✗" if run.outcome is Outcome.FAIL else "?"
    head = f"{mark} {loads.word(run)}: {code(run.id)} of {code(run.service)}"
    return f"- {head}, {words.day(run.ts)} UTC: {reasons}"


def _notes(week: Week, rows: Sequence[Row]) -> str:
    lines = [f"- {code(row.id)}: {escape(text)}" for row in rows for text in words.remarks(row)]
    lines += [f"- {escape(note)}" for note in week.notes]
    if week.unpromised:
        some = ", ".join(code(each) for each in week.unpromised[:_MOST_NOTES])
        more = len(week.unpromised) - _MOST_NOTES
        also = f" and {units.format_count(more)} more" if more > 0 else ""
        lines.insert(0, f"- The store knows services that no slo speaks of: {some}{also}")
    if len(lines) > _MOST_NOTES:
        more = len(lines) - _MOST_NOTES
        lines[_MOST_NOTES:] = [f"- and {plain(str(more))} more, in the JSON report"]
    return _folded(f"Notes ({len(lines)})", "\n".join(lines)) if lines else ""
