"""What is settled before the files are planned: what was read, what was answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from slogate.initial.k6 import Script
from slogate.initial.locustfiles import Locustfile
from slogate.initial.measured import Measured
from slogate.initial.openapi import Description

HOST = "http://127.0.0.1:8000"
ACTION = Path(".github/actions/slogate/action.yml")


def is_here(host: str) -> bool:
    """Whether an address is of this machine."""
    name = urlsplit(host).hostname or ""
    return name in {"localhost", "::1"} or re.fullmatch(r"127(\.\d+){3}", name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was read of a project; each may be missing."""

    description: Description | None = None
    locustfile: Locustfile | None = None
    script: Script | None = None
    measured: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked or settled: the service's name, where it is, and which CI.

    `action` is what the workflow uses; None: a copy of ours, whose text is `action_text`. `inside`
    is where the project is in its repository: empty at the top, where CI looks for its files.
    """

    service: str
    host: str
    ci: Sequence[str]
    branch: str
    action: str | None
    action_text: str
    serve: str | None = None
    settings: bool = True
    version: str
    now_ts: int
    inside: str = ""

    @property
    def slug(self) -> str:
        """The service as part of the name of a file."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.service).strip("-.")[:80] or "service"

    @property
    def top(self) -> Path:
        """The way up to the top of the repository."""
        return Path(*[".."] * len(PurePosixPath(self.inside).parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One file to write and what it is for; `instead` is what to do where it is there already."""

    path: Path
    text: str
    what: str
    instead: str = ""
