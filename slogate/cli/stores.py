"""Opens the store that a command works on: the one of the flag, the environment or the settings."""

from __future__ import annotations

import os
from pathlib import Path

from slogate.cli.options import note
from slogate.store.layout import Store, open_store


def opened_store(store: Path | None) -> Store:
    """The store that the flag, the environment or the settings name."""
    from slogate.config import load_settings

    return open_store(store or load_settings(Path.cwd(), os.environ).store)


def refreshed(store: Store, *, quiet: bool) -> None:
    """Make the convenience database agree with what was changed."""
    from slogate.store import views

    if trouble := views.refresh(store):
        note(f"note: {trouble}", quiet=quiet)


def told_unsettled(store: Store, now_s: float, *, quiet: bool) -> bool:
    """Say of runs without a manifest why they are no fault yet; whether there are any."""
    from slogate.cli.importing import counted
    from slogate.store.strays import unsettled

    found = unsettled(store, now_s)
    if found:
        note(
            f"note: parts of the last hour have no manifest, of {counted(len(found), 'run')} such "
            f"as {found[0]}: a writer may be at work; if none is, rebuild in an hour",
            quiet=quiet,
        )
    return bool(found)
