"""What reports say of an error budget: a sentence for people, numbers for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from slogate import units
from slogate.reports._base import label, plain
from slogate.verdict import Finding, Verdict

_FORESEEN_DAYS = 3_650
_TIMES = ("allowed_minutes", "remaining_minutes")
_NUMBERS = ("allowed", "bad", "spent", "remaining", "remaining_minutes", "burn_rate")


def budget_of(finding: Finding) -> Mapping[str, Any] | None:
    """The error budget of an objective that has one, of which something is known."""
    budget = finding.budget
    if not budget or not is_figures(budget, "spent", "remaining", *_TIMES):
        return None
    return budget


def is_figures(values: object, *keys: str) -> bool:
    """Whether these are all numbers: a stored document may hold anything."""
    return isinstance(values, Mapping) and all(is_number(values.get(key)) for key in keys)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether this is a number, and no truth value."""
    return type(value) in {int, float}


def lines(verdict: Verdict) -> list[str]:
    """A sentence for each budget: `submit/28d: 43% left, 2.9 h of 6.7 h; burning at 0.8`."""
    found = []
    for finding in verdict.findings:
        budget = budget_of(finding)
        if budget is not None:
            found.append(f"{label(finding)}: {'; '.join(_parts(budget))}")
    return found


def _parts(budget: Mapping[str, Any]) -> Iterator[str]:
    left = budget["remaining"]
    shown = f"{units.format_share(left)} left" if left >= 0 else "none left"
    spent = f"{units.format_times(budget['spent'])} spent"
    best: Any = budget.get("best_case")
    if is_figures(best, "remaining") and max(left, best["remaining"]) >= 0:
        shown = f"{units.format_share(left)} to {units.format_share(best['remaining'])} left"
    allowed, minutes = budget["allowed_minutes"], budget["remaining_minutes"]
    time = f"{_minutes(max(0, minutes))} of {_minutes(allowed)}"
    yield f"{shown}, {time} ({spent})"
    rate, ends = budget.get("burn_rate"), budget.get("exhausted_in_seconds")
    if is_number(rate):
        lasts = f", gone in {_span(ends)} at that rate" if is_number(ends) and left > 0 else ""
        yield f"burning at {units.significant(rate, 3)} times the sustainable rate{lasts}"
    forecast = budget.get("forecast")
    if is_figures(forecast, "days", "exhausted"):
        yield from _forecast(forecast)


def _forecast(forecast: Any) -> Iterator[str]:
    interval = forecast.get("interval")
    if not isinstance(interval, list) or not all(map(is_number, interval)):
        return
    ends = " to ".join(dict.fromkeys(map(units.format_times, interval)))
    chance = units.format_share(forecast["exhausted"], 2)
    told = plain(str(forecast.get("label", "")))
    yield f"in {forecast['days']} d {ends} spent, overspent in {chance} of draws ({told})"


def _minutes(minutes: float) -> str:
    return units.format_duration(minutes * 60 * units.US_PER_SECOND)


def _span(seconds: float) -> str:
    days = seconds / 86_400
    if days > _FORESEEN_DAYS:
        return "over ten years"
    return f"{units.significant(days, 2)} d" if days >= 3 else units.format_span(seconds)


def numbers(finding: Finding) -> Iterator[tuple[str, Any]]:
    """The plain numbers of a budget by name."""
    budget = budget_of(finding)
    for key in _NUMBERS if budget else ():
        yield key, (budget or {}).get(key)
