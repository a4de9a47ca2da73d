"""`slogate spec lint`: what is wrong with specs, what is most likely not meant, and mends it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, given_run_time, note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS, SpecError, UsageError

if TYPE_CHECKING:
    from slogate.cli.linting import Files, Linted
    from slogate.cli.mending import Mended
    from slogate.slo.rules import Held, Planned

GIVEN = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SPEC]...", help="Spec files or folders  [default: slo/]"),
]


def command(
    specs: GIVEN = None,
    run_time: Annotated[
        str | None,
        typer.Option("--run-time", metavar="60s", help="How long the load test will run."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="150/s", help="Requests a second that it plans."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 on warnings too.")] = False,
    profile: Annotated[
        str,
        typer.Option(
            "--profile", metavar="strict|lenient", help="How OpenSLO is held to its rules of style."
        ),
    ] = "strict",
    recursive: Annotated[
        bool, typer.Option("--recursive", "-R", help="Folders with all folders below.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be without a doubt, comments kept.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", "--dry-run", help="Show what --fix would do, change nothing.")
    ] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Check specs.

    Faults are exit 2; what is most likely not meant is told and exit 0, see --strict.
    `slogate docs RULE` tells why a rule is there and how to ignore it. With --store the
    production that it holds is looked at, and what the last load test's rates can decide.

    \b
    Examples:
      slogate spec lint                               all of slo/
      slogate spec lint slo/shop.yaml --strict        warnings fail as well
      slogate spec lint --run-time 45s --rate 150/s   also what so much load cannot decide
      slogate spec lint --store .slogate              also what the stored production cannot
      slogate spec lint --diff                        what --fix would change
      slogate spec lint openslo/ -R --profile lenient OpenSLO: style only warns
      slogate spec lint --json | jq '.[].rule'        one object a fault or remark
    """
    del no_color
    from slogate.cli.linting import Known, given_profile, linted, told_faults
    from slogate.cli.linting import Linted as Found
    from slogate.cli.mending import mendable
    from slogate.cli.specfiles import read_specs

    if diff and as_json:
        raise UsageError("--diff prints a diff, not JSON", hint="take one of the two out")
    known = Known(
        now_ts=time.time_ns() // 1_000,
        planned=_planned(run_time, rate),
        profile=given_profile(profile),
    )
    try:
        files = read_specs(specs or [], recursive=recursive)
    except SpecError as error:
        found, changes = Found(remarks=told_faults(error.faults)), []
    else:
        if store is not None and _is_there(store, quiet=quiet):
            known = replace(
                known, held=_held(store, files), planned=_as_before(store, files, known.planned)
            )
        found = linted(files, known)
        changes = [*mendable(files, found.remarks, known)]
        if fix and not diff and changes:
            found = linted(_mended(files, changes), known)
    _tell(found, changes, fix=fix, diff=diff, as_json=as_json, quiet=quiet)
    return EXIT_ERROR if found.worst({"error", "warning"} if strict else {"error"}) else EXIT_PASS


def _mended(files: Files, changes: Sequence[Mended]) -> Files:
    """The files as they are now that the changes are written."""
    from slogate.cli.rewriting import rewrite

    for change in changes:
        rewrite(Path(change.file), change.before, change.after)
    texts = {change.file: change.after for change in changes}
    return [(file, texts.get(file, text)) for file, text in files]


def _tell(
    found: Linted,
    changes: Sequence[Mended],
    *,
    fix: bool,
    diff: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    count = sum(len(change.gone) for change in changes)
    if diff:
        out("".join(change.diff() for change in changes))
    elif as_json:
        remarks = [asdict(remark) for remark in found.remarks]
        out(json.dumps(remarks, indent=2, ensure_ascii=False) + "\n")
    else:
        out(found.lines())
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from slogate.cli.telling_github import tell_github_of_faults

        tell_github_of_faults(found.remarks)
    note(found.summary(), quiet=quiet)
    if fix and not diff:
        names = ", ".join(change.file for change in changes)
        note(f"mended: {count}{f' in {names}' if names else ''}", quiet=quiet)
    elif changes:
        note(f"{count} can be mended by --fix", quiet=quiet)


def _is_there(store: Path, *, quiet: bool) -> bool:
    """Whether there is such a store; lint goes on without it."""
    if not store.exists():
        note(f"note: there is no store {store}: what it holds is not looked at", quiet=quiet)
    return store.exists()


def _as_before(store: Path, files: Files, planned: Planned | None) -> Planned | None:
    """The plan with the rates of each service's last judged run, as long as the settings say."""
    from slogate.cli.linting import services_of
    from slogate.config import AUTO, load_settings
    from slogate.gate import last_verdict
    from slogate.preflight import rates
    from slogate.slo.rules import Planned
    from slogate.store.layout import open_store

    if planned is not None and planned.rate is not None:
        return planned
    opened, known = open_store(store), dict[str, float]()
    for service in services_of(files, budgets=True):
        last = last_verdict(opened, service)
        known |= rates(last) if last is not None else {}
    if not known:
        return planned
    run_us = load_settings(Path.cwd(), os.environ).run_time if planned is None else planned.run_us
    if run_us == AUTO:
        return None
    return Planned(run_us=run_us, rates=known)


def _held(store: Path, files: Files) -> Mapping[str, Held]:
    """What the store holds of the services that have SLOs."""
    from slogate.cli.linting import services_of
    from slogate.slo.rules import Held
    from slogate.store.layout import open_store
    from slogate.store.production import production_of

    opened, found = open_store(store), {}
    for service in services_of(files):
        production = production_of(opened, service)
        found[service] = Held(
            endpoints=production.endpoints,
            span_us=production.span_us,
            edges_us=production.edges_us,
        )
    return found


def _planned(run_time: str | None, rate: str | None) -> Planned | None:
    from slogate.slo.rules import Planned
    from slogate.units import parse_rate

    if run_time is None:
        if rate is not None:
            raise UsageError("--rate alone tells nothing", hint="give --run-time as well")
        return None
    run_us = given_run_time(run_time)
    try:
        planned_rate = None if rate is None else float(parse_rate(rate))
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None
    if planned_rate == 0:
        raise UsageError("--rate must be over 0")
    return Planned(run_us=run_us, rate=planned_rate)
