"""What reports say of an error budget: a sentence for people, numbers for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
        told = told_of(finding)
        if told is not None:
            found.append(f"{label(finding)}: {'; '.join(_parts(told))}")
    return found


def _parts(told: Told) -> Iterator[str]:
    left, time, spent = told.left
    yield f"{left}, {time} ({spent})"
    if told.burning:
        yield f"burning at {', '.join(told.burning)}"
    if told.forecast:
        yield f"{', '.join(told.forecast)} ({told.label})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a budget in short pieces, what matters first; none where it is not known.

    `label` is how the forecast is to be taken.
    """

    left: tuple[str, ...]
    burning: tuple[str, ...] = ()
    forecast: tuple[str, ...] = ()
    label: str = ""


def told_of(finding: Finding) -> Told | None:
    """The pieces of which sentences and tables are made."""
    budget = budget_of(finding)
    if budget is None:
        return None
    return Told(left=_left(budget), burning=_burning(budget), **_forecast(budget.get("forecast")))


def _left(budget: Mapping[str, Any]) -> tuple[str, ...]:
    left = budget["remaining"]
    shown = f"{units.format_share(left)} left" if left >= 0 else "none left"
    best: Any = budget.get("best_case")
    if is_figures(best, "remaining") and max(left, best["remaining"]) >= 0:
        shown = f"{units.format_share(left)} to {units.format_share(best['remaining'])} left"
    allowed, minutes = budget["allowed_minutes"], budget["remaining_minutes"]
    spent = f"{units.format_times(budget['spent'])} spent"
    return shown, f"{_minutes(max(0, minutes))} of {_minutes(allowed)}", spent


def _burning(budget: Mapping[str, Any]) -> tuple[str, ...]:
    rate, ends = budget.get("burn_rate"), budget.get("exhausted_in_seconds")
    if not is_number(rate):
        return ()
    times = f"{units.significant(rate, 3)} times the sustainable rate"
    if is_number(ends) and budget["remaining"] > 0:
        return times, f"gone in {_span(ends)} at that rate"
    return (times,)


def _forecast(forecast: Any) -> dict[str, Any]:
    if not is_figures(forecast, "days", "exhausted"):
        return {}
    interval = forecast.get("interval")
    if not isinstance(interval, list) or not all(map(is_number, interval)):
        return {}
    ends = " to ".join(dict.fromkeys(map(units.format_times, interval)))
    chance = units.format_share(forecast["exhausted"], 2)
    said = f"in {forecast['days']} d {ends} spent", f"overspent in {chance} of draws"
    return {"forecast": said, "label": plain(str(forecast.get("label", "")))}


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
