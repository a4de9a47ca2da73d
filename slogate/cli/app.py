"""The command line: finds the command, runs it, and is the one place that exits.

Every command is a file of its own, imported only when called. A command returns its exit
code; an error of slogate prints its sentence and its hint, and exits with the code that its
class owns. Anything else is a bug in slogate: one line, exit 2, the traceback with `--debug`.
"""

from __future__ import annotations

import difflib
import importlib
import io
import os
import signal
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from slogate.cli.complaints import complain, explain, output_trouble, settle
from slogate.errors import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_PASS,
    Interrupted,
    SlogateError,
    SpecError,
    UsageError,
)

HELP = """Load-test a service, keep the latencies, judge them against SLOs, fail the build.

\b
Examples:
  slogate demo                         see it work, without any set-up
  slogate run                          load-test and judge what slo/ and loadtests/ say
  slogate check --run latest           judge a stored run again
  slogate import results.jtl -s shop   take in what another tool measured

\b
Exit codes: 0 nothing blocks, 1 a breach, 2 the gate could not run, 3 no verdict, 130 interrupted.
"""

COMMANDS = (
    "run", "check", "import", "report", "runs", "spec", "store", "demo", "docs",
)  # fmt: skip


class Commands(TyperGroup):
    """The commands by name; `import` lives in `import_.py`, a word of Python's own."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's file and build it; UsageError for an unknown name."""
        if cmd_name not in COMMANDS:
            raise UsageError(f"there is no command '{cmd_name}'", hint=_nearest(cmd_name))
        file = "import_" if cmd_name == "import" else cmd_name
        module = importlib.import_module(f"slogate.cli.{file}")
        app: typer.Typer | None = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(cmd_name, context_settings=getattr(module, "CONTEXT", CONTEXT))(
                module.command
            )
        built = typer.main.get_command(app)
        built.name = cmd_name
        return built


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _nearest(word: str) -> str:
    if word in {"version", "help"}:
        return f"slogate --{word}"
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    return f"did you mean 'slogate {near[0]}'?" if near else "slogate -h lists the commands"


def _version(wanted: bool) -> None:
    if wanted:
        from slogate import __version__

        typer.echo(f"slogate {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an internal error."),
) -> None:
    del version, debug


def build() -> Any:
    """Build the command tree."""
    app = typer.Typer(
        cls=Commands,
        help=HELP,
        add_completion=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=CONTEXT,
    )
    app.callback()(_root)
    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    code = _attempt(arguments)
    trouble = settle(sys.stdout)
    settle(sys.stderr)
    if trouble is None:
        return code
    if (why := output_trouble(trouble)) and not isinstance(trouble, BrokenPipeError):
        complain(why, None)
    # what nobody could read is no pass
    return code or EXIT_ERROR


def _attempt(arguments: list[str]) -> int:
    try:
        code = build().main(
            args=arguments, prog_name="slogate", standalone_mode=False, obj=arguments
        )
    except SpecError as error:
        # no prefix: editors and problem matchers look for file:line:column at the head
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except SlogateError as error:
        complain(error.message, error.hint)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted", None)
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback, never exit 1
        return _other(error, arguments)
    return code if isinstance(code, int) else EXIT_PASS


def _other(error: Any, arguments: list[str]) -> int:
    """Exit 2 for a call that the library refused, an output that broke off, and bugs of ours."""
    if why := output_trouble(error):
        settle(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # a reader who has gone wants no more
            complain(why, None)
    elif type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    elif hasattr(error, "format_message"):
        complain(*explain(error))
    else:
        if "--debug" in arguments or os.environ.get("SLOGATE_DEBUG"):
            traceback.print_exc()
        kind = type(error).__name__
        complain(f"internal error: {kind}: {error}", "run again with --debug and report it")
    return EXIT_ERROR


def _stop(number: int, frame: object) -> None:
    """End as Ctrl-C does: what runs is stopped in order, what was recorded is kept."""
    del frame
    raise Interrupted(f"stopped by {signal.Signals(number).name}")


def main() -> None:
    """Run as the program `slogate`; an output that cannot show a character gets its escape."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
