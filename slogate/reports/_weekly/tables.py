"""The tables of the page: every promise with its budget, and every week of each."""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports._base import UNKNOWN
from slogate.reports._html.markup import Html, joined, name, tag
from slogate.reports._html.parts import section, table
from slogate.reports._weekly import words
from slogate.reports._weekly.picture import bar, course, keys
from slogate.reports._weekly.week import Row, State, Week, good_of
from slogate.verdict import Finding, Outcome

KINDS = {State.BROKEN: "fail", State.KEPT: "pass"}


def promises(week: Week, rows: Sequence[Row], *, left_out: int) -> Html | None:
    """Every promise: what was promised, what was kept, spent, left, and where it leads."""
    if not rows:
        return None
    time = words.name(week)
    heads = [
        ("Promise", ""), ("State", "state"), (f"Good in {time}", "figure"),
        (f"Spent in {time}", "figure"), ("Budget left", "budget-left"),
        (f"Left at {len(week.weeks)} ends", ""), ("Forecast (estimate)", "wide"),
    ]  # fmt: skip
    caption = "All promises, the worst first"
    return section(
        "promises",
        "Promises and their budgets",
        table(caption, heads, [_row(row, week) for row in rows]),
        keys(week),
        note=f"{units.format_count(left_out)} more, the least bad, are left out: the page would be "
        "too large. The JSON report has all."
        if left_out
        else None,
    )


def under(text: str) -> Html | None:
    """A second, softer line of a cell."""
    return tag("span", text, class_="under") if text else None


def _row(row: Row, week: Week) -> list[Html]:
    burn = f"{units.significant(row.burn, 2)}× sustainable" if row.burn is not None else ""
    share = units.format_share(row.spent, 2) if row.spent is not None else None
    return [
        joined(name(row.id), under(_promised(row))),
        badge(row),
        joined(
            _good(row.week, row.promised),
            under(words.counts(row.week)),
            under(f"before {words.good(row.weeks[-2], row.promised)}" if week.compared else ""),
        ),
        joined(share, under(burn)) if share else joined(burn or UNKNOWN),
        joined(bar(row), words.left(row.now), _left_under(row, week)),
        course(row, week),
        _forecast(row),
    ]


def badge(row: Row, *, pace: bool = False) -> Html:
    """The state as mark and word; of a promise that is kept its `pace`, if that is the news."""
    kind = KINDS.get(row.state, "open")
    said = f"{words.MARKS[row.state]} {words.state_word(row)}"
    if pace and row.state is State.KEPT and row.burn is not None:
        kind, said = "open", f"kept, burns {units.significant(row.burn, 2)}×"
    return tag("span", said, class_=f"badge small {kind}")


def _forecast(row: Row) -> Html:
    if (ends := words.forecast_ends(row)) is None:
        return joined(UNKNOWN)
    return joined(
        tag("span", f"{ends} spent", class_="forecast"),
        tag("span", words.forecast_chance(row), class_="forecast under"),
    )


def _promised(row: Row) -> str:
    text = words.promised(row)
    if row.owner:
        text += f" · {row.owner}"
    return {"verdict": f"{text} · by stored verdicts", "server": f"{text} · by a server"}.get(
        row.source, text
    )


def _left_under(row: Row, week: Week) -> Html | None:
    told = words.change_text(row) if week.compared else ""
    kind = {"▲": "under up", "▼": "under down"}.get(told[:1], "under")
    return joined(
        under(words.left_in_words(row.now)), tag("span", told, class_=kind) if told else None
    )


def _good(finding: Finding | None, promised: float | None) -> Html:
    """The good share; one that is worse than promised is marked."""
    shown = words.good(finding, promised)
    if finding is not None and finding.outcome is Outcome.FAIL and good_of(finding) is not None:
        return tag("span", f"✗ {shown}", class_="bad-figure")
    return joined(shown)


def glance(week: Week, rows: Sequence[Row]) -> Html | None:
    """What share was good in each week, a row a promise."""
    found = [row for row in rows if any(each is not None for each in row.weeks)]
    if not found:
        return None
    heads = [("Promise", ""), ("Promised", "figure")]
    heads += [(f"to {words.day(each.end_ts)[5:]}", "figure") for each in week.weeks]
    cells = [
        [
            name(row.id),
            joined(UNKNOWN if row.promised is None else units.format_share(row.promised, 9)),
            *(_good(each, row.promised) for each in row.weeks),
        ]
        for row in found
    ]
    count = len(week.weeks)
    what = "weeks" if words.name(week) == "the week" else f"times of {words.length(week)}"
    title = f"{count} {what} at a glance"
    note = "The share that was good in each by itself; ✗ is worse than promised."
    return section("glance", title, table(title, heads, cells, across=3), note=note)
