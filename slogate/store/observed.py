"""What a run's requests took, by endpoint: counts, failures and nearest-rank percentiles.

For people who write their first spec (`slogate init`). Endpoints are put together by a mapping
that is handed in. A failed request counts as slower than any, as budgets have it, so that a
percentile may be None: unbounded. Of a histogram the upper bound of a bucket is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.parts import series_of
from slogate.store.reading import with_parts
from slogate.store.views import connected, escaped, first_line

_TOOK = """
    WITH named AS (
        SELECT unnest(?::VARCHAR[]) AS name, unnest(?::VARCHAR[]) AS key
    ), taken AS (
        SELECT key, {value} AS us, {weight} AS n, coalesce(ok, status < 500, true) AS good
        FROM read_parquet(?, hive_partitioning = false) AS rows
        JOIN named ON named.name = trim(concat_ws(' ', rows.method, rows.endpoint))
    ), stepped AS (
        SELECT key, CASE WHEN good THEN us END AS us, sum(n) AS n
        FROM taken WHERE us IS NOT NULL OR NOT good GROUP BY ALL
    ), ranked AS (
        SELECT *, sum(n) OVER (PARTITION BY key ORDER BY us NULLS LAST) AS rank,
            sum(n) OVER (PARTITION BY key) AS timed
        FROM stepped
    ), placed AS (
        SELECT key, min(us) FILTER (rank >= 0.95 * timed AND us IS NOT NULL) AS p95,
            min(us) FILTER (rank >= 0.99 * timed AND us IS NOT NULL) AS p99
        FROM ranked GROUP BY key
    )
    SELECT key, sum(n)::BIGINT, coalesce(sum(n) FILTER (NOT good), 0)::BIGINT,
        coalesce(sum(n) FILTER (good AND us IS NULL), 0)::BIGINT,
        any_value(p95)::BIGINT, any_value(p99)::BIGINT
    FROM taken LEFT JOIN placed USING (key) GROUP BY key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed of one endpoint; a percentile is None where a failure is its value.

    `untimed` successes have no response time, and are left out of the percentiles.
    """

    requests: int
    failed: int
    untimed: int
    p95_us: int | None
    p99_us: int | None


def observed(store: Store, run: Run, keys: Mapping[str, str]) -> dict[str, Observed]:
    """By key what was observed of the endpoints of each; StoreError if a part cannot be read."""
    return with_parts(store, run, lambda paths: _observed(store, paths, keys))


def _observed(store: Store, every: Sequence[Path], keys: Mapping[str, str]) -> dict[str, Observed]:
    parts: dict[Series, list[str]] = {}
    for path in every:
        part = path.relative_to(store.root).as_posix()
        parts.setdefault(series_of(part), []).append(escaped(str(path)))
    paths = parts.get("requests")
    value, weight = "duration_us", "1"
    if not paths:
        paths, value, weight = parts.get("histograms") or [], "hi_us", "count"
    if not paths or not keys:
        return {}
    import duckdb

    with connected(None) as connection:
        try:
            found = connection.execute(
                _TOOK.format(value=value, weight=weight), [list(keys), list(keys.values()), paths]
            ).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"its requests cannot be read: {first_line(error)}") from None
    return {
        key: Observed(requests=total, failed=failed, untimed=untimed, p95_us=p95, p99_us=p99)
        for key, total, failed, untimed, p95, p99 in found
    }
