"""Shows a file in the user's browser."""

from __future__ import annotations

from pathlib import Path

from slogate.cli.options import note


def temporary(extension: str) -> Path:
    """A file of our own that stays until the system clears it away: a browser reads it later."""
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="slogate-", suffix=f".{extension}", delete=False) as f:
        return Path(f.name)


def show(path: Path) -> None:
    """Open the file in the user's browser; a note where there is none."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        note(f"note: no browser could be opened; open it yourself: {path}")
