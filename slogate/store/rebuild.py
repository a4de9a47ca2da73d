"""Makes manifests anew for runs whose manifest is lost: from names, metadata and rows.

What stood in the manifest alone (the generator's health, how the run ended, what no part remembers)
is gone, so such a run is `incomplete` and its note says why: it can fail, it cannot pass. Nothing
is deleted and no manifest is overwritten. Of parts that hold the same rows, as a compaction that
died leaves them, one is put aside. Manifests and parts that cannot be read are named and left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from slogate.errors import StoreError
from slogate.model.run import Kind, Reconciliation, Run
from slogate.model.series import SERIES
from slogate.store.layout import Store, check_id, json_files
from slogate.store.locks import manifests
from slogate.store.manifest import read_run, write_run
from slogate.store.memory import remembered
from slogate.store.parts import check_part, series_of
from slogate.store.replacing import put_aside
from slogate.store.seals import sealed
from slogate.store.strays import strays
from slogate.store.supersede import doubled

_REMEDY = "restore it from a copy, or move it out of the store and rebuild again"
NOTE = "its manifest was lost and was made anew from the parts"
_KINDS: dict[str, Kind] = {"kind=load": "load", "kind=production": "production"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The runs that have a manifest again, and sentences on what was left as it is.

    `aside` are the parts that were put aside, as others hold their rows.
    """

    runs: tuple[Run, ...]
    left: tuple[str, ...]
    aside: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What one part holds."""

    rows: int
    weight: int
    first_ts: int
    end_ts: int


def rebuild(store: Store, *, now_s: float) -> Rebuilt:
    """Give every run whose parts have lain without a manifest for an hour one again."""
    lost: dict[str, list[Path]] = {}
    for stray in strays(store, now_s):
        if stray.kind == "lost" and stray.run is not None:
            lost.setdefault(stray.run, []).append(stray.path)
    made: list[Run] = []
    left: list[str] = []
    aside: list[Path] = []
    for run_id, paths in lost.items():
        try:
            extra = doubled(store.root, _in_series(store, paths))
            run = _run(store, run_id, [path for path in paths if path not in extra], left)
            with manifests(store):
                if not (store.runs / f"{run_id}.json").exists():
                    _put_aside(store, extra, aside)
                    write_run(store, run)
                    made.append(run)
        except StoreError as error:
            left.append(error.message)
    return Rebuilt(runs=tuple(made), left=(*left, *_corrupt(store)), aside=tuple(aside))


def _in_series(store: Store, paths: Sequence[Path]) -> list[Path]:
    """The parts of the series that there are; what lies elsewhere is refused with its run."""
    return [path for path in paths if path.relative_to(store.root).parts[1] in SERIES]


def _put_aside(store: Store, paths: Sequence[Path], done: list[Path]) -> None:
    """First, as of a run that is incomplete all counts that lies among its parts."""
    for path in paths:
        try:
            put_aside(store, path)
        except OSError as error:
            raise StoreError(f"{path} cannot be put aside: {error.strerror or error}") from None
        done.append(path)


def _corrupt(store: Store) -> Iterator[str]:
    """The manifests that are there and cannot be read: by a newer version, or by hand, perhaps."""
    for path in json_files(store.runs):
        try:
            read_run(store, path.stem)
        except StoreError as error:
            if path.is_symlink() or path.exists():
                yield f"{error.message}; it is not overwritten: {_REMEDY}"


def _run(store: Store, run_id: str, paths: Sequence[Path], left: list[str]) -> Run:
    check_id("run", run_id)
    service, kind = _owner(store, run_id, paths)
    held: dict[str, _Held] = {}
    for path in paths:
        part = path.relative_to(store.root).as_posix()
        try:
            held[part] = _held(path, part)
        except StoreError as error:
            left.append(error.message)
    if not held:
        raise StoreError(f"run '{run_id}' has no part that can be read")
    start, end = min(h.first_ts for h in held.values()), max(h.end_ts for h in held.values())
    rolled_up = _rolled_up(held)
    rows = rolled_up or sum(each.rows for each in held.values())
    run = Run(
        id=run_id, service=service, kind=kind, state="incomplete", start_ts=start,
        ramped_ts=start if kind == "production" else None, stop_ts=end, end_ts=end,
        created_ts=max(path.stat().st_mtime_ns for path in paths) // 1_000, source="unknown",
        note=NOTE, rows=Reconciliation(seen=rows, written=rows), rolled_up=rolled_up,
    )  # fmt: skip
    run = remembered(run, [store.root / part for part in held])
    return sealed(store, replace(run, parts=tuple(held)))


def _owner(store: Store, run_id: str, paths: Sequence[Path]) -> tuple[str, Kind]:
    """Service and kind, off the folders; StoreError if the parts lie in those of several."""
    folders = {path.relative_to(store.root).parts[2:4] for path in paths}
    if len(folders) != 1:
        raise StoreError(f"run '{run_id}' has parts in the folders of several services")
    kind, service = (*folders.pop(), "", "")[:2]
    if len(_in_series(store, paths)) < len(paths):
        raise StoreError(f"run '{run_id}' has parts in the folder of no series")
    if kind not in _KINDS or not service.startswith("service="):
        raise StoreError(f"run '{run_id}' has parts outside of the folders of services")
    return unquote(service.removeprefix("service=")), _KINDS[kind]


def _held(path: Path, part: str) -> _Held:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    check_part(path)
    columns = ["ts"] if series_of(part) == "requests" else ["ts", "step_us", "count"]
    try:
        table = pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    ts = table["ts"].cast("int64")
    ends = pc.add(ts, table["step_us"]) if len(columns) > 1 else ts
    weight = pc.sum(table["count"]).as_py() if len(columns) > 1 else table.num_rows
    return _Held(
        rows=table.num_rows, weight=weight, first_ts=pc.min(ts).as_py(), end_ts=pc.max(ends).as_py()
    )


def _rolled_up(held: dict[str, _Held]) -> int | None:
    """How many requests were rolled up, if counts and histograms agree on it."""
    weights = dict.fromkeys(("requests", "counts", "histograms"), 0)
    for part, each in held.items():
        weights[series_of(part)] += each.weight
    alike = weights["counts"] == weights["histograms"] > 0
    return weights["counts"] if alike and not weights["requests"] else None
