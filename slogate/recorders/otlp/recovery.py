"""Stores what receivers that were killed had acknowledged, and closes their runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.recorders.otlp.journal import Record, left
from slogate.recorders.otlp.ledger import Ledger
from slogate.store.layout import Store
from slogate.store.manifest import found_parts, read_run
from slogate.store.parts import write_part
from slogate.store.seals import rows_of

LOST = (
    "its receiver was killed, and its journal is damaged: of what it had acknowledged some is lost"
)
NOTE = "its receiver was killed; what it had acknowledged is kept"


def recover(store: Store) -> list[tuple[Run, int]]:
    """Each run that was recovered, with how many rows came from a journal.

    StoreError, and the journal stays, where a manifest or a journal cannot be read.
    """
    found: list[tuple[Run, int]] = []
    for journal in left(store):
        runs = dict.fromkeys([*journal.runs, *(record.run for record in journal.records)])
        for run_id in runs:
            records = [record for record in journal.records if record.run == run_id]
            try:
                run = read_run(store, run_id)
            except StoreError:
                if os.path.lexists(store.runs / f"{run_id}.json"):
                    raise  # what was acknowledged stays in the journal until it is mended
                continue  # somebody deleted it
            if run.state == "running":
                found.append(_recovered(store, run, records, damaged=journal.damaged))
        journal.forget()
    return found


def _recovered(
    store: Store, run: Run, records: Sequence[Record], *, damaged: bool
) -> tuple[Run, int]:
    kept, there = 0, {(path.parts[-5], path.name) for path in found_parts(store, run)}
    alike = sorted(records, key=lambda record: (record.series, record.sequence))
    for (series, sequence), group in groupby(alike, lambda r: (r.series, r.sequence)):
        # its day, and so its folder, is not known before it is written
        if (series, f"{run.id}-{sequence:05d}.parquet") in there:
            continue
        tables = [record.rows for record in group]
        write_part(
            store, run.id, run.service, run.kind,
            [batch for table in tables for batch in table.to_batches()],
            sequence=sequence, worker=None, series=series,
        )  # fmt: skip
        kept += sum(table.num_rows for table in tables)
    return _closed(store, run, damaged=damaged), kept


def _closed(store: Store, run: Run, *, damaged: bool) -> Run:
    """The run with the parts that are there, and the span of time that they cover."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    paths = found_parts(store, run)
    parts = tuple(path.relative_to(store.root).as_posix() for path in paths)
    rows = sum(rows_of(path) for path in paths)
    # nothing is added to it, so that it does not matter which series it is
    ledger = Ledger(store, replace(run, parts=parts), "requests")
    starts = []
    for path in paths:
        names = [n for n in ("ts", "step_us") if n in pq.read_schema(path).names]
        table = pq.read_table(path, columns=names, partitioning=None)
        first = table["ts"].cast("int64")
        last = pc.add(first, table["step_us"]) if "step_us" in table.column_names else first
        starts += [pc.min(first).as_py(), pc.max(last).as_py()]
    if starts:
        ledger.run = replace(
            ledger.run, start_ts=min(starts), ramped_ts=min(starts), stop_ts=max(starts),
            end_ts=max(starts), rows=replace(run.rows, seen=rows, written=rows),
        )  # fmt: skip
    if damaged:
        ledger.close("incomplete", LOST)
    else:
        # nothing of it is lost: as `interrupted` it would spoil every window that it lies in
        ledger.close("complete", NOTE)
    return ledger.run
