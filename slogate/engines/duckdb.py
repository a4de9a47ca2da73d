"""Counts with DuckDB, in memory, over an explicit list of Parquet parts.

One statement counts what all needs of a window ask for; a second finds the order statistics
that percentiles show and that decide nothing. Integers throughout, so threads, parts and the
order of rows change nothing. Refuses parts that are unreadable or of a newer version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slogate.engines._base import (
    Engine,
    Tally,
    absurd_pace,
    broken_part,
    busiest_tenth,
    is_absurd,
    ladder_shares,
)
from slogate.engines._groups import (
    Group,
    evidence_of,
    holds,
    ladder,
    ladder_ranks,
    read_groups,
    series_of,
)
from slogate.engines._sql import (
    Bound,
    Question,
    broken_rows,
    busiest_pace,
    commonest_failures,
    count_groups,
    order_statistics,
    parquet,
    phases,
    tally_rows,
)
from slogate.errors import StoreError
from slogate.model.evidence import BATCHES, Batch, Evidence, Need
from slogate.model.series import SCHEMA_VERSION
from slogate.model.window import Window

if TYPE_CHECKING:
    import duckdb

_VERSION = re.compile("[0-9]{1,9}")
_NOTHING = Evidence(batches=(Batch(),) * BATCHES)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Parts and the connection that reads them; without parts there is none.

    `divided` keeps what was counted of a window: judging asks for it before and after gathering.
    """

    parts: Sequence[str]
    connection: duckdb.DuckDBPyConnection | None
    divided: dict[Window, Tally] = field(default_factory=dict)

    def gather(self, needs: Sequence[Need]) -> dict[str, Evidence]:
        """The evidence of each need by its id."""
        if self.connection is None:
            return {need.id: _NOTHING for need in needs}
        found: dict[str, Evidence] = {}
        for window in dict.fromkeys(need.window for need in needs):
            self._divide(window, self.connection)
            mine = [need for need in needs if need.window == window]
            found |= _gather(mine, window, self.parts, self.connection)
        return {need.id: found[need.id] for need in needs}

    def tally(self, window: Window) -> Tally:
        """How the rows of the parts divide around the window."""
        if self.connection is None:
            return Tally()
        tally = self._divide(window, self.connection)
        return replace(tally, lockstep=_lockstep(self.parts, window, self.connection))

    def _divide(self, window: Window, connection: duckdb.DuckDBPyConnection) -> Tally:
        if window not in self.divided:
            self.divided[window] = _divide(self.parts, window, connection)
        return self.divided[window]

    def failures(self, window: Window, most: int) -> list[tuple[str, str, str, int]]:
        """The commonest failures in the window: (method, endpoint, error, count)."""
        if self.connection is None:
            return []
        bound = Bound()
        text = commonest_failures(self.parts, window, most, bound)
        return self.connection.execute(text, bound.values).fetchall()

    def span(self) -> tuple[int, int | None, int | None]:
        """How many rows the parts hold, and the first and the last start."""
        if self.connection is None:
            return 0, None, None
        bound = Bound()
        text = (
            "SELECT count(*), min(epoch_us(ts)), max(epoch_us(ts)) "  # noqa: S608
            f"FROM {parquet(self.parts, bound)}"
        )
        return self.connection.execute(text, bound.values).fetchone() or (0, None, None)


def _gather(
    needs: list[Need], window: Window, parts: Sequence[str], connection: duckdb.DuckDBPyConnection
) -> dict[str, Evidence]:
    question = Question(
        window=window,
        selections=tuple(dict.fromkeys(need.selection for need in needs)),
        predicates=tuple(dict.fromkeys(need.selection.success for need in needs)),
        limits=tuple(sorted({need.limit_us for need in needs if need.limit_us is not None})),
    )
    bound = Bound()
    text = count_groups(question, parts, bound)
    groups = read_groups(question, connection.execute(text, bound.values).fetchall())
    found = {need.id: evidence_of(question, need, groups) for need in needs}
    ladders = _ladders(question, needs, groups, parts, connection)
    return {key: replace(found[key], ladder=ladders.get(key, ())) for key in found}


def _ladders(
    question: Question,
    needs: Sequence[Need],
    groups: Sequence[Group],
    parts: Sequence[str],
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, tuple[tuple[Any, int | None], ...]]:
    """The ladder of each latency need by its id; populations are sorted once each."""
    latency = [need for need in needs if need.measure == "latency"]
    shares = ladder_shares(latency)
    kinds = list(dict.fromkeys((series_of(question, n), n.failures == "slow") for n in latency))
    ranks = {
        (series, slow): ladder_ranks(question, groups, series, shares, with_failures=slow)
        for series, slow in kinds
    }
    series = list(dict.fromkeys(series for series, _ in kinds))
    wanted = sorted(
        {(series.index(k), r) for (k, _), found in ranks.items() for _, r in found if r is not None}
    )
    members = sorted(
        {(i, *g.masks) for i, k in enumerate(series) for g in groups if holds(question, g.masks, k)}
    )
    values: list[dict[int, int]] = [{} for _ in series]
    if wanted:
        bound = Bound()
        text = order_statistics(question, parts, members, wanted, bound)
        for number, rank, duration in connection.execute(text, bound.values).fetchall():
            values[number][rank] = duration
    made = {kind: ladder(ranks[kind], values[series.index(kind[0])]) for kind in kinds}
    return {n.id: made[series_of(question, n), n.failures == "slow"] for n in latency}


def _divide(parts: Sequence[str], window: Window, connection: duckdb.DuckDBPyConnection) -> Tally:
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
    )


def _broken(parts: Sequence[str], connection: duckdb.DuckDBPyConnection) -> StoreError:
    for part in parts:
        bound = Bound()
        text = broken_rows([part], bound)
        if connection.execute(text, bound.values).fetchone() != (0,):
            return broken_part(part)
    return StoreError("the series has changed while it was counted")


def _lockstep(
    parts: Sequence[str], window: Window, connection: duckdb.DuckDBPyConnection
) -> float | None:
    bound = Bound()
    text = phases(parts, window, bound)
    paces: dict[int, dict[int, int]] = {}
    for pace, part, count in connection.execute(text, bound.values).fetchall():
        paces.setdefault(pace, {})[int(part)] = count
    return busiest_tenth(paces)


@contextmanager
def reading(parts: Sequence[str], threads: int | None = None) -> Iterator[_Reading]:
    """Open the parts; whatever DuckDB complains of is a StoreError that names the part."""
    if not parts:
        yield _Reading(parts, None)
        return
    import duckdb

    config: dict[str, Any] = {} if threads is None else {"threads": threads}
    connection = duckdb.connect(config=config)
    try:
        connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        _check_versions(parts, connection)
        yield _Reading(parts, connection)
    except duckdb.Error as error:
        raise _blamed(parts, connection, error) from None
    finally:
        connection.close()


def _check_versions(parts: Sequence[str], connection: duckdb.DuckDBPyConnection) -> None:
    bound = Bound()
    text = parquet(parts, bound).split(",", 1)[0].replace("read_parquet", "parquet_kv_metadata")
    rows = connection.execute(
        f"SELECT file_name, decode(value) FROM {text}) WHERE key = 'slogate.schema'::BLOB",  # noqa: S608
        bound.values,
    ).fetchall()
    versions = dict(rows)
    for part in parts:
        version = versions.get(part, "")
        if not _VERSION.fullmatch(version):
            raise StoreError(f"{part} is not a part of a request series")
        if int(version) > SCHEMA_VERSION:
            hint = "upgrade slogate to read this store"
            raise StoreError(f"{part} was written by a newer slogate (schema {version})", hint=hint)


def _blamed(
    parts: Sequence[str], connection: duckdb.DuckDBPyConnection, error: Exception
) -> StoreError:
    """The error of the first part that cannot be read alone, else of all of them."""
    import duckdb

    for part in parts:
        bound = Bound()
        text = f"SELECT count(COLUMNS(*)) FROM {parquet([part], bound)}"  # noqa: S608
        try:
            connection.execute(text, bound.values).fetchall()
        except duckdb.Error as fault:
            return StoreError(f"{part} cannot be read: {_first_line(fault)}")
    return StoreError(f"the series cannot be counted: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


PLUGIN = Engine(
    name="duckdb",
    help="DuckDB in memory, over Parquet; counts in one statement a window",
    reading=reading,
)
