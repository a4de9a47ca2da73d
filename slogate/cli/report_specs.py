"""The specs of a report: what can be read of them, and why the rest cannot.

A command that judges refuses all of them for one fault. A report is for people who need to know how
the others stand: it goes on without the file, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slogate.cli.specfiles import ENDINGS, FOLDER, read_specs
from slogate.errors import SpecError, UsageError
from slogate.slo.every import load_every
from slogate.slo.spec import Spec

Files = list[tuple[str, str]]


def readable(paths: Sequence[Path]) -> tuple[list[Spec], list[str]]:
    """The specs that can be judged, and what is wrong with others.

    None at all where nothing is named and there is no folder `slo/`; UsageError for a file that is
    named and not there.
    """
    if not paths and not FOLDER.is_dir():
        return [], []
    files, troubles = _read([*paths] or [FOLDER])
    specs: list[Spec] = []
    while files:
        try:
            specs = load_every(files)
            break
        except SpecError as error:
            wrong = {fault.file for fault in error.faults}
            troubles += [f"a spec cannot be read: {fault}" for fault in error.faults]
        except UsageError as error:
            wrong = {name for name, _ in files if error.message.startswith(f"{name}:")}
            if not wrong:  # these are all specs, but of nothing that is judged
                troubles.append(error.message)
                break
            troubles.append(error.message)
        left = [each for each in files if each[0] not in wrong]
        files = left if len(left) < len(files) else []
    unsupported = [fault for spec in specs for fault in spec.unsupported]
    troubles += [f"a spec cannot be judged yet: {fault}" for fault in unsupported]
    return [spec for spec in specs if not spec.unsupported], troubles


def _read(paths: Sequence[Path]) -> tuple[Files, list[str]]:
    """The text of each file, and why others have none."""
    files: dict[str, str] = {}
    troubles = []
    for path in paths:
        for file in _inside(path):
            try:
                files.update(read_specs([file]))
            except SpecError as error:
                troubles += [f"a spec cannot be read: {fault}" for fault in error.faults]
    return [*files.items()], troubles


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in ENDINGS and file.is_file())
