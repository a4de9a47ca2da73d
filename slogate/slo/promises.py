"""Service level objectives that were read without fault, as promises: one for each window.

In `good:` the word `ok` is what the file says a success is, its `ok:`; without, the source's word.
The corrections of a file hold for all of its SLOs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate
from slogate.model.selection import Selection
from slogate.promises.promise import MINUTE_US, PolicyRule, Promise
from slogate.slo.budgets import Common
from slogate.slo.document import Listing, Table
from slogate.slo.questions import Stored, Unjudged, asked
from slogate.slo.slos import alerts_of
from slogate.verdict import Place

_SAME = ("objective", "budgeting", "slice_objective", "by", "min_events", "severity", "on_no_data")


def promises_of(found: Mapping[str, Any], root: Table, common: Common) -> Iterator[Promise]:
    """The promises of a file, in its order."""
    nodes = root.get("slos")
    items = nodes.items if isinstance(nodes, Listing) else ()
    for slo, node in zip(found.get("slos", ()), items, strict=True):
        measured = _measured(slo, found, common)
        if measured is None:
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
                window=window,
                window_text=text,
                place=place,
                empty=slo.get("empty_slices", "excluded"),
                alerts=alerts_of(slo, window),
                policy=tuple(PolicyRule(**rule) for rule in slo.get("policy", ())),
                corrections=tuple(found.get("corrections", ())),
                **{
                    "slice_us": slo.get("slice"),
                    **{name: slo[name] for name in _SAME if name in slo},
                    **measured,
                },
            )


def _measured(
    slo: Mapping[str, Any], found: Mapping[str, Any], common: Common
) -> dict[str, Any] | None:
    """The fields of a promise that say what is measured; None where that cannot be judged."""
    if "good" in slo:
        return {"selection": _selection(slo, common)}
    try:
        it = asked(slo["indicator"], sources_of(found), slo.get("by"))
    except Unjudged:  # told by `unjudged`
        return None
    if isinstance(it, Stored):
        success = with_success(it.selection.success, common.success)
        events = None if it.events is None else with_success(it.events, common.success)
        return {"selection": replace(it.selection, success=success), "events": events}
    by = {"by": ",".join(it.by)} if it.by else {}
    if it.measure == "raw" and slo.get("budgeting", "occurrences") == "occurrences":
        # a ratio has no counts: each minute counts alike
        return {
            "selection": Selection(), "indicator": it, "budgeting": "ratio_timeslices",
            "slice_us": MINUTE_US, **by,
        }  # fmt: skip
    return {"selection": Selection(), "indicator": it, **by}


def unjudged(found: Mapping[str, Any]) -> Iterator[tuple[int, Unjudged]]:
    """The SLOs, by number, whose indicators cannot be judged, and why."""
    for index, slo in enumerate(found.get("slos", ())):
        if "indicator" in slo:
            try:
                asked(slo["indicator"], sources_of(found), slo.get("by"))
            except Unjudged as why:
                yield index, why


def sources_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The specs of the DataSources that a file keeps, by name."""
    kept = (each for each in found.get("openslo", ()) if each.get("kind") == "DataSource")
    return {
        str(each["metadata"]["name"]): each["spec"]
        for each in kept
        if isinstance(each.get("metadata"), Mapping) and isinstance(each.get("spec"), Mapping)
        if "name" in each["metadata"]
    }


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
