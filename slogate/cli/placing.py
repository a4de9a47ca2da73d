"""Where a spec lies, for who looks for it from the top of the repository: GitHub, GitLab, editors.

A verdict names its spec as the command line did. Where that is a file of the repository, its path
from the top is told; anything else stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from slogate.verdict import Finding, Verdict

_TOPS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def at_top(verdict: Verdict) -> Verdict:
    """The verdict with the places of its findings as seen from the top."""
    return replace(verdict, findings=all_at_top(verdict.findings))


def all_at_top(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with their places as seen from the top."""
    return tuple(
        replace(each, place=replace(each.place, file=from_top(each.place.file)))
        for each in findings
    )


def from_top(file: str) -> str:
    """A file as seen from the top, if it is of the repository."""
    folder = Path.cwd()
    return _seen(file, folder, top_of(folder, os.environ))


def top_of(folder: Path, environment: Mapping[str, str] | None = None) -> Path:
    """The top of the repository of a folder, as CI says it, else where `.git` is, else itself."""
    whole = folder.resolve()
    for name in _TOPS:
        told = (environment or {}).get(name)
        if told and whole.is_relative_to(Path(told).resolve()):
            return Path(told).resolve()
    return next((each for each in (whole, *whole.parents) if (each / ".git").exists()), whole)


def _seen(file: str, folder: Path, top: Path) -> str:
    try:
        path = (folder / file).resolve()
        inside = path.is_file() and path.is_relative_to(top)
    except (OSError, ValueError, RuntimeError):  # too long a name, no name, a link to itself
        return file
    return path.relative_to(top).as_posix() if inside else file
