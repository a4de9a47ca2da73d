"""Which surveys are summed up in one pass, and what tells their slots and spans apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from math import gcd

from slogate.model.slots import Edges
from slogate.model.survey import Survey

MINUTE_US = 60_000_000


def groups_of(surveys: Sequence[Survey]) -> list[list[Survey]]:
    """Surveys that share a label, and whole minutes or else what tells their slots apart."""
    found: dict[tuple[str | None, int], list[Survey]] = defaultdict(list)
    for each in surveys:
        grain = grain_of([each])
        found[each.by, 0 if grain % MINUTE_US == 0 else grain].append(each)
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
