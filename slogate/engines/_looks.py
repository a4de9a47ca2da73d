"""Says in SQL what a view wants to see; every name and value from outside is bound.

Single requests alone are looked at without weights. Where some are counted in buckets, each
row stands for `w` requests that took `lo` to `hi`; percentiles are then upper ends of buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from slogate.engines._base import Sources
from slogate.engines._choosing import Bound, select_rows
from slogate.engines._sql import parquet
from slogate.engines._steps import placed
from slogate.model.evidence import UNBOUNDED_US
from slogate.model.exhibit import (
    LADDER,
    LAST_ROW,
    ROWS_PER_OCTAVE,
    SHARES,
    Cell,
    EndpointRow,
    Exhibit,
    Level,
    Scene,
    Slice,
    View,
    columns_of,
    step_for,
)
from slogate.model.selection import Selection
from slogate.model.window import Window

if TYPE_CHECKING:
    import duckdb

_FAILED = "NOT coalesce(ok, status < 500, false)"
_UNTOLD = "(ok IS NULL AND status IS NULL)"


@dataclass(frozen=True, slots=True)
class _Look:
    """The parts, where time is cut, and the connection."""

    sources: Sources
    connection: duckdb.DuckDBPyConnection
    whole: Window
    window: Window
    step_us: int

    @property
    def weighted(self) -> bool:
        """Whether some requests are counted in buckets."""
        return bool(self.sources.pool)

    def ask(self, bound: Bound, text: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.connection.execute(text, bound.values).fetchall()

    def seen(self, selection: Selection, window: Window, bound: Bound) -> str:
        """The beginning: `seen` has the requests of the selection in the window.

        `slice` is where they started (the last instant in the last), `lo` to `hi` how long they
        took, `w` how many they are; `one` is the same for all.
        """
        start, end = bound(window.start_ts), bound(window.end_ts)
        since = f"- {bound(self.whole.start_ts)}) // {bound(self.step_us)}"
        last = bound(columns_of(self.whole.length_us, self.step_us) - 1)
        chosen = select_rows(selection, bound)
        told = (
            "coalesce(method, '') AS method, coalesce(endpoint, '') AS endpoint, 0 AS one, "
            f"{_FAILED}"
        )
        parts, begin = [], "WITH"
        if self.sources.requests:
            parts.append(
                f"SELECT least({last}, (t {since}) AS slice, duration_us AS lo, "  # noqa: S608
                f"duration_us AS hi, 1 AS w, {told} AS failed, false AS untold "
                f"FROM (SELECT *, epoch_us(ts) AS t FROM {parquet(self.sources.requests, bound)}) "
                f"WHERE t BETWEEN {start} AND {end} AND {chosen}"
            )
        if self.weighted:
            own = placed(self.sources.pool, self.sources.extent, bound, f", {chosen} AS chosen")
            begin = f"{own},"
            parts.append(
                f"SELECT least({last}, (first {since}) AS slice, least AS lo, most AS hi, w, "  # noqa: S608
                f"{told} AND NOT {_UNTOLD} AS failed, {_UNTOLD} AS untold "
                f"FROM placed WHERE first BETWEEN {start} AND {end} AND chosen"
            )
        return f"{begin} seen AS NOT MATERIALIZED ({' UNION ALL '.join(parts)})"


def look(
    sources: Sources, view: View, whole: Window, connection: duckdb.DuckDBPyConnection
) -> Exhibit:
    """What the view wants to see of a time; of several pools there must be one left."""
    longest = 0
    if sources.pool:
        bound = Bound()
        begin = placed(sources.pool, sources.extent, bound)
        text = f"{begin} SELECT max(last - first + 1) FROM placed"  # noqa: S608
        [(longest,)] = connection.execute(text, bound.values).fetchall()
    step_us = step_for(whole.length_us, view.columns, longest or 0)
    eye = _Look(sources, connection, whole, view.window or whole, step_us)
    endpoints = _endpoints(eye, view.endpoints)
    return Exhibit(
        start_ts=whole.start_ts,
        end_ts=whole.end_ts,
        step_us=step_us,
        columns=columns_of(whole.length_us, step_us),
        exact=not sources.pool,
        scenes=tuple(_scene(eye, selection) for selection in view.scenes),
        endpoints=endpoints,
        others=_others(eye, endpoints),
    )


def _scene(eye: _Look, selection: Selection) -> Scene:
    bound = Bound()
    begin = eye.seen(selection, eye.whole, bound)
    slices = [
        Slice(column=column, total=total, failed=failed, untold=untold, timed=timed,
              max_us=_bounded(top), quantiles=_all_bounded(values))
        for column, total, failed, untold, timed, top, values in eye.ask(
            bound, f"{begin}{_grouped(eye, 'slice')} ORDER BY slice"
        )
    ]  # fmt: skip
    levels, timed = _levels(eye, selection)
    return Scene(slices=tuple(slices), cells=_cells(eye, selection), levels=levels, timed=timed)


def _cells(eye: _Look, selection: Selection) -> tuple[Cell, ...]:
    """How many requests of each slice took the time of which rows.

    A bucket that is hardly wider than a row counts in the row of its upper end.
    """
    bound = Bound()
    text = (
        f"{eye.seen(selection, eye.whole, bound)}, "  # noqa: S608
        f"high AS (SELECT slice, w, {_row('lo')} AS low, "
        f"CASE WHEN hi < {UNBOUNDED_US} THEN {_row('hi')} END AS high FROM seen "
        "WHERE lo IS NOT NULL) SELECT slice, CASE WHEN high - low <= 1 THEN high ELSE low END, "
        "high, sum(w)::BIGINT FROM high GROUP BY ALL ORDER BY 1, 2, 3 NULLS LAST"
    )
    return tuple(
        Cell(column=column, low=low, high=high, count=count)
        for column, low, high, count in eye.ask(bound, text)
    )


def _row(column: str) -> str:
    octaves = f"floor({ROWS_PER_OCTAVE} * log2({column}))::INTEGER"
    return f"CASE WHEN {column} < 1 THEN 0 ELSE least({LAST_ROW}, {octaves}) END"


def _levels(eye: _Look, selection: Selection) -> tuple[tuple[Level, ...], int]:
    """The ladder of the durations in the window, and how many they are."""
    bound = Bound()
    begin = eye.seen(selection, eye.window, bound)
    found = eye.ask(bound, f"{begin} {_quantiles(eye, 'one', 'hi', LADDER)}")
    if not found:
        return (), 0
    [(_, timed, highs)] = lows = found
    if eye.weighted:
        lows = eye.ask(bound, f"{begin} {_quantiles(eye, 'one', 'lo', LADDER)}")
    return tuple(
        Level(share=share, lo_us=low, hi_us=_bounded(high))
        for share, low, high in zip(LADDER, lows[0][2], highs, strict=True)
    ), timed


def _grouped(eye: _Look, keys: str) -> str:
    """The query of (keys, requests, failures, untold, with a duration, largest, percentiles)."""
    counted = (
        f"SELECT {keys}, sum(w)::BIGINT AS total, "
        "coalesce(sum(w) FILTER (failed), 0)::BIGINT AS failed, "
        "coalesce(sum(w) FILTER (untold), 0)::BIGINT AS untold, "
        "coalesce(sum(w) FILTER (hi IS NOT NULL), 0)::BIGINT AS timed, max(hi) AS top"
    )
    if not eye.weighted:
        return f" {counted}, quantile_disc(hi, {_decimals(SHARES)}) FROM seen GROUP BY {keys}"
    return (
        f", counted AS ({counted} FROM seen GROUP BY {keys}), "  # noqa: S608
        f"ranked AS ({_quantiles(eye, keys, 'hi', SHARES)}) "
        f"SELECT counted.*, q FROM counted LEFT JOIN ranked USING ({keys})"
    )


def _quantiles(eye: _Look, keys: str, end: str, shares: Sequence[Fraction]) -> str:
    """The query of (keys, how many have a duration, their nearest ranks at the shares)."""
    timed = f"FROM seen WHERE {end} IS NOT NULL GROUP BY {keys}"
    if not eye.weighted:
        return f"SELECT {keys}, count(*), quantile_disc({end}, {_decimals(shares)}) AS q {timed}"
    picked = ", ".join(
        f"min(d) FILTER (upto * {share.denominator} >= n * {share.numerator})" for share in shares
    )
    return (
        f"SELECT {keys}, any_value(n)::BIGINT AS n, [{picked}] AS q FROM ("  # noqa: S608
        f"SELECT {keys}, d, sum(w) OVER (PARTITION BY {keys} ORDER BY d) AS upto, "
        f"sum(w) OVER (PARTITION BY {keys}) AS n FROM ("
        f"SELECT {keys}, {end} AS d, sum(w) AS w {timed}, d)) GROUP BY {keys}"
    )


def _decimals(shares: Sequence[Fraction]) -> str:
    """The shares as decimals, which DuckDB takes exactly: its ranks are ceil(q·n)."""
    return f"[{', '.join(f'{float(share):.5f}::DECIMAL(6, 5)' for share in shares)}]"


def _bounded(us: int | None) -> int | None:
    return None if us is None or us >= UNBOUNDED_US else us


def _all_bounded(values: Sequence[int] | None) -> tuple[int | None, ...]:
    return tuple(map(_bounded, values or ()))


def _endpoints(eye: _Look, most: int) -> tuple[EndpointRow, ...]:
    bound = Bound()
    text = (
        f"{eye.seen(Selection(), eye.window, bound)}{_grouped(eye, 'method, endpoint')} "
        f"ORDER BY total DESC, method, endpoint LIMIT {bound(most)}"
    )
    return tuple(
        EndpointRow(method=method, endpoint=endpoint, total=total, failed=failed, untold=untold,
                    quantiles=_all_bounded(values), max_us=_bounded(top))
        for method, endpoint, total, failed, untold, _, top, values in eye.ask(bound, text)
    )  # fmt: skip


def _others(eye: _Look, told: Sequence[EndpointRow]) -> tuple[int, int]:
    bound = Bound()
    text = (
        f"{eye.seen(Selection(), eye.window, bound)} SELECT count(*), coalesce(sum(n), 0)::BIGINT "  # noqa: S608
        "FROM (SELECT sum(w) AS n FROM seen GROUP BY method, endpoint)"
    )
    [(endpoints, requests)] = eye.ask(bound, text)
    return endpoints - len(told), requests - sum(row.total for row in told)
