"""`slogate calibrate`: the same service again and again, to see how often the gate is wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.errors import EXIT_ERROR, EXIT_NO_VERDICT, EXIT_PASS, Interrupted, UsageError

if TYPE_CHECKING:
    from slogate.cli.planning import Request
    from slogate.config import Settings
    from slogate.model.run import Run
    from slogate.planning.calibration import Calibration
    from slogate.verdict import Verdict

LABEL, PILOT = "calibration", "pilot"
LEAST = 4


def command(
    count: Annotated[
        int, typer.Option("--runs", "-n", min=LEAST, max=200, metavar="N", help="How many runs.")
    ] = 10,
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
        int | None, typer.Option("-u", "--users", min=1, metavar="N", help="Users at the peak.")
    ] = None,
    run_time: Annotated[
        str | None,
        typer.Option("-t", "--run-time", metavar="DURATION", help="Of each run, as 60s; or auto."),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option(
            "--max-time", metavar="DURATION", help="With --run-time auto, at most.  [default: 15m]"
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("-H", "--host", metavar="URL", help="Base URL of a running service."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="NAME", help="Go on with a calibration that was cut off."),
    ] = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Load-test the same service again and again, and count false alarms (A/A).

    Nothing changes between the runs, so whatever is called worse is a false alarm. Says how often
    that is on this machine, beside the point rule of other tools, and what the smallest change is
    that a build can show. Runs are kept, with the label calibration=NAME. Exit 3 where too few
    runs are usable.

    \b
    Examples:
      slogate calibrate                          ten runs, as `slogate run` would do them
      slogate calibrate -n 20 --run-time 2m      better known, in 40 minutes
      slogate calibrate --resume 3fa94c -n 20    go on after Ctrl-C, or add more
      slogate calibrate --json > calibration.json
    """
    from slogate import __version__
    from slogate.cli.auto import max_time_of, run_time_of, settled
    from slogate.cli.judging import of_one_service, read
    from slogate.cli.locustconf import configured
    from slogate.cli.planning import Request, settings_with
    from slogate.cli.testing import load_test
    from slogate.gate import refuse_empty, refuse_unsupported

    given: dict[str, Any] = {
        "store": store,
        "service": service,
        "users": users,
        "run_time": run_time_of(run_time),
        "max_time": max_time_of(max_time),
        "host": host,
        "locustfiles": tuple(files or ()) or None,
        "specs": tuple(specs or ()) or None,
    }
    beneath = configured(Path.cwd(), os.environ)
    settings = settings_with(given, beneath)
    named, chosen = of_one_service(read(settings.specs), settings.service)
    refuse_unsupported(chosen)
    refuse_empty(chosen)
    name = resume or secrets.token_hex(3)
    settings = replace(settings, service=named)
    request = Request(
        settings=settings,
        locust=(),
        configured=beneath,
        web=False,
        abort_on=(),
        labels=(f"{LABEL}={name}",),
        quiet=quiet,
    )
    if request.is_worker:
        raise UsageError("Locust's configuration makes this a worker, and a worker judges nothing")
    if resume is not None and not any(_ours(each, name) for each in _loads(settings, named)):
        hint = "`slogate runs list` shows the label calibration=NAME of each run"
        raise UsageError(f"no run of the calibration '{name}' is stored", hint=hint)
    request = settled(
        request, load_test, __version__, said=run_time is not None, bounded=max_time is not None
    )
    request = replace(request, quiet=True)
    if _repeat(request, named, name, count, quiet=quiet) == EXIT_ERROR:
        return EXIT_ERROR
    found = _judged(settings, named, name)
    _show(found, name, as_json=as_json, no_color=no_color, quiet=quiet)
    return EXIT_NO_VERDICT if found.any_worse is None else EXIT_PASS


def _loads(settings: Settings, service: str) -> list[Run]:
    """The load runs of the service, newest first."""
    from slogate.store.layout import open_store
    from slogate.store.manifest import list_runs

    return list_runs(open_store(settings.store, create=True), service=service, kind="load")


def _ours(run: Run, name: str) -> bool:
    """Whether it is a run of this calibration; a pilot only plans it."""
    return run.labels.get(LABEL) == name and PILOT not in run.labels


def _repeat(request: Request, service: str, name: str, count: int, *, quiet: bool) -> int:
    """Do the runs that are still to be done, and say how each came out; 2 if one went wrong."""
    from slogate.cli.testing import load_test
    from slogate.units import format_span

    settings = request.settings
    runs = _loads(settings, service)
    done = sum(_ours(run, name) and run.state == "complete" for run in runs)
    if left := max(0, count - done):
        span = format_span(left * settings.run_time / 1_000_000)
        runs_left = "1 run" if left == 1 else f"{left} runs"
        note(f"calibration {name}: {runs_left}, about {span}", quiet=quiet)
    for number in range(done + 1, count + 1):
        outcomes: list[Verdict] = []

        def tell(verdicts: Sequence[Verdict], kept: list[Verdict] = outcomes) -> int:
            kept.extend(verdicts)
            return EXIT_PASS

        try:
            code = load_test(request, tell)
        except Interrupted as stopped:
            hint = f"go on with: slogate calibrate --resume {name} --runs {count}"
            raise Interrupted(stopped.message, hint=hint) from None
        if code == EXIT_ERROR:
            return code
        words = ", ".join(
            f"{each.subject.run.id} {each.outcome}, {each.subject.rows:,} requests"
            for each in outcomes
        )
        note(f"run {number} of {count}: {words}", quiet=quiet)
    return EXIT_PASS


def _judged(settings: Settings, service: str, name: str) -> Calibration:
    """What the runs of this calibration say."""
    from slogate import __version__
    from slogate.cli.judging import of_one_service, read
    from slogate.comparing.lines import lines_of
    from slogate.planning.calibration import calibration_of
    from slogate.planning.past import past_of
    from slogate.store.layout import open_store

    _, specs = of_one_service(read(settings.specs), service)
    store = open_store(settings.store)
    runs = [run for run in _loads(settings, service) if _ours(run, name)]
    lines = lines_of(specs, service)
    past = past_of(
        store, specs, service, runs=runs, lines=lines, last=len(runs), version=__version__
    )
    return calibration_of(service, past, lines)


def _show(found: Calibration, name: str, *, as_json: bool, no_color: bool, quiet: bool) -> None:
    from slogate import __version__
    from slogate.cli.grid import dumps, grid
    from slogate.planning import calibration_page as page

    if as_json:
        out(dumps(page.document(found, name, __version__)))
        return
    parts = [page.grounds(found)]
    if budgets := page.rows_of_budgets(found):
        parts.append(grid(page.HEAD_BUDGETS, budgets, no_color=no_color))
    if changes := page.rows_of_changes(found):
        parts.append(grid(page.HEAD_CHANGES, changes, no_color=no_color))
    parts.append("".join(f"{sentence}\n" for sentence in page.told(found)))
    out("\n".join(parts))
    for run, reason in found.past.left_out:
        note(f"left out: {run}, {reason}", quiet=quiet)
