"""Finds the files that rotation has made of a log, by their names, the oldest first.

What is put behind its name (`access.log.1`, `access.log-20261127.gz`) tells itself. What is put
before its ending (`app.1.log`, `app-2026-11-27.log.gz`) may as well be the log of another
process: it is one of ours only if a file that was ours is called alike (`style`), or is ours by
its content. A name that goes on otherwise (`access.log-ssl`) is another log.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

# a number or a date by itself, or one of these words
_BEHIND = re.compile(
    r"(^|[-._])\d++(?![A-Za-z]{2})|~$|[-._](old|bak|prev|save)(\.\w+)?$|^\.(gz|bz2|xz|zst)$",
    re.ASCII,
)
_BEFORE = re.compile(r"[-._](\d[\d._:T-]*|old|bak|prev|save)", re.ASCII)
_PACKED = re.compile(r"(\.(gz|bz2|xz|zst))?", re.ASCII)


class Rotated(NamedTuple):
    """A file, what the system tells of it, and how its name was made; `sure` if that tells all."""

    path: Path
    told: os.stat_result
    style: str
    sure: bool


def rotated(path: Path) -> list[Rotated]:
    """The files beside a log that are, or may be, what was rotated away of it; oldest first."""
    found = [*_named(path)]
    return sorted(found, key=lambda each: (each.told.st_mtime_ns, _age(each.path.name, path)))


def _named(path: Path) -> Iterator[Rotated]:
    for other in path.parent.glob(f"{_escaped(path.stem)}?*"):
        if (style := _style(other.name, path)) is None:
            continue
        with suppress(OSError):
            told = other.stat()
            if stat.S_ISREG(told.st_mode):
                yield Rotated(other, told, *style)


def _style(name: str, path: Path) -> tuple[str, bool] | None:
    """How a name was made of a log's, and whether that is sure; None if it was not."""
    if name.startswith(path.name) and _BEHIND.search(name[len(path.name) :]):
        return "behind", True
    middle, ending, packed = name[len(path.stem) :].rpartition(path.suffix or "/")
    if ending and _BEFORE.fullmatch(middle) and _PACKED.fullmatch(packed):
        return re.sub(r"\d+", "9", middle), False
    return None


def _age(name: str, path: Path) -> tuple[int, str]:
    """Orders files written at the same moment: `.2` is older than `.1`, a later date is younger."""
    suffix = name[len(path.name if name.startswith(path.name) else path.stem) :]
    number = int(found[0]) if (found := re.search(r"\d{1,18}", suffix)) else 0
    return (-number if number < 10_000 else number), suffix


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
