"""Chooses what a store need not keep: old runs by age and number, and what crashes left behind.

The newest good run of each service and kind stays, whatever its age, unless it is asked for; so
does a run with a label `pin`, and one that is still recorded. Choosing is pure; removing is done
run by run, so that a crash leaves each whole, gone, or not complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import Store
from slogate.store.strays import Stray

PIN = "pin"


def too_many(
    runs: Sequence[Run],
    *,
    now_ts: int,
    older_than_us: int | None = None,
    keep_last: int | None = None,
    even_newest: bool = False,
    even_running: bool = False,
) -> list[Run]:
    """The runs to remove, oldest first: those older than that and not among the last so many.

    A run is as old as its last request. Without either limit there is nothing to remove.
    """
    if older_than_us is None and keep_last is None:
        return []
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in sorted(runs, key=_age_key, reverse=True):
        groups.setdefault((run.service, run.kind), []).append(run)
    chosen: list[Run] = []
    for group in groups.values():
        newest_good = next((run for run in group if run.state == "complete"), None)
        kept = {run.id for run in group[: keep_last or 0]}
        if newest_good is not None and not even_newest:
            kept.add(newest_good.id)
        chosen += [
            run
            for run in group
            if run.id not in kept
            and not run.labels.get(PIN)
            and (even_running or run.state != "running")
            and (older_than_us is None or now_ts - moment_of(run) > older_than_us)
        ]
    return sorted(chosen, key=_age_key)


def moment_of(run: Run) -> int:
    """How new a run is: its last request, else what is known."""
    return next((ts for ts in (run.end_ts, run.start_ts, run.created_ts) if ts is not None), 0)


def _age_key(run: Run) -> tuple[int, str]:
    return moment_of(run), run.id


def remove_strays(store: Store, found: Iterable[Stray]) -> list[Path]:
    """Delete the files; a run that has got its manifest meanwhile keeps its parts."""
    removed = []
    for stray in found:
        if stray.kind == "lost" and (store.runs / f"{stray.run}.json").exists():
            continue
        try:
            stray.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{stray.path} cannot be deleted: {error.strerror}") from None
        removed.append(stray.path)
    return removed
