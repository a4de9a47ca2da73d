"""Objectives as `slogate spec show` prints them: a table for people, data for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slogate.objectives._base import Objective
from slogate.units import format_duration, format_share

_HEAD = ("objective", "of", "limit", "failures", "warm-up", "confidence", "if broken", "place")
_BREACH = {"error": "fails", "warn": "warns", "info": "is noted"}


def table(objectives: Sequence[Objective]) -> str:
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


def _row(objective: Objective) -> tuple[str, ...]:
    scope = objective.scope
    fact = objective.kind in {"maximum", "throughput"} or objective.limit == 0
    sure = "fact" if fact else format_share(scope.confidence, 4)
    broken = _BREACH[scope.severity]
    if scope.waiver is not None:
        broken = f"waived until {scope.waiver.until}"
    return (
        objective.id,
        str(scope.selection),
        objective.text,
        scope.failures if objective.quantile is not None or objective.kind == "mean" else "–",
        format_duration(scope.warmup_us),
        "observed" if scope.judge == "observed" and not fact else sure,
        broken,
        f"{objective.place.file}:{objective.place.line}",
    )


def as_data(objective: Objective) -> dict[str, Any]:
    """One objective with everything that will be used to judge it."""
    scope, place = objective.scope, objective.place
    waiver = scope.waiver
    return {
        "id": objective.id,
        "service": scope.service,
        "name": scope.name,
        "kind": objective.kind,
        "key": objective.key,
        "text": objective.text,
        "limit": float(objective.limit),
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
        "spec": {
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "sha256": place.sha256,
        },
    }
