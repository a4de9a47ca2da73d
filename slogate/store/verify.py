"""Checks that a store is what its manifests say, and names everything that is not.

Each run: its manifest can be read; each part that it names is there, its own, a regular file of
this version with as many rows and bytes, and the SHA-256, that it was sealed with; every page has
its checksum and every value is within bounds; the rows are as many as were written. Then the
verdicts, by their digests, and the files that nobody answers for (`strays.py`). Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store, check_regular, json_files
from slogate.store.manifest import check_manifest, found_parts, named_part, read_run
from slogate.store.parts import check_part, conforming, run_of, series_of
from slogate.store.seals import check_seal, rows_of, size_of
from slogate.store.strays import Stray, is_draft, strays
from slogate.store.verdicts import check_verdict, missing_verdicts

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]
_STRAY = {
    "draft": "is the draft of a writer that died",
    "unnamed": "is a part that its run does not name",
    "lost": "is a part of a run without a manifest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One fault: where (relative to the store), what, and whose."""

    path: str
    message: str
    run: str | None = None


@dataclass(slots=True, kw_only=True)
class Verified:
    """What was looked at and what is wrong; `unsealed` parts have nothing to be held against."""

    runs: int = 0
    parts: int = 0
    rows: int = 0
    bytes: int = 0
    verdicts: int = 0
    unsealed: int = 0
    faults: list[Damage] = field(default_factory=list)


@dataclass(slots=True)
class _Check:
    store: Store
    quick: bool
    told: Callable[[int], None]

    def run(self, run: Run, again: bool = True) -> Verified:
        """One run; once more if its parts were merged while they were looked at."""
        found = Verified(runs=1)
        self._manifest(run, found)
        weights: dict[Series, int] = {}
        for part in self._parts(run):
            try:
                self._part(run, part, found, weights)
            except StoreError as error:
                found.faults.append(Damage(path=part, message=error.message, run=run.id))
        if not found.faults:
            for fault in _miscounted(run, found.rows, weights, quick=self.quick):
                found.faults.append(Damage(path=f"runs/{run.id}.json", message=fault, run=run.id))
        if not found.faults or not again:
            return found
        if not (self.store.runs / f"{run.id}.json").exists():  # it was deleted meanwhile
            return Verified()
        now = _changed(self.store, run)
        return found if now is None else self.run(now, again=False)

    def _manifest(self, run: Run, found: Verified) -> None:
        try:
            check_manifest(self.store, run.id)
        except StoreError as error:
            where = f"runs/{run.id}.json"
            found.faults.append(Damage(path=where, message=error.message, run=run.id))

    def _parts(self, run: Run) -> list[str]:
        """The parts that the run names, and those on disk if it is not complete."""
        found = [] if run.state == "complete" else found_parts(self.store, run)
        return [*run.parts, *sorted({self._name(path) for path in found} - {*run.parts})]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.store.root).as_posix()

    def _part(self, run: Run, part: str, found: Verified, weights: dict[Series, int]) -> None:
        path, seal = named_part(self.store, run, part), run.seals.get(part)
        if run.parts.count(part) > 1 or self._name(path) != part:
            raise StoreError(f"run '{run.id}' is damaged: it names {path} twice, or oddly")
        check_regular(path)
        found.parts += 1
        found.bytes += size_of(path)
        found.unsealed += seal is None
        if seal is not None:
            check_seal(path, seal, self.told, quick=self.quick)
        check_part(path)
        rows = rows_of(path)
        if seal is not None and rows != seal.rows:
            raise StoreError(f"{path} is damaged: {rows} rows, {seal.rows} were written")
        if not self.quick:
            read, weight = _read_through(path, series_of(part))
            if read != rows:
                raise StoreError(f"{path} is damaged: {read} rows can be read, {rows} are told")
            weights[series_of(part)] = weights.get(series_of(part), 0) + weight
        found.rows += rows


def verify(
    store: Store,
    *,
    now_s: float,
    quick: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Verified:
    """Check the store; `quick` reads footers only. Faults are returned, not raised."""
    whole, done = Verified(), 0
    runs = list(_runs(store, whole))
    total = sum(seal.bytes for run in runs for seal in run.seals.values())

    def told(read: int) -> None:
        nonlocal done
        done += read
        progress(done, total)

    check = _Check(store, quick, told)
    for run in runs:
        _add(whole, check.run(run))
    for path in json_files(store.verdicts):
        try:
            check_verdict(path)
            whole.verdicts += 1
        except StoreError as error:
            if not (path.exists() or path.is_symlink()):  # it was deleted just now
                continue
            where = path.relative_to(store.root).as_posix()
            whole.faults.append(Damage(path=where, message=error.message))
    for path in missing_verdicts(store):
        where = path.relative_to(store.root).as_posix()
        whole.faults.append(Damage(path=where, message=f"{path} is missing: its digest is there"))
    whole.faults += [_stray(store, stray) for stray in strays(store, now_s)]
    whole.faults += _foreign(store)
    return whole


def _runs(store: Store, whole: Verified) -> Iterator[Run]:
    for path in json_files(store.runs):
        try:
            yield read_run(store, path.stem)
        except StoreError as error:
            if path.exists():  # else it was deleted just now
                where = path.relative_to(store.root).as_posix()
                whole.faults.append(Damage(path=where, message=error.message, run=path.stem))


def _add(whole: Verified, one: Verified) -> None:
    whole.runs += one.runs
    whole.parts += one.parts
    whole.rows += one.rows
    whole.bytes += one.bytes
    whole.unsealed += one.unsealed
    whole.faults += one.faults


def _changed(store: Store, run: Run) -> Run | None:
    """The run as its manifest has it now, if that names other parts."""
    try:
        now = read_run(store, run.id)
    except StoreError:
        return None
    return now if now.parts != run.parts else None


def _miscounted(run: Run, rows: int, weights: dict[Series, int], *, quick: bool) -> Iterator[str]:
    """What the manifest says of all parts together and they do not hold."""
    if run.state != "complete":
        return
    if run.rolled_up is None:
        if rows != run.rows.written:
            yield (
                f"run '{run.id}' is damaged: its parts hold {rows} rows, "
                f"{run.rows.written} were written"
            )
    elif not quick:
        for series in ("counts", "histograms"):
            held = weights.get(series, 0)
            if held != run.rolled_up:
                yield (
                    f"run '{run.id}' is damaged: its {series} stand for {held} requests, "
                    f"{run.rolled_up} were rolled up"
                )


def _read_through(path: Path, series: Series) -> tuple[int, int]:
    """Rows, and the requests that they stand for; StoreError for what cannot be read or be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = weight = 0
    try:
        for table in conforming(_batches(path), series):
            rows += table.num_rows
            weight += (
                table.num_rows if series == "requests" else pc.sum(table["count"]).as_py() or 0
            )
    except (OSError, pa.ArrowException) as error:
        first = str(error).partition("\n")[0]
        raise StoreError(f"{path} is damaged: {first}") from None
    except StoreError as error:
        raise StoreError(f"{path} is damaged: {error.message}") from None
    return rows, weight


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size=131_072):
            batch.validate(full=True)
            yield batch


def _foreign(store: Store) -> Iterator[Damage]:
    """What lies among the parts and is none; files that the system hides are nobody's fault."""
    for path in sorted((store.root / "series").rglob("*")):
        own = run_of(path.name) is not None or is_draft(path) or path.name.startswith(".")
        if not own and path.is_file():
            where = path.relative_to(store.root).as_posix()
            yield Damage(path=where, message=f"{path} is no file of a store")


def _stray(store: Store, stray: Stray) -> Damage:
    where = stray.path.relative_to(store.root).as_posix()
    return Damage(path=where, message=f"{stray.path} {_STRAY[stray.kind]}", run=stray.run)
