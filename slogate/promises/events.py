"""Which requests count at all, of promises that leave some out: `404 is nobody's failure`.

Two accounts of the same slots: the good requests, and those that are surely no events. What is not
known to be none counts. Where only bounds are known, the total is taken as high as it may be, and
the good ones as low and as high as their share may be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from slogate.model.predicate import Not
from slogate.model.slots import Account, Tallies, Tally
from slogate.promises.promise import Plan

_MARK = "\0events"


def accounts_of(plan: Plan) -> list[Account]:
    """What is to be counted for one plan."""
    account, events = plan.account, plan.promise.events
    if events is None:
        return [account]
    others = replace(account.selection, success=Not(events))
    return [account, replace(account, id=f"{account.id}{_MARK}", selection=others)]


def tallies_of(plan: Plan, counted: Mapping[str, Tallies]) -> Tallies:
    """The tallies of one plan, without the requests that are no events."""
    account = plan.account
    if plan.promise.events is None:
        return counted[account.id]
    others = counted[f"{account.id}{_MARK}"]
    left = {
        value: _without(some, others.get(value, ())) for value, some in counted[account.id].items()
    }
    return {value: some for value, some in left.items() if some or plan.promise.by is None}


def _without(tallies: tuple[Tally, ...], others: tuple[Tally, ...]) -> tuple[Tally, ...]:
    none: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for other in others:
        mine = none[other.first, other.last]
        mine[0] += other.sure
        mine[1] += other.maybe
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for tally in tallies:
        sum_of = sums[tally.first, tally.last]
        for at, number in enumerate((tally.total, tally.sure, tally.maybe)):
            sum_of[at] += number
    found = []
    for (first, last), (total, sure, maybe) in sums.items():
        least, most = none[first, last]
        events = total - least
        if events:
            best = min(events, maybe + most - least)
            found.append(Tally(first, last, events, min(sure, events), best))
    return tuple(found)
