"""`slogate check`: judge what is stored."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import (
    JSON,
    NO_COLOR,
    PROMETHEUS,
    QUIET,
    SERVICE,
    STORE,
    THREADS,
    note,
)
from slogate.cli.subjects import Wanted
from slogate.errors import EXIT_PASS


def command(
    specs: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Spec files  [default: slo/]")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Judge this run alone: id, its beginning, label, or latest.",
        ),
    ] = None,
    service: SERVICE = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Judge the slos as of this moment, and nothing else."
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="budgets|slos", help="Leave the rest alone."),
    ] = None,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Report as ever, but exit 0 whatever was found.")
    ] = False,
    prometheus: PROMETHEUS = None,
    threads: THREADS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Judge what is stored: budgets on a run, slos on production.

    Budgets are judged on the latest load run of each service, or on the run that is named, then
    alone. Slos are judged up to the end of the newest production data, or up to --at; those with
    an indicator, native or OpenSLO, on what its server answers up to the last minute, or to --at.

    \b
    Examples:
      slogate check                          all of slo/, on each service's latest load run
      slogate check slo/shop.yaml --run 20261124-101500-3fa2c1
      slogate check --json --only budgets | jq .outcome
      slogate check --only slos --at 2026-11-01T00:00Z
      slogate check openslo/ --prometheus http://prometheus:9090
    """
    from slogate.cli.busy import waiting
    from slogate.cli.judging import keep_all, read, tell, told_everywhere, worst
    from slogate.cli.missed import note_missed
    from slogate.cli.subjects import subjects
    from slogate.cli.together import together
    from slogate.config import load_settings
    from slogate.errors import Interrupted, SlogateError
    from slogate.gate import refuse_unsupported
    from slogate.store.layout import open_store

    settings = load_settings(Path.cwd(), os.environ)
    wanted = Wanted(run=run, service=service, at=at, only=only, threads=threads, quiet=quiet)
    wanted.refuse_contradictions()
    loaded = read(specs or settings.specs)
    if prometheus or any(spec.queried for spec in loaded):
        from slogate.measuring.servers import addresses

        known = addresses(prometheus or [], project=settings.prometheus_url, environment=os.environ)
        wanted = replace(wanted, addresses=known)
    refuse_unsupported(loaded)
    # what servers answer needs no store, but the verdict is kept in one
    stored = any(
        spec.objectives or spec.regressions or spec.promises or spec.composites for spec in loaded
    )
    opened = open_store(store or settings.store, create=not stored)
    jobs = subjects(loaded, opened, wanted)
    verdicts, errors = [], []
    with waiting("judging", quiet=quiet, no_color=no_color), together(jobs) as results:
        for result in results:
            try:
                verdicts.append(result())
            except Interrupted:
                raise
            except SlogateError as error:  # hides no other breach
                errors.append(error)
    code, several = EXIT_PASS, len(jobs) > 1
    if verdicts:
        code = tell(verdicts, as_json=as_json, no_color=no_color, quiet=quiet, several=several)
    failed = worst([*map(told_everywhere, errors), keep_all(verdicts, opened)])
    note_missed(verdicts, opened, quiet=quiet)
    if report_only and code:
        note(f"note: --report-only: exit {failed} instead of {worst([code, failed])}", quiet=quiet)
        code = EXIT_PASS
    return worst([code, failed])
