"""What a store holds of a service's production, for who looks over its specs: read, not judged.

Endpoints as specs name them with their requests, the stretch of time, and the bounds of buckets
where nothing finer is kept. Counts and histograms stand for the same requests: one is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.errors import NoData, StoreError
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.store.parts import series_of
from slogate.store.reading import with_all_parts
from slogate.store.reference import near_service
from slogate.store.views import connected, escaped, first_line

_NAMED = """
    SELECT trim(concat_ws(' ', method, endpoint)) AS name, sum({weight})::BIGINT AS requests,
        epoch_us(min(ts)) AS since, epoch_us(max(ts)) AS until
    FROM read_parquet(?, hive_partitioning = false)
    GROUP BY name
"""
_EDGES = "SELECT DISTINCT hi_us FROM read_parquet(?, hive_partitioning = false) WHERE hi_us > 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """Endpoints with their requests, the commonest first; `edges_us` None: all of it is exact."""

    endpoints: tuple[tuple[str, int], ...]
    span_us: int
    edges_us: tuple[int, ...] | None


def no_production(store: Store, services: Sequence[str], so: str) -> NoData:
    """The error that none of the services has any, with the service that may have been meant."""
    whose = f"the service '{services[0]}'" if len(services) == 1 else " or ".join(services)
    hint = "take some in: slogate import --kind production FILE"
    meant = near_service(list_runs(store, kind="production"), services[0])
    return NoData(
        f"{so}: {store.root} has no production data of {whose}",
        hint=f"{meant}; else {hint}" if meant else hint,
    )


def production_of(store: Store, service: str) -> Production:
    """What is there of a service; StoreError if a part cannot be read."""
    runs = list_runs(store, service=service, kind="production")
    return with_all_parts(store, runs, lambda found: _production(store, found))


def _production(store: Store, found_parts: Sequence[Sequence[Path]]) -> Production:
    import duckdb

    parts: dict[Series, list[str]] = {}
    for path in (path for paths in found_parts for path in paths):
        part = path.relative_to(store.root).as_posix()
        parts.setdefault(series_of(part), []).append(escaped(str(path)))
    exact = bool({"requests", "counts"} & parts.keys())
    if "counts" in parts:
        parts.pop("histograms", None)
    found: dict[str, int] = {}
    moments: list[int] = []
    edges: tuple[int, ...] | None = None
    with connected(None) as connection:
        try:
            for series, paths in parts.items():
                sql = _NAMED.format(weight="1" if series == "requests" else "count")
                for name, requests, *ends in connection.execute(sql, [paths]).fetchall():
                    found[name] = found.get(name, 0) + requests
                    moments += ends
            if not exact and parts:
                rows = connection.execute(_EDGES, [parts["histograms"]]).fetchall()
                edges = tuple(sorted(edge for (edge,) in rows))
        except duckdb.Error as error:
            raise StoreError(f"production cannot be read: {first_line(error)}") from None
    return Production(
        endpoints=tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))),
        span_us=max(moments, default=0) - min(moments, default=0),
        edges_us=edges,
    )
