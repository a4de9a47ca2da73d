"""What is valid OpenSLO and most likely not meant: silent alerts, comparisons turned round.

Asked of each SLO once references are resolved, since its target decides which burn rates there
can be: never over 1 ÷ (1 − target).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from slogate.slo.document import Node, Scalar, Table
from slogate.slo.openslo.durations import length_us
from slogate.slo.openslo.metadata import Version
from slogate.slo.openslo.objectives import is_rolling, items
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.references import Entity, Known
from slogate.slo.openslo.values import decimal_of, text_of, value_of
from slogate.units import significant

_LATENCY = re.compile("latenc|duration|response[-_ ]?time|millis|seconds", re.IGNORECASE)
_WHEN = ("alertWhenBreaching", "alertWhenResolved", "alertWhenNoData")
_LISTS = {
    "AlertPolicy": ("alertPolicies", "alertPolicyRef"),
    "AlertCondition": ("conditions", "conditionRef"),
}
Placed = tuple[Table, Place]


def advised(slo: Entity, place: Place, known: Known) -> None:
    """Note what is odd in an SLO and its alerts."""
    spec = value_of(slo.node, "spec")
    if not isinstance(spec, Table):
        return
    here = place.key("spec")
    _thresholds(slo, spec, here, known)
    target = max(_targets(spec), default=None)
    for policy, there in _resolved(slo.version, "AlertPolicy", known, spec, here):
        _silent(policy, there)
        for node, spot in _resolved(slo.version, "AlertCondition", known, policy, there):
            condition = value_of(node, "condition")
            if isinstance(condition, Table):
                _condition(condition, spot.key("condition"), spec, target)


def _resolved(
    version: Version, kind: str, known: Known, node: Table, place: Place
) -> Iterator[Placed]:
    """The specs of what stands in a list, inline or by reference."""
    field, ref = _LISTS[kind]
    for index, item in items(value_of(node, field)):
        name = text_of(item, ref)
        found = known.get((version, kind, name)) if name else None
        spec = value_of(item, "spec") if found is None else value_of(found.node, "spec")
        where = place.key(field).item(index)
        if found is not None:
            where = Place(
                file=found.file, profile=place.profile, found=place.found, path=found.path
            )
        if isinstance(spec, Table):
            yield spec, where.key("spec")


def _targets(spec: Table) -> Iterator[Fraction]:
    for _, objective in items(value_of(spec, "objectives")):
        share = decimal_of(value_of(objective, "target"))
        percent = decimal_of(value_of(objective, "targetPercent"))
        if share is not None and 0 <= share < 1:
            yield Fraction(share)
        elif percent is not None and 0 <= percent < 100:
            yield Fraction(percent) / 100


def _silent(policy: Table, place: Place) -> None:
    if not any(text_of(policy, when) in {"true", "True", "TRUE"} for when in _WHEN):
        said = f"none of {', '.join(_WHEN)} is true: this never alerts"
        place.say("silent-policy", policy, said, "alertWhenBreaching: true")


def _condition(condition: Table, place: Place, spec: Table, target: Fraction | None) -> None:
    op, node = text_of(condition, "op"), value_of(condition, "threshold")
    threshold = decimal_of(node)
    if op in {"lt", "lte"}:
        said = f"'{op}' alerts while the budget burns slowly"
        at = value_of(condition, "op") or condition
        place.key("op").say("alert-direction", at, said, "gt or gte")
    elif threshold is not None and node is not None and target is not None:
        most = 1 / (1 - target)
        if threshold > most or (threshold == most and op == "gt"):
            said = f"no traffic burns faster than {significant(float(most), 3)} times at its target"
            place.key("threshold").say("unreachable-alert", node, said, "a lower threshold")
    lookback, longest = _length(value_of(condition, "lookbackWindow")), _window(spec)
    if lookback is not None and longest is not None and lookback > longest:
        said = "it looks back further than the window of the SLO"
        at = value_of(condition, "lookbackWindow") or condition
        place.key("lookbackWindow").say("lookback-window", at, said)


def _window(spec: Table) -> int | None:
    for _, window in items(value_of(spec, "timeWindow")):
        return _length(value_of(window, "duration")) if is_rolling(window) else None
    return None


def _length(node: Node | None) -> int | None:
    try:
        return length_us(node.text) if isinstance(node, Scalar) else None
    except ValueError:
        return None


def _thresholds(slo: Entity, spec: Table, place: Place, known: Known) -> None:
    objectives = [*items(value_of(spec, "objectives"))]
    for index, objective in objectives:
        sli, name = _indicator(slo, spec, objective, known)
        metric = value_of(sli, "thresholdMetric")
        at, op = value_of(objective, "op"), text_of(objective, "op")
        if metric is None or at is None or op not in {"gt", "gte"}:
            continue
        if _LATENCY.search(name) or any(_LATENCY.search(text) for text in _texts(metric)):
            here = place.key("objectives").item(index).key("op")
            said = f"'{op}' holds a slow request for good"
            here.say("threshold-direction", at, said, "lt or lte, if this is a latency")


def _indicator(slo: Entity, spec: Table, objective: Node, known: Known) -> tuple[Node | None, str]:
    """The spec of the SLI of an objective, and its name."""
    for holder in (objective, spec):
        for inline, ref in (("indicator", "indicatorRef"), ("sli", "sliRef")):
            own = value_of(holder, inline)
            if own is not None:
                return value_of(own, "spec"), text_of(own, "metadata", "name") or ""
            name = text_of(holder, ref)
            found = known.get((slo.version, "SLI", name)) if name else None
            if found is not None:
                return value_of(found.node, "spec"), found.name
    return None, ""


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Table):
        for _, value in node.pairs:
            yield from _texts(value)
