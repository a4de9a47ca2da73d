"""Finds, of many runs that hold few rows each, those that may have rows of one run, at once.

Of hundreds of hosts, or hours, each run would be asked for itself in `alike.py`, which takes long.
Here all are read in one query. Who is not named has fewer rows in common than are asked for; who
is may still have fewer, as a row that is there twice is counted as often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.alike import LOOKED_AT, MEASURED
from slogate.store.layout import Store
from slogate.store.parts import run_of
from slogate.store.reading import with_all_parts
from slogate.store.views import escaped, first_line, sparing

ROWS = 20 * LOOKED_AT
_ROWS = """
SELECT {more} epoch_us(ts) AS t, hash({measured}) AS h
FROM read_parquet({parts}, hive_partitioning = false, filename = true)
WHERE ts BETWEEN make_timestamp($low)::TIMESTAMPTZ AND make_timestamp($high)::TIMESTAMPTZ
"""
_MET = """
SELECT filename, count(*) FROM ({theirs}) AS theirs SEMI JOIN ({mine}) AS mine USING (t, h)
GROUP BY ALL
"""


def rows_of(run: Run) -> int | None:
    """How many rows a run has; None where its manifest does not say it of all its parts."""
    seals = [run.seals.get(part) for part in run.parts]
    told = [seal.rows for seal in seals if seal is not None]
    return sum(told) if len(told) == len(seals) else None


def meeting(store: Store, one: Run, others: Sequence[Run], series: Series, least: int) -> set[str]:
    """The ids of those that may have at least so many rows of a series in common with the one.

    StoreError where parts cannot be read.
    """
    found: set[str] = set()

    def count(parts: Sequence[Sequence[Path]]) -> Counter[str]:
        return _met(store, one, parts, series)

    for some in _batches(others):
        met = with_all_parts(store, [one, *some], count, whole=False)
        found |= {run.id for run in some if met[run.id] >= least}
    return found


def _batches(runs: Sequence[Run]) -> Iterator[list[Run]]:
    batch: list[Run] = []
    rows = 0
    for run in runs:
        batch.append(run)
        rows += rows_of(run) or LOOKED_AT
        if rows >= ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _met(store: Store, one: Run, parts: Sequence[Sequence[Path]], series: Series) -> Counter[str]:
    import duckdb

    folder, met = store.series(series), Counter[str]()
    mine, *theirs = (
        [escaped(str(path)) for path in some if path.is_relative_to(folder)] for some in parts
    )
    other = [path for some in theirs for path in some]
    if not (mine and other):
        return met
    measured = MEASURED[series]
    sql = _MET.format(
        theirs=_ROWS.format(more="filename,", measured=measured, parts="$theirs"),
        mine=_ROWS.format(more="", measured=measured, parts="$mine"),
    )
    span = {"low": one.start_ts or 0, "high": one.end_ts or 0}
    try:
        with sparing() as connection:
            found = connection.execute(sql, {**span, "mine": mine, "theirs": other}).fetchall()
    except duckdb.Error as error:
        raise StoreError(f"the store cannot be read: {first_line(error)}") from None
    for name, count in found:
        met[run_of(Path(name).name) or ""] += count
    return met
