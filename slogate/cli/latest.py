"""Which run `latest` means: the newest that is not being recorded at this moment.

The base of a test in turns is other code, and never meant.

A recorder that was killed leaves its run `running` for ever; such a run counts as being
recorded only until the time that was planned for it, and a little more, has gone by.
"""

from __future__ import annotations

from time import time

from slogate.cli.options import note
from slogate.errors import NoData
from slogate.model.run import Run
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.store.reference import near_service
from slogate.units import US_PER_SECOND

GRACE_US = 120 * US_PER_SECOND
UNPLANNED_US = 3_600 * US_PER_SECOND


def latest_run(store: Store, service: str | None, *, quiet: bool = False) -> Run:
    """The latest load run, of one service if given; NoData if there is none."""
    runs = list_runs(store, service=service, kind="load")
    now = int(time() * US_PER_SECOND)
    runs = [run for run in runs if run.interleaved is None or run.interleaved.side == "head"]
    for run in runs:
        if not being_recorded(run, now):
            return run
        note(f"note: run {run.id} is still being recorded, it is not looked at", quiet=quiet)
    of = f" of the service '{service}'" if service else ""
    if runs:
        raise NoData(f"no verdict: the only load run{of} is still being recorded")
    hint = "record one with `slogate run`, or take one in with `slogate import`"
    if real := list_runs(store, service=service, kind="production"):
        hint = f"real traffic is judged where it is named: slogate check --run {real[0].id}"
    elif service and (meant := near_service(list_runs(store, kind="load"), service)):
        hint = f"{meant}; else {hint}"
    raise NoData(f"no verdict: {store.root} has no load run{of}", hint=hint)


def being_recorded(run: Run, now_us: int) -> bool:
    """Whether somebody may still write this run."""
    started = run.start_ts or run.created_ts
    if run.state != "running" or started is None:
        return False
    return now_us - started < (run.planned_us or UNPLANNED_US) + GRACE_US
