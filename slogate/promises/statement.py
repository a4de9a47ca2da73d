"""How a budget stands: the numbers of one promise, and of one value of its label, at a moment.

All but the forecast are exact. The judged figures leave corrections out; `raw` has the same with
them counted. Burn rates are those of trailing windows up to the moment, forecast and time to
exhaustion say where it leads if it goes on so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from slogate.model.calendar import Calendar, Period, days_of
from slogate.model.closure import closures
from slogate.model.slots import Slots, slots_touching, slots_within
from slogate.promises.ledger import Ledger, Open
from slogate.promises.promise import DAY_US, Plan, PolicyRule
from slogate.stats.burn_rate import Pair
from slogate.stats.error_budget import Budget, Use
from slogate.stats.forecast import Forecast, forecast

LEAST_FORECAST_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """The burn rate of the last `length_us`, by the worst case and the best; None without data."""

    length_us: int
    use: Use
    rate: Fraction | None
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

    `requests` are those that surely lie in the window. `raw` is the budget as if there were no
    corrections, None where none touch the window. `rules` are the policies that apply in the worst
    case, the strictest last, `sure_rules` in both. `gap` is the longest part of the window, from a
    day on and not corrected, of which no request is known.
    """

    plan: Plan
    requests: Use
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


def statement_of(ledger: Ledger) -> Statement:
    """The statement of one ledger."""
    plan = ledger.plan
    promise, period = plan.promise, plan.period
    shut = _shut(plan.slots, plan.closed)
    whole = slots_within(plan.slots, period.start_ts, plan.at)
    chosen = _without(whole, shut)
    closed = closures(promise.corrections, period)
    closed_us = sum(span.length_us for span in closed)

    def budget(slots: Collection[int], length_us: int, *, best: bool = False) -> Budget:
        use = ledger.use(slots, best=best)
        return Budget(objective=promise.objective, use=use, length_us=length_us)

    worst = budget(chosen, period.length_us - closed_us)
    best = budget(chosen, period.length_us - closed_us, best=True)
    pairs = promise.pairs(period.length_us)
    lengths = sorted({us for pair in pairs for us in (pair.long_us, pair.short_us)})
    burns = {us: _burn(ledger, us, shut) for us in lengths}
    return Statement(
        plan=plan,
        requests=ledger.requests(chosen),
        budget=worst,
        best=best,
        raw=budget(whole, period.length_us) if closed_us else None,
        closed_us=closed_us,
        burns=tuple(burns.values()),
        alerts=tuple(_alert(plan, pair, ledger, shut) for pair in pairs),
        forecast=_forecast(ledger, shut, worst.use),
        rules=applying(plan, worst),
        sure_rules=applying(plan, best),
        gap=_gap(ledger, whole, shut),
    )


def _gap(ledger: Ledger, whole: range, shut: Shut) -> Period | None:
    """The longest silence, from a day on, of slots that lie next to each other."""
    start = ledger.plan.slots.start
    first, last = (bisect_left(shut[1], at) for at in (whole.start, whole.stop))
    told = {at for at in {*ledger.filled, *ledger.hazy} if at in whole}.union(shut[1][first:last])
    ends = [whole.start - 1, *sorted(told), whole.stop]
    gaps = [(start(b) - start(a + 1), start(a + 1)) for a, b in pairwise(ends) if b > a + 1]
    length, since = max(gaps, default=(0, 0))
    return Period(start_ts=since, end_ts=since + length) if length >= DAY_US else None


Shut = tuple[frozenset[int], tuple[int, ...]]
"""Slots that do not count, and the same in order."""


@lru_cache(maxsize=16)
def _shut(slots: Slots, closed: tuple[Period, ...]) -> Shut:
    """The slots that corrections touch: the same for all values of a label."""
    found = frozenset(
        slot for span in closed for slot in slots_touching(slots, span.start_ts, span.end_ts)
    )
    return found, tuple(sorted(found))


def _without(slots: range, shut: Shut) -> Collection[int]:
    return Open(stretch=slots, shut=shut[0], order=shut[1]) if shut[0] else slots


def _trailing(plan: Plan, length_us: int, shut: Shut) -> Collection[int]:
    return _without(slots_within(plan.slots, plan.at - length_us, plan.at), shut)


def _burn(ledger: Ledger, length_us: int, shut: Shut) -> Burn:
    objective = ledger.plan.promise.objective
    chosen = _trailing(ledger.plan, length_us, shut)
    use = ledger.use(chosen)
    best = use if ledger.is_exact else ledger.use(chosen, best=True)
    return Burn(length_us=length_us, use=use, rate=use.burn(objective), best=best.burn(objective))


def _alert(plan: Plan, pair: Pair, ledger: Ledger, shut: Shut) -> Alert:
    def fires(*, best: bool) -> bool:
        long, short = (
            ledger.use(_trailing(plan, us, shut), best=best) for us in (pair.long_us, pair.short_us)
        )
        objective, period = plan.promise.objective, plan.period.length_us
        return pair.fires(objective, period, long=long, short=short)

    burning = fires(best=False)
    sure = burning if ledger.is_exact else fires(best=True)
    return Alert(
        pair=pair,
        factor=pair.factor(plan.period.length_us),
        burning=burning if burning is sure else None,
    )


def applying(plan: Plan, budget: Budget) -> tuple[PolicyRule, ...]:
    """The policies that apply to what is left, the strictest last."""
    left = budget.remaining
    if left is None:
        return ()
    found = [rule for rule in plan.promise.policy if left <= rule.remaining]
    return tuple(sorted(found, key=lambda rule: -rule.remaining))


def _forecast(ledger: Ledger, shut: Shut, used: Use) -> Forecast | None:
    """What will be spent at the end of a calendar period, or after a quarter of a rolling one."""
    plan, promise = ledger.plan, ledger.plan.promise
    days = plan.period.length_us // DAY_US
    if days < LEAST_FORECAST_DAYS:
        return None
    if isinstance(promise.window, Calendar):
        to_come = -((plan.at - plan.period.end_ts) // DAY_US)
    else:
        to_come = days // 4
        kept = slots_within(plan.slots, plan.period.start_ts + to_come * DAY_US, plan.at)
        used = ledger.use(_without(kept, shut))
    midnights = days_of(Period(start_ts=plan.since, end_ts=plan.at + 1), promise.zone)
    history = [
        ledger.use(_without(slots_within(plan.slots, start, end), shut))
        for start, end in pairwise(midnights)
    ]
    while history and not history[0].total:
        history.pop(0)
    return forecast(
        [(float(day.bad), day.total) for day in history],
        (float(used.bad), used.total),
        to_come,
        allowed_share=float(1 - promise.objective),
    )
