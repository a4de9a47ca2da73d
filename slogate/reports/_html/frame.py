"""A picture that is read at any width: shapes stretch, text and strokes keep their size.

Shapes lie in a box of `columns` by `height` that fills the width; axes, limits and their words lie
over it, placed in percent of the width and pixels of the height. Each picture has a title and a
sentence that says what it shows to those who do not see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slogate import units
from slogate.reports._base import instant
from slogate.reports._html.markup import Html, number, tag

_LABEL_GAP = 13.0
_NICE = (1, 2, 5)
_FINEST_FIRST = ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5), _NICE, (1, 3), (1,))
_TICK_GAP = 22.0
_TIME_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 1_209_600, 2_592_000,
)  # fmt: skip
_MOST_TICKS = 6
_ROOM_BELOW = 24
_DAY_US = 86_400 * units.US_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A word at a place: a share of the width, or pixels from the top."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A limit: a line across the picture with its words; `kind` is the outcome's class.

    The words stand at its end, or at its `first` point.
    """

    y: float
    text: str
    kind: str
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """Durations from `low` to `high` µs over a height, each doubling as far as the other."""

    low: float
    high: float
    height: float

    def y(self, us: float) -> float:
        """Pixels from the top; what lies outside is at the edge."""
        kept = min(self.high, max(self.low, us))
        return self.height * (1 - math.log(kept / self.low) / math.log(self.high / self.low))

    @property
    def ticks(self) -> list[Tick]:
        """Round durations, as many as stand apart."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in _FINEST_FIRST:
            values = [float(m * 10**e) for e in range(first, last + 1) for m in steps]
            inside = [value for value in values if self.low <= value <= self.high]
            if all(self.y(a) - self.y(b) >= _TICK_GAP for a, b in pairwise(inside)):
                break
        return [Tick(at=self.y(us), text=units.format_duration(us)) for us in inside]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAxis:
    """Counts or rates from 0 to `high` over a height."""

    high: float
    height: float
    unit: str = ""

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return self.height * (1 - min(1.0, value / self.high))

    @property
    def ticks(self) -> list[Tick]:
        """0 and round values up to the top."""
        step = nice(self.high / max(1.0, self.height // 36))
        if step > self.high:  # nothing but 0 would be told
            step = nice(self.high / 2.5)
        count = math.floor(self.high / step + 1e-9)
        return [
            Tick(at=self.y(i * step), text=f"{units.significant(i * step, 3)}{self.unit}")
            for i in range(count + 1)
        ]


def nice(value: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is no less."""
    power = float(10 ** math.floor(math.log10(value)))
    return next((m * power for m in _NICE if m * power >= value * (1 - 1e-9)), 10 * power)


def time_ticks(start_ts: int, length_us: int) -> list[Tick]:
    """Moments: elapsed time in a run of hours at most, else the clock, at midnight the day, UTC."""
    seconds = length_us / units.US_PER_SECOND
    step = next((s for s in _TIME_STEPS_S if seconds / s <= _MOST_TICKS), seconds / _MOST_TICKS)
    if seconds <= 2 * 3_600:
        moments = [i * step for i in range(int(seconds / step) + 1)]
        return [Tick(at=s / seconds, text=units.format_span(s)) for s in moments] if seconds else []
    first = -(-start_ts // int(step * 1e6)) * int(step * 1e6)
    ticks = []
    for i in range(int(seconds / step) + 1):
        ts = first + i * int(step * 1e6)
        if ts <= start_ts + length_us:
            is_day = step >= 86_400 or ts % _DAY_US == 0
            text = instant(ts)[5:10] if is_day else instant(ts)[11:16]
            ticks.append(Tick(at=(ts - start_ts) / length_us, text=text))
    return ticks


def percent(share: float) -> str:
    """A place in the width."""
    return f"{number(100 * share)}%"


def chart(
    key: str, title: str, told: str, *, columns: float, height: int, shapes: Html,
    x_ticks: Sequence[Tick] = (), y_ticks: Sequence[Tick] = (), marks: Sequence[Mark] = (),
    shades: Sequence[tuple[float, float]] = (), over: Html | None = None, panel: str | None = None,
) -> Html:  # fmt: skip
    """One picture under its title; `panel` names the data that its crosshair tells of.

    On a narrow screen every other word beneath it is left out where they would touch.
    """
    crowded = sum(len(tick.text) for tick in x_ticks) > _ROOM_BELOW
    drawn = tag(
        "svg",
        tag("title", title, id=f"{key}-t"),
        tag("desc", told, id=f"{key}-d"),
        *(
            tag("rect", class_="shade", x=percent(a), width=percent(b - a), y=0, height=height)
            for a, b in shades
        ),
        *(
            tag("line", class_="rule", x1=0, x2="100%", y1=t.at, y2=t.at)
            for t in y_ticks
        ),
        tag(
            "svg", shapes, class_="plot", width="100%", height=height,
            viewBox=f"0 0 {number(columns)} {height}", preserveAspectRatio="none",
        ),
        *_limits(marks, height),
        over,
        *(tag("text", t.text, class_="y", x=-8, y=t.at + 4, text_anchor="end") for t in y_ticks),
        *(
            tag("text", t.text, x=percent(t.at), y=height + 17, text_anchor=_anchor(t.at),
                class_="spare" if crowded and at % 2 else None)
            for at, t in enumerate(x_ticks)
        ),
        role="img", aria_labelledby=f"{key}-t", aria_describedby=f"{key}-d",
        width="100%", height=height + 24,
    )  # fmt: skip
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", drawn, class_="chart", data_panel=panel),
    )


def _anchor(at: float) -> str:
    return "start" if at < 0.02 else "end" if at > 0.96 else "middle"


def _limits(marks: Sequence[Mark], height: int) -> list[Html]:
    """The lines of the limits with their words, which are kept from covering one another."""
    found = []
    lowest = math.inf
    for mark in sorted(marks, key=lambda each: -each.y):
        text_y = min(mark.y - 4, lowest - _LABEL_GAP)
        lowest = text_y
        found.append(
            tag("line", class_=f"budget {mark.kind}", x1=0, x2="100%", y1=mark.y, y2=mark.y)
        )
        found.append(
            tag(
                "text", mark.text, class_=f"budget {mark.kind}",
                x=0 if mark.first else "100%", dx=4 if mark.first else -4,
                y=max(10.0, min(text_y, height - 4.0)),
                text_anchor="start" if mark.first else "end",
            )
        )  # fmt: skip
    return found


def legend(*items: tuple[str, str]) -> Html:
    """What the colours mean: (class, word) each."""
    listed = (
        tag("li", tag("span", class_=f"swatch {kind}", aria_hidden="true"), word)
        for kind, word in items
    )
    return tag("ul", *listed, class_="legend")


def steps(points: Sequence[tuple[int, float | None]]) -> str:
    """A line that is level over each column, broken where there is nothing."""
    path = []
    last: int | None = None
    for column, y in points:
        if y is None:
            last = None
            continue
        path.append(f"V{number(y)}h1" if last == column - 1 else f"M{column} {number(y)}h1")
        last = column
    return "".join(path)


def bars(points: Sequence[tuple[int, float, float]]) -> str:
    """Boxes over single columns: (column, top, bottom)."""
    return "".join(
        f"M{column} {number(top)}h1V{number(bottom)}h-1z"
        for column, top, bottom in points
        if bottom - top > 0
    )
