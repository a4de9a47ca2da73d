"""`p95: 300ms`: at most 5% of requests may be slower than 300 ms.

Judged as the share over the limit, on exact counts. The percentile shown is the nearest-rank
one of the same requests, with an interval by the same inversion (Woodruff 1952), rounded
outward to the ladder of order statistics; it never decides.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from fractions import Fraction

from slogate.model.evidence import Evidence, Need
from slogate.model.window import Window
from slogate.objectives import _levels
from slogate.objectives._base import (
    Allowance,
    Contrast,
    Judgement,
    Kind,
    Objective,
    duration_limit,
)
from slogate.objectives._share import Share, judge_share, shown_share
from slogate.stats import proportion
from slogate.units import (
    format_between,
    format_count,
    format_duration,
    format_estimate,
    format_share,
)
from slogate.verdict import Outcome

_VERDICT = {
    Outcome.PASS: "within the {limit} budget",
    Outcome.FAIL: "over the {limit} budget",
    Outcome.INCONCLUSIVE: "too close to the {limit} budget to call",
}
_TOO_FEW = "under the {limit} budget, but on too few requests to be sure"


def parse(key: str, text: str) -> tuple[Fraction, Fraction | None]:
    """`p99.9`, `800ms` as (limit in µs, 999/1000)."""
    return duration_limit(text), quantile_of(key)


def quantile_of(key: str) -> Fraction:
    """`p99.9` as 999/1000; ValueError with a sentence."""
    quantile = Fraction(key[1:]) / 100
    if not 0 < quantile < 1:
        raise ValueError(f"{key} is no percentile between 0 and 100; the largest value is 'max'")
    return quantile


def needs(objective: Objective, window: Window) -> Need:
    """Count requests over the limit; show the percentile."""
    return Need(
        id=objective.id,
        selection=objective.scope.selection,
        window=window,
        measure="latency",
        limit_us=int(objective.limit),
        quantile=objective.quantile,
        failures=objective.scope.failures,
    )


def judge(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> Judgement:
    """Compare the share over the limit with 1 − q."""
    quantile = objective.quantile
    if quantile is None:
        raise ValueError(f"{objective.id} has no quantile")
    share = judge_share(objective, evidence, window, floor, 1 - quantile)
    observed = evidence.quantile(quantile) if evidence.ladder else None
    interval = _interval(evidence, quantile, share, float(1 - objective.scope.confidence))
    raw_total, raw_bad = evidence.raw
    uncorrected = raw_bad / raw_total if evidence.backfilled and raw_total else None
    return Judgement(
        outcome=share.outcome,
        reason=_reason(objective, evidence, share, observed, interval),
        facts=_facts(objective, evidence, _estimate(objective, evidence, observed, None)),
        inside=share.inside,
        observed=observed,
        interval=interval,
        good=evidence.total - evidence.bad,
        total=evidence.total,
        population=_population(objective),
        uncorrected=uncorrected,
        good_share=share.good_share,
        design_effect=share.design_effect,
        effective_n=share.interval.n_eff,
        requests_needed=share.requests_needed,
        seconds_needed=share.seconds_needed,
        settle=share.settle,
        warnings=share.warnings,
    )


def _interval(
    evidence: Evidence, quantile: Fraction, share: Share, alpha: float
) -> tuple[float | None, float | None]:
    if share.interval.n_eff <= 0 or not evidence.ladder:
        return 0, None
    lower, upper = proportion.bounds(float(1 - quantile), share.interval.n_eff, alpha)
    shares = [step for step, _ in evidence.ladder]
    below = bisect_right(shares, 1 - upper) - 1
    above = bisect_left(shares, 1 - lower)
    low = evidence.ladder[below][1] if below >= 0 else 0
    high = evidence.ladder[above][1] if above < len(shares) else evidence.ladder[-1][1]
    return low, high


def _population(objective: Objective) -> str:
    return {
        "slow": "all requests, failures slower than any limit",
        "drop": "successful requests",
        "measured": "all requests as measured",
    }[objective.scope.failures]


def _reason(
    objective: Objective,
    evidence: Evidence,
    share: Share,
    observed: int | None,
    interval: tuple[float | None, float | None],
) -> str:
    few = share.outcome is Outcome.INCONCLUSIVE and _within(objective, interval)
    word = _TOO_FEW if few else _VERDICT[share.outcome]
    limit = format_duration(float(objective.limit))
    told = interval if share.interval.n_eff > 0 else None
    shown = _estimate(objective, evidence, observed, told)
    facts = _facts(objective, evidence, f"{shown}, {word.format(limit=limit)}")
    return facts + _omission(objective, evidence, share.outcome)


def _omission(objective: Objective, evidence: Evidence, outcome: Outcome) -> str:
    """That the requests which were sent are within the limit, where those that were not decide."""
    (sent, slow), allowed = evidence.raw, 1 - (objective.quantile or Fraction(0))
    if outcome is Outcome.PASS or not evidence.backfilled or not sent or slow > allowed * sent:
        return ""
    return (
        f"; of the {format_count(sent)} that were sent only {format_share(slow / sent)} were, the "
        "others are starts that users missed while they waited (coordinated omission)"
    )


def _facts(objective: Objective, evidence: Evidence, shown: str) -> str:
    quantile = objective.quantile or Fraction(0)
    slower = (
        "slower or failed" if evidence.failed and objective.scope.failures == "slow" else "slower"
    )
    return (
        f"{objective.key} of {objective.scope.selection} is {shown}: "
        f"{shown_share(evidence)} of {format_count(evidence.total)} requests "
        f"were {slower}, {format_share(1 - quantile)} allowed"
    )


def _estimate(
    objective: Objective,
    evidence: Evidence,
    observed: int | None,
    interval: tuple[float | None, float | None] | None,
) -> str:
    """The percentile in words: with its interval, or within its bucket if that is all we know."""
    best = evidence.best
    if best is not None and best.ladder and objective.quantile is not None:
        least = best.quantile(objective.quantile)
        if least != observed:
            return format_between(least, observed)
    if interval is None and observed is not None:
        return format_duration(observed)
    return format_estimate(observed, interval or (None, None))


def _within(objective: Objective, interval: tuple[float | None, float | None]) -> bool:
    """Whether the whole interval of the percentile shown is under the limit."""
    return interval[1] is not None and interval[1] <= objective.limit


def compared(allowance: Allowance, window: Window, limit_us: int | None = None) -> Need:
    """Find the percentile; with a limit, count requests over it."""
    return Need(
        id=allowance.id,
        selection=allowance.scope.selection,
        window=window,
        measure="latency",
        limit_us=limit_us,
        quantile=allowance.quantile,
        failures=allowance.scope.failures,
    )


def again(allowance: Allowance, evidence: Evidence, window: Window) -> Need | None:
    """Count requests over the percentile that was found, to tell how they cluster."""
    observed = evidence.quantile(allowance.quantile or Fraction(0)) if evidence.ladder else None
    return None if observed is None else compared(allowance, window, observed)


PLUGIN = Kind(
    name="percentile",
    keys=re.compile(r"p[0-9]{1,3}(\.[0-9]{1,6})?"),
    unit="us",
    help="at most 100 − NN per cent of the requests may take longer than this",
    example="p95: 300ms",
    schema={"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(us|µs|ms|s|m|h|d|w)\s*)+$"},
    parse=parse,
    needs=needs,
    judge=judge,
    contrast=Contrast(
        scale="ratio",
        measure=_levels.percentile,
        needs=compared,
        again=again,
        quantile=quantile_of,
        in_pairs=_levels.percentile_in_pairs,
    ),
)
