"""Which surveys are summed up in one pass, and what tells their slots and spans apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

from slogate.engines._base import Sources
from slogate.engines._choosing import Bound
from slogate.engines._spans import some_values
from slogate.model.slots import Edges
from slogate.model.survey import Survey

if TYPE_CHECKING:
    import duckdb

MINUTE_US = 60_000_000


# a label of so few values is counted with the rest
FEW = 12
Few = Mapping[str, tuple[str, ...]]


def few_values(
    surveys: Sequence[Survey], sources: Sources, connection: duckdb.DuckDBPyConnection
) -> Few:
    """The labels that have few values, with these, as far as a look at some of the parts tells."""
    kinds = [parts for parts in (sources.requests, *sources.pools) if parts]
    looked = dict.fromkeys(part for parts in kinds for part in (parts[0], parts[-1]))
    found: dict[str, tuple[str, ...]] = {}
    for by in dict.fromkeys(each.by for each in surveys if each.by is not None):
        values: set[str] = set()
        for part in looked:
            bound = Bound()
            rows = connection.execute(some_values(by, part, bound), bound.values).fetchall()
            values.update(value for (value,) in rows if value is not None)
        if 0 < len(values) <= FEW:
            found[by] = tuple(sorted(values))
    return found


def groups_of(surveys: Sequence[Survey], few: Few) -> list[list[Survey]]:
    """Surveys that share a label, and whole minutes or else what tells their slots apart.

    Those by a label of few values go with those of no label.
    """
    found: dict[tuple[str | None, int], list[Survey]] = defaultdict(list)
    for each in surveys:
        grain, by = grain_of([each]), None if each.by in few else each.by
        found[by, 0 if grain % MINUTE_US == 0 else grain].append(each)
    return [*found.values()]


def grain_of(surveys: Sequence[Survey]) -> int:
    """The longest time by whose multiples all slots and spans begin and end."""
    found = 0
    for each in surveys:
        found = reduce(gcd, each.edges.at, found)
        if each.slices is not None:
            found = gcd(found, each.slices.slots.start_ts, each.slices.slots.step_us)
    return found or 1


def edges_of(surveys: Sequence[Survey]) -> Edges:
    """All moments at which a span of theirs begins or ends."""
    return Edges(at=tuple(sorted({ts for each in surveys for ts in each.edges.at})))
