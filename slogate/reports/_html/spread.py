"""The distribution of durations, each ten times fewer requests as far apart as the last.

A budget is a point that the line must pass below: so long at most, for so many requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from slogate import units
from slogate.model.exhibit import Level
from slogate.reports import _base
from slogate.reports._base import MARKS
from slogate.reports._html.frame import LogAxis, Tick, chart, legend, percent
from slogate.reports._html.markup import Html, joined, number, tag
from slogate.reports._html.timeline import (
    Panel,
    duration_axis,
    key_of,
    kind_of,
    latencies,
)
from slogate.verdict import Finding

Place = Callable[[float], float]
DISTRIBUTION = "Distribution of the judged window"
_HEIGHT = 210
_WIDTH = 1_000
# decades from which 0% and 50% would touch
_NARROW = 2.5
_TICKS = ((0.0, "0%"), (0.5, "50%"), (0.9, "90%"), (0.99, "99%"), (0.999, "99.9%"),
          (0.9999, "99.99%"), (0.99999, "99.999%"))  # fmt: skip


def distribution(panel: Panel) -> Html | None:
    """How long the requests of the judged window took, up to the slowest."""
    scene = panel.scene
    levels = [level for level in scene.levels if level.share < 1]
    # beyond one request in so many there is only the slowest
    levels = [each for each in levels if (1 - each.share) * scene.timed >= 1]
    if not levels:
        return None
    axis = _axis(panel)
    decades = max(1.0, -math.log10(1 - float(levels[-1].share)))
    width = decades * 1.04

    def x(share: float) -> float:
        return -math.log10(1 - share) / width

    def line(values: Sequence[float | None]) -> str:
        points = [
            (x(float(level.share)) * _WIDTH, axis.y(us))
            for level, us in zip(levels, values, strict=True)
            if us is not None
        ]
        return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in points) if points else ""

    shapes, words = _lines(panel, levels, line)
    ticks = [
        Tick(at=x(share), text=text)
        for share, text in _TICKS
        if x(share) <= 1 and (share or width < _NARROW)
    ]
    found = [each for each in latencies(panel.findings) if _is_drawn(each, x, axis.high)]
    found.sort(key=lambda each: -each.limit)
    return joined(
        chart(
            f"{panel.key}-spread", DISTRIBUTION, _told(levels, scene.timed),
            columns=_WIDTH, height=_HEIGHT, shapes=shapes, x_ticks=ticks, y_ticks=axis.ticks,
            over=joined(
                *(_target(f, x, axis.y(f.limit), below=_is_below(f)) for f in found)
            ),
        ),
        legend(*words, ("none", "across: the share of requests that took no longer"),
               *_reading(panel, found)),
    )  # fmt: skip


def _reading(panel: Panel, drawn: Sequence[Finding]) -> list[tuple[str, str]]:
    """How to read the budgets; failed requests may breach one that the line keeps."""
    notes = [("none", "○ the budget: the line must pass below")] if drawn else []
    endless = [key_of(each) for each in latencies(panel.findings) if _base.is_unbounded(each)]
    if endless:
        keys = ", ".join(endless)
        said = f"{keys}: judged with failed requests as too slow, which the line does not show"
        notes.append(("none", said))
    return notes


def _axis(panel: Panel) -> LogAxis:
    """The axis of the other pictures, as far as the run that it is held against needs it."""
    axis = duration_axis(panel, _HEIGHT)
    known = [level.hi_us for level in panel.base.levels if level.hi_us] if panel.base else []
    if not known:
        return axis
    return replace(axis, low=min(axis.low, *known), high=max(axis.high, *known))


def _lines(
    panel: Panel, levels: Sequence[Level], line: Callable[[Sequence[float | None]], str]
) -> tuple[Html, list[tuple[str, str]]]:
    """The lines of the run and of the one that it is held against, and what they are."""
    shapes = tag("path", class_="line q1", d=line([level.hi_us for level in levels]))
    words = [("q1", "duration")]
    if panel.base is not None and panel.base.levels:
        others = {level.share: level.hi_us for level in panel.base.levels}
        before = line([others.get(level.share) for level in levels])
        shapes = joined(tag("path", class_="line pin", d=before), shapes)
        words = [("q1", "this run"), ("pin", f"pinned: {panel.base_name}")]
    if not panel.exhibit.exact:
        lows = line([float(level.lo_us) for level in levels])
        shapes = joined(shapes, tag("path", class_="line q0", d=lows))
        words = [("q1", "at most"), ("q0", "at least (buckets tell no more)"), *words[1:]]
    return shapes, words


def _is_drawn(finding: Finding, x: Place, high: float) -> bool:
    share = finding.good_share
    if finding.kind != "percentile" or share is None or finding.limit > high:
        return False
    return share.required < 1 and x(share.required) <= 1


def _is_below(finding: Finding) -> bool:
    """Its words stand where the line is not: it passes above of what it breaches."""
    return finding.observed is not None and finding.observed > finding.limit


def _target(finding: Finding, x: Place, y: float, *, below: bool) -> Html:
    """The point of a budget, with its words."""
    required = finding.good_share.required if finding.good_share else 0.0
    at = x(required)
    kind = kind_of(finding.outcome)
    text = f"{key_of(finding)} {_base.limit(finding)} {MARKS[finding.outcome]}"
    return joined(
        tag("circle", class_=f"target {kind}", cx=percent(at), cy=y, r=4.5),
        tag("text", text, class_=f"budget {kind}", x=percent(at),
            y=min(_HEIGHT - 4.0, y + 17) if below else max(10.0, y - 8), dx=6 if below else -6,
            text_anchor="start" if below or at < 0.3 else "end"),
    )  # fmt: skip


def _told(levels: Sequence[Level], timed: int) -> str:
    said = []
    for share, word in ((0.5, "half"), (0.9, "90%"), (0.99, "99%"), (0.999, "99.9%")):
        level = next((each for each in levels if abs(float(each.share) - share) < 1e-9), None)
        if level is not None:
            said.append(f"{word} within {units.format_duration(level.hi_us)}")
    return f"Of {units.format_count(timed)} requests: {', '.join(said)}."
