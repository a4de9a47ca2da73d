"""What a report wants to show (`View`) and what was counted for it (`Exhibit`).

A view is data, as a need is: the report says what it wants to draw, an engine looks once at the
series, and neither knows the other. An exhibit has a bounded size, whatever the number of requests.
It decides nothing: durations are as measured, of successes and failures alike, without
back-filled starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slogate.model.selection import Selection
from slogate.model.window import Window

SHARES = tuple(Fraction(share, 100) for share in (50, 90, 95, 99))
# nine steps to each ten times fewer requests above: 10% … 90%, 91% … 99%, 99.1% … 99.999%, all
LADDER = (
    *(1 - Fraction(9 - i, 10**decade) for decade in range(1, 6) for i in range(9)),
    Fraction(1),
)
ROWS_PER_OCTAVE = 4
LAST_ROW = 159
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200)
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a report wants to show of one run.

    `whole` is the time that its pictures span, `window` the judged part of it, which tables and
    distributions tell of (None: all of it). There is a scene for each of `scenes`, in at most
    `columns` slices of time, and the `endpoints` busiest endpoints are told apart. Beside that it
    may want so many values of earlier runs (`past`), how budgets burnt (`burns`), and of a pinned
    run what `base` says.
    """

    whole: Window | None = None
    window: Window | None = None
    scenes: tuple[Selection, ...] = (Selection(),)
    columns: int = 90
    endpoints: int = 40
    past: int = 0
    burns: bool = False
    base: View | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The requests that started in one slice of time: their number, failures, percentiles.

    Of `untold` nobody says whether they failed; they are counted in buckets. `quantiles` are the
    nearest-rank durations at `SHARES`, none of them shorter than told: where only buckets are
    known, their upper ends, None where there is none.
    """

    column: int
    total: int
    failed: int
    untold: int = 0
    timed: int = 0
    quantiles: tuple[int | None, ...] = ()
    max_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many requests of a slice took the time of rows `low` to `high` (None: no upper end)."""

    column: int
    low: int
    high: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The nearest-rank duration at a share of the requests: over `lo_us` − 1, at most `hi_us`."""

    share: Fraction
    lo_us: int
    hi_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The requests of one selection over time, and how their durations in the window spread."""

    slices: tuple[Slice, ...] = ()
    cells: tuple[Cell, ...] = ()
    levels: tuple[Level, ...] = ()
    timed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """One endpoint within the window."""

    method: str
    endpoint: str
    total: int
    failed: int
    untold: int = 0
    quantiles: tuple[int | None, ...] = ()
    max_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What an engine saw. Slice `i` spans `step_us` from `start_ts + i * step_us`, to `end_ts`.

    `exact` says whether every request is told by itself, or some in buckets and steps.
    `endpoints` are the busiest; `others` (endpoints, requests) are not told apart.
    """

    start_ts: int
    end_ts: int
    step_us: int
    columns: int
    exact: bool = True
    scenes: tuple[Scene, ...] = ()
    endpoints: tuple[EndpointRow, ...] = ()
    others: tuple[int, int] = (0, 0)


def row_of(duration_us: int) -> int:
    """The row of a duration in a picture: four rows to each doubling, from 1 µs."""
    if duration_us < 1:
        return 0
    return min(LAST_ROW, int(duration_us**ROWS_PER_OCTAVE).bit_length() - 1)


def edge_us(row: int) -> float:
    """Where a row begins, in µs."""
    return float(2 ** (row / ROWS_PER_OCTAVE))


def columns_of(length_us: int, step_us: int) -> int:
    """How many slices fill the length, at least one; less than a quarter belongs to the last."""
    return max(1, -(-(length_us - step_us // 4) // step_us))


def step_for(length_us: int, columns: int, least_us: int = 0) -> int:
    """The shortest round slice of at least so many µs by which few enough fill the length."""
    for seconds in _STEPS_S:
        step = seconds * 1_000_000
        if step >= least_us and columns_of(length_us, step) <= columns:
            return step
    day = DAY_S * 1_000_000
    return day * max(1, -(-least_us // day), -(-length_us // (columns * day)))
