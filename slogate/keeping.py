"""Keeps the rows of an import: parts first, then the manifest, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from slogate import intake
from slogate.model.run import Reconciliation, Run
from slogate.recognition import OPTION
from slogate.store.layout import Store
from slogate.store.manifest import withdraw, write_run
from slogate.store.parts import write_part
from slogate.store.seals import sealed
from slogate.units import format_count

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS = 4_000_000


def keep(
    store: Store,
    run: Run,
    tables: Iterator[intake.Rows],
    tally: intake.Tally,
    max_bad: Fraction | None,
    *,
    check: Callable[[Run], None] = lambda _run: None,
) -> Run:
    """Write the parts and then the manifest, or leave nothing; SourceError if too much is bad.

    `check` gets the run before its manifest is written, and raises where it must not be.
    """
    parts: list[str] = []
    try:
        for series, group in groupby(tables, itemgetter(0)):
            alike = (table for _, table in group)
            while (table := next(alike, None)) is not None:
                rows = _up_to(chain([table], alike), PART_ROWS)
                parts.append(
                    write_part(
                        store, run.id, run.service, run.kind, rows,
                        sequence=len(parts), worker=None, series=series,
                    )
                )  # fmt: skip
        names = [key for key in run.origin if not key.startswith(OPTION)]
        intake.judge_bad(", ".join(names), tally, max_bad)
        stored = finished(store, run, parts, tally)
        check(stored)
        write_run(store, stored)
    except BaseException:
        withdraw(store, run.id, parts)
        raise
    return stored


def _up_to(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Tables until they hold that many rows; the others stay for the next part."""
    for table in tables:
        yield table
        rows -= table.num_rows
        if rows <= 0:
            return


def finished(store: Store, run: Run, parts: Sequence[str], tally: intake.Tally) -> Run:
    """The run with what is known once all is written."""
    run = sealed(store, replace(run, parts=tuple(parts)))
    written = sum(seal.rows for seal in run.seals.values())
    bad = tally.bad.total()
    notes = [f"{format_count(bad)} bad rows were not kept"] if bad else []
    return replace(
        run,
        start_ts=tally.first_ts, ramped_ts=tally.first_ts, stop_ts=tally.last_ts,
        end_ts=tally.last_ts, rows=Reconciliation(seen=tally.rows, written=written, unreadable=bad),
        note="; ".join([*notes, *tally.notes]) or None,
    )  # fmt: skip
