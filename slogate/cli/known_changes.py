"""`known-changes.toml` beside the specs: changes of level that people know of, kept in git.

Each has its objective, the run that showed it first, when that was, its commit, and the reason in
somebody's words. Whoever cannot be understood stops the command: a typing error must acknowledge
nothing. Several may add to it at once.
"""

from __future__ import annotations

import fcntl
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slogate.errors import UsageError
from slogate.history.shifts import Known, Shift
from slogate.reports._base import instant, plain
from slogate.reports.json import MOMENT

NAME = "known-changes.toml"
LARGEST = 4_000_000
_HEAD = "# Known changes of level. `slogate history OBJECTIVE --ack REASON` adds to them.\n"
_NEEDED = ("objective", "run", "time", "reason")
_KEYS = {*_NEEDED, "commit"}


def place_of(specs: Sequence[Path], folder: Path) -> Path:
    """Where the file lies: beside the first of the specs, or in their folder."""
    if not specs:
        return folder / NAME
    return (specs[0] if specs[0].is_dir() else specs[0].parent) / NAME


def read_known(path: Path) -> list[Known]:
    """The changes that the file names, none without a file; UsageError for one that is wrong."""
    if not path.exists():
        return []
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
        found = tomllib.loads(data.decode())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is no TOML: {error}") from None
    changes = found.get("change", [])
    if found.keys() - {"change"} or not isinstance(changes, list):
        raise UsageError(f"{path} holds something other than `[[change]]` tables")
    return [_known(path, number, each) for number, each in enumerate(changes, start=1)]


def _known(path: Path, number: int, change: Any) -> Known:
    where = f"{path}: change {number}"
    if not isinstance(change, dict) or not all(isinstance(v, str) for v in change.values()):
        raise UsageError(f"{where}: its values are texts in quotes")
    if missing := [key for key in _NEEDED if not change.get(key)]:
        raise UsageError(f"{where} lacks its {missing[0]}")
    if odd := sorted(change.keys() - _KEYS):
        hint = f"known: {', '.join(sorted(_KEYS))}"
        raise UsageError(f"{where}: '{plain(odd[0])}' is not known", hint=hint)
    try:
        ts = MOMENT.read(change["time"])
    except (ValueError, TypeError):
        hint = "write one like 2026-11-01T02:00:00Z"
        raise UsageError(f"{where}: '{plain(change['time'])}' is no moment", hint=hint) from None
    return Known(objective=change["objective"], ts=ts, reason=change["reason"])


def add_known(path: Path, shifts: Sequence[Shift], reason: str) -> None:
    """Add the changes to the file, each whole; UsageError if that is impossible."""
    text = "".join(_entry(shift, plain(reason)) for shift in shifts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not file.seek(0, 2):
                text = _HEAD + text
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def _entry(shift: Shift, reason: str) -> str:
    fields = {
        "objective": shift.objective,
        "run": shift.first.run,
        "time": instant(shift.first.ts),
        "commit": shift.first.commit,
        "reason": reason,
    }
    lines = "".join(f"{key} = {_quoted(value)}\n" for key, value in fields.items() if value)
    return f"\n[[change]]\n{lines}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for DEL, which it wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
