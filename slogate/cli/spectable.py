"""Objectives as `slogate spec show` prints them: a table for people, data for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from slogate.objectives._base import Allowance, Objective, Scope
from slogate.units import format_duration, format_share

_HEAD = ("objective", "of", "limit", "failures", "warm-up", "confidence", "if broken", "place")
_BREACH = {"error": "fails", "warn": "warns", "info": "is noted"}


def table(objectives: Sequence[Objective | Allowance]) -> str:
    """Aligned columns, one line an objective; a sentence if there is none."""
    if not objectives:
        return "no objectives\n"
    rows = [_HEAD, *(_row(objective) for objective in objectives)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(objective: Objective | Allowance) -> tuple[str, ...]:
    scope = objective.scope
    if isinstance(objective, Allowance):
        place = objective.place
        latency = objective.quantile is not None or objective.kind == "mean"
        return (
            objective.id,
            str(scope.selection),
            f"{objective.text} against {objective.against}",
            scope.failures if latency else "–",
            format_duration(scope.warmup_us),
            "observed" if scope.judge == "observed" else format_share(scope.confidence, 4),
            _broken(scope),
            f"{place.file}:{place.line}" if place else "–",
        )
    fact = objective.kind in {"maximum", "throughput"} or objective.limit == 0
    sure = "fact" if fact else format_share(scope.confidence, 4)
    return (
        objective.id,
        str(scope.selection),
        objective.text,
        scope.failures if objective.quantile is not None or objective.kind == "mean" else "–",
        format_duration(scope.warmup_us),
        "observed" if scope.judge == "observed" and not fact else sure,
        _broken(scope),
        f"{objective.place.file}:{objective.place.line}",
    )


def _broken(scope: Scope) -> str:
    if scope.waiver is not None:
        return f"waived until {scope.waiver.until}"
    return _BREACH[scope.severity]


def as_data(objective: Objective | Allowance) -> dict[str, Any]:
    """One objective with everything that will be used to judge it."""
    scope, place = objective.scope, objective.place
    waiver = scope.waiver
    compared = isinstance(objective, Allowance)
    limit = objective.budget if isinstance(objective, Allowance) else objective.limit
    return {
        "id": objective.id,
        "service": scope.service,
        "name": scope.name,
        "kind": "regression" if compared else objective.kind,
        "key": objective.key,
        "text": objective.text,
        "limit": None if limit is None else float(limit),
        "against": objective.against if isinstance(objective, Allowance) else None,
        "quantile": None if objective.quantile is None else float(objective.quantile),
        "endpoint": None if scope.selection.endpoint is None else str(scope.selection.endpoint),
        "where": dict(scope.selection.where),
        "failures": scope.failures,
        "warmup_us": scope.warmup_us,
        "confidence": float(scope.confidence),
        "severity": scope.severity,
        "on_inconclusive": scope.on_inconclusive,
        "on_no_data": scope.on_no_data,
        "judge": scope.judge,
        "waive": None if waiver is None else {"until": waiver.until, "reason": waiver.reason},
        "spec": None if place is None else dataclasses.asdict(place),
    }
