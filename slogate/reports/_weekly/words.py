"""What all forms of the report over a week say alike: sentences and figures, rounded for people.

A figure is shown with as many digits as it takes to tell it from what was promised. A share of
which only the ends are known is shown with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slogate import units
from slogate.reports import _base
from slogate.reports._budget import budget_of, is_figures, is_number
from slogate.reports._next import Code
from slogate.reports._weekly.week import DAY_US, Row, State, Week, left_of
from slogate.verdict import Finding, Outcome

MARKS = {
    State.BROKEN: "✗",
    State.UNREAD: "!",
    State.INVALID: "!",
    State.NO_DATA: "○",
    State.INCONCLUSIVE: "?",
    State.KEPT: "✓",
}
WORDS = {
    State.BROKEN: "broken",
    State.UNREAD: "not read",
    State.INVALID: "not valid",
    State.NO_DATA: "no data",
    State.INCONCLUSIVE: "inconclusive",
    State.KEPT: "kept",
}
# what a command can be told of without quotes
_SIMPLE = re.compile(r"[A-Za-z0-9][\w.-]{0,60}", re.ASCII)
_UNKNOWN = (State.UNREAD, State.INVALID, State.NO_DATA, State.INCONCLUSIVE)
OFFENDERS = 10
NO_CHANGE = 0.0005
FORECAST_NOTE = (
    "A forecast is an estimate from the days of the last weeks: its interval is nominally 80%, "
    "measured 60 to 80%, and nothing is decided by it."
)


def name(week: Week) -> str:
    """What the time is called: `the week`, `the 30 d`."""
    return "the week" if week.span.length_us == 7 * DAY_US else f"the {length(week)}"


def length(week: Week) -> str:
    """How long it is: `7 d`."""
    days, rest = divmod(week.span.length_us, DAY_US)
    return units.format_span(week.span.length_us / units.US_PER_SECOND) if rest else f"{days} d"


def title(week: Week) -> str:
    """What this is: `Weekly report`."""
    if week.span.length_us == 7 * DAY_US:
        return "Weekly report"
    return f"Report over {length(week)}"


def day(ts: int) -> str:
    """A moment to the minute, or a day where it is its midnight."""
    text = _base.instant(ts)
    return text[:10] if ts % DAY_US == 0 else f"{text[:10]} {text[11:16]}"


def span(week: Week) -> str:
    """`2026-11-16 to 2026-11-23 UTC`."""
    return f"{day(week.span.start_ts)} to {day(week.span.end_ts)} UTC"


def conclusion(week: Week) -> str:
    """All in one sentence; it says "all kept" only where all was read, and all is kept."""
    count = len(week.rows)
    broken, kept = week.count(State.BROKEN), week.count(State.KEPT)
    unknown = week.count(*_UNKNOWN)
    if not count and week.troubles:
        text = "No promise could be read, so that nothing is known of any"
    elif not count and not week.specs:
        text = "Nothing is promised: there is no spec with slos, and no verdict on any"
    elif not count:
        text = "Nothing is promised: the specs have no slos"
    elif broken:
        text = f"{broken} of {_promises(count)} broken, {kept} kept"
        text += f", {unknown} not known" if unknown else ""
    elif unknown:
        text = f"{unknown} of {_promises(count)} not known, {kept} kept, none known to be broken"
    elif week.troubles:
        text = f"Not all could be read: {_promises(count)} kept, of others nobody knows"
    else:
        text = f"All {_promises(count)} kept" if count > 1 else "The only promise kept"
    slipped = sum(row.state is State.KEPT and row.slipped for row in week.rows)
    if slipped:
        text += f"; {slipped} kept with {name(week)} alone worse than promised"
    failing = sum(run.outcome is Outcome.FAIL for run in week.runs)
    if failing:
        text += f"; {failing} of {units.format_count(len(week.runs))} load runs failed"
    return text


def verdict(week: Week) -> tuple[str, str]:
    """All in a mark and a word."""
    if not week.rows and not week.troubles:
        return MARKS[State.NO_DATA], "no slos"
    return MARKS[week.state], WORDS[week.state]


def _promises(count: int) -> str:
    return f"{units.format_count(count)} {'promise' if count == 1 else 'promises'}"


def state_word(row: Row) -> str:
    """How it stands, and whether that matters: `broken (warn)`."""
    minor = row.now is not None and row.now.severity != "error" and row.state is not State.KEPT
    return f"{WORDS[row.state]} ({row.now.severity})" if minor and row.now else WORDS[row.state]


def promised(row: Row) -> str:
    """`99.5% over 28d`."""
    if row.promised is None:
        return _base.UNKNOWN
    return f"{units.format_share(row.promised, 9)} over {_base.plain(row.window)}"


def good(finding: Finding | None, promised_: float | None) -> str:
    """The share that was good, with both ends where they differ; `no data` where nothing is."""
    if finding is None:
        return _base.UNKNOWN
    if finding.outcome is Outcome.NO_DATA or finding.good_share is None:
        return "no data" if finding.outcome is Outcome.NO_DATA else _base.word(finding.outcome)
    shares = [finding.good_share.observed]
    if finding.interval is not None and finding.interval[0] is not None:
        shares.append(1 - finding.interval[0])
    marks = [1.0] if promised_ is None else [1.0, promised_]
    digits = max(_base.digits_apart(s, mark, "share") for s in shares for mark in marks)
    return "–".join(dict.fromkeys(units.format_share(s, digits) for s in shares))


def counts(finding: Finding | None) -> str:
    """Bad units of all of them: `12 of 40,310 bad`."""
    budget = None if finding is None else budget_of(finding)
    if budget is None or not is_figures(budget, "bad", "total"):
        return ""
    unit = budget.get("unit", "requests")
    bad = units.significant(float(budget["bad"]), 12) if budget["bad"] % 1 else int(budget["bad"])
    shown = bad if isinstance(bad, str) else units.format_count(bad)
    whole = units.format_count(int(budget["total"]))
    noun = "" if unit == "requests" else f"{_base.plain(str(unit))} "
    return f"{shown} of {whole} {noun}bad"


def left(finding: Finding | None) -> str:
    """What is left of the budget: `43%`, `overspent`."""
    share = left_of(finding)
    if finding is None or share is None:
        return _base.UNKNOWN
    best: Any = (budget_of(finding) or {}).get("best_case")
    if is_figures(best, "remaining") and best["remaining"] != share:
        return f"{units.format_share(share)} to {units.format_share(best['remaining'])}"
    if share < 0:
        return "overspent"
    return units.format_share(share)


def left_in_words(finding: Finding | None) -> str:
    """The same as time, `2.9 h of 6.7 h`, or how often it is used, `4.1 times used`."""
    budget = None if finding is None else budget_of(finding)
    if budget is None:
        return ""
    if budget["remaining"] < 0:
        return f"{units.significant(budget['spent'], 3)} times used"
    minutes = (budget["remaining_minutes"], budget["allowed_minutes"])
    return " of ".join(units.format_duration(each * 60 * units.US_PER_SECOND) for each in minutes)


def change(row: Row) -> float | None:
    """By how much of the whole budget more is left than before."""
    now, before = row.left(), row.left(1)
    return None if now is None or before is None else now - before


def change_text(row: Row) -> str:
    """`▼ 21 points`: the budget that was left a week before, and what became of it."""
    by = change(row)
    if by is None:
        return ""
    if abs(by) < NO_CHANGE:
        return "as before"
    return f"{'▲' if by > 0 else '▼'} {units.significant(abs(by) * 100, 2)} points"


def spent(row: Row) -> str:
    """What the week spent: `34% of the budget, 1.4 times the sustainable rate`."""
    parts = []
    if row.spent is not None:
        parts.append(f"{units.format_share(row.spent, 2)} of the budget")
    if row.burn is not None:
        parts.append(f"{units.significant(row.burn, 2)}× the sustainable rate")
    return ", ".join(parts) or _base.UNKNOWN


def forecast_of(row: Row) -> Mapping[str, Any] | None:
    """The forecast, where there is one and it is whole; none rests on a week without data."""
    if row.now is None or row.state in {State.NO_DATA, State.UNREAD, State.INVALID}:
        return None
    budget = budget_of(row.now)
    found: Any = (budget or {}).get("forecast")
    if not is_figures(found, "days", "spent", "exhausted"):
        return None
    ends = found.get("interval")
    if not isinstance(ends, list) or len(ends) != 2 or not all(map(is_number, ends)):
        return None
    return {**found, "label": _base.plain(str(found.get("label", "")))}


def forecast_ends(row: Row) -> str | None:
    """How much of the budget will be spent: `40% to 85%`; None without a forecast."""
    found = forecast_of(row)
    if found is None:
        return None
    return " to ".join(dict.fromkeys(units.format_share(end, 2) for end in found["interval"]))


def forecast_chance(row: Row) -> str:
    """`in 7 d; overspent in 3% of draws`."""
    found = forecast_of(row) or {"days": 0, "exhausted": 0.0}
    chance = units.format_share(found["exhausted"], 2)
    return f"in {found['days']} d; overspent in {chance} of draws"


def forecast(row: Row) -> str:
    """`40% to 85% spent in 7 d; overspent in 3% of draws`."""
    ends = forecast_ends(row)
    return "" if ends is None else f"{ends} spent {forecast_chance(row)}"


def reason(row: Row) -> str:
    """Why it stands so, in a sentence."""
    if row.trouble is not None:
        return f"it could not be judged: {_base.plain(row.trouble)}"
    if row.now is None:
        return "no verdict on it was stored in this time, and no spec says how to judge it now"
    if row.state is not State.KEPT and row.now.outcome is Outcome.PASS and row.week is not None:
        return f"{row.week.reason}; {row.now.reason}"
    return row.now.reason


def offenders(week: Week) -> list[Row]:
    """Whatever is not kept, then what is kept and burned too fast; the worst first."""
    rows = week.worst_first
    bad = [row for row in rows if row.state is not State.KEPT]
    fast = [row for row in rows if row.state is State.KEPT and (row.burn or 0) > 1]
    return [*bad, *sorted(fast, key=lambda row: (-(row.burn or 0), row.id))]


def next_step(week: Week, code: Code) -> str | None:
    """What to do about the worst of them; None without any. `code` makes names stand out."""
    worst = next(iter(offenders(week)), None)
    if worst is None:
        return None
    what = code(worst.id)
    if worst.state is State.UNREAD:
        return f"Make {what} readable: until then nobody knows whether it is kept."
    if worst.state is State.NO_DATA:
        return f"Bring data of {what} into the store, or mend what it selects in the spec."
    first = "Mend" if worst.state is State.BROKEN else "Look at"
    if not _SIMPLE.fullmatch(worst.service):
        return f"{first} {what} first."
    check, show = (
        code(f"slogate {words} --service {worst.service}")
        for words in ("check --only slos", "report slos --open")
    )
    return f"{first} {what} first; {check}, then {show} shows how its budget burnt."


def remarks(row: Row) -> Iterator[str]:
    """What a reader should know of a row: gaps of the week, corrections, policies."""
    told: dict[str, None] = {}
    for finding, keep in ((row.week, ("gap", "coverage", "corrected")), (row.now, ())):
        for text in () if finding is None else finding.warnings:
            if not keep or text.startswith(keep):
                told[_base.plain(text)] = None
    yield from told


def course_sentence(row: Row, week: Week) -> str:
    """The course for those who do not see it: `left at the ends of 8 weeks: 90%, 85%, …`."""
    told = [
        _base.word(end.outcome) if end is not None and left_of(end) is None else left(end)
        for end in row.ends
    ]
    return f"budget left at the end of each of {len(week.weeks)} times: {', '.join(told)}"
