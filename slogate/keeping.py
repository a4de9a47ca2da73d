"""Keeps the rows of an import: parts first, then the manifest, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from slogate import intake
from slogate.model.run import Reconciliation, Run
from slogate.model.series import Series
from slogate.recognition import OPTION
from slogate.store.layout import Store
from slogate.store.manifest import withdraw, write_run
from slogate.store.memory import remembering
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
    check: Callable[[Run], object] = lambda _run: None,
) -> Run:
    """Write the parts and then the manifest, or leave nothing; SourceError if too much is bad.

    `check` gets the run before its manifest is written, and raises where it must not be.
    """
    parts: list[str] = []
    ahead = Ahead(tables)

    def told() -> dict[bytes, str]:
        done = Reconciliation(written=tally.rows)
        return remembering(replace(run, rows=done)) if ahead.series() is None else {}

    try:
        while (series := ahead.series()) is not None:
            parts.append(
                write_part(
                    store, run.id, run.service, run.kind, _part(ahead, series),
                    sequence=len(parts), worker=None, series=series, metadata=told,
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


class Ahead:
    """Rows as they come, of which the next can be looked at."""

    def __init__(self, tables: Iterator[intake.Rows]) -> None:
        """Nothing is taken yet."""
        self._tables = tables
        self._held: list[intake.Rows] = []

    def series(self) -> Series | None:
        """The series of what `take` gives next; None after the last."""
        self._held = self._held or [*islice(self._tables, 1)]
        return self._held[0][0] if self._held else None

    def take(self) -> pa.Table:
        """The rows that were looked at."""
        return self._held.pop()[1]


def _part(ahead: Ahead, series: Series) -> Iterator[pa.Table]:
    """Tables of a series until they are enough for a part; the others stay for the next one."""
    rows = PART_ROWS
    while rows > 0 and ahead.series() == series:
        table = ahead.take()
        yield table
        rows -= table.num_rows


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
