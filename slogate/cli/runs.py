"""`slogate runs list|show|label|pin|unpin|delete`: the runs that a store keeps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import CONTEXT, JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.cli.stores import opened_store, refreshed
from slogate.errors import EXIT_PASS, StoreError, UsageError

RUN = Annotated[str, typer.Argument(metavar="RUN", help="Id, its beginning, a label, or latest.")]

app = typer.Typer(
    help="List, show, label, pin and delete runs.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
)


@app.command("list", context_settings=CONTEXT)
def list_command(
    service: SERVICE = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many.")
    ] = 20,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """List runs, newest first, with their outcomes.

    \b
    Examples:
      slogate runs list
      slogate runs list --service shop --limit 5
      slogate runs list --json | jq -r '.[] | select(.outcome == "fail") | .id'
    """
    from slogate.cli.grid import dumps, grid
    from slogate.cli.runtable import HEAD, as_data, outcomes, row
    from slogate.store.manifest import list_runs

    opened = opened_store(store)
    runs = list_runs(opened, service=service)
    found = outcomes(opened)
    shown = runs[:limit]
    if as_json:
        out(dumps([as_data(run, found.get(run.id)) for run in shown]))
        return EXIT_PASS
    out(grid(HEAD, [row(run, found.get(run.id)) for run in shown], no_color=no_color))
    if len(runs) > limit:
        note(f"{len(runs) - limit} more: --limit {len(runs)} shows all", quiet=quiet)
    return EXIT_PASS


@app.command("show", context_settings=CONTEXT)
def show_command(
    run: RUN,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Show all that is known of a run.

    Times, labels, who counted what, the generator's health.

    \b
    Examples:
      slogate runs show latest
      slogate runs show nightly --service shop
      slogate runs show 20261101 --json | jq .rows
    """
    del quiet, no_color
    from slogate.cli.grid import dumps
    from slogate.cli.runtable import as_data, outcomes, sheet
    from slogate.store.endpoints import endpoints, paced
    from slogate.store.manifest import find_run
    from slogate.trust import omission_of

    opened = opened_store(store)
    found = find_run(opened, run, service=service)
    outcome = outcomes(opened).get(found.id)
    omission, named = None, []
    try:
        omission = omission_of(found, paced(opened, found))
        named = [] if as_json else endpoints(opened, found)
    except StoreError as error:  # what the manifest says is worth telling all the same
        note(f"note: {error}")
    if as_json:
        out(dumps({**as_data(found, outcome), "omission": omission}))
    else:
        out(sheet(found, outcome, named, omission))
    return EXIT_PASS


@app.command("label", context_settings=CONTEXT)
def label_command(
    run: RUN,
    pairs: Annotated[list[str], typer.Argument(metavar="K=V", help="Labels; K= removes one.")],
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Give a run labels, by which it can be found.

    `K=` takes one away.

    \b
    Examples:
      slogate runs label latest name=before-cache
      slogate runs label before-cache name= kept=yes
    """
    del no_color
    from slogate.cli.given import given_pairs
    from slogate.cli.grid import dumps
    from slogate.store.manifest import find_run, label_run

    opened = opened_store(store)
    labels = given_pairs("label", pairs)
    changed = label_run(opened, find_run(opened, run, service=service).id, labels)
    refreshed(opened, quiet=quiet)
    if as_json:
        out(dumps({"id": changed.id, "labels": changed.labels}))
    else:
        text = ", ".join(f"{key}={value}" for key, value in sorted(changed.labels.items()))
        note(f"{changed.id}: {text or 'no labels'}", quiet=quiet)
    return EXIT_PASS


@app.command("pin", context_settings=CONTEXT)
def pin_command(
    run: RUN,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the pin.")] = "baseline",
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Pin a run as a base to compare with; it is never pruned.

    Pin several runs by one name, since three tell how much runs differ. It is the label `pin`.

    \b
    Examples:
      slogate runs pin latest                    as baseline
      slogate runs pin 20261124-101500 release
    """
    del no_color
    return _pin(run, name, service=service, store=store, as_json=as_json, quiet=quiet)


@app.command("unpin", context_settings=CONTEXT)
def unpin_command(
    run: RUN,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Take the pin off a run.

    \b
    Examples:
      slogate runs unpin 20261124-101500
    """
    del no_color
    return _pin(run, "", service=service, store=store, as_json=as_json, quiet=quiet)


def _pin(
    run: str, name: str, *, service: str | None, store: Path | None, as_json: bool, quiet: bool
) -> int:
    from slogate.cli.grid import dumps
    from slogate.store.manifest import find_run, label_run
    from slogate.store.prune import PIN

    opened = opened_store(store)
    changed = label_run(opened, find_run(opened, run, service=service).id, {PIN: name})
    refreshed(opened, quiet=quiet)
    pin = changed.labels.get(PIN)
    if as_json:
        out(dumps({"id": changed.id, "pin": pin}))
    else:
        note(f"{changed.id}: {f'pinned as {pin}' if pin else 'not pinned'}", quiet=quiet)
    return EXIT_PASS


@app.command("delete", context_settings=CONTEXT)
def delete_command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="Ids, or what names one.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even one that claims to be recorded still.")
    ] = False,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Delete runs with their requests and verdicts. Asks first, on a terminal.

    \b
    Examples:
      slogate runs delete 20261124-205414-6b321f
      slogate runs delete latest --service shop --yes
    """
    del no_color
    from slogate.cli.grid import dumps
    from slogate.store.manifest import belongings, delete_run, find_run

    opened = opened_store(store)
    named = (find_run(opened, run, service=service, alone=True).id for run in runs)
    ids = list(dict.fromkeys(named))
    if not yes:
        _ask(ids)
    there = belongings(opened)
    for run_id in ids:
        delete_run(opened, run_id, force=force, there=there)
        note(f"deleted {run_id}", quiet=quiet)
    refreshed(opened, quiet=quiet)
    if as_json:
        out(dumps({"deleted": ids}))
    return EXIT_PASS


def _ask(ids: list[str]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here whether to delete", hint="add --yes")
    typer.confirm(f"delete {', '.join(ids)} with all requests and verdicts?", abort=True, err=True)
