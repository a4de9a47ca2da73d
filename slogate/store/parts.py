"""Writes and recognises the Parquet parts of the series.

A part is one file of one run: `<run>-[<worker>.]<sequence>.parquet`; what follows the last
dash never holds one, so the run can be read off the name. Written under a temporary name,
synced, renamed. The encodings are those measured smallest and fastest to scan: zstd level 1,
delta for the integers, dictionaries for the words, trace ids without their lengths between. The
version of the schema is in the file's metadata, a checksum at each page. Refuses tables of another
shape, starts outside the calendar, negative durations and counts, and never overwrites a part.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from slogate.errors import StoreError
from slogate.model.series import (
    COLUMNS,
    HISTOGRAM_COLUMNS,
    LAST_TS,
    SCHEMA_VERSION,
    SERIES,
    Series,
)
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
SERIES_KEY = b"slogate.series"
ROW_GROUP = 250_000
_PART_NAME = re.compile(r"(?P<run>.+)-(?P<part>[^-/]+)\.parquet")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DELTA = ("ts", "duration_us", "late_us", "pace_us", "step_us", "lo_us", "hi_us", "count",
          "sum_us", "max_us")  # fmt: skip
_ENCODINGS = {
    **dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"),
    # digits alone are packed in two thirds of the time, and into less
    "trace_id": "DELTA_LENGTH_BYTE_ARRAY",
}
_WORDS = ("endpoint", "method", "error", "worker", "status", "bytes",
          "labels.key_value.key", "labels.key_value.value")  # fmt: skip
_EVERYWHERE = ("endpoint", "method", "trace_id", "labels")
_LEAST = {"step_us": 1, "lo_us": -1, "hi_us": 0, "count": 1, "sum_us": 0, "max_us": 0}
_REQUIRED = ("ts", "endpoint", "method", "step_us", "count")


@cache
def SCHEMA(series: Series = "requests") -> pa.Schema:  # noqa: N802 (it reads as the constant it is, but is built on demand)
    """The Arrow schema of a series; `model/series.py` says what the columns mean."""
    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    types: dict[str, Any] = {
        "ts": pa.timestamp("us", tz="UTC"), "endpoint": text, "method": text,
        "status": pa.int16(), "ok": pa.bool_(), "error": text, "worker": text, "trace_id": text,
        "labels": pa.map_(text, text),
    }  # fmt: skip
    names = COLUMNS if series == "requests" else HISTOGRAM_COLUMNS
    fields = [
        pa.field(name, types.get(name, whole), nullable=name not in _REQUIRED) for name in names
    ]
    metadata = {VERSION_KEY: str(SCHEMA_VERSION), SERIES_KEY: series}
    return pa.schema(fields, metadata=metadata)


def check_schema(schema: pa.Schema, series: Series = "requests") -> None:
    """StoreError unless a table of that schema can be stored: every column, of a fitting type."""
    import pyarrow as pa

    wanted = SCHEMA(series)
    for field in wanted:
        if schema.get_field_index(field.name) < 0:
            raise StoreError(f"the series {series} needs a column '{field.name}'")
        given = schema.field(field.name).type
        value = given.value_type if pa.types.is_dictionary(given) else given
        if value != field.type and not pa.types.is_null(value):
            raise StoreError(f"column '{field.name}' is {given}, it must be {field.type}")
    if unknown := set(schema.names) - set(wanted.names):
        raise StoreError(f"the series {series} has no column '{min(unknown)}'")


def write_part(
    store: Store,
    run_id: str,
    service: str,
    kind: str,
    rows: pa.Table | pa.RecordBatch | Iterable[pa.Table | pa.RecordBatch],
    *,
    sequence: int,
    worker: str | None,
    series: Series = "requests",
    metadata: Callable[[], Mapping[bytes, str]] = dict,
) -> str:
    """Store the rows as one part and return its path relative to the store.

    `rows` have the columns of `SCHEMA(series)`, words may be dictionary-encoded; `(worker,
    sequence)` is unique in the run and series; `metadata` is more to be told, asked for once
    all rows are written. StoreError if the rows do not fit, the part exists or the disk refuses.
    May be called from a native thread.
    """
    batches = conforming(rows, series)
    first = next(batches, None)
    if first is None:
        raise StoreError(f"run {run_id}: a part without rows is not stored")
    folder = service_folder(store, series, kind, service)
    path = folder / _part_name(run_id, first, sequence=sequence, worker=worker)
    try:
        make_folder(path.parent)
        if path.exists():
            raise StoreError(f"{path} exists already; parts are never overwritten")
        _write(path, first, batches, metadata)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error  # Arrow has words of its own
        raise StoreError(f"{path} cannot be written: {why}") from None
    return path.relative_to(store.root).as_posix()


def conforming(
    rows: pa.Table | pa.RecordBatch | Iterable[pa.Table | pa.RecordBatch], series: Series
) -> Iterator[pa.Table]:
    """The rows as non-empty tables of the right columns in the right order, values in bounds."""
    import pyarrow as pa

    if isinstance(rows, pa.Table | pa.RecordBatch):
        rows = [rows]
    for given in rows:
        check_schema(given.schema, series)
        table = given if isinstance(given, pa.Table) else pa.Table.from_batches([given])
        table = _conform(table.select(SCHEMA(series).names), series)
        if table.num_rows:
            _check_values(table, series)
            yield table


def _check_values(table: pa.Table, series: Series) -> None:
    """StoreError for what would poison every judgement of the service: absurd times, counts."""
    import pyarrow.compute as pc

    starts = pc.min_max(table["ts"].cast("int64")).as_py()
    if starts["min"] < 0 or starts["max"] > LAST_TS:
        raise StoreError("column 'ts' has a start that is not between 1970 and 9999")
    least = {"duration_us": 0} if series == "requests" else _LEAST
    for name, bound in least.items():
        found = pc.min(table[name]).as_py()
        if found is not None and found < bound:
            raise StoreError(f"column '{name}' holds {found}, the least is {bound}")
    if series != "requests" and pc.any(pc.less_equal(table["hi_us"], table["lo_us"])).as_py():
        raise StoreError("column 'hi_us' has a bound that is not over its 'lo_us'")
    if series != "requests" and pc.any(pc.less_equal(table["max_us"], table["lo_us"])).as_py():
        raise StoreError("column 'max_us' has a longest that is not over its 'lo_us'")


def _conform(table: pa.Table, series: Series) -> pa.Table:
    import pyarrow as pa

    columns, schema = [], SCHEMA(series)
    for field, column in zip(schema, table.columns, strict=True):
        if not field.nullable and column.null_count:
            raise StoreError(f"column '{field.name}' must not be null")
        # what is stored without a dictionary could not be read as one again
        worded = pa.types.is_dictionary(column.type) and field.name not in _ENCODINGS
        keep = worded or column.type == field.type
        columns.append(column if keep else column.cast(field.type))
    fields = [field.with_type(c.type) for field, c in zip(schema, columns, strict=True)]
    return pa.table(columns, schema=pa.schema(fields, metadata=schema.metadata))


def _part_name(run_id: str, first: pa.Table, *, sequence: int, worker: str | None) -> str:
    import pyarrow.compute as pc

    start = pc.min(first["ts"]).cast("int64").as_py()
    date = (_EPOCH + timedelta(microseconds=start)).date().isoformat()
    prefix = f"{quote(worker, safe='').replace('-', '%2D')[:80]}." if worker else ""
    return f"date={date}/{check_id('run', run_id)}-{prefix}{sequence:05d}.parquet"


def _write(
    path: Path,
    first: pa.Table,
    rest: Iterator[pa.Table],
    metadata: Callable[[], Mapping[bytes, str]],
) -> None:
    draft = temporary(path)
    try:
        write_rows(draft, first, rest, metadata)
        publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_rows(
    sink: Path | pa.NativeFile,
    first: pa.Table,
    rest: Iterable[pa.Table] = (),
    metadata: Callable[[], Mapping[bytes, str]] = dict,
) -> None:
    """Write tables of rows as the Parquet of a part, wherever to."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(
        sink,
        first.schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=list(_WORDS),
        column_encoding={
            name: kind for name, kind in _ENCODINGS.items() if name in first.schema.names
        },
        # what is alike in every group of rows has none that would tell one from another
        write_statistics=[name for name in first.schema.names if name not in _EVERYWHERE],
        write_page_checksum=True,
    ) as writer:
        writer.write_table(first, row_group_size=ROW_GROUP)
        for table in rest:
            writer.write_table(table.cast(first.schema), row_group_size=ROW_GROUP)
        if told := metadata():
            writer.add_key_value_metadata(dict(told))


def run_of(name: str) -> str | None:
    """The run whose part has that file name; None if it is no finished part."""
    match = _PART_NAME.fullmatch(name)
    return match["run"] if match else None


def part_of(name: str) -> str:
    """What a part's file name says after its run: `[<worker>.]<sequence>`."""
    return name.removesuffix(".parquet").rpartition("-")[2]


def number_of(part: str) -> int:
    """The sequence number in a part's path or name; -1 if there is none."""
    last = part.removesuffix(".parquet").rpartition("-")[2].rpartition(".")[2]
    return int(last) if last.isdecimal() else -1


def series_of(part: str) -> Series:
    """The series in whose folder a part lies; the path is relative to the store."""
    name = part.split("/")[1]
    return next(series for series in SERIES if series == name)


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
        raise StoreError(f"{path} is not a part of a series")
    if found > SCHEMA_VERSION:
        raise newer(path, found, SCHEMA_VERSION)
