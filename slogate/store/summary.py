"""How much a store holds, service by service and series by series: counted from the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import SERIES, Series
from slogate.store.layout import Store, json_files
from slogate.store.manifest import list_runs
from slogate.store.parts import series_of
from slogate.store.reading import with_parts
from slogate.store.seals import rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is stored in one series; `requests` are those that its rows stand for."""

    series: Series
    runs: int
    parts: int
    rows: int
    requests: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is stored of one service and kind; bytes are those of its parts.

    A request that stands in two series, as those of a run that was rolled up do, is one.
    """

    service: str
    kind: str
    runs: int
    parts: int
    rows: int
    requests: int
    bytes: int
    first_ts: int | None
    last_ts: int | None
    series: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is stored in all; `bytes` are those of every file of the store."""

    runs: int
    verdicts: int
    rows: int
    requests: int
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
        requests=sum(holding.requests for holding in holdings),
        bytes=_bytes([path for path in store.root.rglob("*") if path.is_file()]),
        holdings=holdings,
    )


def _holding(store: Store, runs: Sequence[Run]) -> Holding:
    by_run = [
        with_parts(store, run, lambda parts: _shares(store, parts), whole=False) for run in runs
    ]
    shares = [share for run in by_run for share in run]
    series = tuple(
        Share(
            series=name,
            runs=len(mine),
            parts=sum(share.parts for share in mine),
            rows=sum(share.rows for share in mine),
            requests=sum(share.requests for share in mine),
            bytes=sum(share.bytes for share in mine),
        )
        for name in SERIES
        if (mine := [share for share in shares if share.series == name])
    )
    return Holding(
        service=runs[0].service,
        kind=runs[0].kind,
        runs=len(runs),
        parts=sum(share.parts for share in series),
        rows=sum(share.rows for share in series),
        requests=sum(map(_requests, by_run)),
        bytes=sum(share.bytes for share in series),
        first_ts=min((run.start_ts for run in runs if run.start_ts is not None), default=None),
        last_ts=max((run.end_ts for run in runs if run.end_ts is not None), default=None),
        series=series,
    )


def _shares(store: Store, every: Sequence[Path]) -> list[Share]:
    parts: dict[Series, list[Path]] = {}
    for path in every:
        parts.setdefault(series_of(path.relative_to(store.root).as_posix()), []).append(path)
    return [
        Share(
            series=name,
            runs=1,
            parts=len(paths),
            rows=sum(map(rows_of, paths)),
            requests=sum(_weight(path, name) for path in paths),
            bytes=_bytes(paths),
        )
        for name, paths in parts.items()
    ]


def _requests(shares: Sequence[Share]) -> int:
    """The requests of one run: its counts and histograms stand for the same ones."""
    held = {share.series: share.requests for share in shares}
    return held.get("requests", 0) + max(held.get("counts", 0), held.get("histograms", 0))


def _weight(path: Path, series: Series) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if series == "requests":
        return rows_of(path)
    try:
        table = pq.read_table(path, columns=["count"], partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    return pc.sum(table["count"]).as_py() or 0


def _bytes(paths: Sequence[Path]) -> int:
    sizes = []
    for path in paths:
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # another process has just renamed or deleted it
            continue
    return sum(sizes)
