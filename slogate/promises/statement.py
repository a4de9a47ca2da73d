"""How a budget stands: the numbers of one promise, and of one value of its label, at a moment.

All but the forecast are exact. The judged figures leave corrections out; `raw` has the same with
them counted. Burn rates are those of trailing windows up to the moment, forecast and time to
exhaustion say where it leads if it goes on so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

from slogate.model.calendar import Calendar, Period, days_of
from slogate.model.closure import closures
from slogate.promises.promise import DAY_US, Plan, PolicyRule
from slogate.promises.surveys import kept_since
from slogate.stats.burn_rate import Pair
from slogate.stats.error_budget import Budget, Use
from slogate.stats.forecast import Forecast, forecast

LEAST_FORECAST_DAYS = 7


class Counted(Protocol):
    """A book, or what tells as much: the uses of a plan over any time."""

    @property
    def plan(self) -> Plan:
        """What was to be counted."""

    @property
    def is_exact(self) -> bool:
        """Whether worst case and best are the same."""

    def use(self, start_ts: int, end_ts: int, *, best: bool = False, raw: bool = False) -> Use:
        """What that time uses of the budget."""

    def requests(self, start_ts: int, end_ts: int) -> Use:
        """The requests that surely lie in that time."""

    def open(self, start_ts: int, end_ts: int) -> int:
        """How many of them may be good or not."""

    def astride(self, start_ts: int, end_ts: int) -> int:
        """The requests of which nobody knows whether they lie in that time: of longer steps."""

    def silences(self, start_ts: int, end_ts: int) -> Iterator[Period]:
        """The times without any request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """The burn rate of the last `length_us`, by the worst case and the best; None without data."""

    length_us: int
    use: Use
    rate: Fraction | None
    best_use: Use
    best: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A pair of windows, the factor to exceed, and whether it is exceeded; None: not certain."""

    pair: Pair
    factor: Fraction
    burning: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The budget in the worst case and in the best, and what is told beside it.

    `requests` are those that surely lie in the window, `open` those of them that may be good or
    not, `astride` those that may lie in it. `raw` is the budget as if there were no
    corrections, None where none touch the window. `rules` are the policies that apply in the worst
    case, the strictest last, `sure_rules` in both. `gap` is the longest part of the window, from a
    day on and not corrected, of which no request is known.
    """

    plan: Plan
    requests: Use
    open: int
    astride: int
    budget: Budget
    best: Budget
    raw: Budget | None
    closed_us: int
    burns: tuple[Burn, ...]
    alerts: tuple[Alert, ...]
    forecast: Forecast | None
    rules: tuple[PolicyRule, ...]
    sure_rules: tuple[PolicyRule, ...]
    gap: Period | None

    @property
    def now(self) -> Burn | None:
        """The burn rate at the moment: of the shortest long window."""
        shortest = min((alert.pair.long_us for alert in self.alerts), default=None)
        return next((burn for burn in self.burns if burn.length_us == shortest), None)


def statement_of(book: Counted) -> Statement:
    """The statement of one book."""
    plan = book.plan
    promise, period = plan.promise, plan.period
    closed = closures(promise.corrections, period)
    closed_us = sum(span.length_us for span in closed)

    def budget(length_us: int, *, best: bool = False, raw: bool = False) -> Budget:
        use = book.use(period.start_ts, plan.at, best=best, raw=raw)
        return Budget(objective=promise.objective, use=use, length_us=length_us)

    worst = budget(period.length_us - closed_us)
    best = worst if book.is_exact else budget(period.length_us - closed_us, best=True)
    pairs = promise.pairs(period.length_us)
    lengths = sorted({us for pair in pairs for us in (pair.long_us, pair.short_us)})
    burns = {us: _burn(book, us) for us in lengths}
    return Statement(
        plan=plan,
        requests=book.requests(period.start_ts, plan.at),
        open=book.open(period.start_ts, plan.at),
        astride=book.astride(period.start_ts, plan.at),
        budget=worst,
        best=best,
        raw=budget(period.length_us, raw=True) if closed_us else None,
        closed_us=closed_us,
        burns=tuple(burns.values()),
        alerts=tuple(_alert(plan, pair, burns) for pair in pairs),
        forecast=_forecast(book, worst.use),
        rules=applying(plan, worst),
        sure_rules=applying(plan, best),
        gap=_gap(book),
    )


def unknown(statement: Statement) -> Statement:
    """Without any request nothing is known of a budget, whatever empty slices count as."""
    use = replace(statement.budget.use, bad=Fraction(0), total=0)
    return replace(
        statement,
        budget=replace(statement.budget, use=use),
        best=replace(statement.best, use=use),
        burns=(),
        alerts=(),
        forecast=None,
        rules=(),
        sure_rules=(),
    )


def _gap(book: Counted) -> Period | None:
    """The longest silence of the window, from a day on."""
    found = book.silences(book.plan.period.start_ts, book.plan.at)
    longest = max(found, key=lambda each: (each.length_us, each.start_ts), default=None)
    return longest if longest is not None and longest.length_us >= DAY_US else None


def _burn(book: Counted, length_us: int) -> Burn:
    objective, at = book.plan.promise.objective, book.plan.at
    use = book.use(at - length_us, at)
    best = use if book.is_exact else book.use(at - length_us, at, best=True)
    return Burn(
        length_us=length_us, use=use, rate=use.burn(objective),
        best_use=best, best=best.burn(objective),
    )  # fmt: skip


def _alert(plan: Plan, pair: Pair, burns: Mapping[int, Burn]) -> Alert:
    objective, period = plan.promise.objective, plan.period.length_us
    long, short = burns[pair.long_us], burns[pair.short_us]
    burning = sure = pair.fires(objective, period, long=long.use, short=short.use)
    if long.best_use is not long.use:
        sure = pair.fires(objective, period, long=long.best_use, short=short.best_use)
    return Alert(
        pair=pair,
        factor=pair.factor(period),
        burning=burning if burning is sure else None,
    )


def applying(plan: Plan, budget: Budget) -> tuple[PolicyRule, ...]:
    """The policies that apply to what is left, the strictest last."""
    left = budget.remaining
    if left is None:
        return ()
    found = [rule for rule in plan.promise.policy if left <= rule.remaining]
    return tuple(sorted(found, key=lambda rule: -rule.remaining))


def _forecast(book: Counted, used: Use) -> Forecast | None:
    """What will be spent at the end of a calendar period, or after a quarter of a rolling one."""
    plan, promise = book.plan, book.plan.promise
    days = plan.period.length_us // DAY_US
    if days < LEAST_FORECAST_DAYS:
        return None
    if isinstance(promise.window, Calendar):
        to_come = -((plan.at - plan.period.end_ts) // DAY_US)
    else:
        to_come = days // 4
        used = book.use(kept_since(plan.period), plan.at)
    midnights = days_of(Period(start_ts=plan.since, end_ts=plan.at + 1), promise.zone)
    history = [book.use(start, end) for start, end in pairwise(midnights)]
    while history and not history[0].total:
        history.pop(0)
    return forecast(
        [(float(day.bad), day.total) for day in history],
        (float(used.bad), used.total),
        to_come,
        allowed_share=float(1 - promise.objective),
    )
