"""A statement as plain data, the `budget` of a finding: shares of 1, seconds, minutes, exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from slogate.promises.promise import MINUTE_US, PolicyRule
from slogate.promises.statement import Alert, Burn, Statement
from slogate.stats.error_budget import Budget
from slogate.units import US_PER_SECOND

LABEL = "estimate: nominal 80%, measured 60 to 80%; never gates"


def document_of(statement: Statement) -> dict[str, Any]:
    """The error budget, keys in their fixed order."""
    plan, budget, now = statement.plan, statement.budget, statement.now
    exact = statement.best == budget
    return {
        "budgeting": plan.promise.budgeting,
        "unit": plan.promise.noun if budget.use.unit == "requests" else budget.use.unit,
        "objective": _number(budget.objective),
        **_figures(budget),
        "best_case": None if exact else _figures(statement.best),
        "burn_rate": None if now is None else _number(now.rate),
        "burn_rates": [_burn(burn) for burn in statement.burns],
        "exhausted_in_seconds": _seconds(
            budget.exhausted_in_us(now.rate if now is not None else None)
        ),
        "forecast": _forecast(statement),
        "alerts": [_alert(alert) for alert in statement.alerts],
        "corrected_seconds": _seconds(Fraction(statement.closed_us)),
        "uncorrected": None if statement.raw is None else _figures(statement.raw),
        "policy": _rule(statement.rules[-1]) if statement.rules else None,
        "frozen": any(rule.freeze for rule in statement.rules),
    }


def _figures(budget: Budget) -> dict[str, Any]:
    return {
        "bad": _number(budget.use.bad),
        "total": budget.use.total,
        "allowed": _number(budget.allowed),
        "spent": _number(budget.spent),
        "remaining": _number(budget.remaining),
        "remaining_units": _number(budget.remaining_units),
        "allowed_minutes": _number(budget.allowed_us / MINUTE_US),
        "remaining_minutes": _minutes(budget.remaining_us),
    }


def _burn(burn: Burn) -> dict[str, Any]:
    return {
        "seconds": _seconds(Fraction(burn.length_us)),
        "rate": _number(burn.rate),
        "best_case": None if burn.best == burn.rate else _number(burn.best),
        "total": burn.use.total,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    pair = alert.pair
    return {
        "severity": pair.severity,
        "long_seconds": _seconds(Fraction(pair.long_us)),
        "short_seconds": _seconds(Fraction(pair.short_us)),
        "factor": _number(alert.factor),
        "burning": alert.burning,
    }


def _forecast(statement: Statement) -> dict[str, Any] | None:
    found = statement.forecast
    if found is None:
        return None
    return {
        "label": LABEL,
        "days": found.days,
        "spent": found.median,
        "interval": list(found.interval),
        "exhausted": found.exhausted,
    }


def _rule(rule: PolicyRule) -> dict[str, Any]:
    return {
        "remaining": _number(rule.remaining),
        "message": rule.message,
        "freeze": rule.freeze,
    }


def _number(value: Fraction | None) -> float | int | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _seconds(us: Fraction | None) -> float | int | None:
    return None if us is None else _number(us / US_PER_SECOND)


def _minutes(us: Fraction | None) -> float | int | None:
    return None if us is None else _number(us / MINUTE_US)
