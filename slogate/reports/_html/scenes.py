"""The parts of the page that come from the series: a panel a scene, and the endpoints."""

from __future__ import annotations

import json

from slogate import units
from slogate.model.beside import Beside
from slogate.model.exhibit import EndpointRow, Exhibit, View
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window
from slogate.reports import _base
from slogate.reports._html.crowd import crowd, users_by_column
from slogate.reports._html.markup import Html, block, joined, name, tag
from slogate.reports._html.parts import section, table
from slogate.reports._html.spread import DISTRIBUTION, distribution
from slogate.reports._html.summary import badge
from slogate.reports._html.timeline import (
    LINES,
    Panel,
    failed,
    heatmap,
    instead,
    percentiles,
    traffic,
)
from slogate.verdict import Verdict

MOST_SCENES = 5
MOST_PAST = 11
_UNJUDGED = "Nothing was judged."


def view(verdict: Verdict) -> View:
    """What the page wants to show: the service, and the endpoints with objectives, worst first."""
    run, window = verdict.subject.run, verdict.subject.window
    whole = None
    if run.start_ts is not None and run.end_ts is not None and run.end_ts >= run.start_ts:
        whole = Window(start_ts=run.start_ts, end_ts=run.end_ts)
    scenes = (
        Selection(),
        *(Selection(endpoint=Endpoint.parse(each)) for each in endpoints_of(verdict)),
    )
    return View(
        whole=whole,
        window=Window(start_ts=window[0], end_ts=window[1]) if window else None,
        scenes=scenes,
        past=MOST_PAST,
        burns=True,
        # of the run to hold it against only how durations spread is drawn
        base=View(scenes=scenes, columns=1, endpoints=0),
    )


def endpoints_of(verdict: Verdict) -> list[str]:
    """The endpoints that get a panel of their own."""
    found = _base.worst_first([f for f in verdict.findings if f.endpoint])
    return list(dict.fromkeys(f.endpoint for f in found if f.endpoint))[:MOST_SCENES]


def panels(verdict: Verdict, exhibit: Exhibit, beside: Beside) -> list[Html]:
    """A section a scene that has requests; users are those of the whole service."""
    base = beside.base
    users = users_by_column(beside.users, exhibit) if beside.users else []
    told = "failures" not in verdict.subject.run.untold
    sections = []
    names = [None, *endpoints_of(verdict)]
    for at, (endpoint, scene) in enumerate(zip(names, exhibit.scenes, strict=False)):
        findings = [finding for finding in verdict.findings if finding.endpoint == endpoint]
        if scene.slices:
            panel = Panel(
                key=f"p{at}", scene=scene, exhibit=exhibit, findings=findings,
                window=verdict.subject.window, failures_told=told,
                base=base.exhibit.scenes[at] if base else None,
                base_name=f"{base.pin} ({base.run})" if base else "",
                users=() if endpoint else users,
            )  # fmt: skip
            sections.append(_panel(panel, endpoint))
    return sections


def _panel(panel: Panel, endpoint: str | None) -> Html:
    step = units.format_span(panel.exhibit.step_us / units.US_PER_SECOND)
    note = f"{units.format_count(panel.total)} requests in slices of {step}, durations as measured"
    note += ", failures included." if panel.tells_failures else "."
    if not panel.exhibit.exact:
        note += " Only buckets are known: a cell is as high as its bucket, a percentile lies at "
        note += "its bucket's upper end."
    if panel.shades == [(0.0, 1.0)]:
        note += " None of it was judged."
    elif panel.shades:
        note += " The shaded parts were not judged."
    return section(
        panel.key,
        "All requests" if endpoint is None else joined(name(endpoint)),
        _judged(panel),
        heatmap(panel),
        _pair(percentiles(panel), distribution(panel) or instead(DISTRIBUTION, _UNJUDGED)),
        _pair(traffic(panel), joined(failed(panel), crowd(panel))),
        _data(panel),
        note=note,
    )


def _judged(panel: Panel) -> Html | None:
    """What the objectives of the endpoint came to, by which its pictures are read."""
    items = [
        tag(
            "li",
            badge(each.outcome, blocking=each.blocking),
            " ",
            name(_base.label(each)),
            f" {_base.observed(each)}, limit {_base.limit(each)}",
        )
        for each in _base.worst_first(panel.findings)
    ]
    return tag("ul", *items, class_="judged") if items else None


def _pair(left: Html | None, right: Html | None) -> Html:
    """Two pictures beside one another where there is room."""
    return tag("div", tag("div", left), tag("div", right), class_="pair")


def _data(panel: Panel) -> Html:
    """The figures of each slice, for those who point at one; numbers only."""
    exhibit = panel.exhibit
    rows = {
        str(each.column): [each.total, each.failed, *each.quantiles, each.max_us]
        for each in panel.scene.slices
    }
    document = {
        "start": exhibit.start_ts // 1_000, "step": exhibit.step_us // 1_000,
        "columns": exhibit.columns, "names": [*LINES, "slowest"], "rows": rows,
        "users": list(panel.users),
    }  # fmt: skip
    text = json.dumps(document, separators=(",", ":"))
    return block("script", text, type="application/json", id=f"{panel.key}-data")


def endpoints(exhibit: Exhibit, window: tuple[int, int] | None) -> Html | None:
    """The busiest endpoints of the judged window."""
    if not exhibit.endpoints:
        return None
    start, end = window or (exhibit.start_ts, exhibit.end_ts)
    seconds = max(1, end - start) / units.US_PER_SECOND
    heads = [("Endpoint", ""), ("Requests", "figure"), ("A second", "figure"), ("Failed", "figure"),
             *((word, "figure") for word in (*LINES, "Slowest"))]  # fmt: skip
    rows = [_endpoint(row, seconds) for row in exhibit.endpoints]
    others, requests = exhibit.others
    note = "The judged window, durations as measured, failures included."
    if not exhibit.exact:
        note += " Percentiles are upper ends of buckets."
    if others:
        note += f" {units.format_count(others)} more endpoints with "
        note += f"{units.format_count(requests)} requests are not shown."
    shown = table("Endpoints, the busiest first", heads, rows, across=3)
    return section("endpoints", "Endpoints", shown, note=note)


def _endpoint(row: EndpointRow, seconds: float) -> list[Html]:
    share = row.failed / row.total if row.total else 0.0
    lost = units.format_count(row.failed)
    shown = f"{lost} ({units.format_share(share)})" if row.failed else lost
    if row.untold:
        shown = "not told" if row.untold == row.total else f"{shown}, others not told"
    known = row.quantiles or (None,) * len(LINES)
    figures = [units.format_duration(us) if row.quantiles else _base.UNKNOWN for us in known]
    slowest = units.format_duration(row.max_us) if row.quantiles else _base.UNKNOWN
    return [
        name(f"{row.method} {row.endpoint}".strip() or "(no name)"),
        joined(units.format_count(row.total)),
        joined(units.format_rate(row.total / seconds)),
        joined(shown),
        *(joined(figure) for figure in figures),
        joined(slowest),
    ]


def unknown(*why: str) -> Html | None:
    """The place of pictures where there are none, with why; None without a reason."""
    told = [tag("p", each, class_="note") for each in why]
    return section("pictures", "Not shown", *told) if told else None
