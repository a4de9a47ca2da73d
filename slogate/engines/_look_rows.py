"""Looks at rows of all series in plain Python, for the reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from slogate.engines._rows import Row, size
from slogate.model.evidence import UNBOUNDED_US
from slogate.model.exhibit import (
    LADDER,
    SHARES,
    Cell,
    EndpointRow,
    Exhibit,
    Level,
    Scene,
    Slice,
    View,
    columns_of,
    row_of,
    step_for,
)
from slogate.model.predicate import Ok, holds
from slogate.model.selection import Selection
from slogate.model.window import Window
from slogate.stats.quantile import nearest_rank


def look(rows: Sequence[Row], view: View, whole: Window, *, exact: bool) -> Exhibit:
    """What the view wants to see of a time; the longest step is no longer than a slice."""
    longest = 0 if exact else max((row.step_us for row in rows), default=0)
    step_us = step_for(whole.length_us, view.columns, longest)
    window = view.window or whole
    endpoints, others = _endpoints([row for row in rows if _in(window, row)], view.endpoints)
    drawn = [row for row in rows if _in(whole, row)]
    return Exhibit(
        start_ts=whole.start_ts,
        end_ts=whole.end_ts,
        step_us=step_us,
        columns=columns_of(whole.length_us, step_us),
        exact=exact,
        scenes=tuple(
            _scene(
                [row for row in drawn if _chosen(selection, row)],
                [row for row in rows if _in(window, row) and _chosen(selection, row)],
                whole,
                step_us,
            )
            for selection in view.scenes
        ),
        endpoints=endpoints,
        others=others,
    )


def _in(window: Window, row: Row) -> bool:
    return window.start_ts <= row.ts <= window.end_ts


def _chosen(selection: Selection, row: Row) -> bool:
    if selection.endpoint is not None and (row.endpoint is None or row.method is None):
        return False
    labels = {key: value for key, value in row.labels.items() if value is not None}
    return selection.matches(row.method or "", row.endpoint or "", labels)


def _scene(drawn: Sequence[Row], judged: Sequence[Row], whole: Window, step_us: int) -> Scene:
    last = columns_of(whole.length_us, step_us) - 1
    slices: dict[int, list[Row]] = defaultdict(list)
    cells: Counter[tuple[int, int, int | None]] = Counter()
    for row in drawn:
        column = min(last, (row.ts - whole.start_ts) // step_us)
        slices[column].append(row)
        if row.least_us is not None:
            cells[column, *_rows_of(row.least_us, _bounded(row.most_us))] += row.count
    timed = [row for row in judged if row.most_us is not None]
    levels = zip(LADDER, _ranked(timed, LADDER, "least_us"), _ranked(timed, LADDER), strict=False)
    return Scene(
        slices=tuple(
            Slice(column=column, total=size(found), **_outcomes(found),
                  timed=size(_timed(found)), quantiles=_ranked(found, SHARES), max_us=_most(found))
            for column, found in sorted(slices.items())
        ),
        cells=tuple(
            Cell(column=column, low=low, high=high, count=count)
            for (column, low, high), count in sorted(cells.items(), key=_by_place)
        ),
        levels=tuple(
            Level(share=share, lo_us=low or 0, hi_us=high) for share, low, high in levels
        ),
        timed=size(timed),
    )  # fmt: skip


def _by_place(cell: tuple[tuple[int, int, int | None], int]) -> tuple[int, int, int]:
    (column, low, high), _ = cell
    return column, low, UNBOUNDED_US if high is None else high


def _rows_of(least: int, most: int | None) -> tuple[int, int | None]:
    low, high = row_of(least), None if most is None else row_of(most)
    return (high, high) if high is not None and high - low <= 1 else (low, high)


def _timed(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.most_us is not None]


def _is_untold(row: Row) -> bool:
    return row.step_us > 0 and row.ok is None and row.status is None


def _outcomes(rows: Sequence[Row]) -> dict[str, int]:
    """How many failed, and of how many nobody says."""
    ok, told = Ok(), [row for row in rows if not _is_untold(row)]
    bad = [r for r in told if holds(ok, ok=r.ok, status=r.status, duration_us=None) is not True]
    return {"failed": size(bad), "untold": size(rows) - size(told)}


def _bounded(us: int | None) -> int | None:
    return None if us is None or us >= UNBOUNDED_US else us


def _most(rows: Iterable[Row]) -> int | None:
    return _bounded(max((row.most_us for row in rows if row.most_us is not None), default=None))


def _ranked(
    rows: Iterable[Row], shares: Sequence[Fraction], end: str = "most_us"
) -> tuple[int | None, ...]:
    """The nearest-rank duration at each share; nothing without durations."""
    found = sorted((getattr(row, end), row.count) for row in _timed(rows))
    total = sum(count for _, count in found)
    values: list[int | None] = []
    for rank in [nearest_rank(total, share) for share in shares] if total else []:
        upto = 0
        for us, count in found:
            upto += count
            if upto >= rank:
                values.append(_bounded(us))
                break
    return tuple(values)


def _endpoints(rows: Iterable[Row], most: int) -> tuple[tuple[EndpointRow, ...], tuple[int, int]]:
    by_name: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row.method or "", row.endpoint or ""].append(row)
    ranked = sorted(by_name.items(), key=lambda one: (-size(one[1]), one[0]))
    told = tuple(
        EndpointRow(method=method, endpoint=endpoint, total=size(found), **_outcomes(found),
                    quantiles=_ranked(found, SHARES), max_us=_most(found))
        for (method, endpoint), found in ranked[:most]
    )  # fmt: skip
    rest = [size(found) for _, found in ranked[most:]]
    return told, (len(rest), sum(rest))
