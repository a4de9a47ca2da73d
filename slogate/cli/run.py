"""`slogate run`: load-test, record, judge, report, exit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.complaints import LOCUSTS
from slogate.cli.options import (
    JSON,
    LABELS,
    NO_COLOR,
    QUIET,
    SERVICE,
    STORE,
    given_duration,
)
from slogate.errors import UsageError

if TYPE_CHECKING:
    from slogate.cli.against import Wanted

SHORTEST_SLICE_US = 200_000


def command(
    context: typer.Context,
    locust: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- LOCUST-ARGUMENTS...]", help="Arguments for Locust itself, after `--`."
        ),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "-f",
            "--locustfile",
            metavar="FILE",
            help="Locustfile; repeatable.  [default: loadtests/]",
        ),
    ] = None,
    specs: Annotated[
        list[Path] | None,
        typer.Option("--spec", metavar="FILE", help="Spec file; repeatable.  [default: slo/]"),
    ] = None,
    service: SERVICE = None,
    users: Annotated[
        int | None,
        typer.Option("-u", "--users", min=1, metavar="N", help="Users at the peak.  [default: 10]"),
    ] = None,
    spawn_rate: Annotated[
        float | None,
        typer.Option(
            "-r",
            "--spawn-rate",
            metavar="N",
            help="Users spawned a second.  [default: all in two seconds]",
        ),
    ] = None,
    run_time: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--run-time",
            metavar="DURATION",
            help="How long, as 45s or 10m; auto: as long as needed.  [default: 60s]",
        ),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option(
            "--max-time",
            metavar="DURATION",
            help="With --run-time auto or --early-stop, at most.  [default: 15m]",
        ),
    ] = None,
    early_stop: Annotated[
        bool,
        typer.Option("--early-stop", help="Stop as soon as every budget is decided."),
    ] = False,
    min_time: Annotated[
        str | None,
        typer.Option("--min-time", metavar="DURATION", help="With --early-stop, at least."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            "-H",
            "--host",
            metavar="URL",
            help="Base URL of a running service; nothing is served then.",
        ),
    ] = None,
    web: Annotated[
        bool,
        typer.Option("--web", help="Start the test in Locust's web UI; judged when it stops."),
    ] = False,
    abort_on: Annotated[
        list[str] | None,
        typer.Option(
            "--abort-on", metavar="RULE", help="Stop early, e.g. 'errors > 50%'; repeatable."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="COMMAND|URL",
            help="Test a base in turns with the service; {port} is a free port.",
        ),
    ] = None,
    against_host: Annotated[
        str | None,
        typer.Option(
            "--against-host", metavar="URL", help="Where that command answers, without {port}."
        ),
    ] = None,
    slice_: Annotated[
        str | None,
        typer.Option(
            "--slice",
            metavar="DURATION",
            help="How long a turn of base or head is.  [default: 1s to 10s, by the run time]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--against-seed", min=0, metavar="N", help="Of the order of turns.  [default: drawn]"
        ),
    ] = None,
    label: LABELS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Load-test a service, record every request, judge it.

    Serves the service itself when the settings have `serve`, and waits for `ready`. A test that
    was aborted can fail (exit 1), it cannot pass (exit 3).

    \b
    Examples:
      slogate run                                       all as the project's settings say
      slogate run --host http://127.0.0.1:8000 -u 50 -t 2m
      slogate run --run-time auto --max-time 10m        as long as the budgets need
      slogate run --abort-on 'errors > 50%' --label purpose=nightly
      slogate run --early-stop --max-time 10m           until every budget is decided
      slogate run --against 'cd ../base && python app.py --port {port}' -t 5m
      slogate run --against https://base.example.com --host https://head.example.com
      slogate run -- -f mine.py --processes 2 --tags fast
    """
    from slogate import __version__
    from slogate.cli.auto import is_auto, max_time_of, run_time_of, settled
    from slogate.cli.judging import tell
    from slogate.cli.locustconf import configured
    from slogate.cli.planning import Request, settings_with
    from slogate.cli.testing import load_test

    _refuse_positionals(context.obj or [], locust or [])
    if early_stop and max_time is not None and not is_auto(run_time):
        run_time, max_time = _longest(run_time, max_time), None
    given: dict[str, Any] = {
        "store": store,
        "service": service,
        "users": users,
        "spawn_rate": _rate(spawn_rate),
        "run_time": run_time_of(run_time),
        "max_time": max_time_of(max_time),
        "host": host,
        "locustfiles": tuple(files or ()) or None,
        "specs": tuple(specs or ()) or None,
    }
    beneath = configured(Path.cwd(), os.environ, locust or ())
    settings = settings_with(given, beneath)
    request = Request(
        settings=settings,
        locust=tuple(locust or ()),
        configured=beneath,
        web=web,
        abort_on=tuple(abort_on or ()),
        labels=tuple(label or ()),
        quiet=quiet,
        early_stop=early_stop,
        min_time=_least(min_time, early_stop=early_stop),
        against=_against(against, against_host, slice_, seed),
    )
    show = partial(tell, as_json=as_json, no_color=no_color, quiet=quiet)
    request = settled(
        request, load_test, __version__, said=run_time is not None, bounded=max_time is not None
    )
    return load_test(request, show)


def _rate(spawn_rate: float | None) -> float | None:
    if spawn_rate is not None and not 0 < spawn_rate < float("inf"):
        raise UsageError("--spawn-rate must be a number over 0")
    return spawn_rate


def _longest(run_time: str | None, max_time: str) -> str:
    """The run time of a test that may end early; UsageError where there are two."""
    if run_time is not None:
        raise UsageError("with --early-stop --run-time and --max-time say the same: leave one out")
    given_duration(max_time, "--max-time")
    return max_time


def _least(min_time: str | None, *, early_stop: bool) -> int:
    """The microseconds of `--min-time`; UsageError where nothing could end before."""
    if min_time is None:
        return 0
    if not early_stop:
        raise UsageError("--min-time bounds --early-stop, and there is none")
    return given_duration(min_time, "--min-time")


def _against(
    base: str | None, host: str | None, length: str | None, seed: int | None
) -> Wanted | None:
    """The base that is meant; UsageError for what belongs to one where there is none."""
    from slogate.cli.against import Wanted

    given = {"--against-host": host, "--slice": length, "--against-seed": seed}
    if base is None:
        for option, value in given.items():
            if value is not None:
                raise UsageError(f"{option} says something of a base, and there is no --against")
        return None
    if not base.strip():
        raise UsageError("--against is empty", hint="give the command that serves it, or its URL")
    slice_us = None if length is None else given_duration(length, "--slice")
    if slice_us is not None and slice_us < SHORTEST_SLICE_US:
        raise UsageError("--slice must be 200 ms or longer")
    return Wanted(base=base, host=host, slice_us=slice_us, seed=seed)


def _refuse_positionals(words: Sequence[str], positionals: Sequence[str]) -> None:
    """UsageError for a word that stands alone before `--`: it would reach Locust by accident."""
    behind = len(words) - words.index("--") - 1 if "--" in words else 0
    for word in positionals[: len(positionals) - behind]:
        hint = LOCUSTS
        if word.endswith(".py"):
            hint = f"name a locustfile so: -f {word}"
        elif word.endswith((".yaml", ".yml")):
            hint = f"name a spec so: --spec {word}"
        raise UsageError(f"`run` takes no argument '{word}'", hint=hint)
