"""Judges a share of bad requests by its interval; shared by the kinds that are shares.

FAIL if the whole interval breaches, PASS if it is within, else INCONCLUSIVE (DESIGN §4); also
FAIL on a gross breach. `judge: observed` is the point rule of other tools, labelled as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from slogate.model.evidence import Evidence
from slogate.model.window import Window
from slogate.objectives._base import Objective
from slogate.stats import proportion
from slogate.stats.run_length import requests_needed
from slogate.units import format_share, format_span
from slogate.verdict import DesignEffect, GoodShare, Outcome

# what is printed of shares that differ only where nobody looks
_ALIKE = 1e-9
SHORT_RUN_S = 120
PRACTICAL_S = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The judged share of bad requests, with all that a finding shows of it."""

    outcome: Outcome
    inside: bool
    interval: proportion.Interval
    good_share: GoodShare
    design_effect: DesignEffect
    requests_needed: int | None
    seconds_needed: float | None
    settle: str | None
    warnings: tuple[str, ...]


def judge_share(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None, allowed: Fraction
) -> Share:
    """Judge the bad share of the evidence against `allowed` (over 0)."""
    alpha = float(1 - objective.scope.confidence)
    batches = [proportion.Batch(total=batch.total, bad=batch.bad) for batch in evidence.batches]
    interval = proportion.interval(batches, alpha, floor)
    inside = Fraction(evidence.bad, evidence.total) <= allowed
    gross = False
    if objective.scope.judge == "observed":
        outcome = Outcome.PASS if inside else Outcome.FAIL
    else:
        outcome = Outcome(proportion.decide(interval, float(allowed)))
        gross = outcome is Outcome.FAIL and interval.lower <= float(allowed)
    needed = None
    if outcome is Outcome.INCONCLUSIVE:
        needed = requests_needed(interval.observed, float(allowed), alpha, interval.deff_used)
    seconds = None if needed is None else needed * window.seconds / evidence.total
    return Share(
        outcome=outcome,
        inside=inside,
        interval=interval,
        good_share=GoodShare(
            observed=1 - interval.observed,
            interval=(1 - interval.upper, 1 - interval.lower),
            required=float(1 - allowed),
        ),
        design_effect=DesignEffect(
            measured=interval.deff_measured, floor=floor, used=interval.deff_used
        ),
        requests_needed=needed,
        seconds_needed=seconds,
        settle=_settle(seconds, window) if outcome is Outcome.INCONCLUSIVE else None,
        warnings=_warnings(objective, window, floor, gross=gross),
    )


def shown_share(evidence: Evidence) -> str:
    """The bad share in words: `3%`, or `2.1% to 3%` where requests in buckets may be either."""
    most = evidence.bad / evidence.total
    best = evidence.best
    if best is None or not best.total or abs(best.bad / best.total - most) < _ALIKE:
        return format_share(most)
    return f"{format_share(best.bad / best.total)} to {format_share(most)}"


def _settle(seconds: float | None, window: Window) -> str:
    judged = format_span(window.seconds)
    if seconds is None or seconds > PRACTICAL_S:
        return "at its limit: no practical length of run would settle it"
    return (
        f"about {format_span(ceil(seconds))} of judged load would settle it, {judged} were judged"
    )


def _warnings(
    objective: Objective, window: Window, floor: float | None, *, gross: bool
) -> tuple[str, ...]:
    warnings = []
    if objective.scope.judge == "observed":
        warnings.append("observed: the point rule judges one noisy number, without its interval")
        return tuple(warnings)
    if gross:
        warnings.append(
            "gross_breach: at least five times the allowed share, "
            "beyond what independent requests could show by chance"
        )
    if window.seconds < SHORT_RUN_S:
        stated = format_share(1 - objective.scope.confidence)
        warnings.append(
            f"short_run: under {SHORT_RUN_S} s judged; a service right at its limit may be "
            f"misjudged more often than in {stated} of runs a side"
        )
    if floor is None:
        warnings.append(
            "history: none; earlier runs hold fewer than 10 bad requests, so how they cluster is "
            "known from this run alone"
        )
    return tuple(warnings)
