"""The parts of runs, for whoever reads their rows: all of them, their own, and what was written.

No engine holds a page against its checksum: one flipped bit would be another count, and so another
verdict. So `whole` parts are held against their seals, byte for byte, before they are read. Who
reads nothing but footers need not. A compaction may merge parts meanwhile: then all is read again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import Store, check_regular
from slogate.store.manifest import found_parts, named_part, out_of, read_run
from slogate.store.seals import check_content, check_seal

T = TypeVar("T")


def parts_of(store: Store, run: Run, *, whole: bool = False) -> list[Path]:
    """The run's parts, absolute paths; StoreError if the manifest names what is not its own.

    Its own are distinct, regular files of its service's folder that bear its id, as large as they
    were sealed, or byte for byte what was sealed (`whole`); one that is missing is an error, unless
    the parts were merged since the manifest was read. For a run that is not complete also those on
    disk, not yet named.
    """
    try:
        return _parts_of(store, run, whole=whole)
    except StoreError:
        now = _as_it_is_now(store, run)
        if now.parts == run.parts:
            raise
    return _parts_of(store, now, whole=whole)


def _parts_of(store: Store, run: Run, *, whole: bool) -> list[Path]:
    named: dict[Path, None] = {}
    for part in run.parts:
        path = named_part(store, run, part)
        if path in named:
            raise StoreError(f"run '{run.id}' is damaged: it names {path} twice", hint=out_of(run))
        named[path] = None
    parts = list(named)
    if run.state != "complete":
        parts = sorted({*named, *found_parts(store, run)})
    for path in parts:
        check_regular(path)
    sealed = [(store.root / part, run.seals[part]) for part in run.parts if part in run.seals]
    try:
        for path, seal in sealed:
            check_seal(path, seal, quick=True)
        if whole:
            check_content(sealed)
    except StoreError as error:
        raise StoreError(error.message, hint=f"put it back, or {out_of(run)}") from None
    return parts


def with_parts(store: Store, run: Run, work: Callable[[list[Path]], T], *, whole: bool = True) -> T:
    """What `work` makes of the run's parts; again if they were merged while it read them."""
    return with_all_parts(store, [run], lambda parts: work(parts[0]), whole=whole)


def with_all_parts(
    store: Store,
    runs: Sequence[Run],
    work: Callable[[list[list[Path]]], T],
    *,
    whole: bool = True,
) -> T:
    """What `work` makes of the parts of each run; again if they were merged meanwhile.

    A compaction merges run by run, so that each of them may be in the way of a reader once.
    """
    for _ in range(len(runs)):
        parts = [parts_of(store, run, whole=whole) for run in runs]
        try:
            return work(parts)
        except StoreError:
            if all(path.exists() for some in parts for path in some):
                raise
    return work([parts_of(store, run, whole=whole) for run in runs])


def _as_it_is_now(store: Store, run: Run) -> Run:
    """The run with the parts that its manifest names now, which may have taken others' place."""
    with contextlib.suppress(StoreError):
        now = read_run(store, run.id)
        if now.state == run.state == "complete":
            return replace(run, parts=now.parts, seals=now.seals)
    return run
