"""Writes a series of some runs into one file for other tools: Parquet, CSV or NDJSON.

The columns are those of the view of that series (`tables.py`). In text the moments are ISO 8601
in UTC to the microsecond, labels one JSON object. The file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store import tables
from slogate.store.layout import Store, publish, temporary
from slogate.store.reading import with_all_parts
from slogate.store.views import first_line, literal, series_view, sparing

Form = Literal["parquet", "csv", "ndjson"]
FORMS: tuple[Form, ...] = ("parquet", "csv", "ndjson")
_HINT = "choose other runs, a longer time, or another --series"
_FORMAT = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER true",
    "ndjson": "FORMAT json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """How many rows and bytes the file holds."""

    rows: int
    bytes: int


def export(
    store: Store,
    runs: Sequence[Run],
    series: Series,
    path: Path,
    form: Form,
    *,
    from_ts: int | None = None,
    to_ts: int | None = None,
) -> Exported:
    """Write the rows that start from `from_ts` and before `to_ts` to `path`, in place of it.

    StoreError if there are none, a part cannot be read or the disk refuses.
    """
    folder = store.series(series)

    def write(found: list[list[Path]]) -> Exported:
        mine = [part for parts in found for part in parts if part.is_relative_to(folder)]
        return _written(store, mine, series, path, form, from_ts=from_ts, to_ts=to_ts)

    return with_all_parts(store, runs, write)


def _written(
    store: Store,
    parts: Sequence[Path],
    series: Series,
    path: Path,
    form: Form,
    *,
    from_ts: int | None,
    to_ts: int | None,
) -> Exported:
    import duckdb

    draft = temporary(path)
    try:
        draft.touch(exist_ok=False)  # the system's words are plainer than DuckDB's
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with sparing() as connection:
            connection.execute(series_view(store, series, parts))
            for name, ts in (("from_ts", from_ts), ("to_ts", to_ts)):
                connection.execute(f"SET VARIABLE {name} = ?::BIGINT", [ts])
            options = f"{_FORMAT[form]}, USE_TMP_FILE false"
            connection.execute(
                f"COPY ({_select(series, form)}) TO {literal(str(draft))} ({options})"
            )
            (rows,) = connection.fetchone() or (0,)
        if not rows:
            raise StoreError(f"there are no {series} to export", hint=_HINT)
        size = draft.stat().st_size
        publish(draft, path)
    except duckdb.Error as error:
        raise StoreError(f"cannot export to {path}: {first_line(error)}") from None
    except OSError as error:
        raise _unwritten(path, error) from None
    finally:
        draft.unlink(missing_ok=True)
    return Exported(rows=rows, bytes=size)


def _unwritten(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be written: {error.strerror or error}")


def _select(series: Series, form: Form) -> str:
    columns = ", ".join(_column(name, form) for name in tables.SERIES[series])
    return (
        f"SELECT {columns} FROM {series} "  # noqa: S608
        "WHERE epoch_us(ts) >= coalesce(getvariable('from_ts'), 0) "
        "AND epoch_us(ts) < coalesce(getvariable('to_ts'), 9223372036854775807)"
    )


def _column(name: str, form: Form) -> str:
    if name == "ts" and form != "parquet":
        return "strftime(ts AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS ts"
    if name == "labels" and form == "csv":
        return "to_json(labels) AS labels"
    return f'"{name}"'
