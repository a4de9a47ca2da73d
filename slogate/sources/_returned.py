"""Takes back what `slogate store export` wrote: every column of the series, labels and pace too.

    a header of our own ──is_ours──► rows as they were stored ──► Chunk

Kind, service and run are those of the new import. Buckets that were exported as `counts` come back
as histograms, of which they are coarse ones. Refuses files of ours that were changed so that a
value is none of its column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from slogate.model.series import COLUMNS, HISTOGRAM_COLUMNS
from slogate.sources._base import Chunk, Origin, duckdb_path

Form = Literal["csv", "ndjson", "parquet"]
NOTE = "slogate exported it: all its columns are taken as they are"
_OWN = ("kind", "service", "run")
_MAP = "MAP(VARCHAR, VARCHAR)"
_TYPES = {"ts": "TIMESTAMPTZ", "status": "SMALLINT", "ok": "BOOLEAN", "labels": _MAP}
_WORDS = ("endpoint", "method", "error", "worker", "trace_id")
_ROWS = 122_880


def is_ours(columns: Collection[str], origin: Origin) -> bool:
    """Whether these are the columns of an export, and nobody says what else they mean."""
    known = ({*_OWN, *COLUMNS}, {*_OWN, *HISTOGRAM_COLUMNS})
    return set(columns) in known and "mapping" not in origin.options


def returned(origin: Origin, columns: Collection[str], form: Form) -> Iterator[Chunk]:
    """The rows of an export; SourceError for what is none of ours after all."""
    import duckdb
    import pyarrow as pa

    names = COLUMNS if "duration_us" in columns else HISTOGRAM_COLUMNS
    types = {name: _type(name) for name in names}
    sql = f"SELECT {', '.join(_picked(name, form) for name in names)} FROM {_relation(form)}"  # noqa: S608 (our own words)
    connection = duckdb.connect(":memory:", config={"threads": 2})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        shapes = _shapes(columns, types, form)
        for name, value in (
            ("path", duckdb_path(origin.path)), ("compression", origin.compression),
            ("shapes", shapes),
        ):  # fmt: skip
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        relation = connection.sql(sql)
        reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        notes: tuple[str, ...] = (NOTE,)
        for batch in reader(_ROWS):
            if batch.num_rows:
                series: Literal["requests", "histograms"] = (
                    "requests" if names is COLUMNS else "histograms"
                )
                yield Chunk(rows=pa.Table.from_batches([batch]), series=series, notes=notes)
                notes = ()
    except (duckdb.Error, pa.ArrowException) as error:
        first = str(error).strip().partition("\n")[0][:300]
        raise origin.fail(f"slogate exported it, and it was changed since: {first}") from None
    finally:
        connection.close()


def _type(name: str) -> str:
    return _TYPES.get(name, "VARCHAR" if name in _WORDS else "BIGINT")


def _shapes(columns: Collection[str], types: Mapping[str, str], form: Form) -> dict[str, str]:
    """What the reader of a text is to take each column for, in the file's own order."""
    texts = {"labels": "VARCHAR"} if form == "csv" else {}
    return {name: {**types, **texts}.get(name, "VARCHAR") for name in columns}


def _picked(name: str, form: Form) -> str:
    if name == "ts":
        return "epoch_us(ts::TIMESTAMPTZ) AS ts"
    if name == "labels" and form == "csv":
        return f"""from_json(labels, '"{_MAP}"') AS labels"""
    return f'"{name}"::{_type(name)} AS "{name}"'


def _relation(form: Form) -> str:
    if form == "parquet":
        return "read_parquet(getvariable('path'), hive_partitioning = false)"
    if form == "ndjson":
        return (
            "read_json(getvariable('path'), format = 'newline_delimited', "
            "columns = getvariable('shapes'), compression = getvariable('compression'), "
            "maximum_object_size = 67108864)"
        )
    return (
        "read_csv(getvariable('path'), header = true, delim = ',', quote = '\"', escape = '\"', "
        "columns = getvariable('shapes'), compression = getvariable('compression'), "
        "allow_quoted_nulls = false, auto_detect = false, parallel = false, "
        "max_line_size = 67108864)"
    )
