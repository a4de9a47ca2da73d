"""`slogate check`: judge what is stored."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note
from slogate.errors import EXIT_PASS
from slogate.model.run import Run
from slogate.slo.spec import Spec
from slogate.store.layout import Store


def command(
    specs: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Spec files  [default: slo/]")
    ] = None,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="Run id, its beginning, a label, or latest.")
    ] = "latest",
    service: SERVICE = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="TEXT", help="`budgets`: leave the rest alone."),
    ] = None,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Report as ever, but exit 0 whatever was found.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, max=256, metavar="N", help="Threads to count with."),
    ] = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Judge a stored run, the latest unless another is named.

    Judges the budgets of the specs, by default on the latest load run of each service.

    \b
    Examples:
      slogate check                          all of slo/, on each service's latest load run
      slogate check slo/shop.yaml --run 20261124-101500-3fa2c1
      slogate check --json | jq .outcome
    """
    from slogate import __version__
    from slogate.cli.complaints import told
    from slogate.cli.judging import keep_all, of_one_service, read, tell, worst
    from slogate.config import load_settings
    from slogate.errors import Interrupted, SlogateError, UsageError
    from slogate.gate import check, refuse_unsupported
    from slogate.store.layout import open_store
    from slogate.store.manifest import find_run

    if only not in {None, "budgets"}:
        raise UsageError(f"--only {only} is not known", hint="this version judges budgets only")
    settings = load_settings(Path.cwd(), os.environ)
    loaded = read(specs or settings.specs)
    refuse_unsupported(loaded)
    opened = open_store(store or settings.store)
    services = _services(loaded, service, run)
    if run != "latest" and not services:
        services = [find_run(opened, run).service]
    verdicts, errors = [], []
    for name in services:
        try:
            _, chosen = of_one_service(loaded, name)
            judged = _run(opened, run, name, quiet=quiet)
            verdicts.append(check(opened, chosen, judged, version=__version__, threads=threads))
        except Interrupted:
            raise
        except SlogateError as error:  # hides no other service's breach
            errors.append(error)
    code, several = EXIT_PASS, len(services) > 1
    if verdicts:
        code = tell(verdicts, as_json=as_json, no_color=no_color, quiet=quiet, several=several)
    failed = worst([*map(told, errors), keep_all(verdicts, opened)])
    if report_only and code:
        note(f"note: --report-only: exit {failed} instead of {worst([code, failed])}", quiet=quiet)
        code = EXIT_PASS
    return worst([code, failed])


def _run(store: Store, ref: str, service: str, *, quiet: bool) -> Run:
    """The run to judge: the one named, or the service's latest load run; NoData without any."""
    from slogate.cli.latest import latest_run
    from slogate.store.manifest import find_run

    if ref != "latest":
        return find_run(store, ref, service=service)
    return latest_run(store, service, quiet=quiet)


def _services(specs: Sequence[Spec], service: str | None, run: str) -> list[str]:
    """The services to judge; none yet if the run itself says which."""
    if service is not None:
        return [service]
    if run != "latest":
        return []
    return sorted({spec.service for spec in specs})
