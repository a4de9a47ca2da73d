"""`slogate history`: the course of objectives over their stored verdicts."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.errors import EXIT_BREACH, EXIT_PASS, NoData, UsageError

if TYPE_CHECKING:
    from slogate.history.document import Told


def command(
    objectives: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OBJECTIVE]...",
            help="Id, part of one (submit/p95, submit), or a pattern with *.  [default: all]",
            show_default=False,
        ),
    ] = None,
    service: SERVICE = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, metavar="N", help="Show so many newest verdicts.")
    ] = 20,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Nothing older: a day, a moment, or an age like 30d."
        ),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", metavar="NAME", help="Only runs of this branch; * is any text."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", metavar="K=V", help="Only runs with this label; repeatable."),
    ] = None,
    fail_on_new: Annotated[
        bool,
        typer.Option(
            "--fail-on-new", help="Exit 1 where a level got worse, stayed so, and is not known."
        ),
    ] = False,
    ack: Annotated[
        str | None,
        typer.Option(
            "--ack", metavar="REASON", help="Note the new changes of these objectives as known."
        ),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(
            "--known",
            metavar="FILE",
            help="Changes that are known  [default: slo/known-changes.toml]",
            show_default=False,
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the verdicts as CSV.")] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Show the course of objectives over their stored verdicts.

    Without a name, or where it fits several, a line an objective; else a line a verdict, with the
    revisions of what was promised, the changes of level and the commits that brought them.

    \b
    Examples:
      slogate history                                   all objectives
      slogate history submit/p95 --last 50              one in full
      slogate history 'shop/*' --since 30d --json
      slogate history --branch main --fail-on-new       fail a build when a level got worse
      slogate history submit/p95 --ack "new cache, agreed in 4711"
    """
    from slogate import __version__
    from slogate.cli.given import given_pairs
    from slogate.cli.grid import dumps
    from slogate.cli.known_changes import place_of, read_known
    from slogate.cli.specfiles import FOLDER
    from slogate.config import load_settings
    from slogate.history.choice import Choice
    from slogate.history.course import courses
    from slogate.history.document import Told, document
    from slogate.history.shifts import shifts
    from slogate.store.layout import open_store
    from slogate.store.verdicts import each_verdict

    if as_csv and as_json:
        raise UsageError("--csv and --json contradict each other", hint="leave one out")
    settings = load_settings(Path.cwd(), os.environ)
    file = known or place_of(settings.specs, FOLDER)
    choice = Choice(
        objectives=tuple(objectives or ()),
        service=service,
        branch=branch,
        labels=given_pairs("--label", label or []),
        since_ts=_since(since),
    )
    acknowledged = read_known(file)
    found = choice.entries(each_verdict(open_store(store or settings.store)))
    told = [
        Told(course=course, shifts=tuple(shifts(course, acknowledged)), rows=last)
        for course in courses(found)
    ]
    if ack is not None:
        return _acknowledge(told, file, ack, quiet=quiet)
    if as_json:
        out(dumps(document(told, version=__version__)))
    elif as_csv:
        from slogate.cli.historycsv import table

        out(table(told))
    else:
        _show(told, no_color=no_color, quiet=quiet)
    return _gate(told, fail=fail_on_new, quiet=quiet)


def _since(word: str | None) -> int | None:
    """A moment, or an age from now on back."""
    from slogate.cli.moments import given_moment
    from slogate.units import parse_duration

    if word is None:
        return None
    try:
        return time.time_ns() // 1_000 - parse_duration(word)
    except ValueError:
        try:
            return given_moment("--since", word)
        except UsageError as error:
            hint = f"{error.hint or 'write a moment'}, or an age like 30d"
            raise UsageError(error.message, hint=hint) from None


def _show(told: Sequence[Told], *, no_color: bool, quiet: bool) -> None:
    from slogate.cli.historytable import overview, sheet

    if len(told) == 1:
        out(sheet(told[0], no_color=no_color))
        return
    out(overview(told, no_color=no_color))
    note(f"{len(told)} objectives; `slogate history OBJECTIVE` shows one in full", quiet=quiet)


def _gate(told: Sequence[Told], *, fail: bool, quiet: bool) -> int:
    """Say what is new and exit by it, if that is asked for."""
    from slogate.cli.historytable import between, level, too_short
    from slogate.stats.change_points import LEAST

    new = [shift for each in told for shift in each.shifts if shift.status == "new"]
    if not fail:
        return EXIT_PASS
    if not any(each.course.last.kind == "load" for each in told):
        hint = "slos have alerts for that: slogate docs slos"
        raise NoData("no verdict: of these objectives no load run was ever judged", hint=hint)
    for shift in new:
        moved = f"{level(shift.before, shift.unit)} to {level(shift.after, shift.unit)}"
        note(f"new: {shift.objective} went from {moved} between {between(shift)}", quiet=quiet)
    if new:
        note("if that is all right: slogate history OBJECTIVE --ack REASON", quiet=quiet)
    if short := too_short(told):
        note(
            f"note: {short} of {len(told)} objectives have under {LEAST} measurements: "
            "too few for any change to show",
            quiet=quiet,
        )
    return EXIT_BREACH if new else EXIT_PASS


def _acknowledge(told: Sequence[Told], file: Path, reason: str, *, quiet: bool) -> int:
    """Note the new changes as known."""
    from slogate.cli.known_changes import add_known

    new = [shift for each in told for shift in each.shifts if shift.status == "new"]
    if not reason.strip():
        raise UsageError("--ack needs a reason", hint="somebody will want to know in a year")
    if not new:
        hint = "`slogate history` shows what there is"
        raise UsageError("there is no new change to acknowledge", hint=hint)
    add_known(file, new, reason)
    for shift in new:
        note(f"known: {shift.objective} since {shift.first.run}", quiet=quiet)
    note(f"wrote {file}", quiet=quiet)
    return EXIT_PASS
