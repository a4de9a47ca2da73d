"""Counts the rows that two runs have alike: slices of one log have those that lie in both.

Rows are alike that agree in their moment and in all that was measured. Of two hosts some are too,
by chance, where little is told of each; so it is also counted how many would be if one of the
runs were moved by a second (or by a step). Looks at the time that both cover, and where that holds
a great many rows at some of it, the same for both, from its beginning on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.reading import with_all_parts
from slogate.store.views import escaped, first_line, sparing

LOOKED_AT = 50_000
MEASURED: dict[Series, str] = {
    "requests": "duration_us, method, endpoint, status, ok, bytes, trace_id",
    "histograms": 'step_us, method, endpoint, status, ok, lo_us, hi_us, "count", sum_us, max_us',
}
_STEP = {"requests": "1000000", "histograms": "greatest(max(step_us), 1000000)"}
_SPAN = """
SELECT count(*), coalesce({step}, 1000000) FROM read_parquet($parts, hive_partitioning = false)
WHERE ts BETWEEN make_timestamp($low)::TIMESTAMPTZ AND make_timestamp($high)::TIMESTAMPTZ
"""
_TAKEN = """
CREATE TEMP TABLE {name} AS
SELECT epoch_us(ts) - $low AS t, hash({measured}) AS h, count(*) AS n
FROM read_parquet($parts, hive_partitioning = false)
WHERE ts BETWEEN make_timestamp($low)::TIMESTAMPTZ AND make_timestamp($high)::TIMESTAMPTZ
  AND (epoch_us(ts) - $low) // $block % $every = 0
GROUP BY ALL
"""
_COUNTED = """
SELECT (SELECT coalesce(sum(n), 0) FROM one)::BIGINT,
       (SELECT coalesce(sum(n), 0) FROM other)::BIGINT,
       coalesce(sum(least(one.n, other.n)), 0)::BIGINT, count(DISTINCT (h, t % 1000000))
FROM one JOIN other USING (t, h)
"""
_MOVED = """
SELECT coalesce(sum(least(one.n, other.n)), 0)::BIGINT FROM one JOIN other
ON one.h = other.h AND one.t = other.t // $block * $block + (other.t % $block + $step) % $block
"""
# a counter that both tell of from its start on: what it had counted by then is in both
_BEGUN = """
SELECT count(*) FROM (
    SELECT DISTINCT ts, method, endpoint, step_us
    FROM read_parquet($mine, hive_partitioning = false)
) AS one JOIN (
    SELECT DISTINCT ts, method, endpoint, step_us
    FROM read_parquet($theirs, hive_partitioning = false)
) AS other USING (ts, method, endpoint) WHERE one.step_us > other.step_us
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Of the rows looked at: how many the one has, the other, both; of those `kinds` differ.

    Parts of a second are a difference, seconds are not: who is asked each minute is asked alike.
    `moved` are alike if one run is moved; `every`: so much of the time was looked at, one in so
    many.
    """

    one: int
    other: int
    both: int
    kinds: int
    moved: int
    every: int


def alike(store: Store, one: Run, other: Run, series: Series) -> Alike | None:
    """What rows of a series both have; None where they have none at the same time.

    StoreError where parts cannot be read.
    """
    folder = store.series(series)
    starts, ends = (one.start_ts or 0, other.start_ts or 0), (one.end_ts or 0, other.end_ts or 0)
    low, high = max(starts), min(ends)

    def count(found: list[list[Path]]) -> Alike | None:
        parts = [[path for path in some if path.is_relative_to(folder)] for some in found]
        return _counted(parts, series, low, high) if all(parts) else None

    return with_all_parts(store, [one, other], count, whole=False) if low <= high else None


def counted_from_one_start(store: Store, one: Run, other: Run) -> bool:
    """Whether a step of histograms of the one begins with a step of the other, and is longer."""
    import duckdb

    folder = store.series("histograms")

    def count(found: list[list[Path]]) -> bool:
        mine, theirs = (
            [escaped(str(path)) for path in some if path.is_relative_to(folder)] for some in found
        )
        if not (mine and theirs):
            return False
        try:
            with sparing() as connection:
                told = connection.execute(_BEGUN, {"mine": mine, "theirs": theirs}).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"the store cannot be read: {first_line(error)}") from None
        return bool(told[0][0])

    return with_all_parts(store, [one, other], count, whole=False)


def _counted(parts: Sequence[Sequence[Path]], series: Series, low: int, high: int) -> Alike | None:
    import duckdb

    span = {"low": low, "high": high}
    given = [{**span, "parts": [escaped(str(path)) for path in some]} for some in parts]
    try:
        with sparing() as connection:
            sql = _SPAN.format(step=_STEP[series])
            told = [connection.execute(sql, words).fetchall()[0] for words in given]
            fewer, step = min(rows for rows, _ in told), max(step for _, step in told)
            if not fewer:
                return None
            every, block = -(-fewer // LOOKED_AT), 16 * step
            for name, words in zip(("one", "other"), given, strict=True):
                taken = _TAKEN.format(name=name, measured=MEASURED[series])
                connection.execute(taken, {**words, "block": block, "every": every})
            counts = connection.execute(_COUNTED).fetchall()[0]
            shift = {"block": block, "step": step}
            (moved,) = connection.execute(_MOVED, shift).fetchall()[0]
    except duckdb.Error as error:
        raise StoreError(f"the store cannot be read: {first_line(error)}") from None
    mine, theirs, both, kinds = counts
    return Alike(one=mine, other=theirs, both=both, kinds=kinds, moved=moved, every=every)
