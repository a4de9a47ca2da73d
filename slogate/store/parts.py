"""Writes and recognises the Parquet parts of the request series.

A part is one file of one run: `<run>-[<worker>.]<sequence>.parquet`; what follows the last
dash never holds one, so the run can be read off the name. Written under a temporary name,
synced, renamed. The encodings are those measured smallest and fastest to scan: zstd level 1,
delta for the integers, dictionaries for the words. The version of the schema is in the
file's metadata, a checksum at each page. Refuses tables of another shape, starts outside the
calendar and negative durations, and never overwrites a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from slogate.errors import StoreError
from slogate.model.series import COLUMNS, LAST_TS, SCHEMA_VERSION
from slogate.store.layout import (
    Store,
    check_id,
    check_regular,
    make_folder,
    newer,
    publish,
    service_folder,
    temporary,
    version_number,
)

if TYPE_CHECKING:
    import pyarrow as pa

VERSION_KEY = b"slogate.schema"
ROW_GROUP = 250_000
_PART_NAME = re.compile(r"(?P<run>.+)-(?P<part>[^-/]+)\.parquet")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DELTA = ("ts", "duration_us", "late_us", "pace_us")
_WORDS = ("endpoint", "method", "error", "worker", "status", "bytes",
          "labels.key_value.key", "labels.key_value.value")  # fmt: skip


@cache
def SCHEMA() -> pa.Schema:  # noqa: N802 (it reads as the constant it is, but is built on demand)
    """The Arrow schema of the request series; `model/series.py` says what the columns mean."""
    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    types: dict[str, Any] = {
        "ts": pa.timestamp("us", tz="UTC"), "duration_us": whole, "late_us": whole,
        "pace_us": whole, "endpoint": text, "method": text, "status": pa.int16(),
        "ok": pa.bool_(), "error": text, "bytes": whole, "worker": text, "trace_id": text,
        "labels": pa.map_(text, text),
    }  # fmt: skip
    required = ("ts", "endpoint", "method")
    fields = [pa.field(name, types[name], nullable=name not in required) for name in COLUMNS]
    return pa.schema(fields, metadata={VERSION_KEY: str(SCHEMA_VERSION)})


def check_schema(schema: pa.Schema) -> None:
    """StoreError unless a table of that schema can be stored: every column, of a fitting type."""
    import pyarrow as pa

    for field in SCHEMA():
        if schema.get_field_index(field.name) < 0:
            raise StoreError(f"the request series needs a column '{field.name}'")
        given = schema.field(field.name).type
        value = given.value_type if pa.types.is_dictionary(given) else given
        if value != field.type and not pa.types.is_null(value):
            raise StoreError(f"column '{field.name}' is {given}, it must be {field.type}")
    if unknown := set(schema.names) - set(COLUMNS):
        raise StoreError(f"the request series has no column '{min(unknown)}'")


def write_part(
    store: Store,
    run_id: str,
    service: str,
    kind: str,
    rows: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch],
    *,
    sequence: int,
    worker: str | None,
) -> str:
    """Store the rows as one part and return its path relative to the store.

    `rows` have the columns of `SCHEMA()`, words may be dictionary-encoded; `(worker, sequence)`
    is unique in the run. StoreError if the rows do not fit, the part exists or the disk refuses.
    May be called from a native thread.
    """
    batches = _batches(rows)
    first = next(batches, None)
    if first is None:
        raise StoreError(f"run {run_id}: a part without rows is not stored")
    path = _part_path(store, run_id, service, kind, first, sequence=sequence, worker=worker)
    try:
        make_folder(path.parent)
        if path.exists():
            raise StoreError(f"{path} exists already; parts are never overwritten")
        _write(path, first, batches)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from None
    return path.relative_to(store.root).as_posix()


def _batches(rows: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows as non-empty tables of the right columns in the right order."""
    import pyarrow as pa

    if isinstance(rows, pa.Table | pa.RecordBatch):
        rows = [rows]
    for given in rows:
        check_schema(given.schema)
        table = given if isinstance(given, pa.Table) else pa.Table.from_batches([given])
        table = _conform(table.select(list(COLUMNS)))
        if table.num_rows:
            _check_values(table)
            yield table


def _check_values(table: pa.Table) -> None:
    """StoreError for what would poison every judgement of the service: absurd times."""
    import pyarrow.compute as pc

    starts = pc.min_max(table["ts"].cast("int64")).as_py()
    if starts["min"] < 0 or starts["max"] > LAST_TS:
        raise StoreError("column 'ts' has a start that is not between 1970 and 9999")
    least = pc.min(table["duration_us"]).as_py()
    if least is not None and least < 0:
        raise StoreError("column 'duration_us' has a negative duration; an unknown one is null")


def _conform(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    columns = []
    for field, column in zip(SCHEMA(), table.columns, strict=True):
        if not field.nullable and column.null_count:
            raise StoreError(f"column '{field.name}' must not be null")
        keep = pa.types.is_dictionary(column.type) or column.type == field.type
        columns.append(column if keep else column.cast(field.type))
    fields = [field.with_type(c.type) for field, c in zip(SCHEMA(), columns, strict=True)]
    return pa.table(columns, schema=pa.schema(fields, metadata=SCHEMA().metadata))


def _part_path(
    store: Store,
    run_id: str,
    service: str,
    kind: str,
    first: pa.Table,
    *,
    sequence: int,
    worker: str | None,
) -> Path:
    import pyarrow.compute as pc

    start = pc.min(first["ts"]).cast("int64").as_py()
    date = (_EPOCH + timedelta(microseconds=start)).date().isoformat()
    prefix = f"{quote(worker, safe='').replace('-', '%2D')[:80]}." if worker else ""
    name = f"{check_id('run', run_id)}-{prefix}{sequence:05d}.parquet"
    return service_folder(store, kind, service) / f"date={date}" / name


def _write(path: Path, first: pa.Table, rest: Iterator[pa.Table]) -> None:
    import pyarrow.parquet as pq

    draft = temporary(path)
    try:
        with pq.ParquetWriter(
            draft,
            first.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(_WORDS),
            column_encoding=dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"),
            write_page_checksum=True,
        ) as writer:
            writer.write_table(first, row_group_size=ROW_GROUP)
            for table in rest:
                writer.write_table(table.cast(first.schema), row_group_size=ROW_GROUP)
        publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def run_of(name: str) -> str | None:
    """The run whose part has that file name; None if it is no finished part."""
    match = _PART_NAME.fullmatch(name)
    return match["run"] if match else None


def check_part(path: Path) -> None:
    """StoreError if the part cannot be read or is of a newer schema; reads its footer only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_regular(path)
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    version = metadata.get(VERSION_KEY, b"")
    found = version_number(version)
    if found is None:
        raise StoreError(f"{path} is not a part of a request series")
    if found > SCHEMA_VERSION:
        raise newer(path, found, SCHEMA_VERSION)
