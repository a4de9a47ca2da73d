"""Which requests count at all, of promises that leave some out: `404 is nobody's failure`.

Two accounts of the same slots: the good requests, and those that are surely no events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from slogate.model.predicate import Not
from slogate.model.slots import Account, Tallies
from slogate.model.survey import without
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
        value: without(some, others.get(value, ())) for value, some in counted[account.id].items()
    }
    return {value: some for value, some in left.items() if some or plan.promise.by is None}
