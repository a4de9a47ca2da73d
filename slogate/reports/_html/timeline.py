"""The pictures over time: latency heatmap, percentiles, traffic and failures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from slogate import units
from slogate.model.exhibit import LAST_ROW, SHARES, Cell, Exhibit, Scene, Slice, edge_us, row_of
from slogate.reports import _base
from slogate.reports._base import MARKS
from slogate.reports._html.frame import (
    CountAxis,
    LogAxis,
    Mark,
    bars,
    chart,
    legend,
    nice,
    steps,
    time_ticks,
)
from slogate.reports._html.markup import Html, joined, tag
from slogate.verdict import Finding, Outcome

LEVELS = 6
_REACH = 16  # a limit is drawn if the picture need not become higher by more than that
_HEAT, _CURVE, _TRAFFIC, _FAILED = 230, 210, 120, 70
_SOME_ROWS = 6
LINES = ("p50", "p90", "p95", "p99")
# how many requests of a slice make a percentile more than its slowest request
_ENOUGH = (2, 10, 20, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One scene with what is needed to draw it: its key, limits, judged part, users a slice."""

    key: str
    scene: Scene
    exhibit: Exhibit
    findings: Sequence[Finding]
    window: tuple[int, int] | None
    failures_told: bool = True
    base: Scene | None = None
    base_name: str = ""
    users: Sequence[int] = ()

    @property
    def total(self) -> int:
        """All requests of the scene."""
        return sum(each.total for each in self.scene.slices)

    @property
    def tells_failures(self) -> bool:
        """Whether anybody says of any request whether it failed."""
        return self.failures_told and self.total > sum(s.untold for s in self.scene.slices)

    @property
    def length_us(self) -> int:
        """What the pictures span: whole slices."""
        return self.exhibit.columns * self.exhibit.step_us

    @property
    def shades(self) -> list[tuple[float, float]]:
        """The parts of the width that were not judged."""
        if self.window is None:
            return []
        first, last = ((ts - self.exhibit.start_ts) / self.length_us for ts in self.window)
        ends = [(0.0, min(1.0, first)), (max(0.0, last), 1.0)]
        return [(a, b) for a, b in ends if b - a > 1 / (2 * self.exhibit.columns)]

    def seconds(self, column: int) -> float:
        """How long the slice lasted: the last may be cut short, or a little longer."""
        whole = self.exhibit
        start = whole.start_ts + column * whole.step_us
        last = whole.exact and column == whole.columns - 1
        spanned = whole.end_ts - start if last else whole.step_us
        return max(spanned, whole.step_us / 4) / units.US_PER_SECOND

    def picture(
        self, name: str, title: str, told: str, *, axis: LogAxis | CountAxis, shapes: Html,
        marks: Sequence[Mark] = (),
    ) -> Html:  # fmt: skip
        """A picture over the time of the run."""
        return chart(
            f"{self.key}-{name}", title, told, columns=self.exhibit.columns,
            height=int(axis.height), shapes=shapes, y_ticks=axis.ticks, marks=marks,
            x_ticks=time_ticks(self.exhibit.start_ts, self.length_us), shades=self.shades,
            panel=self.key,
        )  # fmt: skip


def kind_of(outcome: Outcome) -> str:
    """The class of an outcome's colour."""
    return {Outcome.PASS: "pass", Outcome.FAIL: "fail"}.get(outcome, "open")


def duration_axis(panel: Panel, height: int) -> LogAxis:
    """From the quickest to the slowest of the scene, with the limits that are near."""
    cells = panel.scene.cells
    # a bucket that begins at nothing needs no more room than others
    low = min((each.low for each in cells if each.low), default=None)
    if low is None:
        low = max((each.high or 0 for each in cells), default=row_of(10_000)) - _SOME_ROWS
    low = max(0, low - _SOME_ROWS if any(not each.low for each in cells) else low)
    ends = [cell.low + 1 if cell.high is None else cell.high for cell in cells]
    high = max(ends, default=row_of(1_000_000))
    limits = [f.limit for f in latencies(panel.findings) if f.limit <= _REACH * edge_us(high + 1)]
    top = max([edge_us(min(LAST_ROW, high) + 1), *(limit * 1.15 for limit in limits)])
    return LogAxis(low=edge_us(low), high=max(top, 2 * edge_us(low)), height=height)


def latencies(findings: Sequence[Finding]) -> list[Finding]:
    """The budgets of durations."""
    return [finding for finding in findings if finding.unit == "us" and finding.limit > 0]


def limit_marks(panel: Panel, axis: LogAxis) -> list[Mark]:
    """A line for each budget of durations that the picture reaches."""
    return [
        Mark(
            y=axis.y(finding.limit),
            text=f"{key_of(finding)} {_base.limit(finding)} {MARKS[finding.outcome]}",
            kind=kind_of(finding.outcome),
        )
        for finding in latencies(panel.findings)
        if axis.low <= finding.limit <= axis.high
    ]


def key_of(finding: Finding) -> str:
    """What the budget is written by: `p95`."""
    return finding.text.partition(":")[0][:12]


def heatmap(panel: Panel) -> Html | None:
    """How many requests took how long, slice by slice."""
    cells = panel.scene.cells
    if not cells:
        return None
    axis = duration_axis(panel, _HEAT)
    levels = _levels(cells)
    paths: list[list[str]] = [[] for _ in range(LEVELS)]
    for cell in cells:
        top = axis.y(axis.high if cell.high is None else edge_us(cell.high + 1))
        bottom = axis.y(edge_us(cell.low))
        paths[_level(cell, levels)].append(bars([(cell.column, top, bottom)]))
    shapes = joined(
        *(tag("path", class_=f"h{i}", d="".join(path)) for i, path in enumerate(paths) if path)
    )
    edges = [1, *(math.floor(edge) + 1 for edge in levels[:-1])]
    ends = [*(edge - 1 for edge in edges[1:]), math.ceil(levels[-1])]
    words = [
        (
            f"h{i}",
            units.format_count(a) if a == b else f"{units.format_count(a)}–{units.format_count(b)}",
        )
        for i, (a, b) in enumerate(zip(edges, ends, strict=True))
        if a <= b and paths[i]
    ]
    slowest = max((s.max_us for s in panel.scene.slices if s.max_us is not None), default=None)
    told = f"Most requests took {_mode(cells)}; the slowest {units.format_duration(slowest)}."
    return joined(
        panel.picture(
            "heat",
            "Latency over time",
            told,
            axis=axis,
            shapes=shapes,
            marks=limit_marks(panel, axis),
        ),
        legend(("none", "requests in a cell:"), *words),
    )


def _levels(cells: Sequence[Cell]) -> list[float]:
    """The upper ends of the colours up to the fullest cell, closer together below."""
    most = max(_density(cell) for cell in cells)
    return [most * ((i + 1) / LEVELS) ** 2.5 for i in range(LEVELS)]


def _density(cell: Cell) -> float:
    """Requests a row of the bucket: so wide a cell is no darker for being wide."""
    return max(1.0, cell.count / ((cell.high or cell.low) - cell.low + 1))


def _level(cell: Cell, levels: Sequence[float]) -> int:
    density = _density(cell) * (1 - 1e-9)
    return next((i for i, edge in enumerate(levels) if density <= edge), LEVELS - 1)


def _mode(cells: Sequence[Cell]) -> str:
    """The row that most requests lie in, in words."""
    rows: dict[tuple[int, int | None], int] = {}
    for cell in cells:
        rows[cell.low, cell.high] = rows.get((cell.low, cell.high), 0) + cell.count
    low, high = max(rows, key=lambda row: rows[row])
    return units.format_between(edge_us(low), None if high is None else edge_us(high + 1))


def shown_lines(slices: Sequence[Slice]) -> list[int]:
    """Which percentiles a slice has requests enough for, usually."""
    counts = sorted(each.timed for each in slices if each.timed)
    usual = counts[len(counts) // 2] if counts else 0
    return [i for i, enough in enumerate(_ENOUGH) if usual >= enough]


def percentiles(panel: Panel) -> Html | None:
    """Percentiles of each slice, and its slowest request."""
    slices = [each for each in panel.scene.slices if each.timed]
    if not slices:
        return None
    axis = duration_axis(panel, _CURVE)
    lines = shown_lines(slices)

    def line(values: Sequence[int | None], kind: str) -> Html:
        points = [
            (each.column, None if us is None else axis.y(us))
            for each, us in zip(slices, values, strict=True)
        ]
        return tag("path", class_=f"line {kind}", d=steps(points))

    shapes = joined(
        line([each.max_us for each in slices], "q4"),
        *(line([each.quantiles[i] for each in slices], f"q{i}") for i in lines),
    )
    told = " ".join(_course(LINES[i], [each.quantiles[i] for each in slices]) for i in lines)
    told = told or "The slowest request of each slice."
    words = [*((f"q{i}", LINES[i]) for i in lines), ("q4", "slowest")]
    left_out = [LINES[i] for i in range(len(SHARES)) if i not in lines]
    note = f"{', '.join(left_out)}: too few requests in a slice" if left_out else None
    return joined(
        panel.picture("lines", "Percentiles over time", told, axis=axis, shapes=shapes,
                      marks=limit_marks(panel, axis)),
        legend(*words, *([("none", note)] if note else [])),
    )  # fmt: skip


def _course(word: str, values: Sequence[int | None]) -> str:
    known = [us for us in values if us is not None]
    if not known:
        return f"{word}: not known."
    return f"{word}: {units.format_duration(min(known))} to {units.format_duration(max(known))}."


def traffic(panel: Panel) -> Html | None:
    """Requests a second, those that failed apart, and the throughput budget."""
    slices = panel.scene.slices
    if not slices:
        return None
    rates = [(s.column, s.total / panel.seconds(s.column), s.failed / panel.seconds(s.column))
             for s in slices]  # fmt: skip
    limits = [f for f in panel.findings if f.unit == "per_second" and f.limit > 0]
    most = max(rate for _, rate, _ in rates)
    high = max([most, *(f.limit * 1.1 for f in limits if f.limit <= 4 * most)])
    axis = CountAxis(high=high * 1.05, height=_TRAFFIC)
    shapes = joined(
        tag("path", class_="ok", d=bars([(c, axis.y(rate), axis.height) for c, rate, _ in rates])),
        tag("path", class_="bad", d=bars([(c, axis.y(bad), axis.height) for c, _, bad in rates])),
    )
    marks = [
        Mark(y=axis.y(f.limit), kind=kind_of(f.outcome),
             text=f"successes {_base.limit(f)} {MARKS[f.outcome]}")
        for f in limits if f.limit <= axis.high
    ]  # fmt: skip
    told = f"{units.format_rate(min(r for _, r, _ in rates))} to {units.format_rate(most)}."
    return panel.picture("rate", "Requests a second", told, axis=axis, shapes=shapes, marks=marks)


def failed(panel: Panel) -> Html:
    """The share of failed requests of each slice."""
    slices = panel.scene.slices
    total, untold = panel.total, sum(each.untold for each in slices)
    if not panel.tells_failures:
        return instead("Failed requests", "The source does not tell of failed requests.")
    count = sum(each.failed for each in slices)
    if untold:
        known = f"Of {units.format_count(untold)} of {units.format_count(total)} requests"
        return instead(
            "Failed requests",
            f"{known} the source does not tell whether they failed; "
            f"{units.format_count(count)} of the others did.",
        )
    if not count:
        return instead("Failed requests", "No request failed.")
    shares = [(each.column, 100 * each.failed / each.total) for each in slices]
    axis = CountAxis(high=nice(max(share for _, share in shares)), height=_FAILED, unit="%")
    shapes = tag(
        "path", class_="bad", d=bars([(c, axis.y(share), axis.height) for c, share in shares])
    )
    told = f"{units.format_count(count)} of {units.format_count(total)} requests failed."
    return panel.picture("failed", "Failed requests, % of each slice", told,
                         axis=axis, shapes=shapes)  # fmt: skip


def instead(title: str, sentence: str) -> Html:
    """A sentence in the place of a picture."""
    return tag("figure", tag("figcaption", title), tag("p", sentence, class_="note"))
