"""The tree of commands; every command is a file of its own, imported only when it is called."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from slogate.cli.options import CONTEXT
from slogate.cli.sparing import spare
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

# each with what it does, as its own help begins: a list of commands imports none of them
COMMANDS = {
    "run": "Load-test a service, record every request, judge it.",
    "check": "Judge what is stored: budgets on a run, slos on production.",
    "compare": "Compare runs with a base, with intervals of each change.",
    "import": "Import results of another tool as one run.",
    "receive": "Receive OpenTelemetry over OTLP/HTTP until it is stopped.",
    "report": "Show a verdict again, on a run or on slos, in any format.",
    "notify": "Tell a team of a verdict: a comment, an issue, a chat.",
    "history": "Show the course of objectives over their stored verdicts.",
    "runs": "List, show, label, pin and delete runs.",
    "plan": "Tell how long a load test must be to decide the budgets of a spec.",
    "calibrate": "Load-test the same service again and again, and count false alarms (A/A).",
    "spec": "Check, show and describe spec files.",
    "alerts": "Say who burns an error budget too fast, and tell those on duty.",
    "store": "Look into the series store, and take care of it.",
    "init": "Write a first spec, load test, settings and CI file.",
    "demo": "Serve the sample shop, load-test it, judge it against its spec.",
    "docs": "Print the manual: the list of its topics, or one page.",
}


class Commands(TyperGroup):
    """The commands by name; `import` lives in `import_.py`, a word of Python's own."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of use."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands into the help."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's file and build it; UsageError for an unknown name."""
        if cmd_name not in COMMANDS:
            raise UsageError(f"there is no command '{cmd_name}'", hint=_nearest(cmd_name))
        file = "import_" if cmd_name == "import" else cmd_name
        module = importlib.import_module(f"slogate.cli.{file}")
        app: typer.Typer | None = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(cmd_name, context_settings=CONTEXT)(module.command)
        built = typer.main.get_command(app)
        built.name = cmd_name
        spare(built)
        _as_written(built)
        return built


def _as_written(command: Any) -> None:
    """Show arguments as we write them: this Typer would add Python's types and more brackets."""
    for param in command.params:
        if param.param_type_name == "argument":
            param.display_type_rich = lambda *_, **__: ""
            usage = _usage(param)
            param.get_usage_pieces = lambda *_, usage=usage: [usage]
    for each in getattr(command, "commands", {}).values():
        _as_written(each)


def _usage(argument: Any) -> str:
    """`FILE`, `[FILE]`, `FILE...` or `[FILE]...`, with the brackets that its name lacks."""
    name: str = argument.metavar or argument.name.upper()
    if not argument.required and not name.startswith("["):
        name = f"[{name}]"
    return name if argument.nargs == 1 or "..." in name else f"{name}..."


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
    built = typer.main.get_command(app)
    spare(built)
    return built
