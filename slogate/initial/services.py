"""Whether a folder holds several services, and which of the files found belong to the nearest.

Several descriptions, or several locustfiles, in folders side by side are several services, unless
the folders have names that any project has (`docs`, `tests`). Load meant for one must not go to
another: files of the others are left out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from slogate.initial.found import Found

_SHARED = frozenset((
    "api", "apis", "assets", "benchmark", "benchmarks", "contract", "contracts", "data", "doc",
    "docs", "e2e", "example", "examples", "k6", "load", "load-test", "load-tests", "loadtest",
    "loadtests", "locust", "log", "logs", "openapi", "perf", "performance", "public", "resources",
    "results", "schema", "schemas", "scripts", "spec", "specs", "src", "static", "swagger", "test",
    "tests", "tools", "web",
))  # fmt: skip


def of_one_service(found: Found) -> tuple[Found, list[Path]]:
    """What belongs to the nearest, and the folders of all; of one service all, and no folder."""
    for paths in (found.descriptions, found.locustfiles):
        home, *others = folders = _folders(paths) or [Path()]
        if others:
            kept = {each.name: _of(home, getattr(found, each.name)) for each in fields(found)}
            return replace(found, **kept), folders
    return found, []


def _folders(paths: Sequence[Path]) -> list[Path]:
    """The folders of services side by side, the nearest first; none if that is not clear."""
    if len(paths) < 2:
        return []
    above = Path(os.path.commonpath([path.parent for path in paths]))
    found: dict[Path, None] = {}
    for path in paths:
        inside = path.relative_to(above)
        if len(inside.parts) == 1 or inside.parts[0].lower() in _SHARED:
            return []
        found[above / inside.parts[0]] = None
    return list(found)


def _of(home: Path, paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if not _is_of_another(home, path)]


def _is_of_another(home: Path, path: Path) -> bool:
    """Whether it lies in a folder beside that of the service, which is not one for all."""
    if not path.is_relative_to(home.parent) or path.is_relative_to(home):
        return False
    beside = path.relative_to(home.parent).parts
    return len(beside) > 1 and beside[0].lower() not in _SHARED
