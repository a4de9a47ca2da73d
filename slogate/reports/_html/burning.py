"""How an error budget burnt over its window: what was left at each moment, and how fast it went.

The dashed line is a budget that is spent evenly over the window; a rate of 1 follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from slogate import units
from slogate.model.beside import Burn
from slogate.reports import _base
from slogate.reports._html.frame import CountAxis, Mark, Tick, chart, nice, time_ticks
from slogate.reports._html.markup import Html, joined, name, number, tag
from slogate.verdict import Finding

MOST = 20
_LEFT, _RATE = 130, 130
_WIDTH = 1_000
_LOWEST = -1.0


def burning(key: str, finding: Finding, burn: Burn) -> Html:
    """The two pictures of one budget under its name."""
    return joined(
        tag("h3", name(_base.label(finding))),
        tag("div", tag("div", _left(key, burn)), tag("div", _rate(key, burn)), class_="pair"),
    )


def _x(burn: Burn, moment: int) -> float:
    first, last = burn.moments[0], burn.moments[-1]
    return _WIDTH * (moment - first) / (last - first)


def _ticks(burn: Burn) -> list[Tick]:
    return time_ticks(burn.moments[0], burn.moments[-1] - burn.moments[0])


def _left(key: str, burn: Burn) -> Html:
    known = [each for each in burn.left if each is not None]
    low = max(_LOWEST, min([0.0, *known]))
    # a little room under nothing, or the line that ends there cannot be seen
    low = low - 0.06 if low < 0 else 0.0

    def y(share: float) -> float:
        return _LEFT * (1 - (max(low, share) - low) / (1 - low))

    points = [
        (_x(burn, at), y(left)) for at, left in zip(burn.moments, burn.left, strict=True)
        if left is not None
    ]  # fmt: skip
    line = "M" + "L".join(f"{number(a)} {number(b)}" for a, b in points)
    marks = [Mark(y=y(0.0), text="all spent", kind="fail")] if low < 0 else []
    steps = (1.0, 0.5, 0.0, -0.5, -1.0)
    last = known[-1] if known else 0.0
    ends = f"{units.format_share(last)} is left" if last >= 0 else "it is overspent"
    told = f"The share of the error budget that was left; at the end {ends}."
    return chart(
        f"{key}-left", "Budget left", told,
        columns=_WIDTH, height=_LEFT,
        shapes=joined(
            tag("path", class_="line even", d=f"M0 {number(y(1.0))}L{_WIDTH} {number(y(0.0))}"),
            tag("path", class_="line q1", d=line),
        ),
        x_ticks=_ticks(burn),
        y_ticks=[Tick(at=y(each), text=units.format_share(each)) for each in steps if each >= low],
        marks=marks,
    )  # fmt: skip


def _rate(key: str, burn: Burn) -> Html:
    known = [each for each in burn.rates if each is not None]
    axis = CountAxis(high=nice(max([1.2, *known]) * 1.05), height=_RATE)
    top = max(known, default=0.0)
    spans = list(pairwise(burn.moments))
    most = units.significant(top, 3)
    told = f"How many times faster than evenly the budget was spent; {most} at most."
    return chart(
        f"{key}-rate", "Burn rate", told,
        columns=_WIDTH, height=_RATE,
        shapes=tag("path", class_="line q3", d=_steps(burn, axis, spans)),
        x_ticks=_ticks(burn), y_ticks=axis.ticks,
        marks=[Mark(y=axis.y(1.0), text="evenly spent", kind="open")],
    )  # fmt: skip


def _steps(burn: Burn, axis: CountAxis, spans: Sequence[tuple[int, int]]) -> str:
    """A line that is level over each part, broken where there was nothing to count."""
    path, pen = [], False
    for (begin, end), rate in zip(spans, burn.rates, strict=True):
        if rate is not None:
            y = number(axis.y(rate))
            start = f"V{y}" if pen else f"M{number(_x(burn, begin))} {y}"
            path.append(f"{start}H{number(_x(burn, end))}")
        pen = rate is not None
    return "".join(path)
