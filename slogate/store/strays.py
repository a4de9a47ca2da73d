"""Finds the files of a store that no manifest answers for: what crashes leave behind.

| kind    | file                                                  | how it comes about          |
|---------|-------------------------------------------------------|-----------------------------|
| draft   | its name ends in `.tmp`                               | a writer died while writing |
| unnamed | a part that its run, which is complete, does not name | a compaction died           |
| lost    | a part whose run has no manifest                      | an import died; a lost file |

Drafts and lost parts may belong to a writer at work, so they are strays only when nothing of
their run has been written for an hour. A run whose manifest cannot be read has no strays: nobody
can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import TMP, Store
from slogate.store.locks import cared_for
from slogate.store.manifest import is_own, read_run
from slogate.store.parts import run_of

QUIET_S = 3_600.0
Kind = Literal["draft", "unnamed", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A file that nobody answers for."""

    path: Path
    kind: Kind
    run: str | None = None


def strays(store: Store, now_s: float, *, alone: bool = False) -> list[Stray]:
    """The strays, sorted by path; `now_s` is the time of the clock that stamps the files.

    `alone`: the caller itself holds the lock of those who rewrite parts.
    """
    # files first, manifests after: what an import or a compaction finishes meanwhile is no stray
    drafts = [path for path in _files(store.root) if is_draft(path)]
    parts = sorted((store.root / "series").rglob("*.parquet"))
    busy = not alone and cared_for(store)
    found = [Stray(path=path, kind="draft") for path in drafts if _is_quiet([path], now_s)]
    for run_id, mine in _by_run(parts).items():
        if not (store.runs / f"{run_id}.json").exists():
            at_work = [path for path in drafts if path.name.startswith(f"{run_id}-")]
            if _is_quiet([*mine, *at_work], now_s):
                found += [Stray(path=path, kind="lost", run=run_id) for path in mine]
        elif not busy:
            unnamed = _unnamed(store, run_id, mine)
            found += [Stray(path=path, kind="unnamed", run=run_id) for path in unnamed]
    return sorted((s for s in found if s.path.exists()), key=lambda stray: stray.path)


def unsettled(store: Store, now_s: float) -> list[str]:
    """The runs that have parts, some written within the last hour, and no manifest, sorted."""
    found = _by_run((store.root / "series").rglob("*.parquet")).items()
    return sorted(
        run_id
        for run_id, parts in found
        if not _is_quiet(parts, now_s) and not (store.runs / f"{run_id}.json").exists()
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob(f"*{TMP}*") if path.is_file())


def is_draft(path: Path) -> bool:
    """Whether it has the name of a file that is being written."""
    return path.name.endswith((TMP, f"{TMP}.wal"))


def _by_run(parts: Iterable[Path]) -> dict[str, list[Path]]:
    """The finished parts by the run of their name."""
    runs: dict[str, list[Path]] = {}
    for path in parts:
        if (run_id := run_of(path.name)) is not None:
            runs.setdefault(run_id, []).append(path)
    return runs


def _unnamed(store: Store, run_id: str, parts: Iterable[Path]) -> list[Path]:
    try:
        run = read_run(store, run_id)
    except StoreError:
        return []
    return [path for path in parts if not _belongs(store, run, path)]


def _belongs(store: Store, run: Run, path: Path) -> bool:
    part = path.relative_to(store.root).as_posix()
    return part in run.parts or (run.state != "complete" and is_own(store, run, part))


def _is_quiet(paths: Iterable[Path], now_s: float) -> bool:
    """Whether none of the files has been written for an hour; those that are gone say nothing."""
    try:
        return all(now_s - path.stat().st_mtime >= QUIET_S for path in paths)
    except FileNotFoundError:
        return False
