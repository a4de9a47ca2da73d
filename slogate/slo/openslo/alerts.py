"""AlertPolicy, AlertCondition and AlertNotificationTarget of OpenSLO v1 and v2alpha."""

from __future__ import annotations

from slogate.slo.document import Node, Table
from slogate.slo.fields import described
from slogate.slo.openslo.indicators import DESCRIPTION, exactly_one
from slogate.slo.openslo.metadata import Version, metadata
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.values import (
    Check,
    Spot,
    choice,
    duration,
    each,
    filled,
    flag,
    label_text,
    number,
    table,
    text,
    value_of,
)

OPERATORS = ("lte", "gte", "lt", "gt")


def units(version: Version) -> str:
    """The units of durations that a version knows."""
    return "mhdw" if version == "v2alpha" else "mhdwMQY"


def _burn_rate(node: Table, place: Place) -> None:
    if value_of(node, "kind") is None:
        said = "'kind' is missing and counts as burnrate"
        place.key("kind").say("condition-kind", node, said, "kind: burnrate")


def condition(version: Version) -> Check:
    """The spec of an AlertCondition."""
    fields = {
        "kind": Spot(check=choice("burnrate")),
        "op": Spot(check=choice(*OPERATORS), required=True),
        "threshold": Spot(check=number(), required=True),
        "lookbackWindow": Spot(check=duration(units(version)), required=True),
        "alertAfter": Spot(check=_after(version), required=version == "v2alpha"),
    }
    return table(
        {
            "description": DESCRIPTION,
            "severity": Spot(check=filled(text()), required=True),
            "condition": Spot(check=table(fields, _burn_rate), required=True),
        }
    )


def _after(version: Version) -> Check:
    """A duration, or the specification's own default 0m."""
    known = duration(units(version))

    def check(node: Node, place: Place) -> None:
        if getattr(node, "text", "") != "0m":
            known(node, place)

    return check


def target() -> Check:
    """The spec of an AlertNotificationTarget."""
    return table({"description": DESCRIPTION, "target": Spot(check=filled(text()), required=True)})


def _either(version: Version, kind: str, ref: str, spec: Check) -> Check:
    """A reference, or the object itself with its kind."""
    referring = table({ref: Spot(check=label_text, required=True)})
    standing = table(
        {
            "kind": Spot(check=choice(kind), required=True),
            "metadata": metadata(version),
            "spec": Spot(check=spec, required=True),
        }
    )

    def check(node: Node, place: Place) -> None:
        if not isinstance(node, Table):
            place.say("type", node, f"{ref} or a whole {kind} is expected, not {described(node)}")
        elif node.key(ref) is not None and node.key("spec") is not None:
            exactly_one(node, place, ref, "spec")
        else:
            (standing if node.key("spec") or node.key("kind") else referring)(node, place)

    return check


def policy(version: Version) -> Check:
    """The spec of an AlertPolicy."""
    conditions = _either(version, "AlertCondition", "conditionRef", condition(version))
    targets = _either(version, "AlertNotificationTarget", "targetRef", target())
    return table(
        {
            "description": DESCRIPTION,
            "alertWhenNoData": Spot(check=filled(flag)),
            "alertWhenResolved": Spot(check=filled(flag)),
            "alertWhenBreaching": Spot(check=filled(flag)),
            "conditions": Spot(
                check=each(conditions, least=1, most=1, what="condition"), required=True
            ),
            "notificationTargets": Spot(check=each(targets, least=1, what="target"), required=True),
        }
    )


def policies(version: Version) -> Check:
    """The alert policies of an SLO."""
    return each(_either(version, "AlertPolicy", "alertPolicyRef", policy(version)))
