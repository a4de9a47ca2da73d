"""Divides the requests of all series around a window with DuckDB, and refuses what is damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from slogate.engines._base import (
    Sources,
    Tally,
    absurd_pace,
    broken_part,
    broken_steps,
    busiest_tenth,
    is_absurd,
)
from slogate.engines._choosing import Bound
from slogate.engines._sql import broken_rows, busiest_pace, parquet, phases, tally_rows
from slogate.engines._steps import broken_steps_of, tally_steps
from slogate.errors import StoreError
from slogate.model.window import Window

if TYPE_CHECKING:
    import duckdb


def requests_of(parts: Sequence[str], connection: duckdb.DuckDBPyConnection) -> int:
    """How many requests the parts of a series that counts them stand for."""
    bound = Bound()
    text = f'SELECT sum("count") FROM {parquet(parts, bound)}'  # noqa: S608
    (count,) = connection.execute(text, bound.values).fetchone() or (0,)
    return int(count or 0)


def divide(sources: Sources, window: Window, connection: duckdb.DuckDBPyConnection) -> Tally:
    """The tally without its lockstep; StoreError for rows that no engine counts."""
    whole = _divide_requests(sources.requests, window, connection) if sources.requests else Tally()
    found = []
    for parts in filter(None, sources.pools):
        _check_steps(parts, connection)
        bound = Bound()
        text = tally_steps(parts, window, sources.extent, bound)
        row = connection.execute(text, bound.values).fetchone() or (0, 0, 0, 0)
        found.append([int(count) for count in row])
    if not found:
        return whole
    _, rows, before, after = max(found, key=lambda row: row[1])
    return replace(
        whole,
        rows=whole.rows + rows,
        before=whole.before + before,
        within=whole.within + rows - before - after,
        after=whole.after + after,
        stored=whole.stored + sum(stored for stored, *_ in found),
    )


def check(sources: Sources, connection: duckdb.DuckDBPyConnection) -> None:
    """StoreError for parts with rows that no engine counts."""
    for parts in filter(None, sources.pools):
        _check_steps(parts, connection)
    if sources.requests:
        bound = Bound()
        text = broken_rows(sources.requests, bound)
        if connection.execute(text, bound.values).fetchone() != (0,):
            raise _broken(sources.requests, connection)


def unseen(sources: Sources, runs: Mapping[str, int], most: Mapping[int, Sequence[int]]) -> Sources:
    """What is left to check where the first series of each run in `most` has been looked at."""
    pools = [
        [part for part in parts if most[runs[part]][0] != pool]
        for pool, parts in enumerate(sources.pools)
    ]
    return replace(sources, pools=pools)


def _check_steps(parts: Sequence[str], connection: duckdb.DuckDBPyConnection) -> None:
    bound = Bound()
    text = broken_steps_of(parts, bound)
    if connection.execute(text, bound.values).fetchone() == (0,):
        return
    for part in parts:
        bound = Bound()
        text = broken_steps_of([part], bound)
        if connection.execute(text, bound.values).fetchone() != (0,):
            raise broken_steps(part)


def _divide_requests(
    parts: Sequence[str], window: Window, connection: duckdb.DuckDBPyConnection
) -> Tally:
    """The tally without its lockstep; StoreError for rows that no engine counts."""
    bound = Bound()
    text = tally_rows(parts, window, bound)
    row = connection.execute(text, bound.values).fetchone()
    rows, before, after, paced, broken, backfilled = row or (0,) * 6
    if broken:
        raise _broken(parts, connection)
    if is_absurd(backfilled, rows):
        bound = Bound()
        text = busiest_pace(parts, window, bound)
        (pace,) = connection.execute(text, bound.values).fetchone() or (0,)
        raise absurd_pace(pace, int(backfilled), rows)
    return Tally(
        rows=rows,
        before=before,
        within=rows - before - after,
        after=after,
        backfilled=int(backfilled),
        paced=paced,
        stored=rows,
    )


def _broken(parts: Sequence[str], connection: duckdb.DuckDBPyConnection) -> StoreError:
    for part in parts:
        bound = Bound()
        text = broken_rows([part], bound)
        if connection.execute(text, bound.values).fetchone() != (0,):
            return broken_part(part)
    return StoreError("the series has changed while it was counted")


def lockstep(
    parts: Sequence[str], window: Window, connection: duckdb.DuckDBPyConnection
) -> float | None:
    """The share of starts in the busiest tenth of the commonest pace."""
    bound = Bound()
    text = phases(parts, window, bound)
    paces: dict[int, dict[int, int]] = {}
    for pace, part, count in connection.execute(text, bound.values).fetchall():
        paces.setdefault(pace, {})[int(part)] = count
    return busiest_tenth(paces)
