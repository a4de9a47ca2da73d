"""The lines of a comparison: what specs give a budget, and what is shown beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from slogate.model.selection import Endpoint, Selection
from slogate.objectives._base import Allowance, Scope
from slogate.slo.spec import Spec

SHOWN = (
    ("percentile", "p50", Fraction(1, 2)),
    ("percentile", "p95", Fraction(95, 100)),
    ("percentile", "p99", Fraction(99, 100)),
    ("errors", "errors", None),
)


def lines_of(specs: Sequence[Spec], service: str) -> list[Allowance]:
    """Each scope that budgets of the service speak of: its budgets, then what is shown beside."""
    mine = [spec for spec in specs if spec.service == service]
    judged = [line for spec in mine for line in spec.regressions]
    scopes = [line.scope for line in judged]
    scopes += [each.scope for spec in mine for each in spec.objectives]
    return _beside(judged, scopes)


def lines_of_endpoints(service: str, names: Iterable[str]) -> list[Allowance]:
    """What is shown of endpoints that no spec speaks of."""
    scopes = [
        Scope(service=service, name=name, selection=Selection(endpoint=Endpoint.parse(name)))
        for name in names
    ]
    return _beside([], scopes)


def _beside(judged: Sequence[Allowance], scopes: Sequence[Scope]) -> list[Allowance]:
    found: list[Allowance] = []
    # of two budgets on the same requests one is shown
    for scope in {
        (each.selection, each.failures, each.warmup_us): each for each in scopes
    }.values():
        same = [line for line in judged if _same(line.scope, scope)]
        found += same
        known = {(line.kind, line.quantile) for line in same}
        found += [
            Allowance(kind=kind, key=key, quantile=quantile, scope=scope)
            for kind, key, quantile in SHOWN
            if (kind, quantile) not in known
        ]
    return found


def _same(one: Scope, other: Scope) -> bool:
    return (one.selection, one.failures, one.warmup_us) == (
        other.selection, other.failures, other.warmup_us,
    )  # fmt: skip
