"""Looks at a project: what describes its service, loads it, or has measured it.

Walks over its folders so far and no farther, never through links, hidden folders, and those of
installed packages. A file's name decides whether its beginning is looked at, its beginning
whether it is one of ours. Files that people name themselves are looked at whatever they are
called, and what they are not is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slogate.errors import UsageError
from slogate.initial import k6, locustfiles
from slogate.initial.measured import importable

DEEPEST = 5
MOST_FILES = 20_000
MOST_TRIED = 100
LARGEST_FOUND, LARGEST_PACKED = 256_000_000, 32_000_000
HEAD = 65_536
_SKIPPED = frozenset((
    "node_modules", "venv", "env", "site-packages", "vendor", "target", "dist", "build",
    "__pycache__", "slo",
))  # fmt: skip
_DESCRIBES = re.compile(rb"""(?m)^[\s{]{0,8}["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]\b""")
_LOGS = (".log", ".jtl", ".hlog", ".csv", ".ndjson", ".jsonl", ".parquet", ".json", ".xml", ".txt")
_PACKED = (".gz", ".zst")
_TELLING = re.compile(r"access|request|latenc|result|k6|jmeter|locust|\.jtl|\.hlog", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Found:
    """The files of a project by what they are, as paths below its folder, the nearest first."""

    descriptions: list[Path] = field(default_factory=list)
    locustfiles: list[Path] = field(default_factory=list)
    scripts: list[Path] = field(default_factory=list)
    measured: list[Path] = field(default_factory=list)
    too_large: list[Path] = field(default_factory=list)


def look(folder: Path, given: Sequence[Path]) -> Found:
    """What is there, or of the files given; UsageError for a given one that is none of ours."""
    found = Found()
    if given:
        for path in given:
            _take_given(path, found)
        return found
    tried = 0
    for path in _files(folder):
        kind = _kind(folder / path)
        if kind == "measured":
            tried += 1
            size = (folder / path).stat().st_size
            if size > (LARGEST_PACKED if path.suffix in _PACKED else LARGEST_FOUND):
                found.too_large.append(path)
            elif tried <= MOST_TRIED and importable(folder / path, str(path)):
                found.measured.append(path)
        elif kind is not None:
            getattr(found, kind).append(path)
    return found


def _take_given(path: Path, found: Found) -> None:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if not _is_text(str(path)):
        raise UsageError(f"the name of {str(path)!a} is no UTF-8", hint="rename the file")
    kind = _kind(path)
    if kind in {None, "measured"}:
        kind = "measured" if importable(path, str(path)) else None
    if kind is None:
        raise UsageError(
            f"{path} is nothing to begin from",
            hint="an OpenAPI description, a locustfile, a k6 script, or a file that "
            "`slogate import` reads without being told its format",
        )
    getattr(found, kind).append(path)


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, those of a folder before those of its folders."""
    left, level = MOST_FILES, [Path()]
    for _ in range(DEEPEST):
        below: list[Path] = []
        for inside in level:
            try:
                entries = sorted(os.scandir(folder / inside), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in filter(_is_named, entries):
                left -= 1
                if left < 0:
                    return
                if entry.is_file(follow_symlinks=False):
                    yield inside / entry.name
                elif entry.is_dir(follow_symlinks=False) and not _is_skipped(entry):
                    below.append(inside / entry.name)
        level = below


def _is_text(name: str) -> bool:
    """Whether a name can be written into a file: one that is no UTF-8 cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _is_named(entry: os.DirEntry[str]) -> bool:
    return _is_text(entry.name)


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return name.startswith(".") or name in _SKIPPED or Path(entry.path, "pyvenv.cfg").is_file()


def _kind(path: Path) -> str | None:
    """Which list of `Found` a file may belong to; None if its name or its head says no."""
    name = path.name.lower()
    stem = name.removesuffix(".gz").removesuffix(".zst")
    if name.endswith(".py"):
        return "locustfiles" if locustfiles.IMPORTS.search(_head(path)) else None
    if name.endswith((".js", ".ts", ".mjs")):
        return "scripts" if k6.IMPORTS.search(_head(path)) else None
    if name.endswith((".yaml", ".yml", ".json")) and _DESCRIBES.search(_head(path).encode()):
        return "descriptions"
    if stem.endswith(_LOGS) and (name != stem or _TELLING.search(name)):
        return "measured"
    return "measured" if re.search(r"access[._-]?log", name) else None


def _head(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD).decode(errors="replace")
    except OSError:
        return ""
