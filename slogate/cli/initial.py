"""What `slogate init` settles before it plans: what is there, and the few questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import typer

from slogate import __version__
from slogate.cli.complaints import tame
from slogate.cli.options import note
from slogate.cli.placing import top_of
from slogate.errors import SettingsError, UsageError
from slogate.initial.found import look
from slogate.initial.plan import load_of
from slogate.initial.settled import ACTION, HOST, Answers, Sources
from slogate.initial.survey import forges, main_branch, read, service_name

FORGES = ("github", "gitlab")


def sources_of(folder: Path, given: Sequence[Path], now_ts: int, *, quiet: bool) -> Sources:
    """What the files given say, or those found."""
    found = look(folder, given)
    sources = read(
        folder, found, now_ts, given=bool(given),
        say=lambda told: note(f"note: {tame(told)}", quiet=quiet),
    )  # fmt: skip
    for each in (sources.description, sources.locustfile, sources.script, sources.measured):
        if each is not None:
            note(f"read {tame(each.file)}", quiet=quiet)
    return sources


def refuse(
    *, service: str | None, host: str | None, ci: list[str] | None, action: str | None
) -> None:
    """UsageError for an option that cannot be, before anything is read."""
    odd = service is not None and (len(service) > 200 or re.search(r"[\x00-\x1f\x7f]", service))
    if odd or (service is not None and not service.strip()):
        raise UsageError("--service: that is no name", hint="letters, digits and hyphens are best")
    if host is not None:
        checked_host(host)
    given_forges(ci or [])
    if action is not None and not re.fullmatch(r"[\w.-]+/[\w./-]+@[\w./-]+|\./[\w./-]+", action):
        raise UsageError(f"--action {tame(action)} is none", hint="OWNER/REPO/PATH@REF")


def answered(
    folder: Path,
    sources: Sources,
    *,
    service: str | None,
    host: str | None,
    serve: str | None,
    ci: list[str] | None,
    action: str | None,
    asking: bool,
    now_ts: int,
) -> Answers:
    """What the options say, what can be found, and on a terminal what was answered."""
    name = service or service_name(folder, sources.description)
    where = host or _known_host(sources)
    loads = load_of(sources) in {"made", "own"}
    if where is None and asking and loads:
        where = typer.prompt("Base URL of the service to load", default=HOST, err=True)
    top = top_of(folder)
    wanted = given_forges(ci) if ci else forges(top)
    if not wanted and not ci:
        wanted = ["github"]
        if asking:
            word = typer.prompt("CI: github, gitlab or none", default="github", err=True)
            wanted = given_forges([word.strip()])
    return Answers(
        service=name, host=checked_host(where or HOST), serve=serve, ci=wanted,
        branch=main_branch(top), action=action, action_text=_action_text(), version=__version__,
        settings=not _has_settings(folder), now_ts=now_ts, inside=_inside(folder, top),
    )  # fmt: skip


def _inside(folder: Path, top: Path) -> str:
    inside = folder.resolve().relative_to(top).as_posix()
    return "" if inside == "." else inside


def _known_host(sources: Sources) -> str | None:
    for each in (sources.locustfile, sources.description):
        if each is not None and each.host is not None:
            return each.host
    return None


def checked_host(host: str) -> str:
    """The base URL without what Locust would not want; UsageError if it is none."""
    try:
        parts = urlsplit(host.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port, True)
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[\x21-\x7e]{1,500}", host.strip()):
        raise UsageError(f"--host {tame(host[:200])} is no URL", hint="write http://HOST:PORT")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError("--host: a base URL has no user, query or fragment")
    return host.strip().rstrip("/")


def _has_settings(folder: Path) -> bool:
    """Whether the project has settings already, in either file."""
    from slogate.config import load_settings

    try:
        load_settings(folder, {})
    except SettingsError:
        return True
    text = (folder / "pyproject.toml").read_text("utf-8") if _is(folder / "pyproject.toml") else ""
    return re.search(r"^\s*\[\s*tool\s*\.\s*slogate\s*\]", text, re.MULTILINE) is not None


def _is(path: Path) -> bool:
    return path.is_file()


def _action_text() -> str:
    """The composite action as it is shipped, or as it lies in a checkout."""
    package = Path(__file__).parent.parent
    for path in (package / "demo" / "action.yml", package.parent / ACTION):
        if path.is_file():
            return path.read_text("utf-8")
    raise UsageError("the action is missing from this installation", hint="name one: --action")


def given_forges(ci: list[str]) -> list[str]:
    """The CIs that were asked for; UsageError for one that we know nothing of."""
    for each in ci:
        if each not in {*FORGES, "none"}:
            raise UsageError(f"--ci {each} is not known", hint="it is github, gitlab or none")
    if "none" in ci and len(ci) > 1:
        raise UsageError("--ci none and another contradict each other", hint="leave one out")
    return [each for each in dict.fromkeys(ci) if each != "none"]
