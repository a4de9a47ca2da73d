"""Puts new parts in the place of a run's old ones, so that a crash at any point loses nothing.

1. the old parts are held against their seals: damage is not sealed anew
2. the new parts are written, synced and sealed under names that the run has never had
3. the manifest is rewritten in one stroke, if it still names what it named before
4. the old parts are unlinked (or kept aside)

Before 3 the new parts, after it the old ones are named by nobody: of a complete run only named
parts count, so nothing is ever counted twice. Only complete runs are touched; their callers hold
the lock `caring`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import Store, make_folder, sync_folder
from slogate.store.manifest import found_parts, named_part, update_run, withdraw
from slogate.store.parts import number_of
from slogate.store.seals import check_seal, sealed

# whoever goes on with a run that was complete writes parts beside us: never under our names
MAKER = "merged"

Make = Callable[[int], Iterator[str]]
Check = Callable[[Run], None]


def replaced(
    store: Store,
    before: Run,
    old: Sequence[str],
    make: Make,
    *,
    check: Check,
    rolled_up: int | None = None,
    keep: bool = False,
) -> Run:
    """The run with what `make` writes instead of `old`; StoreError, and no change, if it cannot.

    `make` yields the paths of parts as it writes them, numbered from what it is given; `check`
    raises StoreError if they are not worth the old ones: it gets the run as it would be.
    """
    if before.state != "complete":
        raise StoreError(f"run '{before.id}' is not complete: its parts stay as they are")
    check_sound(store, before, old)
    made: list[str] = []
    try:
        for part in make(_next_number(store, before)):
            made.append(part)  # noqa: PERF402 (known one by one: the next may fail)
        kept = [part for part in before.parts if part not in old]
        after = sealed(
            store,
            replace(before, parts=(*kept, *made), rolled_up=rolled_up or before.rolled_up),
        )
        check(after)
        run = update_run(store, before.id, lambda now: _swapped(now, before, after))
    except BaseException:
        withdraw(store, before.id, made)
        raise
    _clear(store, old, keep=keep)
    return run


def check_sound(store: Store, run: Run, parts: Sequence[str]) -> None:
    """StoreError unless the parts are there and what they were sealed as."""
    for part in parts:
        path = named_part(store, run, part)
        if part in run.seals:
            check_seal(path, run.seals[part])


def _swapped(now: Run, before: Run, after: Run) -> Run:
    if (now.state, now.parts, now.seals) != (before.state, before.parts, before.seals):
        raise StoreError(f"run '{before.id}' was changed by somebody else meanwhile: nothing done")
    return replace(now, parts=after.parts, seals=after.seals, rolled_up=after.rolled_up)


def _next_number(store: Store, run: Run) -> int:
    """A sequence number over all that the run's parts have, named or not."""
    return max((number_of(path.name) for path in found_parts(store, run)), default=-1) + 1


def _clear(store: Store, old: Sequence[str], *, keep: bool) -> None:
    try:
        for part in old:
            path = store.root / part
            if keep:
                put_aside(store, path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        hint = "the run is well; remove the old parts: slogate store prune --leftovers"
        raise StoreError(f"an old part cannot be removed: {error}", hint=hint) from None


def put_aside(store: Store, path: Path) -> None:
    """Move a part to where nothing reads it; OSError if that is impossible."""
    aside = store.aside / path.relative_to(store.root / "series")
    make_folder(aside.parent)
    path.replace(aside)
    sync_folder(aside.parent)
