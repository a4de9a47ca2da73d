"""`slogate spec lint|show|schema|convert|fmt`: what the specs say, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from slogate.cli import spec_convert, spec_fmt, spec_lint
from slogate.cli.options import CONTEXT, JSON, NO_COLOR, QUIET, STORE, out
from slogate.errors import EXIT_PASS

SPECS = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SPEC]...", help="Spec files or folders  [default: slo/]"),
]

app = typer.Typer(
    help="Check, show and describe spec files.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
)


app.command("lint", context_settings=CONTEXT)(spec_lint.command)


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
    from slogate.objectives._base import Allowance, Objective
    from slogate.slo.every import load_every

    loaded = load_every(read_specs(specs or []))
    objectives: list[Objective | Allowance] = [
        *(each for spec in loaded for each in spec.objectives),
        *(each for spec in loaded for each in spec.regressions),
    ]
    promises = [
        promise for spec in loaded for promise in (*spec.promises, *spec.queried, *spec.composites)
    ]
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


def _print_json(document: Any) -> None:
    out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
