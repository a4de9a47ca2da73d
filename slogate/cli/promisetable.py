"""Service level objectives as `slogate spec show` prints them, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slogate.model.calendar import Calendar
from slogate.promises.promise import Promise
from slogate.units import format_duration, format_share

_HEAD = ("slo", "of", "objective", "window", "counts", "if broken", "place")
_LONGEST = 60
_BREACH = {"error": "fails", "warn": "warns", "info": "is noted"}


def table(promises: Sequence[Promise]) -> str:
    """Aligned columns, one line a window; nothing if there is none."""
    if not promises:
        return ""
    rows = [_HEAD, *map(_row, promises)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(promise: Promise) -> tuple[str, ...]:
    units = promise.noun
    if promise.slice_us is not None:
        kind = "slices" if promise.budgeting == "timeslices" else "shares of slices"
        units = f"{kind} of {format_duration(promise.slice_us)}"
    if promise.by is not None:
        units += f" by {promise.by}"
    return (
        promise.id,
        _of(promise),
        format_share(promise.objective, 9),
        _window(promise),
        units,
        _BREACH[promise.severity],
        f"{promise.place.file}:{promise.place.line}",
    )


def _of(promise: Promise) -> str:
    if promise.components:
        return " + ".join(f"{float(it.weight):g} × {it.name}" for it in promise.components)
    text = str(promise.selection if promise.indicator is None else promise.indicator)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _window(promise: Promise) -> str:
    window = promise.window
    return f"{promise.window_text} ({window.zone})" if isinstance(window, Calendar) else (
        promise.window_text
    )  # fmt: skip


def as_data(promise: Promise) -> dict[str, Any]:
    """One promise with everything that will be used to judge it."""
    window, place = promise.window, promise.place
    endpoint = promise.selection.endpoint
    return {
        "id": promise.id,
        "service": promise.service,
        "name": promise.name,
        "kind": "slo",
        "objective": float(promise.objective),
        "window": promise.window_text,
        "timezone": window.zone if isinstance(window, Calendar) else None,
        "budgeting": promise.budgeting,
        "slice_us": promise.slice_us,
        "slice_objective": float(promise.slice_objective) if promise.slice_us else None,
        "empty_slices": promise.empty if promise.slice_us else None,
        "endpoint": None if endpoint is None else str(endpoint),
        "where": dict(promise.selection.where),
        "indicator": None if promise.indicator is None else str(promise.indicator),
        "by": promise.by,
        "components": [{"slo": it.name, "weight": float(it.weight)} for it in promise.components],
        "min_events": promise.min_events,
        "severity": promise.severity,
        "on_no_data": promise.on_no_data,
        "alerts": [
            {
                "budget": float(pair.share),
                "long_us": pair.long_us,
                "short_us": pair.short_us,
                "severity": pair.severity,
            }
            for pair in promise.alerts
        ],
        "policy": [
            {"remaining": float(rule.remaining), "message": rule.message, "freeze": rule.freeze}
            for rule in promise.policy
        ],
        "corrections": len(promise.corrections),
        "spec": {
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "sha256": place.sha256,
        },
    }
