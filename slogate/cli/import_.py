"""`slogate import`: take in what another tool measured, as a run of the store."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.formats import list_formats
from slogate.cli.options import JSON, LABELS, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.errors import EXIT_PASS, UsageError

if TYPE_CHECKING:
    from slogate.ingest import Imported
    from slogate.model.run import Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def command(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL...", help="Files, patterns, - for stdin; or a server."),
    ],
    fmt: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="Format of the files; auto looks into them."),
    ] = "auto",
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="load|production",
            help="load: a load test; production: real traffic  [default: load, or production "
            "where it is followed or a server's]",
        ),
    ] = None,
    service: SERVICE = None,
    label: LABELS = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-O", metavar="K=V", help="Option of the format; repeatable."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="SELECTOR", help="What to import of a server."),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="From when: 2026-11-01T00:00Z, or 28d ago."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Up to when  [default: now]")
    ] = None,
    commit: Annotated[
        str | None, typer.Option("--commit", metavar="ID", help="Commit that was tested.")
    ] = None,
    branch: Annotated[
        str | None, typer.Option("--branch", metavar="NAME", help="Branch that was tested.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse files with any bad row.")
    ] = False,
    max_bad: Annotated[
        str | None,
        typer.Option("--max-bad", metavar="SHARE", help="Share of bad rows allowed  [default: 1%]"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Take in what is appended, until Ctrl-C; resumable.")
    ] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="DURATION", help="With --follow: how often to store.")
    ] = "5s",
    formats: Annotated[
        bool,
        typer.Option(
            "--formats",
            is_eager=True,
            callback=list_formats,
            help="List the formats and their options.",
        ),
    ] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Import results of another tool as one run.

    Of k6, JMeter, Gatling, Locust, vegeta, oha, hey, wrk, ab, autocannon; HdrHistogram logs;
    access logs; any CSV, NDJSON or Parquet; OpenTelemetry; Prometheus. The format is recognised.
    --formats lists all with their options, `slogate docs import` says what fits which tool.
    Importing the same files twice changes nothing.

    \b
    Examples:
      slogate import k6.json.gz --service shop && slogate check
      slogate import 'results/*.jtl' --service shop --label region=eu
      gzip -dc results.jtl.gz | slogate import - --service shop --strict
      slogate import wrk.txt --service shop --option start=2026-11-24T10:00:00Z
      slogate import --follow /var/log/nginx/access.log --service shop
      slogate import http://prometheus:9090 --query 'http_requests_total{job="shop"}' --from 28d
    """
    del formats
    from slogate.cli.given import given_files, given_pairs, given_share, given_url
    from slogate.cli.importing import progress
    from slogate.config import load_settings
    from slogate.store.layout import open_store

    if strict and max_bad is not None:
        raise UsageError("--strict and --max-bad contradict each other", hint="leave one out")
    allowed = Fraction(0) if strict else None
    if max_bad is not None:
        allowed = given_share("--max-bad", max_bad)
    settings = load_settings(Path.cwd(), os.environ)
    options = given_pairs("--option", option or [])
    options |= {k: v for k, v in (("query", query), ("from", from_), ("to", to)) if v is not None}
    if follow:
        from slogate.cli.following import follow_file, given_every, given_log
        from slogate.follow.journal import Wish

        if commit or branch:
            raise UsageError("--follow takes no --commit or --branch", hint="use --label")
        wish = Wish(
            path=given_log(files),
            service=service or settings.service or _only_service(settings.specs),
            format=fmt,
            kind=_kind(kind, "production"),
            labels=given_pairs("--label", label or []),
            options=options,
            every_s=given_every(every),
            max_bad=allowed,
        )
        opened = open_store(store or settings.store, create=True)
        return follow_file(opened, wish, as_json=as_json, quiet=quiet)
    if (url := given_url(files)) is not None:
        from slogate.fetching import Wish as Fetch
        from slogate.fetching import import_url

        fetch = Fetch(
            url=url,
            service=service or settings.service or _only_service(settings.specs),
            kind=_kind(kind, "production"),
            format=fmt,
            labels=given_pairs("--label", label or []),
            commit=commit,
            branch=branch,
            options=options,
            max_bad=allowed,
        )
        with progress(quiet=quiet, no_color=no_color) as show:
            imported = import_url(
                open_store(store or settings.store, create=True),
                fetch,
                environment=os.environ,
                now_ts=time.time_ns() // 1_000,
                progress=show,
            )
        _tell(imported, as_json=as_json, quiet=quiet)
        return EXIT_PASS
    from slogate.ingest import import_files

    with given_files(files) as found, progress(quiet=quiet, no_color=no_color) as show:
        imported = import_files(
            open_store(store or settings.store, create=True),
            found,
            service=service or settings.service or _only_service(settings.specs),
            now_ts=time.time_ns() // 1_000,
            format=fmt,
            kind=_kind(kind, "load"),
            labels=given_pairs("--label", label or []),
            commit=commit,
            branch=branch,
            options=options,
            max_bad=allowed,
            progress=show,
        )
    _tell(imported, as_json=as_json, quiet=quiet)
    return EXIT_PASS


def _kind(given: str | None, default: Kind) -> Kind:
    kinds: dict[str | None, Kind] = {None: default, "load": "load", "production": "production"}
    if given in kinds:
        return kinds[given]
    raise UsageError(f"--kind {given} is not known", hint="it is load or production")


def _only_service(specs: tuple[Path, ...]) -> str:
    """The one service that the specs speak of; UsageError where that is not clear."""
    from slogate.cli.specfiles import FOLDER, read_specs
    from slogate.slo.every import load_every

    asked, hint = "whose results are these?", "say which service: --service NAME"
    if not specs and not any(FOLDER.glob("*.y*ml")):
        raise UsageError(f"{asked} No service is given", hint=hint)
    services = sorted({spec.service for spec in load_every(read_specs(specs))})
    if len(services) != 1:
        told = ", ".join(services) or "no service"
        raise UsageError(f"{asked} The specs speak of {told}", hint=hint)
    return services[0]


def _tell(imported: Imported, *, as_json: bool, quiet: bool) -> None:
    from slogate.cli.importing import complaints, endpoints, summary

    for line in complaints(imported):
        note(line, quiet=quiet)
    if imported.new:
        note(endpoints(imported), quiet=quiet)
    if as_json:
        out(f"{json.dumps(_document(imported), indent=2, ensure_ascii=False)}\n")
    else:
        out(f"{summary(imported)}\n")


def _document(imported: Imported) -> Mapping[str, Any]:
    run = imported.run
    return {
        "run": run.id,
        "imported": imported.new,
        "service": run.service,
        "kind": run.kind,
        "format": run.source,
        "requests": imported.requests,
        "rows": run.rows.written,
        "bad": imported.bad,
        "left_out": imported.left_out,
        "shown": imported.shown,
        "start": _moment(run.start_ts),
        "end": _moment(run.end_ts),
        "endpoints": imported.endpoints,
        "origin": dict(run.origin),
        "skipped": imported.skipped,
        "notes": imported.notes,
    }


def _moment(ts: int | None) -> str | None:
    return None if ts is None else (_EPOCH + timedelta(microseconds=ts)).isoformat()
