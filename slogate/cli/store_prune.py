"""`slogate store prune`: remove old runs, and what crashes have left behind."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.moments import given_age
from slogate.cli.options import JSON, KIND, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.cli.stores import opened_store, refreshed
from slogate.errors import EXIT_PASS, UsageError
from slogate.units import format_bytes

if TYPE_CHECKING:
    from slogate.model.run import Run
    from slogate.store.layout import Store
    from slogate.store.manifest import Belongings
    from slogate.store.strays import Stray


def prune_command(
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="DURATION", help="Runs that ended so long ago: 90d."),
    ] = None,
    keep_last: Annotated[
        int | None,
        typer.Option(
            "--keep-last", min=1, metavar="N", help="All but the last N of a service and kind."
        ),
    ] = None,
    kind: KIND = None,
    service: SERVICE = None,
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="Drafts and parts that no manifest names.")
    ] = False,
    even_newest: Annotated[
        bool, typer.Option("--even-newest", help="Even the newest complete run of a service.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even runs that claim to be recorded still.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Remove old runs with all that is theirs.

    Their requests, verdicts and logs. Asks first, on a terminal.

    With both limits only runs go that both let go. The newest complete run of each service and
    kind, and runs with a label `pin`, stay.

    \b
    Examples:
      slogate store prune --older-than 90d --dry-run
      slogate store prune --keep-last 20 --kind load --yes
      slogate store prune --leftovers --yes
    """
    from slogate.cli.grid import dumps, grid
    from slogate.store.locks import caring
    from slogate.store.manifest import Belongings, belongings, delete_run, list_runs
    from slogate.store.prune import remove_strays, too_many
    from slogate.store.strays import strays

    if older_than is None and keep_last is None and not leftovers:
        hint = "--older-than 90d, --keep-last 20 or --leftovers"
        raise UsageError("nothing says what to remove", hint=hint)
    if kind not in {None, "load", "production"}:
        raise UsageError(f"--kind {kind} is not known", hint="it is load or production")
    opened = opened_store(store)
    with nullcontext() if dry_run else caring(opened):
        runs = too_many(
            list_runs(opened, service=service, kind=kind),
            now_ts=time.time_ns() // 1_000,
            older_than_us=None if older_than is None else given_age("--older-than", older_than),
            keep_last=keep_last,
            even_newest=even_newest,
            even_running=force,
        )
        found = strays(opened, time.time(), alone=not dry_run) if leftovers else []
        there = belongings(opened) if runs else Belongings({}, {})
        rows = [*(_run_row(opened, run, there) for run in runs), *(_row(opened, s) for s in found)]
        if not as_json and rows:
            out(grid(("what", "service", "kind", "from", "bytes"), rows, no_color=no_color))
        if rows and not dry_run:
            _ask(len(runs), len(found), yes=yes)
            there = belongings(opened) if runs else there  # more may be there since it was asked
            for run in runs:
                delete_run(opened, run.id, force=force, there=there)
            remove_strays(opened, found)
    if rows and not dry_run:
        refreshed(opened, quiet=quiet)
    if as_json:
        gone = [str(stray.path.relative_to(opened.root)) for stray in found]
        out(dumps({"dry_run": dry_run, "runs": [run.id for run in runs], "leftovers": gone}))
    note(_told(len(runs), len(found), [row[-1] for row in rows], dry_run=dry_run), quiet=quiet)
    return EXIT_PASS


def _run_row(store: Store, run: Run, there: Belongings) -> tuple[Any, ...]:
    from slogate.reports._base import instant
    from slogate.store.manifest import own_parts
    from slogate.store.prune import moment_of

    size = sum(path.stat().st_size for path in own_parts(store, run, there))
    return run.id, run.service, run.kind, instant(moment_of(run))[:19].replace("T", " "), size


def _row(store: Store, stray: Stray) -> tuple[Any, ...]:
    size = stray.path.stat().st_size
    return str(stray.path.relative_to(store.root)), None, stray.kind, None, size


def _ask(runs: int, files: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here whether to delete", hint="add --yes")
    typer.confirm(f"delete {_what(runs, files)}?", abort=True, err=True)


def _what(runs: int, files: int) -> str:
    from slogate.cli.importing import counted

    parts = [counted(runs, "run")] if runs or not files else []
    return " and ".join([*parts, counted(files, "leftover")] if files else parts)


def _told(runs: int, files: int, sizes: list[int], *, dry_run: bool) -> str:
    verb = "would delete" if dry_run else "deleted"
    return f"{verb} {_what(runs, files)}, {format_bytes(sum(sizes))}"
