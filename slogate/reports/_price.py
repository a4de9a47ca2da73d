"""What the floor of the design effect was, where it came from, and what it cost.

The floor keeps a run that happened to miss its bad spells from looking surer than its history
allows; its price is a wider interval. Both are told, with what would have been decided without.
"""

from __future__ import annotations

from dataclasses import dataclass

from slogate.stats.proportion import Interval, bounds, decide
from slogate.units import format_count, significant
from slogate.verdict import Finding, Outcome, Verdict

_DECIDED = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE})
MOST_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The interval of the share of good requests with the floor and without it.

    `load` is how many times the load it takes to be as sure as without the floor.
    """

    floor: float
    runs: tuple[str, ...]
    interval: tuple[float, float]
    without: tuple[float, float]
    outcome: Outcome
    outcome_without: Outcome
    load: float

    @property
    def decided(self) -> bool:
        """Whether the outcome hung on the floor."""
        return self.outcome is not self.outcome_without


def price_of(finding: Finding) -> Price | None:
    """The price of the floor of a finding; None where it had none, or none that mattered."""
    effect, share = finding.design_effect, finding.good_share
    if effect is None or effect.floor is None or share is None or share.interval is None:
        return None
    own = max(1.0, effect.measured or 1.0)
    total, good, sure = finding.total, finding.good, finding.effective_n
    if not (total and sure and finding.confidence) or good is None or effect.used <= own:
        return None
    alpha, load, allowed = 1 - finding.confidence, effect.used / own, 1 - share.required
    if not (0 < alpha < 0.5 and 0 < allowed < 1):
        return None
    bad, n_eff = 1 - share.observed, sure * load
    lower, upper = bounds(bad, n_eff, alpha)
    found = Interval(
        lower=lower, upper=upper, observed=bad, n=total, bad=total - good, n_eff=n_eff,
        deff_measured=effect.measured, deff_floor=None, deff_used=own, k=0, alpha=alpha,
    )  # fmt: skip
    by_interval = finding.outcome in _DECIDED and not _is_observed(finding)
    decided = Outcome(decide(found, allowed)) if by_interval else finding.outcome
    return Price(
        floor=effect.floor,
        runs=effect.runs,
        interval=share.interval,
        without=(1 - upper, 1 - lower),
        outcome=finding.outcome,
        outcome_without=decided,
        load=load,
    )


def _is_observed(finding: Finding) -> bool:
    """Whether the point rule decided, and not the interval."""
    return any(warning.startswith("observed") for warning in finding.warnings)


def floor_note(verdict: Verdict) -> str | None:
    """What the floors of a verdict cost, in a sentence; None where they cost nothing."""
    prices = {finding.id: price_of(finding) for finding in verdict.findings}
    paid = {name: price for name, price in prices.items() if price is not None}
    if not paid:
        return None
    loads = sorted(price.load for price in paid.values())
    times = " to ".join(dict.fromkeys(significant(load, 2) for load in (loads[0], loads[-1])))
    of = f"{format_count(len(paid))} of {format_count(len(prices))} objectives"
    runs = named_runs(tuple(dict.fromkeys(run for price in paid.values() for run in price.runs)))
    told = (
        f"floor: {of} are judged with the wider intervals that their history asks for{runs}: "
        f"to be as sure as without takes {times} times the load"
    )
    hanging = [
        f"{name} would be {price.outcome_without.value}"
        for name, price in paid.items()
        if price.decided
    ]
    return f"{told}; without it {', '.join(hanging)}" if hanging else told


def named_runs(runs: tuple[str, ...]) -> str:
    """The first of the runs, and how many more."""
    if not runs:
        return ""
    more = f" and {len(runs) - MOST_RUNS} more" if len(runs) > MOST_RUNS else ""
    return f" ({', '.join(runs[:MOST_RUNS])}{more})"
