"""Says which budgets a planned run is too short to decide, and what would do.

Asked before the load, with the rates of an earlier run, and again after the warm-up with the
rates of this one. Even a run without a single bad request needs about 3.72 / (1 − q) of them
before its interval is within the budget (research: rule of three, widened for ten batches).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from slogate.evaluate import MIN_SECONDS
from slogate.objectives._base import Objective
from slogate.stats.run_length import zero_bad_requests
from slogate.units import US_PER_SECOND, format_count
from slogate.verdict import Verdict


def rates(verdict: Verdict) -> dict[str, float]:
    """Judged requests a second of each objective in a verdict, by id."""
    found = {}
    for finding in verdict.findings:
        if finding.total and finding.window and finding.window[1] > finding.window[0]:
            seconds = (finding.window[1] - finding.window[0]) / US_PER_SECOND
            found[finding.id] = finding.total / seconds
    return found


def too_short(
    objectives: Sequence[Objective],
    per_second: Mapping[str, float],
    run_time_us: int,
    ramp_us: int = 0,
) -> list[str]:
    """At most one sentence: which objectives `run_time_us` of load cannot decide, what would do.

    The ramp and the warm-up are not judged. Where no rate is known only the ten seconds that
    every verdict needs are asked for.
    """
    short = []
    for objective in objectives:
        before = ramp_us + objective.scope.warmup_us
        judged_s = max(0, run_time_us - before) / US_PER_SECOND
        needed, rate = _needed(objective), per_second.get(objective.id)
        wanted_s = max(float(MIN_SECONDS), needed / rate if needed and rate else 0.0)
        if judged_s < wanted_s:
            short.append((ceil(wanted_s + before / US_PER_SECOND), judged_s, objective))
    if not short:
        return []
    enough, judged_s, worst = max(short, key=lambda one: one[0])
    needed, rate = _needed(worst), per_second.get(worst.id)
    if needed and rate and needed / rate > MIN_SECONDS:
        why = (
            f"about {format_count(int(rate * judged_s))} requests to judge, "
            f"{format_count(needed)} needed even if none is bad"
        )
    else:
        why = f"{judged_s:.0f} s to judge, at least {MIN_SECONDS} s needed"
    name = f"{worst.key} of {worst.scope.selection}"
    others = f" (and {len(short) - 1} more of {len(objectives)} objectives)" if short[1:] else ""
    return [f"{name}{others} cannot pass in this run: {why}; --run-time {enough}s would do"]


def _needed(objective: Objective) -> int | None:
    """Requests needed if none is bad; None for kinds that are facts or means."""
    if objective.scope.judge == "observed":
        return None
    if objective.quantile is not None:
        allowed = float(1 - objective.quantile)
    elif objective.kind == "errors" and objective.limit > 0:
        allowed = float(objective.limit)
    else:
        return None
    return zero_bad_requests(allowed, float(1 - objective.scope.confidence))
