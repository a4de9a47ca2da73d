"""`slogate init`: a first spec, load test, settings and CI file from what a project has."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.complaints import tame
from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.errors import EXIT_PASS

if TYPE_CHECKING:
    from slogate.initial.plan import Plan
    from slogate.initial.settled import Planned, Sources

SCHEMA = "slogate.init/v1"


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="What to begin from: OpenAPI, locustfile, k6 script, access log, results.  "
            "[default: what is found]",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("-H", "--host", metavar="URL", help="Base URL of the service to load."),
    ] = None,
    serve: Annotated[
        str | None,
        typer.Option("--serve", metavar="COMMAND", help="How slogate is to start the service."),
    ] = None,
    ci: Annotated[
        list[str] | None,
        typer.Option(
            "--ci", metavar="github|gitlab|none", help="For which CI; repeatable.  [default: found]"
        ),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(
            "--action",
            metavar="OWNER/REPO/PATH@REF",
            help="Action that the workflow uses  [default: a copy in .github/actions]",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, take what is most likely meant.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the files, and write none.")
    ] = False,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Write a first spec, load test, settings and CI file.

    Looks at OpenAPI 3 and Swagger 2 descriptions, locustfiles, thresholds of k6 scripts, access
    logs and results of other tools. Asks on a terminal only for what it cannot find. Whatever is
    there already is kept, and said so; nothing is ever overwritten, and nothing is sent anywhere.

    \b
    Examples:
      slogate init --dry-run                   look first
      slogate init                             from what is found in this folder
      slogate init openapi.yaml access.log --host https://staging.example.com
      slogate init load.js --ci gitlab --yes   from a k6 script, without a question
    """
    del no_color, store
    from slogate.cli.initial import answered, refuse, sources_of
    from slogate.initial.keeping import taken, write
    from slogate.initial.plan import planned

    refuse(service=service, host=host, ci=ci, action=action)
    folder = Path.cwd()
    asking = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    sources = sources_of(folder, files or [], int(time.time() * 1e6), quiet=quiet)
    answers = answered(
        folder, sources, service=service, host=host, serve=serve, ci=ci, action=action,
        asking=asking, now_ts=int(time.time() * 1e6),
    )  # fmt: skip
    plan = planned(sources, answers)
    kept = {file.path: taken(folder, file.path) for file in plan.files}
    new = [file for file in plan.files if kept[file.path] is None]
    if not dry_run:
        write(folder, new)
    if as_json:
        out(f"{json.dumps(_document(plan, sources, kept, dry_run=dry_run), indent=2)}\n")
    elif dry_run:
        out("\n".join(_shown(file, kept[file.path]) for file in plan.files))
    else:
        out("".join(_line(file, kept[file.path]) for file in plan.files))
    instead = [file.instead for file in plan.files if file.instead and kept[file.path] is not None]
    for each in [*plan.notes, *instead]:
        note(f"note: {tame(each)}", quiet=quiet)
    if not dry_run:
        note(_next(plan, answers.host, new), quiet=quiet)
    return EXIT_PASS


def _line(file: Planned, kept: Path | None) -> str:
    if kept is None:
        return f"wrote {file.path}: {file.what}\n"
    if kept == file.path:
        return f"kept  {file.path}: it is there\n"
    return f"kept  {kept}: so {file.path} was not written\n"


def _shown(file: Planned, kept: Path | None) -> str:
    """The file as it would be; of one that is kept, too, to take over what is of use."""
    instead = f" (not written: {kept} is kept)" if kept is not None else ""
    return f"# {file.path}: {file.what}{instead}\n\n{file.text}"


def _next(plan: Plan, host: str, new: list[Planned]) -> str:
    """What to do now."""
    if not new:
        return "nothing was written: all of it is there"
    lines = ["", "next:", "  slogate spec lint       check the spec"]
    if plan.load in {"made", "own"}:
        lines += [
            f"  slogate run             load-test {host} for two minutes and judge it",
            "  slogate report latest --format html --open    see what it took, then set the limits",
        ]
    else:
        lines += ["  slogate import RESULTS  take in what your load test wrote, then slogate check"]
    if plan.production is not None and any(file.path.parent == Path("slo") for file in new):
        lines += [f"  {tame(plan.production)}", "  slogate check --only slos    judge its slos"]
    return "\n".join(lines)


def _document(
    plan: Plan, sources: Sources, kept: dict[Path, Path | None], *, dry_run: bool
) -> dict[str, object]:
    read = (sources.description, sources.locustfile, sources.script, sources.measured)
    return {
        "schema": SCHEMA,
        "dry_run": dry_run,
        "read": [each.file for each in read if each is not None],
        "load": plan.load,
        "files": [
            {
                "path": str(file.path),
                "written": kept[file.path] is None and not dry_run,
                "kept": None if kept[file.path] is None else str(kept[file.path]),
                "what": file.what,
                "text": file.text if dry_run or kept[file.path] is None else None,
            }
            for file in plan.files
        ],
        "notes": plan.notes,
    }
