"""Writes the planned files, all or none, and never over anything that is there.

A file is created under its own name, so that whoever wrote one in between keeps it; what cannot
be written takes away again what was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slogate.errors import UsageError
from slogate.initial.settled import Planned

SPECS = ("*.yaml", "*.yml")


def taken(folder: Path, path: Path) -> Path | None:
    """What stands in the way of a file: itself, or another that has its part already."""
    if (folder / path).exists() or (folder / path).is_symlink():
        return path
    if path.parent == Path("slo"):
        there = sorted(each for ending in SPECS for each in (folder / "slo").glob(ending))
        return there[0].relative_to(folder) if there else None
    if path.parent == Path("loadtests"):
        own = sorted(
            each for each in (folder / "loadtests").glob("*.py") if not each.name.startswith("_")
        )
        return own[0].relative_to(folder) if own else None
    return None


def write(folder: Path, files: Sequence[Planned]) -> None:
    """Write files that are not there; UsageError if one cannot be, and none is left then."""
    made: list[Path] = []
    folders: list[Path] = []
    try:
        for file in files:
            path = folder / file.path
            for parent in reversed(file.path.parents):
                if not (folder / parent).is_dir():
                    (folder / parent).mkdir()
                    folders.append(folder / parent)
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                made.append(path)
                stream.write(file.text)
    except (OSError, UnicodeError) as error:
        for path in made:
            path.unlink(missing_ok=True)
        for parent in reversed(folders):
            parent.rmdir()
        raise UsageError(
            f"{file.path} cannot be written: {getattr(error, 'strerror', None) or error}",
            hint="nothing was written",
        ) from None
