"""A dashboard of Grafana for one service: a row of panels for each of its SLOs.

What is left of the budget, how fast it burns over each window of the alerts, the share of good
requests beside what is promised, how many there are, and their percentiles where the metric is a
histogram. Panels read what the rules record; the data source is chosen on the page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from slogate.rulebook.book import Book, Sheet
from slogate.rulebook.metric import RATE_INTERVAL
from slogate.rulebook.promql import length, number
from slogate.rulebook.recordings import counts
from slogate.rulebook.rules import lengths, pairs, period_us
from slogate.units import format_share

SCHEMA = 39
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_HEIGHT = 8
Panel = dict[str, Any]


def dashboard_text(book: Book, service: str) -> str:
    """The dashboard of a service, as JSON."""
    document = _dashboard(service, book.of(service).sheets)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _dashboard(service: str, sheets: Sequence[Sheet]) -> dict[str, Any]:
    mark = hashlib.sha256(service.encode()).hexdigest()[:16]
    return {
        "uid": f"slogate-{mark}",
        "title": f"{_literal(service)}: service level objectives",
        "tags": ["slogate", "slo"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "timezone": "",
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": list(_panels(sheets)),
    }


def _panels(sheets: Sequence[Sheet]) -> Iterator[Panel]:
    identity, y = 0, 0
    for sheet in sheets:
        x = 0
        for panel, width in _row(sheet):
            identity += 1
            yield {"id": identity, **panel, "gridPos": _place(panel, x, y, width)}
            if panel["type"] == "row":
                y += 1
            else:
                x += width
                if x >= 24:
                    x, y = 0, y + _HEIGHT
        y += _HEIGHT if x else 0


def _place(panel: Panel, x: int, y: int, width: int) -> dict[str, int]:
    height = 1 if panel["type"] == "row" else _HEIGHT
    return {"x": x, "y": y, "w": width, "h": height}


def _row(sheet: Sheet) -> Iterator[tuple[Panel, int]]:
    """The panels of one SLO with their widths of 24."""
    promise, series = sheet.asked.promise, sheet.series
    goal = format_share(promise.objective, 9)
    said = _literal(f"{promise.name}: {goal} over {promise.window_text}")
    yield {"type": "row", "title": said, "collapsed": False, "panels": []}, 24
    legend = "" if promise.by is None else f"{{{{{promise.by}}}}}"
    remaining = series("slogate:budget:remaining")
    yield _stat("Budget left", _target(remaining, legend or "left", instant=True)), 4
    yield _graph("Budget left", [_target(remaining, legend or "left")], "percentunit"), 10
    yield _graph("Burn rate", _burns(sheet, legend), "short", _factors(sheet)), 10
    shortest, longest = lengths(promise)[0], lengths(promise)[-1]
    good = [
        _target(f"1 - {series.ratio(us)}", _named(length(us), legend)) for us in (shortest, longest)
    ]
    promised = _target(series("slogate:objective:ratio"), "promised")
    yield _graph("Good share", [*good, promised], "percentunit"), 8
    if counts(promise, sheet.measure):
        units = "Requests a second" if promise.slice_us is None else "Slices judged"
        scale = f" / {number(shortest / 1_000_000)}" if promise.slice_us is None else ""
        total = _target(f"{series.total(shortest)}{scale}", _named("all", legend))
        bad = _target(f"{series.bad(shortest)}{scale}", _named("bad", legend))
        yield _graph(units, [total, bad], "short"), 8
    if sheet.measure.latency:
        percentiles = [_target(query, name) for name, query in sheet.measure.latency]
        yield _graph("Latency", percentiles, "s"), 8


def _burns(sheet: Sheet, legend: str) -> list[Panel]:
    allowed = number(1 - sheet.asked.promise.objective)
    return [
        _target(f"{sheet.series.ratio(us)} / {allowed}", _named(length(us), legend))
        for us in lengths(sheet.asked.promise)
    ]


def _factors(sheet: Sheet) -> list[dict[str, Any]]:
    """A line at each factor that an alert waits for."""
    promise = sheet.asked.promise
    factors = sorted({float(pair.factor(period_us(promise.window))) for pair in pairs(promise)})
    return [{"color": "green", "value": None}, *({"color": "red", "value": f} for f in factors)]


def _named(name: str, legend: str) -> str:
    return f"{name} {legend}".strip()


def _target(query: str, legend: str, *, instant: bool = False) -> Panel:
    return {
        "datasource": _SOURCE,
        "expr": _without_variables(query),
        "legendFormat": legend,
        "instant": instant,
        "range": not instant,
    }


def _lettered(targets: Sequence[Panel]) -> list[Panel]:
    return [{"refId": chr(ord("A") + at), **target} for at, target in enumerate(targets)]


def _stat(title: str, target: Panel) -> Panel:
    steps = [
        {"color": "red", "value": None},
        {"color": "orange", "value": 0},
        {"color": "green", "value": 0.25},
    ]
    return {
        "type": "stat",
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": "percentunit",
                "decimals": 1,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}},
        "targets": _lettered([target]),
    }


def _graph(
    title: str, targets: list[Panel], unit: str, steps: list[dict[str, Any]] | None = None
) -> Panel:
    custom = {"thresholdsStyle": {"mode": "dashed" if steps else "off"}}
    thresholds = {"mode": "absolute", "steps": steps or [{"color": "green", "value": None}]}
    return {
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {"unit": unit, "custom": custom, "thresholds": thresholds},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": _lettered(targets),
    }


def _without_variables(query: str) -> str:
    """A query in whose texts Grafana finds no variable; its own rate interval stays."""
    pieces = query.split(RATE_INTERVAL)
    return RATE_INTERVAL.join(piece.replace("$", "\\x24") for piece in pieces)


def _literal(text: str) -> str:
    """A text in which Grafana finds no variable to replace."""
    return text.replace("$", "＄").replace("[[", "[ [")
