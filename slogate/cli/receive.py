"""`slogate receive`: take in OpenTelemetry's traces and histograms as they are sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, LABELS, NO_COLOR, QUIET, SERVICE, STORE
from slogate.errors import EXIT_PASS

BIND = "127.0.0.1:4318"


def command(
    bind: Annotated[
        str, typer.Option("--bind", metavar="HOST:PORT", help="Where to listen; port 0: any.")
    ] = BIND,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let --bind name more than this machine.")
    ] = False,
    service: SERVICE = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="SIGNAL", help="Take traces or metrics only.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="Stop after this long.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-O", metavar="K=V", help="As of imports: kinds, metric, …"),
    ] = None,
    label: LABELS = None,
    flush_every: Annotated[
        str, typer.Option("--flush-every", metavar="DURATION", help="Write parts this often.")
    ] = "5s",
    max_body: Annotated[
        int, typer.Option("--max-body", metavar="MIB", help="Refuse larger requests.", min=1)
    ] = 20,
    memory: Annotated[
        int, typer.Option("--memory", metavar="MIB", help="For requests at one time.", min=1)
    ] = 64,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Receive OpenTelemetry over OTLP/HTTP until it is stopped.

    Ctrl-C, SIGTERM and the end of --for stop it. Spans of servers become requests, histograms of
    their durations histograms, as a run of kind production for each service.name. What was
    answered with 200 is on disk. Protobuf, which SDKs send, needs slogate[otlp].

    \b
    Examples:
      slogate receive                          on 127.0.0.1:4318, for SDKs and collectors here
      slogate receive --service shop --for 10m
      slogate receive --only metrics --bind 0.0.0.0:4318 --allow-remote
    """
    del no_color
    from slogate.cli.given import given_pairs
    from slogate.cli.receiving import Request, receive
    from slogate.config import load_settings

    settings = load_settings(Path.cwd(), os.environ)
    receive(
        Request(
            store=store or settings.store,
            bind=bind,
            allow_remote=allow_remote,
            service=service,
            only=only,
            length=for_,
            options=given_pairs("--option", option or []),
            labels=given_pairs("--label", label or []),
            flush_every=flush_every,
            most_body=max_body << 20,
            memory=memory << 20,
            as_json=as_json,
            quiet=quiet,
        )
    )
    return EXIT_PASS
