"""Service level objectives that were read without fault, as promises: one for each window.

In `good:` the word `ok` is what the file says a success is, its `ok:`; without, the source's word.
The corrections of a file hold for all of its SLOs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate
from slogate.model.selection import Selection
from slogate.promises.promise import PolicyRule, Promise
from slogate.slo.budgets import Common
from slogate.slo.document import Listing, Table
from slogate.slo.slos import alerts_of
from slogate.verdict import Place

_SAME = ("objective", "budgeting", "slice_objective", "by", "min_events", "severity", "on_no_data")


def promises_of(found: Mapping[str, Any], root: Table, common: Common) -> Iterator[Promise]:
    """The promises of a file, in its order."""
    nodes = root.get("slos")
    items = nodes.items if isinstance(nodes, Listing) else ()
    for slo, node in zip(found.get("slos", ()), items, strict=True):
        if "good" not in slo:
            continue
        key = node.key("objective") if isinstance(node, Table) else None
        place = Place(
            file=common.file,
            line=(key or node).line,
            column=(key or node).column,
            sha256=common.sha256,
        )
        for text, window in slo["window"]:
            yield Promise(
                service=common.service,
                name=slo["name"],
                selection=_selection(slo, common),
                window=window,
                window_text=text,
                place=place,
                slice_us=slo.get("slice"),
                empty=slo.get("empty_slices", "excluded"),
                alerts=alerts_of(slo, window),
                policy=tuple(PolicyRule(**rule) for rule in slo.get("policy", ())),
                corrections=tuple(found.get("corrections", ())),
                **{name: slo[name] for name in _SAME if name in slo},
            )


def _selection(slo: Mapping[str, Any], common: Common) -> Selection:
    return Selection(
        endpoint=slo.get("endpoint"),
        where=tuple(sorted(slo.get("where", {}).items())),
        success=with_success(slo["good"], common.success),
    )


def with_success(condition: Predicate, success: Predicate) -> Predicate:
    """The condition with what counts as a success in place of `ok`."""
    match condition:
        case Ok():
            return success
        case Not(operand=operand):
            return Not(with_success(operand, success))
        case And(left=left, right=right):
            return And(with_success(left, success), with_success(right, success))
        case Or(left=left, right=right):
            return Or(with_success(left, success), with_success(right, success))
        case Comparison():
            return condition
