"""The tree of commands; every command is a file of its own, imported only when it is called."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from slogate.errors import UsageError

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
    "run", "check", "compare", "import", "receive", "report", "notify", "history", "runs",
    "spec", "alerts", "store", "demo", "docs",
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
