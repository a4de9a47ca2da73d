"""Runs the query of a foreign format over its file, in bounded memory, as Arrow tables.

DuckDB reads the file with all its threads and hands over tables in the file's order; the
part writer stores them with the one schema and the encodings of every other part. Lines that
are malformed are recorded by DuckDB and asked for afterwards. Whatever DuckDB refuses is a
SourceError with its first sentence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from slogate.errors import SourceError
from slogate.halting import stoppable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH_ROWS = 8_192
FEW_ROWS = 100_000
MUCH_BYTES = 32 << 20
MEMORY = "600MB"
AHEAD = "128MB"
_REASONS = {
    "MISSING COLUMNS": "it has too few columns",
    "TOO MANY COLUMNS": "it has too many columns",
    "UNQUOTED VALUE": "a quote is not closed, or text follows it",
    "LINE SIZE OVER MAXIMUM": "it is longer than 2 MB",
    "INVALID ENCODING": "it is not UTF-8",
    "CAST": "a value has the wrong type",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A malformed line: the byte at which it starts (from 0, decompressed) and what is wrong."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A running scan; to be asked for `rejects` and `recorded` once `batches` are exhausted.

    `recorded` counts faults (a line can have several): at the query's `rejects_limit` there may
    have been more.
    """

    batches: Iterator[pa.Table]
    rejects: Callable[[], list[Reject]]
    recorded: Callable[[], int]


@contextmanager
def scan(
    sql: str,
    parameters: Mapping[str, object],
    *,
    feed: Callable[[], Any] | None = None,
    threads: int | None = None,
) -> Iterator[Scanned]:
    """Run the query, in which `getvariable('x')` is the parameter x.

    The table `feed` holds what the Arrow reader that `feed` returns gives.

    SourceError if DuckDB cannot read the file that the query names.
    """
    connection = _database(os.getpid()).cursor()
    batches = _batches(connection, sql, parameters)
    try:
        connection.execute(f"SET threads = {threads}" if threads else "RESET threads")
        if feed:
            connection.register("feed", feed())
        with stoppable(connection.interrupt):
            yield Scanned(
                batches=batches,
                rejects=lambda: _rejects(connection),
                recorded=lambda: _recorded(connection),
            )
    finally:
        # what is being fetched is waited for
        batches.close()
        connection.close()


@cache
def _database(_process: int) -> duckdb.DuckDBPyConnection:
    """The database in memory of this process: making one takes longer than a small file.

    What a scan sets and records is of its own connection, but for the number of threads.
    """
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
    }
    return duckdb.connect(":memory:", config=settings)


def _batches(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]
) -> Generator[pa.Table]:
    import duckdb
    import pyarrow as pa

    try:
        # a query with bound values is materialised whole by some versions, one with variables
        # is streamed by all
        for name, value in parameters.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        connection.execute(f"SET streaming_buffer_size = '{AHEAD}'")
        result: Any = connection.sql(sql)
        # the name of the same method since and before DuckDB 2
        reader = getattr(result, "to_arrow_reader", None) or result.fetch_arrow_reader
        yield from _gathered(iter(reader(BATCH_ROWS)))
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise SourceError(_first_sentence(str(error))) from None


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of at least FEW_ROWS, fewer where they are large.

    To ask for as many at once would fill the memory where every row has a name of its own, to
    make one batch of them would copy every row. Meanwhile DuckDB goes on reading, AHEAD.
    """
    import pyarrow as pa

    some: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        some.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= FEW_ROWS or size >= MUCH_BYTES:
            yield pa.Table.from_batches(some)
            some, rows, size = [], 0, 0
    if rows:
        yield pa.Table.from_batches(some)


def _first_sentence(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return line.split(": ", 1)[-1] if ": " in line[:40] else line


def _rejects(connection: duckdb.DuckDBPyConnection) -> list[Reject]:
    """One reject a line, in the file's order; none if the query did not record any."""
    query = (
        "SELECT line_byte_position - 1, min(error_type::VARCHAR) FROM reject_errors "
        "GROUP BY ALL ORDER BY ALL"
    )
    if not _recorded(connection):
        return []
    rows = connection.execute(query).fetchall()
    return [Reject(offset=at, reason=_REASONS.get(kind, kind.lower())) for at, kind in rows]


def _recorded(connection: duckdb.DuckDBPyConnection) -> int:
    import duckdb

    try:
        found = connection.execute("SELECT count(*) FROM reject_errors").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(found[0]) if found else 0
