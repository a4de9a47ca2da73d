"""`slogate store`: info and sql; the other commands of the group have files of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from slogate.cli.options import CONTEXT, JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.cli.store_compact import compact_command
from slogate.cli.store_export import export_command
from slogate.cli.store_prune import prune_command
from slogate.cli.store_rebuild import rebuild_command
from slogate.cli.store_verify import verify_command
from slogate.cli.stores import opened_store
from slogate.errors import EXIT_PASS
from slogate.units import format_bytes

app = typer.Typer(
    help="Look into the series store, and take care of it.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
)


@app.command("info", context_settings=CONTEXT)
def info_command(
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Say what is stored of each service.

    Runs, requests and bytes, series by series, and by which versions they were written.

    \b
    Examples:
      slogate store info
      slogate store info --store ci/.slogate --json | jq .requests
    """
    from dataclasses import asdict

    from slogate.cli.grid import dumps, grid
    from slogate.cli.importing import counted
    from slogate.store.summary import summarise

    opened = opened_store(store)
    summary = summarise(opened)
    if as_json:
        out(dumps({"store": str(opened.root), **asdict(summary), "versions": _versions()}))
        return EXIT_PASS
    head = ("service", "kind", "series", "runs", "requests", "parts", "bytes", "bytes/request")
    rows: list[tuple[object, ...]] = [
        (h.service, h.kind, s.series, s.runs, s.requests, s.parts, s.bytes,
         _per_request(s.bytes, s.requests))
        for h in summary.holdings
        for s in h.series
    ]  # fmt: skip
    rows += [(h.service, h.kind, "", h.runs, 0, 0, 0, "") for h in summary.holdings if not h.series]
    out(grid(head, rows, no_color=no_color))
    size = format_bytes(summary.bytes)
    note(
        f"{opened.root}: {counted(summary.runs, 'run')}, {counted(summary.verdicts, 'verdict')}, "
        f"{counted(summary.requests, 'request')}, {size}",
        quiet=quiet,
    )
    note(", ".join(f"{name} {version}" for name, version in _versions().items()), quiet=quiet)
    return EXIT_PASS


@app.command("sql", context_settings=CONTEXT)
def sql_command(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT, in DuckDB's SQL.")],
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Ask the store in SQL, read-only.

    The views are requests, counts, histograms, runs and verdicts.

    \b
    Examples:
      slogate store sql "describe requests"
      slogate store sql "select endpoint, count(*), max(duration_us) from requests group by all"
      slogate store sql "select run, objective, observed, unit from verdicts where outcome = 'fail'"
      slogate store sql "select * from runs" --json | jq '.[].id'
    """
    del quiet
    from slogate.cli.grid import dumps, grid
    from slogate.store.views import query as ask

    names, rows = ask(opened_store(store), query)
    if as_json:
        out(dumps([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        out(grid(names, rows, no_color=no_color))
    return EXIT_PASS


for name, command in (
    ("compact", compact_command),
    ("prune", prune_command),
    ("verify", verify_command),
    ("rebuild", rebuild_command),
    ("export", export_command),
):
    app.command(name, context_settings=CONTEXT)(command)


def _per_request(size: int, requests: int) -> str:
    return f"{size / requests:.1f}" if requests else ""


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    from slogate import __version__
    from slogate.model.series import SCHEMA_VERSION
    from slogate.store.layout import FORMAT

    return {
        "slogate": __version__,
        "format": str(FORMAT),
        "schema": str(SCHEMA_VERSION),
        "DuckDB": version("duckdb"),
        "Arrow": version("pyarrow"),
    }
