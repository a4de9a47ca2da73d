"""`slogate plan`: how long a load test must be to decide a spec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, given_duration, note, out
from slogate.errors import EXIT_NO_VERDICT, EXIT_PASS, UsageError

if TYPE_CHECKING:
    from fractions import Fraction

    from slogate.planning.plan import Plan


def command(
    specs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SPEC]...",
            help="Spec files or folders  [default: slo/]",
            show_default=False,
        ),
    ] = None,
    service: SERVICE = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run", metavar="RUN", help="Plan from this run, a pilot; repeatable.  [default: all]"
        ),
    ] = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, max=100, metavar="N", help="Newest runs at most.")
    ] = 10,
    run_time: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help="Say what so long a run decides, as 5m."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="RATE", help="Plan for other load on the whole, as 200/s."),
    ] = None,
    power: Annotated[
        str,
        typer.Option("--power", metavar="SHARE", help="How often all budgets are to be decided."),
    ] = "90%",
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Tell how long a load test must be to decide the budgets of a spec.

    Looks at the newest runs of the service: how many requests a second each budget sees, how far
    it is from its limit, how its bad requests cluster. Exit 3 where a budget that blocks cannot be
    decided: by any practical length, or in the time given with --for.

    \b
    Examples:
      slogate plan                           from the last ten runs
      slogate plan --for 5m                  which budgets five minutes decide, and which not
      slogate plan --run latest --power 99%  from one pilot run
      slogate plan --rate 200/s              if the whole service got 200 requests a second
      slogate run --run-time auto            plan, and run as long as that
    """
    from slogate import __version__
    from slogate.cli.grid import dumps
    from slogate.cli.judging import of_one_service, read
    from slogate.config import load_settings
    from slogate.gate import refuse_empty, refuse_unsupported
    from slogate.planning.document import document
    from slogate.planning.past import past_of
    from slogate.planning.plan import Wish, plan_of
    from slogate.store.layout import open_store
    from slogate.store.manifest import find_run

    settings = load_settings(Path.cwd(), os.environ)
    wish = Wish(power=_power(power), rate=_rate(rate), run_time_us=_run_time(run_time))
    loaded = read(specs or settings.specs)
    named, chosen = of_one_service(loaded, service or settings.service)
    refuse_unsupported(chosen)
    refuse_empty(chosen)
    opened = open_store(store or settings.store)
    runs = [find_run(opened, ref, service=named) for ref in run] if run else None
    past = past_of(opened, chosen, named, runs=runs, last=last, version=__version__)
    plan = plan_of(named, chosen, past, wish)
    if as_json:
        out(dumps(document(plan, __version__)))
    else:
        _show(plan, no_color=no_color)
        for left, reason in past.left_out:
            note(f"left out: {left}, {reason}", quiet=quiet)
    return EXIT_PASS if plan.is_enough else EXIT_NO_VERDICT


def _show(plan: Plan, *, no_color: bool) -> None:
    from slogate.cli.grid import grid
    from slogate.planning import page

    given = plan.wish.run_time_us is not None
    head, rows = (page.HEAD_IN_TIME, page.rows_in_time(plan)) if given else (
        page.HEAD, page.rows(plan)
    )  # fmt: skip
    parts = [page.grounds(plan), grid(head, rows, no_color=no_color)] if rows else []
    if changes := page.rows_of_changes(plan):
        parts.append(grid(page.HEAD_CHANGES, changes, no_color=no_color))
    parts.append("".join(f"{sentence}\n" for sentence in page.advice(plan)))
    out("\n".join(parts))


def _power(text: str) -> Fraction:
    from slogate.units import parse_share

    try:
        power = parse_share(text)
    except ValueError as error:
        raise UsageError(f"--power: {error}") from None
    if not 0.5 <= power < 1:
        raise UsageError("--power must be at least 50% and under 100%", hint="90% is usual")
    return power


def _rate(text: str | None) -> float | None:
    from slogate.units import parse_rate

    if text is None:
        return None
    try:
        return float(parse_rate(text))
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None


def _run_time(text: str | None) -> int | None:
    return None if text is None else given_duration(text, "--for")
