"""How whole distributions moved from base to head: a picture for each endpoint, and a table.

From the fastest tenth to the slowest hundredth: by how much each percentile changed, with its
interval. Level is a service that is slower throughout, rising one whose tail alone is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slogate import units
from slogate.reports import _turns
from slogate.reports._html.frame import Mark, Tick, chart, legend, percent
from slogate.reports._html.markup import NOTHING, Html, joined, name, number, tag
from slogate.reports._html.parts import section, table
from slogate.verdict import Verdict

_HEIGHT = 190
_COLUMNS = 1_000
_ROOM = 1.15
_LEAST = 0.05
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_MOST_TICKS = 5
MOST = 12
_RINGS = "○ green: faster, red: slower, else it may be no change"
Point = Mapping[str, Any]


def shifts(verdict: Verdict) -> Html | None:
    """Head against base; None for a run that did not take turns with one."""
    title, told = _turns.title(verdict), _turns.lines(verdict)
    if title is None or verdict.interleaved is None:
        return None
    found: Any = verdict.interleaved["shifts"]
    drawn = [_picture(at, each, told) for at, each in enumerate(found[:MOST])]
    more = len(found) - len(drawn)
    heads = [(head.capitalize(), "" if at in {0, 4, 6} else "figure")
             for at, head in enumerate(_turns.HEAD)]  # fmt: skip
    rows = [
        [name(first), *(joined(cell) for cell in rest)] for first, *rest in map(_turns.row, told)
    ]
    return section(
        "turns",
        title,
        joined(
            tag("div", *drawn, class_="pair") if drawn else None,
            legend(("h2", "interval of each percentile for itself"), ("none", _RINGS))
            if drawn
            else None,
            tag("p", f"The pictures of {more} more are left out.") if more > 0 else None,
            table("What changed from base to head", heads, rows) if rows else NOTHING,
        ),
    )


def _picture(at: int, shift: Mapping[str, Any], lines: Sequence[_turns.Line]) -> Html:
    points: Sequence[Point] = shift["points"]
    endpoint = shift["endpoint"]
    budgets = [
        line
        for line in lines
        if line["endpoint"] == endpoint and line["unit"] == "ms" and line["budget"] is not None
    ]
    ends = [end for point in points for end in point["change_interval"]]
    reach: float = _ROOM * max(_LEAST, *map(abs, ends), *(line["budget"] for line in budgets))

    def y(change: float) -> float:
        return _HEIGHT / 2 * (1 - max(-1.0, min(1.0, change / reach)))

    places = [(i + 0.5) / len(points) for i in range(len(points))]
    line = "L".join(
        f"{number(place * _COLUMNS)} {number(y(point['change']))}"
        for place, point in zip(places, points, strict=True)
    )
    marks = [
        Mark(
            y=y(each["budget"]), text=f"{each['key']} ≤ +{_turns.allowed(each)}",
            kind={"pass": "pass", "fail": "fail"}.get(each["outcome"], "open"),
        )
        for each in budgets
    ]  # fmt: skip
    return chart(
        f"shift-{at}",
        f"Change of {endpoint or 'the whole service'}, by percentile",
        _told(points),
        columns=_COLUMNS,
        height=_HEIGHT,
        shapes=tag("path", class_="line q1", d=f"M{line}"),
        x_ticks=[Tick(at=p, text=_key(point)) for p, point in zip(places, points, strict=True)],
        y_ticks=[Tick(at=y(value), text=_turns.signed(value)) for value in _values(reach)],
        marks=marks,
        over=joined(*(_bar(p, point, y) for p, point in zip(places, points, strict=True))),
    )


def _bar(place: float, point: Point, y: Callable[[float], float]) -> Html:
    low, high = point["change_interval"]
    ring = "fail" if low > 0 else "pass" if high < 0 else "open"
    top, bottom = y(high), y(low)
    return joined(
        tag("rect", class_="h2", x=percent(place), y=top, width=5,
            height=max(1.0, bottom - top), transform="translate(-2.5 0)"),
        tag("circle", class_=f"target {ring}", cx=percent(place), cy=y(point["change"]), r=3.5),
    )  # fmt: skip


def _values(reach: float) -> list[float]:
    """Round changes on both sides of none; nothing gets faster by more than all of it."""
    step = next((each for each in _STEPS if 2 * reach / each <= _MOST_TICKS + 1), reach / 2)
    count = int(reach / step)
    return [i * step for i in range(-count, count + 1) if i * step >= -1]


def _key(point: Point) -> str:
    return f"p{units.significant(point['quantile'] * 100, 5)}"


def _told(points: Sequence[Point]) -> str:
    said = (
        f"{_key(each)} {_turns.signed(each['change'])} "
        f"({' to '.join(map(_turns.signed, each['change_interval']))})"
        for each in points
    )
    return f"From base to head: {', '.join(said)}."
