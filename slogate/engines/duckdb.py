"""Counts with DuckDB, in memory, over an explicit list of Parquet parts.

One statement counts what all needs of a window ask for; a second finds the order statistics
that percentiles show and that decide nothing. Integers throughout, so threads, parts and the
order of rows change nothing. Each series has statements of its own: single requests are read
without weights. Refuses parts that are unreadable or of a newer version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slogate.engines._answers import gather
from slogate.engines._base import EVER, Engine, Extent, Sources, Tally, spanned
from slogate.engines._choosing import Bound
from slogate.engines._dividing import check, divide, lockstep, requests_of
from slogate.engines._sql import commonest_failures, parquet
from slogate.engines._steps import failures_of_all, span_of_steps
from slogate.errors import StoreError
from slogate.halting import stoppable
from slogate.model.evidence import BATCHES, Batch, Evidence, Need
from slogate.model.series import SCHEMA_VERSION, SERIES
from slogate.model.window import Window

if TYPE_CHECKING:
    import duckdb

    from slogate.model.exhibit import Exhibit, View
    from slogate.model.lot import Lot
    from slogate.model.slots import Account, Tallies
    from slogate.model.survey import Survey, Surveyed

_VERSION = re.compile("[0-9]{1,9}")
_NOTHING = Evidence(batches=(Batch(),) * BATCHES)
_DAMAGED = "put it back or move it away; `slogate store verify` names all that is damaged"


@dataclass(frozen=True, slots=True)
class _Reading:
    """Parts and the connection that reads them; without parts there is none.

    `divided` keeps what was counted of a window: judging asks for it before and after gathering.
    """

    sources: Sources
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
            found |= gather(mine, window, self.sources, self.connection)
        return {need.id: found[need.id] for need in needs}

    def tally(self, window: Window) -> Tally:
        """How the requests of the parts divide around the window."""
        if self.connection is None:
            return Tally()
        tally = self._divide(window, self.connection)
        if not self.sources.requests:
            return tally
        share = lockstep(self.sources.requests, window, self.connection)
        return replace(tally, lockstep=share)

    def count(self, accounts: Sequence[Account], runs: Mapping[str, int]) -> dict[str, Tallies]:
        """The tallies of each account by its id."""
        if self.connection is None:
            return {account.id: {} for account in accounts}
        from slogate.engines._census import count

        check(self.sources, self.connection)
        return count(accounts, self.sources, runs, self.connection)

    def survey(self, surveys: Sequence[Survey], runs: Mapping[str, int]) -> dict[str, Surveyed]:
        """The sums of each survey by its id."""
        if self.connection is None:
            return {each.id: {} for each in surveys}
        from slogate.engines._surveying import survey

        return survey(surveys, self.sources, runs, self.connection)

    def lots(self, needs: Sequence[Need], step_us: int) -> dict[str, dict[int, Lot]]:
        """The requests of each need by the number of the step that they started in."""
        if self.connection is None or not needs:
            return {need.id: {} for need in needs}
        from slogate.engines._lots import lots

        self._divide(needs[0].window, self.connection)
        return lots(needs, step_us, self.sources.requests, self.connection)

    def _divide(self, window: Window, connection: duckdb.DuckDBPyConnection) -> Tally:
        if window not in self.divided:
            self.divided[window] = divide(self.sources, window, connection)
        return self.divided[window]

    def failures(self, window: Window, most: int) -> list[tuple[str, str, str, int]]:
        """The commonest failures in the window: (method, endpoint, error, count)."""
        if self.connection is None:
            return []
        bound = Bound()
        sources = self.sources.of(self._fullest())
        text = (
            failures_of_all(sources, window, most, bound)
            if sources.pool
            else commonest_failures(sources.requests, window, most, bound)
        )
        return self.connection.execute(text, bound.values).fetchall()

    def span(self) -> tuple[int, int | None, int | None]:
        """How many requests the parts hold, the first start and the last, or end of a step."""
        if self.connection is None:
            return 0, None, None
        found = []
        if self.sources.requests:
            bound = Bound()
            text = (
                "SELECT count(*), min(epoch_us(ts)), max(epoch_us(ts)) "  # noqa: S608
                f"FROM {parquet(self.sources.requests, bound)}"
            )
            found += self.connection.execute(text, bound.values).fetchall()
        if steps := self._fullest():
            bound = Bound()
            text = span_of_steps(steps, self.sources.extent, bound)
            found += self.connection.execute(text, bound.values).fetchall()
        starts, ends = ([row[at] for row in found if row[at] is not None] for at in (1, 2))
        count = sum(int(row[0]) for row in found)
        return count, min(starts, default=None), max(ends, default=None)

    def look(self, view: View) -> Exhibit | None:
        """What a report wants to draw; of two series that count the same, the one in finer buckets.

        None without requests.
        """
        from slogate.engines._looks import look

        whole = view.whole or spanned(self.span())
        if self.connection is None or whole is None:
            return None
        return look(self.sources.of(self._fullest(finest=True)), view, whole, self.connection)

    def _fullest(self, *, finest: bool = False) -> Sequence[str]:
        """The parts of that series, of those that count the same requests, that has most."""
        if self.connection is None or len(self.sources.pools) < 2:
            return self.sources.pools[0]
        sizes = [requests_of(parts, self.connection) for parts in self.sources.pools]
        full = [at for at, size in enumerate(sizes) if size == max(sizes)]
        return self.sources.pools[full[-1 if finest else 0]]


@contextmanager
def reading(
    parts: Sequence[str], threads: int | None = None, extent: Extent = EVER
) -> Iterator[_Reading]:
    """Open the parts; whatever DuckDB complains of is a StoreError that names the part."""
    if not parts:
        yield _Reading(Sources(), None)
        return
    import duckdb

    config: dict[str, Any] = {} if threads is None else {"threads": threads}
    connection = duckdb.connect(config=config)
    try:
        connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        with stoppable(connection.interrupt):
            yield _Reading(_sorted_out(parts, extent, connection), connection)
    except duckdb.Error as error:
        raise _blamed(parts, connection, error) from None
    finally:
        connection.close()


def _sorted_out(
    parts: Sequence[str], extent: Extent, connection: duckdb.DuckDBPyConnection
) -> Sources:
    """The parts by their series; StoreError for one that this version cannot read."""
    bound = Bound()
    text = parquet(parts, bound).split(",", 1)[0].replace("read_parquet", "parquet_kv_metadata")
    rows = connection.execute(
        f"SELECT file_name, decode(key), decode(value) FROM {text}) "  # noqa: S608
        "WHERE key IN ('slogate.schema'::BLOB, 'slogate.series'::BLOB)",
        bound.values,
    ).fetchall()
    told = {(name, key): value for name, key, value in rows}
    found: dict[str, list[str]] = {name: [] for name in SERIES}
    for part in parts:
        version = told.get((part, "slogate.schema"), "")
        series = told.get((part, "slogate.series"), SERIES[0])
        if not _VERSION.fullmatch(version) or series not in found:
            raise StoreError(f"{part} is not a part of a request series")
        if int(version) > SCHEMA_VERSION:
            hint = "upgrade slogate to read this store"
            raise StoreError(f"{part} was written by a newer slogate (schema {version})", hint=hint)
        found[series].append(part)
    requests, *steps = (found[name] for name in SERIES)
    return Sources(requests, [each for each in steps if each] or [[]], extent)


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
            return StoreError(f"{part} cannot be read: {_first_line(fault)}", hint=_DAMAGED)
    return StoreError(f"the series cannot be counted: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


PLUGIN = Engine(
    name="duckdb",
    help="DuckDB in memory, over Parquet; counts in one statement a window",
    reading=reading,
)
