"""Writes rows and manifests of a run into the store; for a native thread, never for a greenlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from typing import Any

from slogate.model.run import Run
from slogate.recorders.locust.arrow import to_table
from slogate.recorders.locust.columns import Chunk
from slogate.recorders.locust.turns import Beside, split
from slogate.store.layout import Store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part
from slogate.store.seals import sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The parts that were written: of the run, if it has any of the rows, and beside it."""

    paths: tuple[str, ...]
    rows: int
    last_ts: int
    beside: tuple[str, ...] = ()
    rows_beside: int = 0


def write_closed(store: Store, run: Run) -> None:
    """Write a manifest, with seals if the run is over."""
    write_run(store, run if run.state == "running" else sealed(store, run))


def write_chunks(
    store: Store, run: Run, chunks: Sequence[Chunk], sequence: int, beside: Beside | None
) -> Stored:
    """Write rows as parts: of the run, and of its base if there is one."""
    import pyarrow.compute as pc

    table = to_table(chunks, run.labels, time())
    last_ts = pc.max(table["ts"]).value

    def write(run_id: str, rows: Any) -> tuple[str, ...]:
        if rows is None:
            return ()
        part = write_part(
            store, run_id, run.service, run.kind, rows, sequence=sequence, worker=None
        )
        return (part,)

    if beside is None:
        return Stored(paths=write(run.id, table), rows=table.num_rows, last_ts=last_ts)
    sides = split(table, beside.against.turns, run.labels)
    others, mine = sides.get("base"), sides.get("head")
    return Stored(
        beside=write(beside.against.run, others),
        rows_beside=0 if others is None else others.num_rows,
        paths=write(run.id, mine),
        rows=0 if mine is None else mine.num_rows,
        last_ts=last_ts,
    )
