"""`slogate store export`: a series of some runs in one file, for other tools."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.moments import given_moment
from slogate.cli.options import JSON, KIND, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.cli.stores import opened_store
from slogate.errors import EXIT_PASS, UsageError
from slogate.units import format_bytes

if TYPE_CHECKING:
    from slogate.model.run import Run
    from slogate.store.export import Form
    from slogate.store.layout import Store

_HINT = "choose another name"


def export_command(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A .parquet, .csv or .ndjson file."),
    ],
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Run id, its beginning, a label, or latest."),
    ] = None,
    service: SERVICE = None,
    kind: KIND = None,
    series: Annotated[
        str,
        typer.Option(
            "--series", metavar="requests|counts|histograms", help="Which series to export."
        ),
    ] = "requests",
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Rows that start at this moment or later."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Rows that start before it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Write a run or a service's series into a file.

    Whole or not at all. A file that is there is replaced only with --force.

    \b
    Examples:
      slogate store export --run latest -o run.parquet
      slogate store export --service shop --from 2026-11-01 --to 2026-12-01 -o november.ndjson
      slogate store export --service shop --series histograms -o hours.csv
    """
    del no_color
    from slogate.cli.grid import dumps
    from slogate.cli.importing import counted
    from slogate.store.export import FORMS, export
    from slogate.store.tables import SERIES

    form: Form | None = next((f for f in FORMS if output.suffix == f".{f}"), None)
    if form is None:
        hint = "end its name in .parquet, .csv or .ndjson"
        raise UsageError(f"--output {output} does not say which format", hint=hint)
    _check_free(output, force=force)
    chosen = next((name for name in SERIES if name == series), None)
    if chosen is None:
        raise UsageError(f"--series {series} is not known", hint=f"it is {', '.join(SERIES)}")
    opened = opened_store(store)
    runs = _runs(opened, run, service, kind)
    bounds = {"from_ts": given_moment("--from", since), "to_ts": given_moment("--to", until)}
    gone = [each for each in runs if each.rolled_up is not None and chosen == "requests"]
    if gone:
        note(
            f"note: the requests of {counted(len(gone), 'run')} were rolled up and are not in it: "
            "--series counts, or histograms",
            quiet=quiet,
        )
    found = export(opened, runs, chosen, output, form, **bounds)
    if as_json:
        told = {"file": str(output), "series": series, "rows": found.rows, "bytes": found.bytes}
        out(dumps({**told, "runs": [each.id for each in runs]}))
    note(
        f"exported {counted(found.rows, 'row')} of {series} of {counted(len(runs), 'run')} "
        f"to {output}, {format_bytes(found.bytes)}",
        quiet=quiet,
    )
    return EXIT_PASS


def _check_free(output: Path, *, force: bool) -> None:
    """UsageError if something is there that is not to be replaced; a link is not followed."""
    try:
        mode = output.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise UsageError(f"--output {output} is there and is no regular file", hint=_HINT)
    if not force:
        raise UsageError(f"--output {output} is there already", hint=f"{_HINT}, or add --force")


def _runs(store: Store, run: str | None, service: str | None, kind: str | None) -> list[Run]:
    """The run that is named, or the service's, oldest first; UsageError if neither is said."""
    from slogate.store.manifest import find_run, list_runs

    if kind not in {None, "load", "production"}:
        raise UsageError(f"--kind {kind} is not known", hint="it is load or production")
    if run is not None:
        return [find_run(store, run, service=service, kind=kind)]
    if service is None:
        raise UsageError("nothing says what to export", hint="--run latest, or --service NAME")
    found = list_runs(store, service=service, kind=kind)
    if not found:
        raise UsageError(f"there is no run of service '{service}'", hint="slogate runs list")
    return found[::-1]
