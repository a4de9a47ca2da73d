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
