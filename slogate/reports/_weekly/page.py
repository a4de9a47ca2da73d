"""The week as one page: what is not kept and why first, then every promise, the weeks, the runs.

One self-contained file without any script; the policy of all our pages forbids it to load or send
anything. Names come out as text. At most 500,000 bytes: the least bad rows are left out, and a
sentence says how many.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports._html.markup import Html, joined, name, tag
from slogate.reports._html.page import framed
from slogate.reports._html.parts import section
from slogate.reports._html.summary import step
from slogate.reports._weekly import loads, words
from slogate.reports._weekly.fitting import fitting
from slogate.reports._weekly.style import STYLE
from slogate.reports._weekly.tables import KINDS, badge, glance, promises
from slogate.reports._weekly.week import LoadRun, Row, State, Week
from slogate.verdict import Outcome

MOST = 500_000
# no row takes fewer bytes than this
_LEAST_ROW = 1_200
_MOST_RUNS = 30
_MOST_NOTES = 60
_MOST_TROUBLES = 20


def render(week: Week) -> str:
    """The page, with as many rows as fit."""
    rows = week.worst_first
    most = min(len(rows), MOST // _LEAST_ROW)
    return fitting(lambda shown: _page(week, rows, shown), most, MOST)


def _page(week: Week, rows: Sequence[Row], shown: int) -> str:
    some = rows[:shown]
    content = joined(
        _offenders(week),
        promises(week, some, left_out=len(rows) - shown),
        glance(week, some),
        _runs(week),
        _notes(week, some),
    )
    foot = joined(
        f"slogate {week.version}. A promise is judged over its own window, up to the end of "
        f"{words.name(week)}; what {words.name(week)} alone was like is told beside it and decides "
        f"nothing. {words.FORECAST_NOTE}"
    )
    title = f"{words.conclusion(week)} · {words.title(week)}, {words.span(week)} · slogate"
    return framed(title, week.version, _header(week), content, foot, style=STYLE)


def _header(week: Week) -> Html:
    services = len({row.service for row in week.rows})
    facts = [words.span(week)]
    facts += [f"{services} {'service' if services == 1 else 'services'}"] if services else []
    kind = KINDS.get(week.state, "open") if week.rows else "open"
    said, _, besides = words.conclusion(week).partition("; ")
    if week.compared:
        before = week.weeks[-2]
        facts.append(f"compared with {words.day(before.start_ts)} to {words.day(before.end_ts)}")
    return tag(
        "header",
        tag("p", f"slogate · {words.title(week)}", class_="over"),
        tag(
            "h1",
            tag("span", " ".join(words.verdict(week)), class_=f"badge {kind}"),
            " ",
            said,
        ),
        tag("p", f"{besides[:1].upper()}{besides[1:]}", class_="besides") if besides else None,
        tag("ul", *(tag("li", fact) for fact in facts), class_="facts"),
        _alarm(week),
        _tiles(week),
    )  # fmt: skip


def _alarm(week: Week) -> Html | None:
    if not week.troubles:
        return None
    shown = [tag("li", each) for each in week.troubles[:_MOST_TROUBLES]]
    if (more := len(week.troubles) - len(shown)) > 0:
        shown.append(tag("li", f"and {more} more, in the JSON report"))
    return tag("div", tag("p", "This report is not whole:"), tag("ul", *shown), class_="alarm")


def _tiles(week: Week) -> Html:
    unknown = (State.UNREAD, State.INVALID, State.NO_DATA, State.INCONCLUSIVE)
    tiles = [
        _tile(week, "kept", "pass", State.KEPT),
        _tile(week, "broken", "fail", State.BROKEN),
        _tile(week, "not known", "open", *unknown),
        tag("li", _number(len(week.runs), None), tag("span", _runs_under(week))),
    ]
    return tag("ul", *tiles, class_="tiles")


def _tile(week: Week, word: str, kind: str, *states: State) -> Html:
    count = week.count(*states)
    told = f"{word}, of {units.format_count(len(week.rows))}"
    if week.compared and week.rows:
        told += f"; {units.format_count(week.count(*states, back=1))} before"
    return tag("li", _number(count, kind if count else None), tag("span", told))


def _number(count: int, kind: str | None) -> Html:
    return tag("p", units.format_count(count), class_=f"number {kind}" if kind else "number")


def _runs_under(week: Week) -> str:
    _, _, told = loads.counts(week.runs).partition(": ")
    text = f"load {'run' if len(week.runs) == 1 else 'runs'}" + (f": {told}" if told else "")
    return f"{text}; {len(week.runs_before)} before" if week.compared else text


def _offenders(week: Week) -> Html | None:
    found = words.offenders(week)
    recovered = [row for row in week.worst_first if week.compared and row.news == "recovered"]
    if not found and not recovered:
        return None
    items = [_offender(row, week) for row in found[: words.OFFENDERS]]
    more = len(found) - len(items)
    note = f"and {units.format_count(more)} more in the table below" if more > 0 else None
    good = None
    if recovered:
        names = [joined(", " if at else " ", name(r.id)) for at, r in enumerate(recovered[:10])]
        good = tag("p", "Recovered since the time before:", *names, class_="under")
    return section(
        "offenders",
        "Worst offenders",
        tag("ol", *items, class_="reasons") if items else None,
        tag("p", note, class_="under") if note else None,
        good,
        step(lambda code: words.next_step(week, code)),
    )


def _offender(row: Row, week: Week) -> Html:
    head = [tag("span", name(row.id), class_="title")]
    if row.owner:
        head += [joined(" · "), name(row.owner)]
    if week.compared and row.news is not None:
        head.append(joined(f" · {row.news}"))
    under = []
    if row.burn is not None:
        under.append(f"in {words.name(week)}: {words.spent(row)}")
    if (told := words.forecast(row)) and row.state is State.KEPT:
        under.append(f"estimate: {told}")
    reason = words.reason(row)
    return tag(
        "li",
        badge(row, pace=True),
        tag(
            "div",
            tag("p", *head),
            tag("p", f"{reason[:1].upper()}{reason[1:]}."),
            tag("p", " · ".join(under), class_="under") if under else None,
        ),
    )


def _runs(week: Week) -> Html:
    failed = loads.without_pass(week)
    note = f"{loads.counts(week.runs)}."
    if week.compared:
        note += f" Before: {loads.counts(week.runs_before)}."
    items = [_run(run) for run in failed[:_MOST_RUNS]]
    more = len(failed) - len(items)
    return section(
        "runs",
        "Load tests",
        tag("ol", *items, class_="reasons") if items else None,
        tag("p", f"and {more} more without a pass, in the JSON report") if more > 0 else None,
        note=note[:1].upper() + note[1:],
    )


def _run(run: LoadRun) -> Html:
    fail = run.outcome is Outcome.FAIL
    said = f"{'✗' if fail else '?'} {loads.word(run)}"
    reasons = [tag("p", each) for each in loads.reasons(run)]
    under = tag(
        "p", name(run.service), " · ", name(run.id), f" · {words.day(run.ts)} UTC", class_="under"
    )
    kind = "fail" if fail else "open"
    return tag("li", tag("span", said, class_=f"badge small {kind}"), tag("div", *reasons, under))


def _notes(week: Week, rows: Sequence[Row]) -> Html | None:
    found = [tag("li", name(row.id), ": ", each) for row in rows for each in words.remarks(row)]
    found += [tag("li", note) for note in week.notes]
    if week.unpromised:
        names = [
            joined(", " if at else " ", name(each)) for at, each in enumerate(week.unpromised[:20])
        ]
        more = len(week.unpromised) - len(names)
        also = f" and {units.format_count(more)} more" if more > 0 else None
        found.insert(0, tag("li", "No slo speaks of these services of the store:", *names, also))
    if not found:
        return None
    if len(found) > _MOST_NOTES:
        more = len(found) - _MOST_NOTES
        found[_MOST_NOTES:] = [tag("li", f"and {more} more, in the JSON report")]
    return section("notes", "Notes", tag("ul", *found, class_="notes"))
