"""What a promise means, as the history keeps it (`model/definition.py`).

Left out is what changes no outcome: names, places, severity, what happens without data, alerts, the
messages of policies. Corrections are facts about the time, not about what is promised.
"""

from __future__ import annotations

from typing import Any

from slogate.model.definition import definition, exact, fields_of
from slogate.promises.promise import Promise

UNSAID = frozenset(
    {"service", "name", "window_text", "place", "severity", "on_no_data", "alerts", "corrections"}
)
TERMS = frozenset({"objective", "min_events", "policy"})


def definition_of(promise: Promise) -> dict[str, Any]:
    """Its measure and its terms."""
    measure = {"kind": "slo", **fields_of(promise, without=UNSAID | TERMS)}
    terms: dict[str, Any] = {"objective": exact(promise.objective)}
    if promise.min_events > 1:  # no request at all is no data in any case
        terms["min_events"] = promise.min_events
    freezes = [rule.remaining for rule in promise.policy if rule.freeze]
    if freezes:  # the first to apply decides
        terms["freeze"] = exact(max(freezes))
    return definition(measure, terms)
