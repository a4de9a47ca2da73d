"""A history for people: a line a verdict, then revisions, changes of level, what the floor cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from slogate.cli.grid import grid
from slogate.history.course import Course, Revision
from slogate.history.document import Told
from slogate.history.entry import Entry
from slogate.history.shifts import Shift
from slogate.reports import _base
from slogate.reports._page import elide
from slogate.reports._price import named_runs, price_of
from slogate.stats.change_points import LEAST
from slogate.units import format_duration, format_rate, format_share, significant
from slogate.verdict import Finding

BARS = "▁▂▃▄▅▆▇█"
_COMMIT, _BRANCH, _ID = 9, 24, 100
_OVERVIEW = ("objective", "verdicts", "last", "outcome", "observed", "limit", "course", "changes")
_WORDS = {
    "new": "worse, new",
    "known": "worse, known",
    "recovered": "worse, recovered",
    "past": "worse, past",
    "better": "better",
}


def overview(told: Sequence[Told], *, no_color: bool) -> str:
    """A line an objective."""
    return grid(_OVERVIEW, [_line(each) for each in told], no_color=no_color)


def _line(told: Told) -> tuple[Any, ...]:
    last = told.course.last
    finding = last.finding()
    changes = [_WORDS[s.status] for s in told.shifts if s.status in {"new", "known"}]
    return (
        elide(_base.plain(last.objective), _ID),
        len(told.course.entries),
        _day(last),
        _outcome(finding),
        _base.observed(finding),
        _base.limit(finding),
        sparkline([entry for entry, _ in told.shown]),
        ", ".join(changes),
    )


def sheet(told: Told, *, no_color: bool) -> str:
    """One objective in full."""
    course = told.course
    blocks = [
        _title(told),
        _rows(told, no_color=no_color),
        _block("Revisions:", map(_revision, course.revisions()[1:])),
        _block("Changes of level:", map(_shift, told.shifts)),
        _block("Floor:", _floor(course)),
    ]
    return "\n".join(block for block in blocks if block)


def _title(told: Told) -> str:
    course, rows = told.course, len(told.shown)
    count = len(course.entries)
    noun = "verdict" if count == 1 else "verdicts"
    newest = f", the newest {rows}" if rows < count else ""
    line = sparkline([entry for entry, _ in told.shown])
    return f"{_base.plain(course.id)}: {count} {noun}{newest}  {line}\n"


def _rows(told: Told, *, no_color: bool) -> str:
    budgets = any(entry.found["budget"] is not None for entry, _ in told.shown)
    head = ["time", "run", "commit", "branch", "outcome", "observed", "limit", "requests"]
    head += ["left", "burn", "rev"] if budgets else ["floor", "change", "rev"]
    moved = {shift.first.verdict: f"← {_moved(shift)}" for shift in told.shifts}
    several = len(told.course.revisions()) > 1
    begins = {revision.since.verdict for revision in told.course.revisions()[1:]}
    rows = []
    for entry, number in told.shown:
        finding = entry.finding()
        mark = "" if number is None else f"r{number}{' ←' if entry.verdict in begins else ''}"
        rows.append(
            (
                _base.instant(entry.ts)[:16].replace("T", " "),
                entry.run,
                (entry.commit or "")[:_COMMIT],
                elide(_base.plain(entry.branch or ""), _BRANCH),
                _outcome(finding),
                _base.observed(finding),
                _base.limit(finding),
                _base.requests(finding),
                *_more(finding, budgets=budgets),
                *([] if budgets else [moved.get(entry.verdict, "")]),
                mark if several else "",
            )
        )
    full = [at for at in range(len(head)) if any(row[at] for row in rows)]
    shown = [[row[at] for at in full] for row in rows]
    return grid([head[at] for at in full], shown, no_color=no_color)


def _more(finding: Finding, *, budgets: bool) -> tuple[str, ...]:
    if not budgets:
        price = price_of(finding)
        if price is None:
            return ("",)
        return (f"{significant(price.floor, 3)}{' !' if price.decided else ''}",)
    budget = finding.budget or {}
    left, burn = budget.get("remaining"), budget.get("burn_rate")
    return (
        _base.UNKNOWN if left is None else format_share(_float(left)),
        _base.UNKNOWN if burn is None else significant(_float(burn), 3),
    )


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _outcome(finding: Finding) -> str:
    return f"{_base.MARKS[finding.outcome]} {_base.word(finding.outcome)}"


def _day(entry: Entry) -> str:
    return _base.instant(entry.ts)[:10]


def _block(title: str, lines: Iterator[str]) -> str:
    told = [f"  {line}\n" for line in lines]
    return f"{title}\n{''.join(told)}" if told else ""


def _revision(revision: Revision) -> str:
    since = revision.since
    commit = f", {since.commit[:_COMMIT]}" if since.commit else ""
    changes = ", ".join(_changed(*change) for change in revision.changed)
    return f"r{revision.number} since {_day(since)} ({since.run}{commit}): {_base.plain(changes)}"


def _changed(what: str, before: Any, after: Any) -> str:
    name = what.partition(".")[2].removesuffix("_us").replace("_", " ")
    return f"{name} {_value(what, before)} → {_value(what, after)}"


def _value(what: str, value: Any) -> str:
    if value is None:
        return "(default)"
    if what.endswith("_us") and isinstance(value, int):
        return format_duration(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    return str(value)


def _shift(shift: Shift) -> str:
    moved = f"{level(shift.before, shift.unit)} → {level(shift.after, shift.unit)}"
    ratio = "" if shift.ratio is None else f" ({_moved(shift)})"
    why = f"; known: {_base.plain(shift.known.reason)}" if shift.known else ""
    return f"{_WORDS[shift.status]}: {moved}{ratio} between {between(shift)}{why}"


def _moved(shift: Shift) -> str:
    """By how much, or which way where that is no number."""
    if shift.ratio is None:
        return "better" if shift.status == "better" else "worse"
    return f"{shift.ratio * 100:+.3g}%"


def between(shift: Shift) -> str:
    """The last run of the old level and the first of the new one, and the commits in between."""
    last, first = shift.last, shift.first
    runs = f"{last.run} and {first.run}"
    spread = [each.run for each in (shift.earliest, shift.latest)]
    unsure = "" if spread[0] == spread[1] else f", first seen in {spread[0]} to {spread[1]}"
    if last.commit and first.commit and last.commit != first.commit:
        return f"{runs}, commits {last.commit[:_COMMIT]}..{first.commit[:_COMMIT]}{unsure}"
    return runs + unsure


def level(value: float, unit: str) -> str:
    """A level in the document's unit as people read it."""
    if not isfinite(value):
        return "unbounded"
    if unit == "ms":
        return format_duration(value * 1_000)
    return format_share(value) if unit == "share" else format_rate(value)


def _floor(course: Course) -> Iterator[str]:
    """What the floor of the newest verdict cost, and where it came from."""
    finding = course.last.finding()
    price = price_of(finding)
    if price is None:
        yield from (_base.plain(it) for it in finding.warnings if it.startswith("history: none"))
        return
    ends, without = (
        f"{format_share(low, 4)}–{format_share(high, 4)}"
        for low, high in (price.interval, price.without)
    )
    yield (
        f"the newest verdict stands on a design effect of {significant(price.floor, 3)}, that of "
        f"its history: {ends} of requests are good, without it {without}"
    )
    if price.decided:
        outcomes = [_base.word(each) for each in (price.outcome_without, price.outcome)]
        yield f"without it the outcome would be {outcomes[0]}, not {outcomes[1]}"
    yield f"to be as sure as without it takes {significant(price.load, 3)} times the load"
    if price.runs:
        yield f"it comes from {named_runs(price.runs).strip(' ()')}"


def sparkline(entries: Sequence[Entry]) -> str:
    """The values as bars between the smallest and the largest; `·` where nothing was measured."""
    known = [e.value for e in entries if e.counts and e.value is not None and isfinite(e.value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(_bar(entry, low, high) for entry in entries)


def _bar(entry: Entry, low: float, high: float) -> str:
    if not entry.counts or entry.value is None:
        return "·"
    if not isfinite(entry.value):
        return BARS[-1]
    if high == low:
        return BARS[0]
    return BARS[min(len(BARS) - 1, int((entry.value - low) / (high - low) * len(BARS)))]


def too_short(told: Sequence[Told]) -> int:
    """How many objectives have too few measurements for a change to be told from chance."""
    return sum(
        each.course.last.kind == "load"
        and max(map(len, each.course.stretches()), default=0) < LEAST
        for each in told
    )
