"""Parquet from anywhere: one row a request, columns by a mapping or by their names.

Columns that are moments or durations by their type need no unit; moments without a zone need it.
A mapping may name what is within a structure by dots (`http.status`). A bad row is named by its
number in the file. Refuses to guess what a column means, and lists and maps, dates without a time.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from slogate.sources._base import Chunk, Origin, Scan, Source, duckdb_path
from slogate.sources._clocks import zone_us
from slogate.sources._export import OPTIONS, export_record, words_of
from slogate.sources._mapping import Column
from slogate.sources._naming import meaning_of
from slogate.sources._records import paths, record_sql, remarks
from slogate.sources._returned import is_ours, returned

_LOOK = 200
_DECODED = "coalesce(TRY(decode({0})), lower(hex({0})))"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A column, or what is within one: SQL for it, where it stands, and its type."""

    sql: str
    places: tuple[int, ...]
    type: Any
    is_interval: bool = False


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
            intervals = {each.path for each in file.schema if each.converted_type == "INTERVAL"}
            first = next(islice(file.iter_batches(_LOOK), 1), None)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise origin.fail(f"it cannot be read: {str(error).splitlines()[0]}") from None
    if first is None:
        raise origin.fail("there are no rows")
    if len(set(schema.names)) < len(schema.names):
        raise origin.fail("two of its columns have the same name")
    if is_ours(schema.names, origin):
        return returned(origin, schema.names, "parquet")
    leaves = _leaves(schema, intervals)
    # by their names alone only whole columns are known
    asked = leaves if "mapping" in origin.options else schema.names
    samples = {name: _texts(first, leaves[name]) for name in asked}
    typed = {name: unit for name, leaf in leaves.items() if (unit := _unit(leaf))}
    meaning = meaning_of(origin, samples, () if asked is leaves else list(leaves), typed=typed)
    words = words_of(meaning)
    moment = _moment(origin, meaning.fields["time"], leaves)
    picked = ", ".join(
        f"{_picked(origin, word, name, leaves[name])} AS {word}" for word, name in words.items()
    )
    record, bound = export_record(origin, meaning, samples, moment)
    names = ", ".join(f"c{at}" for at in range(len(schema.names)))
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


def _leaves(schema: Any, intervals: set[str]) -> dict[str, _Leaf]:
    """All that can be named: columns, and by dots what is within those that are structures."""
    import pyarrow as pa

    found: dict[str, _Leaf] = {}
    level = [
        (each.name, _Leaf(f"c{at}", (at,), each.type, each.name in intervals))
        for at, each in enumerate(schema)
    ]
    while level:
        # a column that itself holds a dot is meant before what is within one
        for name, leaf in level:
            found.setdefault(name, leaf)
        level = [
            (
                f"{name}.{each.name}",
                _Leaf(
                    f"struct_extract_at({leaf.sql}, {at + 1})", (*leaf.places, at), each.type,
                    f"{name}.{each.name}" in intervals,
                ),
            )
            for name, leaf in level
            if pa.types.is_struct(leaf.type)
            for at, each in enumerate(leaf.type)
        ]  # fmt: skip
    return found


def _texts(first: Any, leaf: _Leaf) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_temporal(leaf.type) or pa.types.is_nested(leaf.type):
        return []
    column, *inner = leaf.places
    try:
        values = pc.struct_field(first[column], inner) if inner else first[column]
        return ["" if value is None else str(value) for value in values.to_pylist()]
    except (pa.ArrowException, ValueError, OverflowError):
        return []


def _unit(leaf: _Leaf) -> str | None:
    """The unit of what is a duration by its type."""
    import pyarrow as pa

    if pa.types.is_duration(leaf.type):
        return str(leaf.type.unit)
    return "us" if leaf.is_interval or pa.types.is_time(leaf.type) else None


def _picked(origin: Origin, word: str, name: str, leaf: _Leaf) -> str:
    """SQL for the value of a word, as a text but for a moment."""
    import pyarrow as pa

    if pa.types.is_nested(leaf.type):
        kind = "structures" if pa.types.is_struct(leaf.type) else "lists or maps"
        hint = (
            f"name what is within by a dot: {name}.{leaf.type[0].name}"
            if pa.types.is_struct(leaf.type) and leaf.type.num_fields
            else "write one value a row, each row a request"
        )
        raise origin.fail(f"column '{name}' holds {kind}", hint=hint)
    if pa.types.is_timestamp(leaf.type) and word == "time":
        return leaf.sql
    if word == "duration" and _unit(leaf) and not pa.types.is_duration(leaf.type):
        return f"epoch_us({leaf.sql})::VARCHAR"
    if pa.types.is_fixed_size_binary(leaf.type) and not leaf.is_interval:
        return f"lower(hex({leaf.sql}))"
    if pa.types.is_binary(leaf.type) or pa.types.is_large_binary(leaf.type):
        # some write texts without saying that they are such
        return _DECODED.format(leaf.sql)
    return f"{leaf.sql}::VARCHAR"


def _moment(origin: Origin, column: Column, leaves: Mapping[str, _Leaf]) -> str | None:
    """SQL for the time, where its column is a moment by its type."""
    import pyarrow as pa

    kind = leaves[column.name].type
    if pa.types.is_date(kind) or pa.types.is_time(kind):
        raise origin.fail(
            f"column '{column.name}' is a {'date' if pa.types.is_date(kind) else 'time'} alone",
            hint="say in a mapping which column is the moment, or write one that is date and time",
        )
    if not pa.types.is_timestamp(kind):
        return None
    if kind.tz is not None:
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
