"""What a run and a generator process are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slogate.model.run import Run
from slogate.recorders.locust.settings import Settings
from slogate.units import US_PER_SECOND

if TYPE_CHECKING:
    from locust.env import Environment


def worker_name(client_id: str, index: int) -> str:
    """A process: its host, and its number on the master; Locust's client id is host_uuid."""
    return f"{client_id.rpartition('_')[0] or client_id}-{index}"


def new_run(settings: Settings, test: int, environment: Environment, start_ts: int) -> Run:
    """The manifest of a test that starts now; the second of a process is called `<run>-2`."""
    import locust

    options = environment.parsed_options
    planned_us = settings.planned_us
    run_time = getattr(options, "run_time", None)
    if environment.shape_class is not None:
        planned_us = None  # it ends when the shape says so
    elif planned_us is None and run_time:
        planned_us = int(run_time * US_PER_SECOND)
    return Run(
        id=settings.run if test == 1 else f"{settings.run}-{test}",
        service=settings.service,
        kind="load",
        state="running",
        start_ts=start_ts,
        created_ts=start_ts,
        planned_us=planned_us,
        planned_rate=settings.planned_rate,
        commit=settings.commit,
        branch=settings.branch,
        labels=settings.labels,
        note=settings.note,
        source="locust",
        origin={"locust": locust.__version__, "locustfile": str(environment.locustfile)},
    )
