"""Merges the many small parts of a run into few large ones, row for row.

Parts of one series and day are merged, in the order in which the run names them, up to four
million rows a part; what is large already stays. How a crash or a neighbour is survived is told
in `replacing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.manifest import named_part
from slogate.store.memory import remembering
from slogate.store.parts import ROW_GROUP, SCHEMA, series_of, write_part
from slogate.store.replacing import MAKER, replaced
from slogate.store.seals import rows_of, size_of
from slogate.store.supersede import replacing

if TYPE_CHECKING:
    import pyarrow as pa

SMALL_ROWS = 1_000_000
LARGE_ROWS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What was done to a run: parts and bytes before and after."""

    run: Run
    parts: tuple[int, int]
    bytes: tuple[int, int]


def mergeable(store: Store, run: Run) -> list[list[str]]:
    """The groups of the run's parts that are to become one part each; none if it is not worth it.

    StoreError if a part is missing or cannot be read.
    """
    if run.state != "complete":
        return []
    rows = {part: _rows(store, run, part) for part in run.parts}
    days: dict[PurePosixPath, list[str]] = {}
    for part in run.parts:
        if rows[part] < SMALL_ROWS:
            days.setdefault(PurePosixPath(part).parent, []).append(part)
    groups = [group for day in days.values() for group in _packed(day, rows)]
    return [group for group in groups if len(group) > 1]


def _rows(store: Store, run: Run, part: str) -> int:
    path = named_part(store, run, part)
    return run.seals[part].rows if part in run.seals else rows_of(path)


def _packed(parts: Sequence[str], rows: Mapping[str, int]) -> list[list[str]]:
    """The parts in groups of at most so many rows, in their order."""
    groups: list[list[str]] = [[]]
    held = 0
    for part in parts:
        if held + rows[part] > LARGE_ROWS:
            groups.append([])
            held = 0
        groups[-1].append(part)
        held += rows[part]
    return groups


def compact_run(store: Store, run: Run) -> Compacted | None:
    """Merge the run's small parts; None if there is nothing to merge.

    StoreError, and nothing changed, if a part is damaged or the run changes meanwhile. The
    caller holds the lock `caring`.
    """
    groups = mergeable(store, run)
    if not groups:
        return None

    def make(number: int) -> Iterator[str]:
        for at, group in enumerate(groups):
            yield _merge(store, run, group, number + at)

    before = _size(store, run)
    old = [part for group in groups for part in group]
    rows = sum(_rows(store, run, part) for part in run.parts)
    after = replaced(store, run, old, make, check=lambda found: _check_rows(found, rows))
    return Compacted(
        run=after, parts=(len(run.parts), len(after.parts)), bytes=(before, _size(store, after))
    )


def _size(store: Store, run: Run) -> int:
    return sum(size_of(store.root / part) for part in run.parts)


def _check_rows(after: Run, rows: int) -> None:
    found = sum(seal.rows for seal in after.seals.values())
    if found != rows:
        raise StoreError(f"run '{after.id}' has {rows} rows, merged they were {found}")


def _merge(store: Store, run: Run, parts: Sequence[str], number: int) -> str:
    series = series_of(parts[0])
    rows = _row_groups(_tables(store, parts, series))
    return write_part(
        store, run.id, run.service, run.kind, rows, sequence=number, worker=MAKER, series=series,
        metadata=lambda: {**replacing(parts), **remembering(run)},
    )  # fmt: skip


def _tables(store: Store, parts: Sequence[str], series: Series) -> Iterator[pa.Table]:
    """The rows of the parts in order, as plain tables of one schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in parts:
        path = store.root / part
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(batch_size=ROW_GROUP):
                    table = pa.Table.from_batches([batch]).select(SCHEMA(series).names)
                    yield table.cast(SCHEMA(series))
        except (OSError, KeyError, pa.ArrowException) as error:
            raise StoreError(f"{path} cannot be read: {error}") from None


def _row_groups(tables: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of a row group's size, so that small parts make no small groups."""
    import pyarrow as pa

    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += table.num_rows
        while rows >= ROW_GROUP:
            whole = pa.concat_tables(held)
            yield from _one_batch(whole.slice(0, ROW_GROUP))
            held, rows = [whole.slice(ROW_GROUP)], rows - ROW_GROUP
    if rows:
        yield from _one_batch(pa.concat_tables(held))


def _one_batch(table: pa.Table) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
    return batches
