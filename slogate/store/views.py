"""The doors for people: `slogate.duckdb` beside the series, and read-only SQL in memory.

Both show the same views (`tables.py`) over an explicit list of parts. The database is made
anew under a temporary name and renamed, so nobody waits for a lock; it is never on the path of
a verdict, so a failure to make it is a note. A query may read the views and nothing else: one
SELECT, no file beyond the parts, no settings, no extensions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from slogate.errors import Interrupted, StoreError, UsageError
from slogate.halting import stoppable
from slogate.model.series import Series
from slogate.store import tables
from slogate.store.layout import Store, publish, temporary
from slogate.store.manifest import list_runs
from slogate.store.reading import parts_of
from slogate.store.verdicts import read_verdicts

if TYPE_CHECKING:
    import duckdb

# the oldest format that holds what we write, so that any DuckDB since 1.4 opens the file
STORAGE = "v1.4.0"
TRIES = 20
MEMORY = "600MB"
_REFUSED = re.compile(
    r'(?:Could not write file "[^"\n]*": ([^"\n]+)|Async write .*"errno":"(\d+)")'
)


def refresh(store: Store) -> str | None:
    """Make `slogate.duckdb` anew; a sentence if that failed, for a note and nothing more."""
    try:
        _refresh(store)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, no verdict hangs on it
        return f"{store.database} was not refreshed: {first_line(error)}"
    return None


def _refresh(store: Store) -> None:
    draft = temporary(store.database)
    try:
        parts = _all_parts(store)
        with connected(None) as connection:
            connection.execute(
                f"ATTACH {literal(str(draft))} AS made (STORAGE_VERSION '{STORAGE}')"
            )
            connection.execute("USE made")
            _make_views(store, parts, connection)
            connection.execute("USE memory; DETACH made")
        publish(draft, store.database)
        store.database.with_name(f"{store.database.name}.wal").unlink(missing_ok=True)
    finally:
        for left in (draft, draft.with_name(f"{draft.name}.wal")):
            left.unlink(missing_ok=True)


def query(
    store: Store, sql: str, *, threads: int | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT over the views; UsageError with DuckDB's words if it cannot be run.

    Returns the names of the columns and the rows as Python values.
    """
    for _ in range(TRIES):
        parts = _all_parts(store)
        try:
            return _query(store, parts, sql, threads)
        except (StoreError, UsageError):
            if all(part.exists() for part in parts):
                raise
    # a compaction merges run by run, faster than we read
    raise StoreError(f"the parts of {store.root} are being merged", hint="try again in a moment")


def _all_parts(store: Store) -> list[Path]:
    return [part for run in list_runs(store) for part in parts_of(store, run)]


def _query(
    store: Store, parts: Sequence[Path], sql: str, threads: int | None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    import duckdb

    with connected(threads) as connection:
        try:
            _make_views(store, parts, connection)
            _lock(parts, connection)
        except duckdb.Error as error:
            raise StoreError(
                f"the store {store.root} cannot be read: {first_line(error)}"
            ) from None
        try:
            return _select(sql, connection)
        except duckdb.Error as error:
            raise UsageError(str(error).strip()) from None


def _select(
    sql: str, connection: duckdb.DuckDBPyConnection
) -> tuple[list[str], list[tuple[Any, ...]]]:
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        hint = "the views are requests, runs, verdicts, counts and histograms"
        raise UsageError("the store is read-only: give one SELECT", hint=hint)
    connection.execute(statements[0])
    names = [column[0] for column in connection.description or ()]
    try:
        return names, connection.fetchall()
    except duckdb.InvalidInputException as error:
        if "pytz" not in str(error):
            raise
    # some DuckDB 1.x need another package to give Python a time with its zone; Arrow does not
    result: Any = connection.execute(statements[0])
    old = not hasattr(result, "to_arrow_table")
    table = result.fetch_arrow_table() if old else result.to_arrow_table()
    columns = [column.to_pylist(maps_as_pydicts="strict") for column in table.columns]
    return names, list(zip(*columns, strict=True))


@contextmanager
def connected(threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that loads nothing from elsewhere, in UTC."""
    import duckdb

    config: dict[str, Any] = {} if threads is None else {"threads": threads}
    connection = duckdb.connect(config=config)
    try:
        connection.execute(
            "SET enable_progress_bar = false; SET python_enable_replacements = false; "
            "SET autoinstall_known_extensions = false; SET TimeZone = 'UTC'"
        )
        with stoppable(connection.interrupt):
            yield connection
    finally:
        connection.close()


@contextmanager
def sparing() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that takes little memory, and lays aside what is more in a folder of its own."""
    with TemporaryDirectory(prefix="slogate-") as folder, connected(None) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET temp_directory = $1", [folder])
        yield connection


def _lock(parts: Sequence[Path], connection: duckdb.DuckDBPyConnection) -> None:
    """From here on the connection reads these parts and touches nothing else."""
    allowed = [path for part in parts for path in (str(part), escaped(str(part)))]
    connection.execute(f"SET allowed_paths = {_list(allowed)}")
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def _make_views(store: Store, parts: Sequence[Path], connection: duckdb.DuckDBPyConnection) -> None:
    for name in tables.SERIES:
        mine = [part for part in parts if part.is_relative_to(store.series(name))]
        connection.execute(series_view(store, name, mine))
    _fill("runs", tables.RUNS, tables.run_rows(list_runs(store)), connection)
    _fill("verdicts", tables.VERDICTS, tables.verdict_rows(read_verdicts(store)), connection)


def series_view(store: Store, name: Series, parts: Sequence[Path]) -> str:
    """The statement of the view; kind, service and run are read off each part's path.

    DuckDB computes them once a file, and skips the files that a WHERE on them rules out.
    """
    if not parts:
        return _empty(name, tables.SERIES[name])
    path = f"filename[{len(str(store.root)) + 2}:]"
    pattern = rf"'^series/{name}/kind=([^/]*)/service=([^/]*)/date=[^/]*/(.+)-[^-/]+\.parquet$'"
    read_off = {
        "kind": f"regexp_extract({path}, {pattern}, 1)",
        "service": f"url_decode(regexp_extract({path}, {pattern}, 2))",
        "run": f"regexp_extract({path}, {pattern}, 3)",
    }
    columns = ", ".join(
        f'{read_off.get(column, f"{column}::{kind}")} AS "{column}"'
        for column, kind in tables.SERIES[name].items()
    )
    files = _list([escaped(str(part)) for part in parts])
    return (
        f"CREATE VIEW {name} AS SELECT {columns} "  # noqa: S608
        f"FROM read_parquet({files}, hive_partitioning = false, filename = true)"
    )


def _empty(name: str, columns: Mapping[str, str]) -> str:
    nothing = ", ".join(f'NULL::{kind} AS "{column}"' for column, kind in columns.items())
    return f'CREATE VIEW "{name}" AS SELECT {nothing} WHERE false'


def _fill(
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Make a table of rows in one statement, every value bound."""
    given, chosen = [], []
    values: dict[str, Any] = {}
    for at, (column, kind) in enumerate(columns.items()):
        cells = [_encodable(row[column]) for row in rows]
        if kind.startswith("MAP"):
            values |= {
                f"k{at}": [[_encodable(key) for key in c] for c in cells],
                f"v{at}": [[_encodable(value) for value in c.values()] for c in cells],
            }
            given += [
                f"unnest($k{at}::VARCHAR[][]) AS k{at}",
                f"unnest($v{at}::VARCHAR[][]) AS v{at}",
            ]
            chosen.append(f'map(k{at}, v{at}) AS "{column}"')
            continue
        values[f"c{at}"] = cells
        stored = "BIGINT" if kind == "TIMESTAMPTZ" else kind
        given.append(f"unnest($c{at}::{stored}[]) AS c{at}")
        read = f"make_timestamp(c{at})::TIMESTAMPTZ" if kind == "TIMESTAMPTZ" else f"c{at}"
        chosen.append(f'{read} AS "{column}"')
    text = f'CREATE TABLE "{name}" AS SELECT {", ".join(chosen)} FROM (SELECT {", ".join(given)})'  # noqa: S608
    connection.execute(text, values)


def _encodable(value: Any) -> Any:
    """Half a character, as odd file names have, is written as an escape."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def escaped(path: str) -> str:
    """A path in which nothing means a pattern."""
    return path.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")


def literal(text: str) -> str:
    """A text as SQL writes it, for the statements that take no bound values."""
    return "'" + text.replace("'", "''") + "'"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, texts))}]"


def first_line(error: Exception) -> str:
    """The first line of what DuckDB says; why the system refused to write, where it did."""
    if refused := _REFUSED.search(str(error)):
        return refused[1] or os.strerror(int(refused[2]))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
