"""Where a job of CI stands: its pull request, its branch, its page. From the environment alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LARGEST_EVENT = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is known of it. `branch` is None where the job stands on no branch of its own."""

    pull_request: int | None = None
    base: str | None = None
    branch: str | None = None
    main: str | None = None
    url: str | None = None


def on_github(environment: Mapping[str, str]) -> Where:
    """Of a job of GitHub Actions; what triggered it is in the file of GITHUB_EVENT_PATH."""
    event = _event(environment.get("GITHUB_EVENT_PATH"))
    ref = environment.get("GITHUB_REF", "")
    pull = event.get("pull_request")
    if not isinstance(pull, Mapping):
        flow = event.get("workflow_run")
        pulls = flow.get("pull_requests") if isinstance(flow, Mapping) else None
        pull = pulls[0] if isinstance(pulls, list) and pulls else None
    number = pull.get("number") if isinstance(pull, Mapping) else None
    if number is None and (found := re.fullmatch(r"refs/pull/(\d+)/\w+", ref)):
        number = int(found[1])
    home = event.get("repository")
    main = home.get("default_branch") if isinstance(home, Mapping) else None
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
    return Where(
        pull_request=number if isinstance(number, int) else None,
        base=environment.get("GITHUB_BASE_REF") or None,
        branch=None if number is not None else branch,
        main=main if isinstance(main, str) else None,
        url=_job(environment),
    )


def _event(path: str | None) -> Mapping[str, Any]:
    """What triggered the job; nothing if it cannot be read."""
    try:
        if not path or Path(path).stat().st_size > _LARGEST_EVENT:
            return {}
        event = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, Mapping) else {}


def _job(environment: Mapping[str, str]) -> str | None:
    server, name, run = (
        environment.get(f"GITHUB_{word}", "") for word in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    if not run.isdecimal() or not name:
        return None
    return _address(f"{server or 'https://github.com'}/{name}/actions/runs/{run}")


def _address(text: str) -> str | None:
    """An address that can stand in Markdown as it is; None for anything else."""
    return text if re.fullmatch(r"https?://[\w.:/~-]+", text, re.ASCII) else None


def on_gitlab(environment: Mapping[str, str]) -> Where:
    """Of a job of GitLab CI."""
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    return Where(
        pull_request=int(number) if number.isdecimal() else None,
        base=environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or None,
        branch=environment.get("CI_COMMIT_BRANCH") or None,
        main=environment.get("CI_DEFAULT_BRANCH") or None,
        url=_address(environment.get("CI_JOB_URL", "")),
    )


def where(environment: Mapping[str, str]) -> Where:
    """Of whichever of them it is."""
    return on_gitlab(environment) if environment.get("GITLAB_CI") else on_github(environment)
