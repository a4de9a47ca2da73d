"""Alert policies of an SLO as native `alerts:`, where these say exactly the same.

That is a burn rate over one window that exceeds a threshold, at once, of a rolling window. What
waits (`alertAfter`), what also fires right at the threshold (`gte`), what fires while the budget
burns slowly, and what no traffic can set off is kept as it is, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.slo.openslo.durations import length_us, parse_shorthand
from slogate.slo.openslo.upgrade import Data

Objects = Mapping[tuple[str, str], Data]
"""Objects by kind and name."""

LONGEST_SEVERITY = 200
_NO_WAIT = (None, "0m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Native alerts, and which policies they do not say, with why."""

    alerts: Sequence[Data] = ()
    notes: Sequence[str] = ()


def objects_by_name(objects: Sequence[Data]) -> Objects:
    """The objects that others can refer to."""
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def alerts_said(spec: Data, objective: Data, objects: Objects) -> Said:
    """The alerts of an SLO of version 1, for one of its objectives."""
    alerts: list[Data] = []
    notes: list[str] = []
    for policy in spec.get("alertPolicies", ()):
        name, found = _whole(policy, "AlertPolicy", "alertPolicyRef", objects)
        if found is None:
            continue
        alert, why = _alert(found, spec, objective, objects)
        if alert is not None and alert not in alerts:
            alerts.append(alert)
        notes += [f"the alert policy '{name}': {each}" for each in why]
    return Said(alerts=tuple(alerts), notes=tuple(notes))


def _whole(node: Data, kind: str, ref: str, objects: Objects) -> tuple[str, Data | None]:
    """The name and the spec of what stands here, or is referred to."""
    found = objects.get((kind, str(node[ref]))) if ref in node else node
    name = (found or {}).get("metadata", {}).get("name", node.get(ref, ""))
    return str(name), (found or {}).get("spec")


def _alert(
    policy: Data, spec: Data, objective: Data, objects: Objects
) -> tuple[Data | None, list[str]]:
    """The native alert of a policy if it can be said, and what is not said."""
    if not _is_true(policy.get("alertWhenBreaching")):
        return None, ["without alertWhenBreaching it does not tell of burning"]
    (first, *_) = policy["conditions"]
    _, condition = _whole(first, "AlertCondition", "conditionRef", objects)
    if condition is None:
        return None, []
    why = [*_unsaid(condition, spec, objective)]
    if why:
        return None, why
    asked = condition["condition"]
    alert = {
        "factor": asked["threshold"],
        "long": asked["lookbackWindow"],
        "severity": condition["severity"],
    }
    if _is_true(policy.get("alertWhenNoData")):
        return alert, ["alertWhenNoData is not said by alerts, `on_no_data` is about the check"]
    return alert, []


def _unsaid(condition: Data, spec: Data, objective: Data) -> Iterator[str]:
    """Why a condition cannot be said natively; nothing if it can."""
    asked = condition["condition"]
    (window, *_) = spec["timeWindow"]
    if asked["op"] != "gt":
        yield f"op {asked['op']} has no word, native alerts fire above a burn rate"
    if asked.get("alertAfter") not in _NO_WAIT:
        yield "alertAfter has no word, native alerts fire at once"
    if window.get("calendar") is not None:
        yield "in a calendar window a burn rate changes with the length of the period"
        return
    threshold, target = Fraction(str(asked["threshold"])), _target(objective)
    if threshold <= 0 or threshold * (1 - target) >= 1:
        yield "no traffic can set it off, or any does"
    if parse_shorthand(asked["lookbackWindow"])[1] in "MQY":
        yield "a lookbackWindow of months has no fixed length"
    elif length_us(asked["lookbackWindow"]) > length_us(window["duration"]):
        yield "it looks back further than the window of the SLO"
    if not 0 < len(str(condition["severity"]).strip()) <= LONGEST_SEVERITY:
        yield "its severity is no name"


def _target(objective: Data) -> Fraction:
    share = objective.get("target")
    if share is not None:
        return Fraction(str(share))
    return Fraction(str(objective["targetPercent"])) / 100


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
