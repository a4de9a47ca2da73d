"""How an error budget burnt over its window: what was left at each moment, and how fast it went.

The dashed line is a budget that is spent evenly over the window; a rate of 1 follows it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slogate import units
from slogate.model.beside import Burn
from slogate.reports import _base
from slogate.reports._base import instant
from slogate.reports._html.frame import (
    CountAxis,
    LogAxis,
    Mark,
    Tick,
    chart,
    legend,
    nice,
    time_ticks,
)
from slogate.reports._html.markup import Html, block, joined, name, number, tag
from slogate.verdict import Finding

MOST = 20
_LEFT, _RATE = 140, 140
_WIDTH = 1_000
# the line at 100% is drawn whole
_PAD = 2.0
_LOWEST = -10.0
_STEPS = 5
# rates so high are drawn each ten times as far as the last, or all others would be nothing
_STEEP = 12.0
_SLOWEST = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesAxis(LogAxis):
    """Burn rates, each ten times as far as the other."""

    @property
    def ticks(self) -> list[Tick]:
        """Powers of ten."""
        ends = (math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
        values = [10.0**e for e in range(ends[0], ends[1] + 1)]
        return [
            Tick(at=self.y(value), text=f"{units.significant(value, 3)}×")
            for value in values
            if self.low <= value <= self.high
        ]


def burning(key: str, finding: Finding, burn: Burn) -> Html:
    """The two pictures of one budget under its name."""
    return joined(
        tag("h3", name(_base.label(finding))),
        tag("div", tag("div", _left(key, burn)), tag("div", _rate(key, burn)), class_="pair"),
        _data(key, burn),
    )


def _data(key: str, burn: Burn) -> Html:
    """What each part of the window has to tell those who point at it; our own words only."""
    spans = zip(pairwise(burn.moments), burn.left[1:], burn.rates, strict=True)
    document = {
        "columns": len(burn.rates),
        "width": _WIDTH,
        "edges": [float(number(_x(burn, moment))) for moment in burn.moments],
        "texts": [
            [
                f"{_moment(begin)} to {_moment(end)} UTC",
                "nothing known" if left is None else f"{units.format_share(left)} left",
                "no request" if rate is None else f"burnt at {units.significant(rate, 3)}×",
            ]
            for (begin, end), left, rate in spans
        ],
    }
    text = json.dumps(document, separators=(",", ":"))
    return block("script", text, type="application/json", id=f"{key}-data")


def _moment(ts: int) -> str:
    return instant(ts)[5:16].replace("T", " ")


def _x(burn: Burn, moment: int) -> float:
    first, last = burn.moments[0], burn.moments[-1]
    return _WIDTH * (moment - first) / (last - first)


def _ticks(burn: Burn) -> list[Tick]:
    return time_ticks(burn.moments[0], burn.moments[-1] - burn.moments[0])


def _left(key: str, burn: Burn) -> Html:
    known = [each for each in burn.left if each is not None]
    low = max(_LOWEST, min([0.0, *known]))
    step = nice((1 - low) / _STEPS)
    # a little room under what is least, or the line that ends there cannot be seen
    low = low - 0.05 * (1 - low) if low < 0 else 0.0

    def y(share: float) -> float:
        return _PAD + (_LEFT - _PAD) * (1 - (max(low, share) - low) / (1 - low))

    points = [
        (_x(burn, at), y(left)) for at, left in zip(burn.moments, burn.left, strict=True)
        if left is not None
    ]  # fmt: skip
    line = "M" + "L".join(f"{number(a)} {number(b)}" for a, b in points)
    over = _LEFT - y(0.0)
    last = known[-1] if known else 0.0
    ends = f"{units.format_share(last)} is left" if last >= 0 else "it is overspent"
    told = f"The share of the error budget that was left; at the end {ends}."
    shares = [i * step for i in range(math.ceil(low / step), math.floor(1 / step + 1e-9) + 1)]
    return joined(
        chart(
            f"{key}-left", "Budget left", told,
            columns=_WIDTH, height=_LEFT, panel=key,
            shapes=joined(
                tag("rect", class_="overspent", x=0, y=y(0.0), width=_WIDTH, height=over)
                if over
                else None,
                tag("path", class_="line even", d=f"M0 {number(y(1.0))}L{_WIDTH} {number(y(0.0))}"),
                tag("path", class_="line q1", d=line),
            ),
            x_ticks=_ticks(burn),
            y_ticks=[Tick(at=y(each), text=units.format_share(each)) for each in shares],
            marks=[Mark(y=y(0.0), text="all spent", kind="fail", first=True)] if over else [],
        ),
        legend(("q1", "left of the window's budget"), ("even", "spent evenly")),
    )  # fmt: skip


def _rate(key: str, burn: Burn) -> Html:
    known = [each for each in burn.rates if each is not None]
    top = max(known, default=0.0)
    axis: LogAxis | CountAxis = CountAxis(high=nice(max(1.2, top) * 1.05), height=_RATE, unit="×")
    if top > _STEEP:
        axis = TimesAxis(low=_SLOWEST, high=top * 1.5, height=_RATE)
    spans = list(pairwise(burn.moments))
    most = units.significant(top, 3)
    told = f"How many times faster than evenly the budget was spent; {most} at most."
    return joined(
        chart(
            f"{key}-rate", "Burn rate", told,
            columns=_WIDTH, height=_RATE, panel=key,
            shapes=tag("path", class_="burnt", d=_steps(burn, axis, spans)),
            x_ticks=_ticks(burn), y_ticks=axis.ticks,
            marks=[Mark(y=axis.y(1.0), text="1×: lasts just the window", kind="open",
                        first=_is_calm_first(burn))],
        ),
        legend(("burnt", "times the rate that spends it evenly"),
               *([("none", "each line ten times the one below")] if top > _STEEP else [])),
    )  # fmt: skip


def _is_calm_first(burn: Burn) -> bool:
    """Whether there is more room for words where the window begins."""
    part = -(-len(burn.rates) // 3)
    first, last = (max((rate or 0 for rate in some), default=0)
                   for some in (burn.rates[:part], burn.rates[-part:]))  # fmt: skip
    return first <= last


def _steps(burn: Burn, axis: LogAxis | CountAxis, spans: Sequence[tuple[int, int]]) -> str:
    """A box over each part, none where there was nothing to count."""
    return "".join(
        f"M{number(_x(burn, begin))} {_RATE}V{number(axis.y(rate))}H{number(_x(burn, end))}"
        f"V{_RATE}z"
        for (begin, end), rate in zip(spans, burn.rates, strict=True)
        if rate is not None
    )
