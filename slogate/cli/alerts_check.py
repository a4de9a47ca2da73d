"""`slogate alerts check`: who burns an error budget too fast, from the store or a server."""

from __future__ import annotations

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
    out,
)

FILES = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Spec files or folders  [default: slo/]"),
]
MORE_FILES = Annotated[
    list[Path] | None, typer.Option("--file", "-f", metavar="FILE", help="Likewise; repeatable.")
]
ONLY = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="The slo of this name alone; repeatable."),
]
MAX_AGE = Annotated[
    str | None,
    typer.Option(
        "--max-age", metavar="DURATION", help="Exit 3 if the newest data are older, such as 15m."
    ),
]


def command(
    files: FILES = None,
    more: MORE_FILES = None,
    service: SERVICE = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="As of this moment, not of the newest data."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Tell when each alert fired since then."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="The end of that time  [default: newest data]"),
    ] = None,
    only: ONLY = None,
    max_age: MAX_AGE = None,
    threads: THREADS = None,
    prometheus: PROMETHEUS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Say who burns an error budget too fast, since when, and when it is gone.

    From stored production, as of its newest minute; slos with an indicator from their server, as
    of now. Exit 1 if an alert of severity `page` fires,
    3 if of any alert nobody knows; others only tell. With --from it lists what fired when, and
    judges nothing.

    \b
    Examples:
      slogate alerts check                        all slos of slo/ that have alerts
      slogate alerts check slo/shop.yaml --only latency
      slogate alerts check --max-age 15m --json | jq '.alerts[] | select(.state == "firing")'
      slogate alerts check openslo/ --prometheus http://prometheus:9090
      slogate alerts check --from 2026-11-01 --to 2026-11-08T12:00Z
    """
    from slogate.cli.alerting import Asked, look, look_back
    from slogate.cli.complaints import complain

    asked = Asked(
        files=[*(files or []), *(more or [])],
        service=service,
        at=at,
        since=since,
        until=until,
        only=only or [],
        max_age=max_age,
        threads=threads,
        store=store,
        prometheus=prometheus or [],
        quiet=quiet,
    )
    told = look_back(asked) if since is not None or until is not None else look(asked)
    out(told.json() if as_json else told.text(no_color=no_color))
    for line in told.reasons:
        complain(line, None)
    for line in told.notes:
        note(f"note: {line}", quiet=quiet)
    return told.exit_code
