"""A plan for machines: `slogate.plan/v1`.

Durations are in milliseconds as in the verdict document, shares are of 1, unknown values null.
"""

from __future__ import annotations

from typing import Any

from slogate.planning.line import Line
from slogate.planning.plan import Plan, in_time

SCHEMA = "slogate.plan/v1"


def document(plan: Plan, version: str) -> dict[str, Any]:
    """The plan as plain data, keys in their fixed order."""
    given = plan.wish.run_time_us
    return {
        "schema": SCHEMA,
        "version": version,
        "service": plan.service,
        "power": float(plan.wish.power),
        "chance_each": plan.chance,
        "rate": plan.rate,
        "rate_seen": plan.seen_rate,
        "ramp_ms": plan.ramp_us / 1000,
        "runs": [each.run.id for each in plan.past.shown],
        "left_out": [{"run": run, "reason": reason} for run, reason in plan.past.left_out],
        "run_time_ms": _ms(plan.whole_us),
        "longest": plan.longest.id if plan.longest else None,
        "never": [line.id for line in plan.never],
        "for_ms": _ms(given),
        "enough": plan.is_enough,
        "objectives": [_line(plan, line) for line in plan.lines],
    }


def _line(plan: Plan, line: Line) -> dict[str, Any]:
    scale = 1000 if line.how == "mean" else 1
    found = {
        "id": line.id,
        "text": line.text,
        "endpoint": line.endpoint,
        "how": line.how,
        "blocking": line.blocking,
        "likely_outcome": None if line.outcome is None else line.outcome.value,
        "likely": None if line.likely is None else line.likely / scale,
        "supposed": line.supposed,
        "allowed": None if line.allowed is None else line.allowed / scale,
        "seen": line.seen,
        "bad": line.bad,
        "design_effect": line.design_effect,
        "rate": line.rate,
        "requests_at_least": line.least,
        "requests_needed": line.requests if line.decidable else None,
        "seconds_needed": line.seconds,
        "run_time_ms": _ms(plan.run_time_us(line)),
        "note": line.note or None,
    }
    if plan.wish.run_time_us is None:
        return found
    return {
        **found,
        "in_time": {
            "decided": in_time(line, plan.chance),
            "chance": line.in_time,
            "requests": line.requests_in_time,
            "passes_up_to": line.passes_up_to,
            "fails_from": line.fails_from,
        },
    }


def _ms(us: int | None) -> float | int | None:
    return None if us is None else us // 1000
