"""Rolls a run's requests up: `counts` by the minute and `histograms` by the hour take their place.

Both keep endpoint, method, status, ok and labels, the sum and the largest of the durations.
Counts are bounded by the cuts that they are made with (limits that somebody judges by), so
how many kept one of these is exact; histograms by the default grid (`model/grid.py`), so any
other limit is known to within a bucket. Errors, workers, traces and paces are lost: a run whose
requests stand for starts that their users missed is refused. That as many requests are counted
in both as there were is checked before a row is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slogate.errors import StoreError, UsageError
from slogate.model.grid import limits
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.memory import remembering
from slogate.store.parts import SCHEMA, series_of, write_part
from slogate.store.replacing import MAKER, replaced
from slogate.store.seals import rows_of, size_of
from slogate.store.supersede import replacing
from slogate.store.views import escaped, first_line, sparing

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
BATCH_ROWS = 245_760

_TABLES = """
CREATE TEMP TABLE bounds AS
SELECT hi, coalesce(lag(hi) OVER (ORDER BY hi), -1) AS lo
FROM (SELECT unnest(getvariable('limits')::BIGINT[]) AS hi);
CREATE TEMP TABLE counted (
    t BIGINT, endpoint VARCHAR, method VARCHAR, status SMALLINT, ok BOOLEAN,
    labels MAP(VARCHAR, VARCHAR), lo BIGINT, hi BIGINT, n BIGINT, total HUGEINT, most BIGINT
);
"""
# bucketing each distinct duration once is several times faster than each request
_COUNT = """
INSERT INTO counted
WITH source AS (
    SELECT epoch_us(ts) // getvariable('step') * getvariable('step') AS t, duration_us AS d,
           endpoint, method, status, ok, labels
    FROM read_parquet(getvariable('part'), hive_partitioning = false)
), distinct_d AS (SELECT DISTINCT d FROM source WHERE d IS NOT NULL),
bucketed AS (
    SELECT d, coalesce(lo, (SELECT max(hi) FROM bounds), -1) AS lo, hi
    FROM distinct_d ASOF LEFT JOIN bounds ON d <= hi
)
SELECT t, endpoint, method, status, ok, labels, lo, hi, count(*), sum(d), max(d)
FROM source LEFT JOIN bucketed USING (d)
GROUP BY ALL
"""
_RESULT = """
SELECT make_timestamp(t)::TIMESTAMPTZ AS ts, getvariable('step')::BIGINT AS step_us,
       endpoint, method, status, ok, lo AS lo_us, hi AS hi_us, sum(n)::BIGINT AS count,
       TRY_CAST(sum(total) AS BIGINT) AS sum_us, max(most) AS max_us, NULL::VARCHAR AS worker,
       labels
FROM counted GROUP BY t, endpoint, method, status, ok, labels, lo, hi
ORDER BY t, endpoint, method, status, ok, labels::VARCHAR, lo NULLS FIRST
"""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A rollup to be: its series, the length of a step, the upper limits of its rows."""

    series: Series
    step_us: int
    limits: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledUp:
    """What was done to a run: how many requests into how many rows, bytes before and after."""

    run: Run
    requests: int
    rows: int
    bytes: tuple[int, int]


def can_roll_up(run: Run) -> bool:
    """Whether the run is complete and has requests; beside them, if any, what they became before.

    A log may be followed further into a run that was rolled up.
    """
    raw = _raw(run)
    return (
        run.state == "complete"
        and bool(raw)
        and (len(raw) == len(run.parts) or run.rolled_up is not None)
    )


def _raw(run: Run) -> tuple[str, ...]:
    return tuple(part for part in run.parts if series_of(part) == "requests")


def roll_up(
    store: Store,
    run: Run,
    cuts: Sequence[int],
    *,
    keep_raw: bool = False,
    step_us: int = HOUR_US,
) -> RolledUp:
    """Roll the run up by these cuts (µs); StoreError, and nothing changed, if that is impossible.

    `step_us` is the step of the histograms: a whole part of a day, from a minute. The raw parts are
    deleted, or kept aside where no verdict reads them. The caller holds the lock `caring`.
    """
    if not can_roll_up(run):
        raise UsageError(f"run '{run.id}' cannot be rolled up: it is not complete, or has no rows")
    if step_us < MINUTE_US or DAY_US % step_us:
        raise UsageError("a step is a whole part of a day, from a minute", hint="such as 5m or 1h")
    raw = _raw(run)
    paths = [store.root / part for part in raw]
    shapes = (
        _Shape("counts", MINUTE_US, sorted({cut for cut in cuts if cut >= 0})),
        _Shape("histograms", step_us, limits()),
    )

    def make(number: int) -> Iterator[str]:
        for at, shape in enumerate(shapes):
            yield _write(store, run, raw, shape, number + at)

    before, requests = sum(map(size_of, paths)), sum(map(rows_of, paths))
    _refuse_missed_starts(run, paths)
    after = replaced(
        store, run, raw, make,
        check=lambda found: _check(store, run, found, requests),
        rolled_up=requests + (run.rolled_up or 0), keep=keep_raw,
    )  # fmt: skip
    made = [after.seals[part] for part in _new(run, after)]
    return RolledUp(
        run=after,
        requests=requests,
        rows=sum(seal.rows for seal in made),
        bytes=(before, sum(seal.bytes for seal in made)),
    )


def _new(before: Run, after: Run) -> list[str]:
    return [part for part in after.parts if part not in before.parts]


def _refuse_missed_starts(run: Run, paths: Sequence[Path]) -> None:
    """UsageError where back-filling (DESIGN §2) would add requests: it needs the single rows."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    pace, duration = pc.field("pace_us"), pc.field("duration_us")
    stands = (pace > 0) & (pc.divide(duration, pc.scalar(2)) >= pace)
    try:
        found = ds.dataset([*map(str, paths)], format="parquet").scanner(filter=stands).count_rows()
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"run '{run.id}' cannot be read: {error}") from None
    if found:
        raise UsageError(
            f"run '{run.id}' cannot be rolled up: {found} of its requests made their users miss "
            "starts, which are put back from single requests only"
        )


def _check(store: Store, before: Run, after: Run, requests: int) -> None:
    """StoreError unless both series stand for exactly as many requests as there were."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for part in _new(before, after):
        path = store.root / part
        counted = pc.sum(pq.read_table(path, columns=["count"], partitioning=None)["count"]).as_py()
        if counted != requests:
            raise StoreError(
                f"run '{after.id}' has {requests} requests, "
                f"its {series_of(part)} would have {counted}"
            )


def _write(store: Store, run: Run, raw: Sequence[str], shape: _Shape, number: int) -> str:
    import duckdb

    try:
        with sparing() as connection:
            _set(connection, step=shape.step_us, limits=list(shape.limits))
            connection.execute(_TABLES)
            for part in raw:
                _set(connection, part=escaped(str(store.root / part)))
                connection.execute(_COUNT)
            return write_part(
                store, run.id, run.service, run.kind, _batches(connection, shape.series),
                sequence=number, worker=MAKER, series=shape.series,
                metadata=lambda: {**replacing(raw), **remembering(run)},
            )  # fmt: skip
    except duckdb.Error as error:
        raise StoreError(f"run '{run.id}' cannot be rolled up: {first_line(error)}") from None


def _set(connection: duckdb.DuckDBPyConnection, **values: object) -> None:
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def _batches(connection: duckdb.DuckDBPyConnection, series: Series) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    result: Any = connection.sql(_RESULT)
    reader = getattr(result, "to_arrow_reader", None) or result.fetch_arrow_reader
    for batch in reader(BATCH_ROWS):
        if batch.num_rows:
            table = pa.Table.from_batches([batch]).cast(SCHEMA(series))
            yield from table.combine_chunks().to_batches()
