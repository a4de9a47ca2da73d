"""From the files that were found to what they say; of several of a kind the nearest.

A file that people named and that cannot be read is an error; of what was only found beside, a
file of latencies that cannot be read is passed over with a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from slogate.errors import SourceError
from slogate.initial.found import Found
from slogate.initial.k6 import read_script
from slogate.initial.locustfiles import read_locustfile
from slogate.initial.measured import Measured, measure
from slogate.initial.openapi import Description, read_description
from slogate.initial.services import of_one_service
from slogate.initial.settled import Sources

DEFAULT_BRANCH = "main"


def read(
    folder: Path, found: Found, now_ts: int, *, given: bool, say: Callable[[str], None]
) -> Sources:
    """What the files say; SourceError for one that cannot be read."""
    if not given:
        found, folders = of_one_service(found)
        if folders:
            say(f"several services are here, {_some(folders)}; the first is taken: begin in each")
    for told in _passed_over(found):
        say(told)
    description = None
    if found.descriptions:
        path = found.descriptions[0]
        description = read_description(folder / path, str(path))
    own = [read_locustfile(folder / path, str(path)) for path in found.locustfiles[:1]]
    scripts = [read_script(folder / path, str(path)) for path in found.scripts[:1]]
    return Sources(
        description=description,
        locustfile=own[0] if own else None,
        script=scripts[0] if scripts else None,
        measured=_measured(folder, found, description, now_ts, given=given, say=say),
    )


def _passed_over(found: Found) -> Iterator[str]:
    """Sentences about files that are not looked at."""
    kinds = {
        "description": found.descriptions,
        "locustfile": found.locustfiles,
        "k6 script": found.scripts,
        "file of latencies": found.measured,
    }
    for kind, paths in kinds.items():
        if len(paths) > 1:
            others = _some(paths[1:])
            yield f"{paths[0]} is taken, not {others}: name the {kind} that you mean"
    for path in found.too_large[:3]:
        yield f"{path} is large and was not looked at: name it, and it is"


def _some(paths: Sequence[Path]) -> str:
    """The first of some, and how many more there are."""
    names = ", ".join(str(path) for path in paths[:3])
    return f"{names} and {len(paths) - 3} more" if len(paths) > 3 else names


def _measured(
    folder: Path,
    found: Found,
    description: Description | None,
    now_ts: int,
    *,
    given: bool,
    say: Callable[[str], None],
) -> Measured | None:
    if not found.measured:
        return None
    path = found.measured[0]
    templates = (
        [f"{each.method} {description.prefix}{each.path}" for each in description.operations]
        if description
        else []
    )
    try:
        return measure(folder / path, str(path), now_ts, templates)
    except SourceError as error:
        if given:
            raise
        say(f"{error.message}; it is passed over")
        return None


def service_name(folder: Path, description: Description | None) -> str:
    """A name for the service: the title of its description, else that of the folder."""
    for text in (description.title if description else "", folder.resolve().name):
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()[:200]).strip("-")
        slug = re.sub(r"(.)-(?:rest-)?(?:api|openapi|spec)$", r"\1", slug)[:60].strip("-")
        if slug:
            return slug
    return "service"


def forges(folder: Path) -> list[str]:
    """Which CI the project has, as far as its files tell; `folder` is the top."""
    remotes = _read(folder / ".git" / "config")
    found = []
    if (folder / ".github").is_dir() or "github" in remotes:
        found.append("github")
    if (folder / ".gitlab-ci.yml").is_file() or "gitlab" in remotes:
        found.append("gitlab")
    return found


def main_branch(folder: Path) -> str:
    """The main branch, as far as the clone tells."""
    for name in ("refs/remotes/origin/HEAD", "HEAD"):
        ref = _read(folder / ".git" / name).strip().removeprefix("ref: ")
        branch = ref.removeprefix("refs/remotes/origin/").removeprefix("refs/heads/")
        usable = branch != ref and re.fullmatch(r"[A-Za-z0-9][\w./-]{0,99}", branch, re.ASCII)
        if usable and (name != "HEAD" or branch in {"main", "master", "trunk"}):
            return branch
    return DEFAULT_BRANCH


def _read(path: Path) -> str:
    """The beginning of a small file; empty if there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(65_536)
    except OSError:
        return ""
