"""How much a store holds, service by service: counted from the parts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import Store, json_files
from slogate.store.manifest import list_runs, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is stored of one service and kind; bytes are those of its parts."""

    service: str
    kind: str
    runs: int
    parts: int
    rows: int
    bytes: int
    first_ts: int | None
    last_ts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is stored in all; `bytes` are those of every file of the store."""

    runs: int
    verdicts: int
    rows: int
    bytes: int
    holdings: tuple[Holding, ...]


def summarise(store: Store) -> Summary:
    """Count runs, verdicts, rows and bytes; StoreError names a part that cannot be read."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in list_runs(store):
        groups.setdefault((run.service, run.kind), []).append(run)
    holdings = tuple(_holding(store, groups[key]) for key in sorted(groups))
    return Summary(
        runs=sum(holding.runs for holding in holdings),
        verdicts=len(json_files(store.verdicts)),
        rows=sum(holding.rows for holding in holdings),
        bytes=_bytes([path for path in store.root.rglob("*") if path.is_file()]),
        holdings=holdings,
    )


def _holding(store: Store, runs: Sequence[Run]) -> Holding:
    parts = [part for run in runs for part in parts_of(store, run)]
    return Holding(
        service=runs[0].service,
        kind=runs[0].kind,
        runs=len(runs),
        parts=len(parts),
        rows=sum(_rows(part) for part in parts),
        bytes=_bytes(parts),
        first_ts=min((run.start_ts for run in runs if run.start_ts is not None), default=None),
        last_ts=max((run.end_ts for run in runs if run.end_ts is not None), default=None),
    )


def _bytes(paths: Sequence[Path]) -> int:
    sizes = []
    for path in paths:
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # another process has just renamed or deleted it
            continue
    return sum(sizes)


def _rows(part: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: int = pq.read_metadata(part).num_rows
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{part} cannot be read: {error}") from None
    return rows
