"""The command line: finds the command, runs it, and is the one place that exits.

Every command is a file of its own, imported only when called. A command returns its exit
code; an error of slogate prints its sentence and its hint, and exits with the code that its
class owns. Anything else is a bug in slogate: one line, exit 2, the traceback with `--debug`.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from slogate.errors import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_PASS,
    Interrupted,
    SlogateError,
    SpecError,
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
        """Import the command's file and build it; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
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
    try:
        code = build().main(args=arguments, prog_name="slogate", standalone_mode=False)
    except SpecError as error:
        # no prefix: editors and problem matchers look for file:line:column at the head
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except SlogateError as error:
        _complain(error.message, error.hint)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted", None)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; Python must not complain of that at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback, never exit 1
        if hasattr(error, "format_message") and hasattr(error, "show"):
            error.show()
            return EXIT_ERROR
        if "--debug" in arguments or os.environ.get("SLOGATE_DEBUG"):
            traceback.print_exc()
        kind = type(error).__name__
        _complain(f"internal error: {kind}: {error}", "run again with --debug and report it")
        return EXIT_ERROR
    return code if isinstance(code, int) else EXIT_PASS


def _complain(message: str, hint: str | None) -> None:
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"  hint: {hint}\n")


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
