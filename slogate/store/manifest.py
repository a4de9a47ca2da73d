"""Keeps the manifests: `runs/<run>.json` is the record `Run`, one file a run.

Reading is tolerant of keys it does not know and strict about the rest: whatever is corrupt,
missing, of a wrong type or written by a newer version is a StoreError that names the file and
the key, and so is a part that is not the run's own. A run in state `running` is returned as it
is; whoever judges it decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import SERIES
from slogate.store.layout import (
    Store,
    check_id,
    json_files,
    read_json,
    service_folder,
    write_json,
)
from slogate.store.locks import manifests
from slogate.store.parts import run_of
from slogate.store.record import DIGEST, KNOWN, digest_of, run_from_json, run_to_json
from slogate.store.reference import pick_run
from slogate.store.verdicts import seal_of, verdicts_by_run

T = TypeVar("T")


def write_run(store: Store, run: Run) -> None:
    """Write the run's manifest anew, whole or not at all; StoreError if it could not be read."""
    path, document = _path(store, run.id), run_to_json(run)
    run_from_json(document, path, fault="cannot be written")
    write_json(path, {**document, DIGEST: digest_of(document)}, sort_keys=True)


def update_run(store: Store, run_id: str, change: Callable[[Run], Run]) -> Run:
    """Change a manifest as it is now, so that nobody's change undoes another's; the run since.

    Not for a run that is being recorded: its recorder writes the manifest when it likes.
    """
    with manifests(store):
        changed = change(read_run(store, run_id))
        write_run(store, changed)
    return changed


def read_run(store: Store, run_id: str) -> Run:
    """The run of exactly this id; StoreError if there is none or it cannot be read."""
    path = _path(store, run_id)
    if not path.is_file():
        raise StoreError(f"there is no run '{run_id}' in {store.root}")
    return _read(path)


def check_manifest(store: Store, run_id: str) -> None:
    """StoreError if the manifest is not what was written; one of before digests is taken as it is.

    Reading does not ask: what somebody has put right by hand is theirs to answer for.
    """
    path = _path(store, run_id)
    document = read_json(path)
    told = document.pop(DIGEST, None)
    # what has a key that nobody knows was written since there are digests: its own is hidden
    if told != digest_of(document) and (told is not None or not set(document) <= KNOWN):
        raise StoreError(f"{path} is damaged, or was changed by hand: it is not what was written")


def _path(store: Store, run_id: str) -> Path:
    return store.runs / f"{check_id('run', run_id)}.json"


def _read(path: Path) -> Run:
    run = run_from_json(read_json(path), path)
    if run.id != path.stem:
        raise StoreError(f"{path} is the manifest of another run: its id is '{run.id}'")
    return run


def _read_if_there(path: Path) -> Run | None:
    try:
        return _read(path)
    except StoreError:
        if path.is_symlink() or path.exists():
            raise
    return None


def list_runs(store: Store, *, service: str | None = None, kind: str | None = None) -> list[Run]:
    """All runs, of one service or kind if given, newest first; without those deleted meanwhile."""
    runs = [
        run
        for run in map(_read_if_there, json_files(store.runs))
        if run is not None
        and (service is None or run.service == service)
        and (kind is None or run.kind == kind)
    ]
    return sorted(runs, key=lambda run: (run.created_ts or 0, run.id), reverse=True)


def find_run(
    store: Store,
    ref: str,
    *,
    service: str | None = None,
    kind: str | None = None,
    alone: bool = False,
) -> Run:
    """The run that `ref` names: an id, the start of one, a label's value, or `latest`.

    With `alone` it has to be the only one of that label.
    """
    of = f" of service '{service}'" if service is not None else ""
    what = f"{kind} run{of}" if kind else f"run{of}"
    runs = list_runs(store, service=service, kind=kind)
    return pick_run(runs, ref, f"{what} in {store.root}", alone=alone)


def label_run(store: Store, run_id: str, labels: Mapping[str, str]) -> Run:
    """Add labels to a run, an empty value takes one away; the run as it is now.

    StoreError while it is being recorded: its recorder would write over them.
    """

    def change(run: Run) -> Run:
        if run.state == "running":
            raise StoreError(
                f"run '{run_id}' is still being recorded",
                hint="label it when it has ended, or from the start: slogate run --label K=V",
            )
        merged = {key: value for key, value in {**run.labels, **labels}.items() if value}
        return replace(run, labels=merged)

    return update_run(store, run_id, change)


@dataclass(frozen=True, slots=True)
class Belongings:
    """The parts (stored, and kept aside) and the verdicts of a store by the id of their run."""

    parts: Mapping[str, Sequence[Path]]
    verdicts: Mapping[str, Sequence[Path]]


def belongings(store: Store) -> Belongings:
    """What there is, looked through once for however many runs."""
    parts: dict[str, list[Path]] = {}
    for folder in (store.root / "series", store.aside):
        for path in folder.rglob("*.parquet"):
            if run_id := run_of(path.name):
                parts.setdefault(run_id, []).append(path)
    return Belongings(parts, verdicts_by_run(store))


def delete_run(
    store: Store,
    run_id: str,
    *,
    force: bool = False,
    keep_logs: bool = False,
    there: Belongings | None = None,
) -> None:
    """Delete a run with its parts, verdicts and logs; StoreError if there is no such run.

    One that is being recorded is refused unless `force` says that its recorder is dead.
    The manifest is emptied first and removed last: a crash in between leaves a run without
    parts that is not complete and can be deleted again, never one that names missing parts. Where
    the disk has no room for an empty one it goes first; a crash then leaves parts without a run.
    What is `there` is looked up if it is not given.
    """
    before: list[Run] = []

    def empty(run: Run) -> Run:
        if run.state == "running" and not force:
            raise StoreError(
                f"run '{run_id}' is still being recorded",
                hint="wait for its end; if its recorder was killed, delete it with --force",
            )
        before.append(run)
        return replace(run, state="incomplete", parts=(), seals={}, note="being deleted")

    there = there or belongings(store)
    verdicts = [file for p in there.verdicts.get(run_id, ()) for file in (seal_of(p), p)]
    try:
        update_run(store, run_id, empty)
    except StoreError:
        if not before:
            raise
        _remove_manifest(store, run_id)
    named = (store.root / part for part in before[0].parts if is_own(store, before[0], part))
    parts = {*own_parts(store, before[0], there), *named}
    logs = [] if keep_logs else sorted((store.root / "logs").glob(f"{run_id}.*.log"))
    try:
        for path in (*sorted(parts), *verdicts, *logs, _path(store, run_id)):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"run '{run_id}' cannot be deleted: {error}") from None


def _remove_manifest(store: Store, run_id: str) -> None:
    try:
        with manifests(store):
            _path(store, run_id).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"run '{run_id}' cannot be deleted: {error}") from None


def withdraw(store: Store, run_id: str, parts: Iterable[str]) -> None:
    """Take parts away that were written in vain, but none that the manifest names after all.

    Whoever is interrupted cannot know whether the manifest had its name already.
    """
    with contextlib.suppress(StoreError, OSError):
        named = read_run(store, run_id).parts if _path(store, run_id).exists() else ()
        for part in parts:
            if part not in named:
                (store.root / part).unlink(missing_ok=True)


def named_part(store: Store, run: Run, part: str) -> Path:
    """The absolute path of a part that the run names; StoreError if it is not its own or gone."""
    path = store.root / part
    if not is_own(store, run, part):
        raise StoreError(f"run '{run.id}' is damaged: {path} is no part of it", hint=out_of(run))
    if not path.exists():
        hint = f"put it back, or {out_of(run)}"
        raise StoreError(f"run '{run.id}' is damaged: its part {path} is missing", hint=hint)
    return path


def out_of(run: Run) -> str:
    """How a run is taken out of a store."""
    return f"take the run out: slogate runs delete {run.id}"


def is_own(store: Store, run: Run, part: str) -> bool:
    """Whether a path that a manifest names is where the part writer puts the run's parts."""
    path = store.root / part
    day = path.parent
    folders = (service_folder(store, name, run.kind, run.service) for name in SERIES)
    return run_of(path.name) == run.id and day.parent in folders and day.name.startswith("date=")


def found_parts(store: Store, run: Run) -> list[Path]:
    """The finished parts of the run that lie on disk, sorted, whatever its manifest says."""
    folders = (service_folder(store, name, run.kind, run.service) for name in SERIES)
    return sorted(
        path
        for folder in folders
        for path in folder.glob(f"date=*/{check_id('run', run.id)}-*.parquet")
        if run_of(path.name) == run.id
    )


def own_parts(store: Store, run: Run, there: Belongings) -> list[Path]:
    """Those of the run, and those that were kept aside when it was rolled up."""
    return [
        path
        for path in there.parts.get(run.id, ())
        if path.is_relative_to(store.aside)
        or is_own(store, run, path.relative_to(store.root).as_posix())
    ]
