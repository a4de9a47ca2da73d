"""What an objective of a budget means, as the history keeps it (`model/definition.py`).

Left out is what changes no outcome: names, places, how values are written, severity, what happens
without a verdict, waivers. So is what its kind does not look at.
"""

from __future__ import annotations

from typing import Any

from slogate.model.definition import definition, exact, fields_of
from slogate.objectives._base import Allowance, Objective, Scope

UNSAID = frozenset(
    {"service", "name", "severity", "on_inconclusive", "on_no_data", "waiver"}
)  # fmt: skip
_SURENESS = frozenset({"confidence", "judge"})
# of these kinds a failed request has no duration to be told apart
_OF_FAILURES = frozenset({"errors", "maximum", "throughput"})
_DURATIONS = frozenset({"percentile", "mean", "maximum"})
_FACTS = frozenset({"maximum", "throughput"})


def definition_of_allowance(allowance: Allowance) -> dict[str, Any]:
    """Its measure, the base included, and its terms."""
    settings, sureness = _settings(allowance.scope, allowance.kind)
    measure = {"kind": "regression", "of": allowance.kind, "against": allowance.against, **settings}
    if allowance.quantile is not None:
        measure["quantile"] = exact(allowance.quantile)
    limit = {} if allowance.budget is None else {"limit": exact(allowance.budget)}
    return definition(measure, {**limit, **sureness})


def _settings(scope: Scope, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is counted, and how sure a verdict must be."""
    unseen = UNSAID | (frozenset({"failures"}) if kind in _OF_FAILURES else frozenset())
    settings = fields_of(scope, without=unseen)
    sureness = {key: settings.pop(key) for key in sorted(_SURENESS & settings.keys())}
    return settings, sureness


def definition_of(objective: Objective) -> dict[str, Any]:
    """Its measure and its terms."""
    scope = objective.scope
    limit = {f"limit{'_us' if objective.kind in _DURATIONS else ''}": exact(objective.limit)}
    kind, fact = objective.kind, objective.kind in _FACTS or objective.limit == 0
    settings, sureness = _settings(scope, kind)
    measure = {"kind": kind, **settings}
    if objective.quantile is not None:
        measure["quantile"] = exact(objective.quantile)
    if kind == "mean" and scope.failures == "slow":  # a failure counts at least the limit
        measure |= limit
    return definition(measure, {**limit, **({} if fact else sureness)})
