"""Small pictures of the weeks: how much of a budget was left at the end of each.

Colour is never the only sign: a week that was worse than promised is a diamond, one of which
nothing is known a ring on the line of nothing left.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports._html.markup import Html, joined, number, tag
from slogate.reports._weekly import words
from slogate.reports._weekly.week import Row, Week, left_of
from slogate.verdict import Finding, Outcome

_STEP, _TOP, _ZERO, _FLOOR = 18.0, 5.0, 32.0, 42.0
_PAD = 7.0
_BAR = 90


def course(row: Row, week: Week) -> Html:
    """The budget left at the end of each week, as a line with a sign for each week."""
    ends = [left_of(end) for end in row.ends]
    if all(left is None for left in ends):
        return joined("–")
    width = 2 * _PAD + _STEP * (len(ends) - 1)
    said = words.course_sentence(row, week)
    signs = [
        _sign(at, left, alone) for at, (left, alone) in enumerate(zip(ends, row.weeks, strict=True))
    ]
    return tag(
        "svg",
        tag("title", said),
        tag("rect", x=0, y=_ZERO, width=width, height=_FLOOR - _ZERO, class_="over"),
        tag("line", x1=0, x2=width, y1=_ZERO, y2=_ZERO, class_="zero"),
        tag("path", d=_line(ends), class_="run"),
        *signs,
        class_="course", width=width, height=_FLOOR, role="img", aria_label=said,
        viewBox=f"0 0 {number(width)} {number(_FLOOR)}",
    )  # fmt: skip


def _x(at: int) -> float:
    return _PAD + _STEP * at


def _y(left: float) -> float:
    """All of it at the top, nothing on the line; overspent is under it, at most one budget."""
    if left < 0:
        return _ZERO + (_FLOOR - 3 - _ZERO) * min(1.0, -left)
    return _ZERO - (_ZERO - _TOP) * min(1.0, left)


def _line(ends: Sequence[float | None]) -> str:
    path, pen = [], False
    for at, left in enumerate(ends):
        if left is not None:
            path.append(f"{'L' if pen else 'M'}{number(_x(at))} {number(_y(left))}")
        pen = left is not None
    return "".join(path)


def _sign(at: int, left: float | None, alone: Finding | None) -> Html:
    x = _x(at)
    unknown = alone is not None and alone.outcome not in {Outcome.PASS, Outcome.FAIL}
    if left is None or unknown:
        return tag("circle", cx=x, cy=_ZERO if left is None else _y(left), r=3, class_="none")
    if alone is not None and alone.outcome is Outcome.FAIL:
        return tag("path", d=_diamond(x, _y(left)), class_="slip")
    return tag("circle", cx=x, cy=_y(left), r=2.4, class_="dot")


def _diamond(x: float, y: float) -> str:
    return f"M{number(x)} {number(y - 5)}l5 5l-5 5l-5-5z"


def keys(week: Week) -> Html:
    """What the signs of the pictures mean."""
    end = (
        "the end of a week"
        if words.name(week) == "the week"
        else f"the end of {words.length(week)}"
    )

    def key(shape: Html, word: str) -> Html:
        drawn = tag("svg", shape, class_="course", width=12, height=12, viewBox="0 0 12 12",
                    aria_hidden="true")  # fmt: skip
        return tag("li", drawn, word)

    return tag(
        "ul",
        key(tag("circle", cx=6, cy=6, r=2.4, class_="dot"), f"budget left at {end}"),
        key(tag("path", d=_diamond(6, 6), class_="slip"), "worse than promised in it alone"),
        key(tag("circle", cx=6, cy=6, r=3, class_="none"), "not known"),
        key(tag("line", x1=0, x2=12, y1=6, y2=6, class_="zero"), "nothing left; overspent below"),
        class_="keys",
    )


def bar(row: Row) -> Html | None:
    """The budget as a bar that empties as it is spent; None where nothing is known of it."""
    left = row.left()
    if left is None:
        return None
    said = f"{units.format_share(left)} left" if left >= 0 else "overspent"
    return tag(
        "svg",
        tag("title", said),
        tag("rect", x=0, y=3, width=_BAR, height=8, class_="allowed"),
        tag("rect", x=0, y=3, width=_BAR * max(0.0, min(1.0, left)), height=8, class_="left"),
        class_="bar", width=_BAR, height=14, viewBox=f"0 0 {_BAR} 14", role="img", aria_label=said,
    )  # fmt: skip
