"""What a run's endpoints are called, and how many requests each had, the commonest first.

For people who write a spec or wonder why an objective has no data. Of counts and histograms,
which stand for the same requests, one is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.parts import series_of
from slogate.store.reading import with_parts
from slogate.store.views import connected, escaped, first_line

_NAMED = """
    SELECT trim(concat_ws(' ', method, endpoint)) AS name, sum({weight})::BIGINT AS requests
    FROM read_parquet(?, hive_partitioning = false)
    GROUP BY name
"""
_PACED = "SELECT count(pace_us) FROM read_parquet(?, hive_partitioning = false)"
_WEIGHT: Mapping[Series, str] = {"requests": "1", "counts": "count", "histograms": "count"}


def endpoints(store: Store, run: Run) -> list[tuple[str, int]]:
    """Each endpoint as specs name it, with its requests; StoreError if a part cannot be read."""
    return with_parts(store, run, lambda paths: _endpoints(store, paths))


def _endpoints(store: Store, every: Sequence[Path]) -> list[tuple[str, int]]:
    parts: dict[Series, list[str]] = {}
    for path in every:
        part = path.relative_to(store.root).as_posix()
        parts.setdefault(series_of(part), []).append(escaped(str(path)))
    if "counts" in parts:
        parts.pop("histograms", None)
    found: dict[str, int] = {}
    for series, paths in parts.items():
        for name, requests in _named(series, paths):
            found[name] = found.get(name, 0) + requests
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def paced(store: Store, run: Run) -> int:
    """How many of the run's requests a user with a pace sent; StoreError as for `endpoints`."""
    return with_parts(store, run, lambda paths: _paced(store, paths))


def _paced(store: Store, every: Sequence[Path]) -> int:
    parts = [path.relative_to(store.root).as_posix() for path in every]
    paths = [escaped(str(store.root / part)) for part in parts if series_of(part) == "requests"]
    if not paths:
        return 0
    return int(_asked(_PACED, "requests", paths)[0][0])


def _named(series: Series, paths: Sequence[str]) -> list[tuple[str, int]]:
    """The endpoints in the parts of one series."""
    found = _asked(_NAMED.format(weight=_WEIGHT[series]), series, paths)
    return [(name, requests) for name, requests in found]


def _asked(sql: str, series: Series, paths: Sequence[str]) -> list[tuple[Any, ...]]:
    import duckdb

    with connected(None) as connection:
        try:
            return connection.execute(sql, [list(paths)]).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"its {series} cannot be read: {first_line(error)}") from None
