"""`slogate spec lint|show|schema|convert|fmt`: what the specs say, and what is wrong with them."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from slogate.cli import spec_convert, spec_fmt
from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, given_run_time, note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS, UsageError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
SPECS = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SPEC]...", help="Spec files or folders  [default: slo/]"),
]
RUN_TIME = Annotated[
    str | None, typer.Option("--run-time", metavar="60s", help="How long the load test will run.")
]
RATE = Annotated[
    str | None, typer.Option("--rate", metavar="150/s", help="Requests a second that it plans.")
]
PROFILE = Annotated[
    str,
    typer.Option(
        "--profile", metavar="strict|lenient", help="How OpenSLO is held to its rules of style."
    ),
]
RECURSIVE = Annotated[
    bool, typer.Option("--recursive", "-R", help="Folders with all folders below.")
]

app = typer.Typer(
    help="Check, show and describe spec files.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
)


@app.command("lint", context_settings=CONTEXT)
def lint_command(
    specs: SPECS = None,
    run_time: RUN_TIME = None,
    rate: RATE = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 on warnings too.")] = False,
    profile: PROFILE = "strict",
    recursive: RECURSIVE = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Check specs.

    Faults are exit 2; what is most likely not meant is told and exit 0, see --strict.

    \b
    Examples:
      slogate spec lint                               all of slo/
      slogate spec lint slo/shop.yaml --strict        warnings fail as well
      slogate spec lint --run-time 45s --rate 150/s   also what so much load cannot decide
      slogate spec lint openslo/ -R --profile lenient OpenSLO: style only warns
      slogate spec lint --json | jq '.[].rule'        one object a fault or remark
    """
    del store, no_color
    from slogate.cli.linting import given_profile, linted

    planned = _planned(run_time, rate)
    found = linted(
        specs or [],
        now_ts=time.time_ns() // 1_000,
        planned=planned,
        profile=given_profile(profile),
        recursive=recursive,
    )
    if as_json:
        _print_json([asdict(remark) for remark in found.remarks])
    else:
        out(found.lines())
    note(found.summary(), quiet=quiet)
    return EXIT_ERROR if found.worst({"error", "warning"} if strict else {"error"}) else EXIT_PASS


@app.command("show", context_settings=CONTEXT)
def show_command(
    specs: SPECS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Show the objectives as they are understood, defaults filled in.

    \b
    Examples:
      slogate spec show
      slogate spec show slo/shop.yaml --json | jq '.[].id'
    """
    del store, quiet, no_color
    from slogate.cli.promisetable import as_data as promise_data
    from slogate.cli.promisetable import table as promise_table
    from slogate.cli.specfiles import read_specs
    from slogate.cli.spectable import as_data, table
    from slogate.slo.load import load_specs

    loaded = load_specs(read_specs(specs or []))
    objectives = [objective for spec in loaded for objective in spec.objectives]
    promises = [promise for spec in loaded for promise in spec.promises]
    if as_json:
        _print_json([*map(as_data, objectives), *map(promise_data, promises)])
    else:
        out(table(objectives) if objectives or not promises else "")
        out(promise_table(promises))
        out("".join(f"{fault}\n" for spec in loaded for fault in spec.unsupported))
    return EXIT_PASS


@app.command("schema", context_settings=CONTEXT)
def schema_command(
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Print the JSON Schema of spec files, for editors and CI.

    \b
    Examples:
      slogate spec schema > slogate.schema.json
      # yaml-language-server: $schema=slogate.schema.json     (first line of a spec)
    """
    del store, as_json, quiet, no_color
    from slogate.slo.schema import schema_text

    out(schema_text())
    return EXIT_PASS


app.command("convert", context_settings=CONTEXT)(spec_convert.command)
app.command("fmt", context_settings=CONTEXT)(spec_fmt.command)


def _planned(run_time: str | None, rate: str | None) -> Any:
    from slogate.slo.rules import Planned
    from slogate.units import parse_rate

    if run_time is None:
        if rate is not None:
            raise UsageError("--rate alone tells nothing", hint="give --run-time as well")
        return None
    run_us = given_run_time(run_time)
    try:
        planned_rate = None if rate is None else float(parse_rate(rate))
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None
    if planned_rate == 0:
        raise UsageError("--rate must be over 0")
    return Planned(run_us=run_us, rate=planned_rate)


def _print_json(document: Any) -> None:
    out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
