"""`slogate run`: load-test, record, judge, report, exit."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from slogate.cli.options import JSON, LABELS, NO_COLOR, QUIET, SERVICE, STORE

CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "ignore_unknown_options": False,
}


def command(
    locust: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- LOCUST ARGS]...", help="Arguments for Locust, after `--`."),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("-f", "--locustfile", help="Locustfile; repeatable  [default: loadtests/]"),
    ] = None,
    specs: Annotated[
        list[Path] | None, typer.Option("--spec", help="Spec file; repeatable  [default: slo/]")
    ] = None,
    service: SERVICE = None,
    users: Annotated[
        int | None, typer.Option("-u", "--users", min=1, help="Users at the peak.")
    ] = None,
    spawn_rate: Annotated[
        float | None,
        typer.Option(
            "-r", "--spawn-rate", help="Users spawned a second  [default: all in two seconds]"
        ),
    ] = None,
    run_time: Annotated[
        str | None, typer.Option("-t", "--run-time", help="How long, for example 45s or 10m.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("-H", "--host", help="Base URL of a running service; nothing is served then."),
    ] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Start the test from Locust's own web UI.")
    ] = False,
    abort_on: Annotated[
        list[str] | None,
        typer.Option("--abort-on", help="Stop early, e.g. 'errors > 50%'; repeatable."),
    ] = None,
    label: LABELS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Load-test a service with Locust, record every request, judge the service's budgets.

    Serves the service itself when the settings have `serve`, and waits for `ready`.

    \b
    Examples:
      slogate run                                       all as the project's settings say
      slogate run --host http://127.0.0.1:8000 -u 50 -t 2m
      slogate run --abort-on 'errors > 50%' --label purpose=nightly
      slogate run -- -f mine.py --processes 2 --tags fast
    """
    from slogate.cli.judging import tell
    from slogate.cli.testing import Request, load_test
    from slogate.config import load_settings
    from slogate.errors import UsageError
    from slogate.units import parse_duration

    settings = load_settings(Path.cwd(), os.environ)
    given: dict[str, Any] = {
        "store": store,
        "service": service,
        "users": users,
        "spawn_rate": spawn_rate,
        "host": host,
        "locustfiles": tuple(files or ()) or None,
        "specs": tuple(specs or ()) or None,
    }
    if run_time is not None:
        try:
            given["run_time"] = parse_duration(run_time)
        except ValueError as error:
            raise UsageError(f"--run-time: {error}") from None
    settings = replace(
        settings, **{key: value for key, value in given.items() if value is not None}
    )
    if host is not None:
        # whoever names a host tests what runs there, not what the settings would serve
        settings = replace(settings, serve=None, ready=None)
    request = Request(
        settings=settings,
        locust=tuple(locust or ()),
        web=web,
        abort_on=tuple(abort_on or ()),
        labels=tuple(label or ()),
        quiet=quiet,
    )
    verdict = load_test(request)
    if verdict is None:
        return 0
    return tell([verdict], as_json=as_json, no_color=no_color)
