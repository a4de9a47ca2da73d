"""Which commit and branch a run belongs to, from the CI's variables or from git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "BUILD_SOURCEVERSION")
_BRANCH = (
    "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH", "BUILD_SOURCEBRANCHNAME",
)  # fmt: skip


def commit_and_branch(
    folder: Path, environment: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """(commit, branch) of the work in `folder`; None where nobody knows."""
    commit = _first(environment, _COMMIT) or _git(folder, "rev-parse", "HEAD")
    branch = _first(environment, _BRANCH) or _git(folder, "symbolic-ref", "--short", "HEAD")
    return commit, branch


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        found = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
