"""`slogate store compact`: small parts into large ones, old requests into rollups."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.complaints import told
from slogate.cli.moments import given_age
from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.cli.stores import opened_store, refreshed
from slogate.errors import EXIT_PASS, Interrupted, SlogateError, UsageError

if TYPE_CHECKING:
    from slogate.model.run import Run
    from slogate.store.layout import Store

_HINT = "name its spec with --spec FILE, or its limits with --cut 400ms"


def compact_command(
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Run id, its beginning, a label, or latest."),
    ] = None,
    service: SERVICE = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="load|production",
            help="Only runs of this kind  [default: both; production to roll up]",
        ),
    ] = None,
    roll_up: Annotated[
        bool, typer.Option("--roll-up", help="Replace old requests by counts and histograms.")
    ] = False,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="DURATION", help="Age of what is rolled up.")
    ] = "30d",
    spec: Annotated[
        list[Path] | None,
        typer.Option("--spec", "-S", metavar="FILE", help="Specs with the limits  [default: slo/]"),
    ] = None,
    cut: Annotated[
        list[str] | None,
        typer.Option(
            "--cut", metavar="DURATION", help="Another limit to count exactly; repeatable."
        ),
    ] = None,
    step: Annotated[
        str, typer.Option("--step", metavar="DURATION", help="What one histogram spans: 1m to 1d.")
    ] = "1h",
    keep_raw: Annotated[
        bool, typer.Option("--keep-raw", help="Keep the requests aside, where nothing reads them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Merge small parts, and roll up what is old.

    The parts of complete runs are merged; --roll-up replaces old requests by counts and
    histograms.

    Rolling up replaces every request by counts a minute, exact for the limits of the specs, and
    histograms an hour, exact to 0.27%. It cannot be undone. Runs that are still recorded, or did
    not end well, are left alone, and told. Safe beside everything that reads and writes; a crash
    loses nothing.

    \b
    Examples:
      slogate store compact
      slogate store compact --roll-up --older-than 30d
      slogate store compact --roll-up --service shop --cut 400ms --dry-run
    """
    del no_color
    from slogate.cli.grid import dumps
    from slogate.store.locks import caring

    opened = opened_store(store)
    runs = _runs(opened, run, service, kind)
    chosen: dict[str, tuple[int, ...]] = {}
    step_us = given_age("--step", step, ("m", "h"))
    if roll_up:
        old = _old(runs, older_than, kind or "production")
        chosen = _cuts(old, spec or [], cut or [])
    done: list[dict[str, Any]] = []
    codes = [EXIT_PASS]
    with nullcontext() if dry_run else caring(opened):
        for each in runs:
            try:
                cuts = chosen.get(each.id)
                care = (
                    _merge(opened, each, dry_run)
                    if cuts is None
                    else _roll_up(
                        opened, each, cuts, step_us=step_us, keep_raw=keep_raw, dry=dry_run
                    )
                )
                done += care
            except Interrupted:
                raise
            except SlogateError as error:  # the other runs are looked after all the same
                codes.append(told(error))
    if done and not dry_run:
        refreshed(opened, quiet=quiet)
    left: Counter[str] = Counter(each.state for each in runs if each.state != "complete")
    if as_json:
        out(dumps({"dry_run": dry_run, "runs": done, "left": left}))
    for line in _lines(done, dry=dry_run):
        note(line, quiet=quiet)
    if left:
        note(_left(left), quiet=quiet)
    if not done and codes == [EXIT_PASS]:
        note("nothing to do", quiet=quiet)
    return max(codes)


def _left(states: Mapping[str, int]) -> str:
    """How many runs were left as they are, and why."""
    from slogate.cli.importing import counted

    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    what = counted(sum(states.values()), "run")
    return f"left as they are: {what} ({told}); only complete ones are merged or rolled up"


def _runs(store: Store, run: str | None, service: str | None, kind: str | None) -> list[Run]:
    from slogate.store.manifest import find_run, list_runs

    if kind not in {None, "load", "production"}:
        raise UsageError(f"--kind {kind} is not known", hint="it is load or production")
    if run is not None:
        return [find_run(store, run, service=service, kind=kind)]
    return list_runs(store, service=service, kind=kind)[::-1]


def _old(runs: Sequence[Run], older_than: str, kind: str) -> list[Run]:
    """Those that the policy rolls up: of that kind, and ended so long ago."""
    from slogate.store.prune import moment_of
    from slogate.store.rollup import can_roll_up

    age = given_age("--older-than", older_than)
    now = time.time_ns() // 1_000
    return [r for r in runs if r.kind == kind and can_roll_up(r) and now - moment_of(r) > age]


def _cuts(runs: Sequence[Run], files: list[Path], words: list[str]) -> dict[str, tuple[int, ...]]:
    """The cuts of each run: those of its service's specs and those given; UsageError for neither.

    Without them the limits that people judge by would be lost with the requests.
    """
    from slogate.cli.specfiles import FOLDER, read_specs
    from slogate.config import load_settings
    from slogate.slo.cuts import cuts_of
    from slogate.slo.every import load_every

    files = files or list(load_settings(Path.cwd(), os.environ).specs)
    specs = load_every(read_specs(files)) if files or FOLDER.is_dir() else []
    given = [given_age("--cut", word, ("ms", "s")) for word in words]
    found = {}
    for run in runs:
        mine = [spec for spec in specs if spec.service == run.service]
        if not mine and not given:
            raise UsageError(f"no limits are known of the service '{run.service}'", hint=_HINT)
        found[run.id] = tuple(sorted({*cuts_of(mine), *given}))
    return found


def _roll_up(
    store: Store, run: Run, cuts: tuple[int, ...], *, step_us: int, keep_raw: bool, dry: bool
) -> list[dict[str, Any]]:
    """What was, or would be, done to an old run."""
    from slogate.store.rollup import roll_up

    about = {"run": run.id, "service": run.service, "did": "roll-up", "cuts_us": list(cuts)}
    if dry:
        return [{**about, "requests": run.rows.written}]
    rolled = roll_up(store, run, cuts, keep_raw=keep_raw, step_us=step_us)
    told = {"requests": rolled.requests, "rows": rolled.rows}
    return [{**about, **told, "bytes_before": rolled.bytes[0], "bytes_after": rolled.bytes[1]}]


def _merge(store: Store, run: Run, dry: bool) -> list[dict[str, Any]]:
    """What was, or would be, done to a run of small parts; nothing if it has none."""
    from slogate.store.compact import compact_run, mergeable

    groups = mergeable(store, run)
    if not groups:
        return []
    before, after = len(run.parts), len(run.parts) - sum(map(len, groups)) + len(groups)
    about = {"run": run.id, "service": run.service, "did": "merge"}
    told: dict[str, Any] = {"parts_before": before, "parts_after": after}
    merged = None if dry else compact_run(store, run)
    if merged is not None:
        told |= {"bytes_before": merged.bytes[0], "bytes_after": merged.bytes[1]}
    return [{**about, **told}]


def _lines(done: Sequence[dict[str, Any]], *, dry: bool) -> Iterator[str]:
    from slogate.units import format_bytes, format_count

    for each in done:
        if each["did"] == "merge":
            verb, what = "merge", f"{each['parts_before']} parts → {each['parts_after']}"
        else:
            verb, what = "roll up", f"{format_count(each['requests'])} requests"
        if dry:
            yield f"{each['run']}: would {verb} {what}"
            continue
        past = {"merge": "merged", "roll up": "rolled up"}[verb]
        size = f"{format_bytes(each['bytes_before'])} → {format_bytes(each['bytes_after'])}"
        yield f"{each['run']}: {past} {what}, {size}"
