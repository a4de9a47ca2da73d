"""Parquet from anywhere: one row a request, columns by a mapping or by their names.

Columns that are moments or durations by their type need no unit; moments without a zone need it.
A bad row is named by its number in the file. Refuses files of rows within rows, and to guess
what a column means.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

from slogate.sources._base import Chunk, Origin, Scan, Source, duckdb_path
from slogate.sources._clocks import zone_us
from slogate.sources._export import OPTIONS, export_record, words_of
from slogate.sources._mapping import Meaning
from slogate.sources._naming import meaning_of
from slogate.sources._records import paths, record_sql, remarks
from slogate.sources._returned import is_ours, returned

_LOOK = 200


def sniff(head: bytes) -> float:
    """Sure of Parquet's mark."""
    return 0.9 if head.startswith(b"PAR1") and len(head) > 12 else 0.0


def open_parquet(origin: Origin) -> Scan | Iterator[Chunk]:
    """The scan of a Parquet export; SourceError says what its columns leave open."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if origin.compression != "none":
        raise origin.fail("it is compressed as a whole", hint="unpack it: Parquet has its own")
    try:
        with pq.ParquetFile(origin.path) as file:
            schema = file.schema_arrow
            first = next(islice(file.iter_batches(_LOOK), 1), None)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise origin.fail(f"it cannot be read: {str(error).splitlines()[0]}") from None
    if first is None:
        raise origin.fail("there are no rows")
    if len(set(schema.names)) < len(schema.names):
        raise origin.fail("two of its columns have the same name")
    if is_ours(schema.names, origin):
        return returned(origin, schema.names, "parquet")
    samples = {name: _texts(first[at]) for at, name in enumerate(schema.names)}
    typed = {field.name: field.type.unit for field in schema if pa.types.is_duration(field.type)}
    meaning = meaning_of(origin, samples, typed=typed)
    words = words_of(meaning)
    record, bound = export_record(origin, meaning, samples, _moment(origin, meaning, schema))
    names = ", ".join(f"c{at}" for at in range(len(schema.names)))
    picked = ", ".join(
        f"c{schema.get_field_index(name)}{_cast(schema, name)} AS {word}"
        for word, name in words.items()
    )
    relation = (
        f"(SELECT place + 1 AS line, {picked} FROM read_parquet(getvariable('path'), "  # noqa: S608 (our own words)
        f"hive_partitioning=false, file_row_number=true) AS file({names}, place))"
    )
    return Scan(
        sql=record_sql(relation, record, line="line", paths=paths(origin)),
        parameters={"path": duckdb_path(origin.path), **bound},
        labels=tuple(record.labels),
        notes=remarks(record),
    )


def _texts(column: Any) -> list[str]:
    import pyarrow as pa

    if pa.types.is_temporal(column.type) or pa.types.is_nested(column.type):
        return []
    try:
        return ["" if value is None else str(value) for value in column.to_pylist()]
    except (pa.ArrowException, ValueError, OverflowError):
        return []


def _cast(schema: Any, name: str) -> str:
    return "" if _is_moment(schema, name) else "::VARCHAR"


def _is_moment(schema: Any, name: str) -> bool:
    import pyarrow as pa

    at = schema.get_field_index(name)
    return at >= 0 and bool(pa.types.is_timestamp(schema.field(at).type))


def _moment(origin: Origin, meaning: Meaning, schema: Any) -> str | None:
    """SQL for the time, where its column is a moment by its type."""
    column = meaning.fields["time"]
    if not _is_moment(schema, column.name):
        return None
    if schema.field(column.name).type.tz is not None:
        # pandas writes ns, of which there is no such function
        return "epoch_us(time::TIMESTAMPTZ)"
    ahead = zone_us(origin, column.timezone)
    if ahead is None:
        raise origin.fail(
            f"the times of '{column.name}' have no time zone",
            hint="say which: --option timezone=UTC, or its offset: --option timezone=+02:00",
        )
    return f"epoch_us(time::TIMESTAMP) - {ahead}"


# two rows of ts, latency_ms and path
_EXAMPLE = base64.b85decode(
    "P(e~L6#x}16)Y?j1Qh@k1{DSz00002000040eB!}L0Low00<g(L0Low02KfgEEOy)6$BLk6$TXs8~^|S0ssI21Ob"
    "|vnVFdxK|lZi00000AV3uW6*LtzEENP502Kxm1{?qY00IC200aRC0000lVsdYHb7chp001vzVRCd81Q|><02l^yV"
    "`yb<VHE}d6$B*$7y@*2B@|4I5gaT4000006$&K+7z%7*bY*U1d0%aF02K@+0vH5vVRUFE08AVJ000&Q85|irCIB2"
    "21Q{g;02vqpbaNE|76cYj7E&e%NgNdb6#x|i06ZxM872S(0000c02~zx86^e)85jy|VRU6~V|ia~a}@v<1Qt>jQY"
    "KnS92Ec+02KlNJShelCIAEg001Tc92E>1B?bT)7zA)(bZ8X-76cYr7Fs5(0ZAMc02Kfg0suS~7#Ri`CIAEg000*L"
    "0Tu)%2p0YU04N}EVRCVGWppiLaBwYQa&m8XAa-SPb7^mGATl;CFfK6}JRAT38~^|u0000K0RR9{K~ga"
)

PLUGIN = Source(
    name="export-parquet",
    help="any Parquet, by a mapping of its columns or by their names",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_parquet,
    options=OPTIONS,
)
