"""What a comment, an issue and a chat say of a verdict: the outcome first, then what to do. Pure.

Names come from anywhere: in Markdown they are escaped as in the Markdown report, in a chat's
plain text what could be a link, a mention or markup is broken up. At most 60,000 characters.
"""

from __future__ import annotations

from slogate import units
from slogate.reports import _base, _next, _turns
from slogate.reports.markdown import code, escape, limit_cell, outcome_cell
from slogate.talk.past import Past, ended
from slogate.verdict import Finding, Outcome, Verdict

MOST = 60_000
_LONGEST = 300
_MOST_PASSING = 8
_CHAT_REASONS = 5
_CHAT = str.maketrans({
    "<": "‹", ">": "›", "&": "＆", "`": "ˋ", "*": "∗", "~": "∼", "|": "¦",
    "@": "@\u200b", "#": "#\u200b", "_": "_\u200b", "!": "!\u200b",
})  # fmt: skip
_LINKS = (("](", "] ("), ("://", ":\u200b//"), ("www.", "www\u200b."))


def calm(text: str, longest: int = _LONGEST) -> str:
    """One line for people that no chat and no title makes anything of."""
    line = _base.plain(text)
    if len(line) > longest:
        line = f"{line[: longest - 1]}…"
    line = line.translate(_CHAT)
    for link, broken in _LINKS:
        line = line.replace(link, broken)
    return line


def next_step(verdict: Verdict) -> str:
    """What its reader should do now, in Markdown."""
    return _next.next_step(verdict, code)


def _sides(finding: Finding, past: Past) -> tuple[str, str, str]:
    """Base, head and change: as the objective itself compared them, else with the past."""
    line = _turns.line_of(finding)
    if line is None:
        then = past.same(finding)
        shown = _base.observed(then) if then else _base.UNKNOWN
        return shown, _base.observed(finding), _change(finding, then)
    change, ends = _turns.changed(line, line["change"]), _turns.interval(line)
    base, head = (_turns.value(line, line[side]) for side in ("base", "head"))
    return base, head, f"{change} ({ends})" if ends else change


def _has_sides(verdict: Verdict, past: Past) -> bool:
    return past.base is not None or any(_turns.line_of(each) for each in verdict.findings)


def _change(now: Finding, then: Finding | None) -> str:
    """How much more or less than at the base, as observed."""
    if then is None or then.observed is None or now.observed is None:
        return _base.UNKNOWN
    less = now.observed - then.observed
    if now.unit == "share":
        sign = "+" if less > 0 else ""
        return f"{sign}{units.significant(100 * less, 2)} pp"
    if then.observed <= 0:
        return _base.UNKNOWN
    sign = "+" if less > 0 else ""
    return f"{sign}{units.significant(100 * less / then.observed, 3)}%"


def _row(finding: Finding, past: Past, *, whole_id: bool, sides: bool) -> str:
    cells = [
        outcome_cell(finding),
        code(finding.id if whole_id else _base.label(finding)),
        limit_cell(finding),
        *(_sides(finding, past) if sides else [_base.observed(finding)]),
        *([past.trend(finding)] if past.base else []),
    ]
    return f"| {' | '.join(cells)} |"


def _table(verdict: Verdict, past: Past, most: int) -> str:
    several = len({each.service for each in verdict.findings}) > 1
    ordered = _base.worst_first(verdict.findings)
    passing = [each for each in ordered if each.outcome is Outcome.PASS]
    rest = [each for each in ordered if each.outcome is not Outcome.PASS]
    sides = _has_sides(verdict, past)
    columns = ["", "objective", "limit"]
    columns += [code(past.name) if past.base else "base", "now", "change"] if sides else []
    columns += ["trend"] if past.base else [] if sides else ["observed"]
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    rows = [_row(each, past, whole_id=several, sides=sides) for each in ordered[:most]]
    left = len(ordered) - len(rows)
    blocks = []
    if len(passing) <= _MOST_PASSING or not rest:
        blocks.append("\n".join([*head, *rows]))
    else:
        upper, lower = rows[: len(rest)], rows[len(rest) :]
        blocks.append("\n".join([*head, *upper]))
        if lower:
            inner = "\n".join([*head, *lower])
            summary = f"{len(passing)} objectives pass"
            blocks.append(f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>")
    if left:
        blocks.append(f"{left} more are left out here, the least severe; the JSON report has all.")
    return "\n\n".join(blocks)


def _reasons(verdict: Verdict, most: int) -> str:
    rest = [e for e in _base.worst_first(verdict.findings) if e.outcome is not Outcome.PASS]
    lines = []
    for each in rest[:most]:
        aside = _base.aside(each)
        more = f" _({escape(aside, _LONGEST)})_" if aside else ""
        lines.append(f"- {escape(each.reason, _LONGEST) or _base.word(each.outcome)}{more}")
    return "\n".join(lines)


def _facts(verdict: Verdict, past: Past, url: str | None) -> str:
    run = verdict.subject.run
    what = "Run" if run.kind == "load" else "Production as of"
    facts = [f"{what} {code(run.id)} of {code(run.service)}"]
    if run.commit:
        facts.append(f"commit {code(run.commit[:10])}")
    facts.append(f"{_base.instant(ended(verdict))[:16].replace('T', ' ')} UTC")
    facts.append(f"{units.format_count(verdict.subject.judged)} requests judged")
    if url:
        facts.append(f"[the job]({url})")
    told = " · ".join(facts)
    if past.base is None:
        return f"<sub>{told}</sub>"
    then = code(past.base.subject.run.id)
    note = f"Compared with {then} as observed: differences are no test, only limits decide."
    return f"<sub>{told}<br>{note}</sub>"


def _whole(verdict: Verdict, past: Past, url: str | None, head: str, most: int) -> str:
    service = code(verdict.subject.run.service)
    blocks = [
        f"### {_base.MARKS[verdict.outcome]} {service}: {_base.conclusion(verdict)}",
        head,
        f"**Next step:** {next_step(verdict)}",
        _reasons(verdict, most),
        _table(verdict, past, most) if verdict.findings else "",
        _facts(verdict, past, url),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def body(verdict: Verdict, past: Past, *, url: str | None = None, head: str = "") -> str:
    """The text of a comment or an issue: as many objectives as fit, the worst first."""
    most = max(1, len(verdict.findings))
    while len(text := _whole(verdict, past, url, head, most)) > MOST and most > 1:
        most //= 2
    return text[:MOST]


def chat(verdict: Verdict, past: Past, *, url: str | None = None) -> str:
    """A few lines of plain text."""
    lines = [f"{calm(verdict.subject.run.service)}: {calm(_base.conclusion(verdict))}"]
    if past.before is not None and past.before.exit_code and not verdict.exit_code:
        lines[0] = f"{lines[0]}, recovered"
    rest = [each for each in _base.worst_first(verdict.findings) if each.blocking]
    lines += [f"- {calm(each.reason or each.id)}" for each in rest[:_CHAT_REASONS]]
    if len(rest) > _CHAT_REASONS:
        lines.append(f"- and {len(rest) - _CHAT_REASONS} more")
    return "\n".join([*lines, *([url] if url else [])])
