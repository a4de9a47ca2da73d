"""The options that every command shares, and where text goes.

Reports and machine output go to stdout; progress, notes and errors to stderr. Colour only on
a terminal, never with `--no-color` or NO_COLOR.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.complaints import Untold, say, settle
from slogate.cli.streams import harmless

PAGE = 110
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_HELD: ContextVar[list[str] | None] = ContextVar("held", default=None)
STORE = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FOLDER",
        envvar="SLOGATE_STORE",
        help="Folder of the series store  [default: .slogate]",
        show_default=False,
    ),
]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
NO_COLOR = Annotated[bool, typer.Option("--no-color", help="No colour, even on a terminal.")]
SERVICE = Annotated[
    str | None, typer.Option("--service", "-s", metavar="NAME", help="Name of the service.")
]
LABELS = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="K=V", help="Label to keep with the run; repeatable."),
]
THREADS = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=256,
        metavar="N",
        help="Threads to count with  [default: one a core]",
    ),
]
PROMETHEUS = Annotated[
    list[str] | None,
    typer.Option(
        "--prometheus",
        metavar="[NAME=]URL",
        help="The server that indicators ask, or the one of that DataSource; repeatable.",
    ),
]
KIND = Annotated[
    str | None, typer.Option("--kind", metavar="load|production", help="Only runs of this kind.")
]


def out(text: str, *, commands: bool = False) -> None:
    """Write a report or machine output to stdout as it is; Untold if that is impossible.

    Only where `commands` says so does GitHub's runner obey what stands in it.
    """
    try:
        sys.stdout.write(text if commands else harmless(text))
        sys.stdout.flush()
    except OSError as error:
        settle(sys.stdout)
        gone = isinstance(error, BrokenPipeError)
        why = None if gone else f"cannot write to the output: {error.strerror}"
        raise Untold(why) from None


def note(text: str, *, quiet: bool = False) -> None:
    """Write one line of progress or explanation to stderr; nobody may be reading there."""
    if not quiet:
        held = _HELD.get()
        (say if held is None else held.append)(text)


@contextmanager
def held_notes(notes: list[str]) -> Iterator[None]:
    """Keep what this thread notes meanwhile in a list, for whoever tells it later."""
    token = _HELD.set(notes)
    try:
        yield
    finally:
        _HELD.reset(token)


def colour_wanted(*, no_color: bool) -> bool:
    """Whether stdout is a terminal that shows colour, and whose user wants it."""
    if no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def page_width() -> int:
    """The columns of the terminal (or COLUMNS) that a report has; 110 where there is none."""
    if not sys.stdout.isatty():
        return PAGE
    return shutil.get_terminal_size((PAGE, 24)).columns


def given_run_time(text: str) -> int:
    """The microseconds of `--run-time`; UsageError for anything that is no length of time."""
    return given_duration(text, "--run-time")


def given_duration(text: str, option: str) -> int:
    """The microseconds of an option; UsageError for anything that is no length of time."""
    from slogate.errors import UsageError
    from slogate.units import parse_duration

    try:
        planned = parse_duration(text, ("s", "m"))
    except ValueError as error:
        fault, _, hint = str(error).partition("; ")
        raise UsageError(f"{option}: {fault}", hint=hint or None) from None
    if planned == 0:
        raise UsageError(f"{option} must be longer than 0")
    return planned
