"""Says which budgets a planned run is too short to decide, and what would do.

Asked before the load, with the rates of an earlier run, and again after the warm-up with the
rates of this one. Even a run without a single bad request needs about 3.72 / (1 − q) of them
before its interval is within the budget (research: rule of three, widened for ten batches).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slogate.objectives._base import Objective
from slogate.stats.run_length import zero_bad_requests
from slogate.units import US_PER_SECOND, format_count, format_span
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
    objectives: Sequence[Objective], per_second: Mapping[str, float], run_time_us: int
) -> list[str]:
    """A sentence for each objective that `run_time_us` of load, warm-up included, can't decide."""
    sentences = []
    for objective in objectives:
        needed, rate = _needed(objective), per_second.get(objective.id)
        if needed is None or not rate:
            continue
        judged = max(0, run_time_us - objective.scope.warmup_us) / US_PER_SECOND
        if rate * judged < needed:
            enough = needed / rate + objective.scope.warmup_us / US_PER_SECOND
            sentences.append(
                f"{objective.key} of {objective.scope.selection} cannot pass in this run: about "
                f"{format_count(int(rate * judged))} requests to judge, "
                f"{format_count(needed)} needed even if none is bad; "
                f"run for at least {format_span(enough)}"
            )
    return sentences


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
