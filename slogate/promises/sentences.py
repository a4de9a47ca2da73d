"""What is said of a promise: one sentence of what was found, and remarks beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from slogate.model.calendar import Calendar, local
from slogate.promises.promise import Plan
from slogate.promises.statement import Statement
from slogate.units import (
    US_PER_SECOND,
    format_count,
    format_duration,
    format_share,
    format_span,
    format_times,
    significant,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 9


def absence(statement: Statement) -> str | None:
    """Why there is nothing, or too little, to judge; None if there is enough."""
    plan, promise = statement.plan, statement.plan.promise
    total, what = statement.requests.total, promise.whose
    noun = promise.noun
    raw = statement.raw
    if plan.at <= plan.period.start_ts:
        unit = "whole minute" if promise.slice_us is None else "slice"
        begun = moment_text(plan.period.start_ts)
        return (
            f"no {unit} of the window {promise.window_text} has passed since it began, at {begun}"
        )
    if total == 0 and raw is not None and raw.use.total and raw.use.unit == "requests":
        return (
            f"all {format_count(raw.use.total)} {noun} of {what} that are known in "
            f"{stretch(plan)} lie in corrections"
        )
    if total == 0:
        return f"no {noun.removesuffix('s')} of {what} is known in {stretch(plan)}"
    if total < promise.min_events:
        few = noun.removesuffix("s") if total == 1 else noun
        return (
            f"only {format_count(total)} {few} of {what} in {stretch(plan)}, "
            f"at least {format_count(promise.min_events)} needed (min_events)"
        )
    if statement.budget.use.total == 0:
        return f"no slice of {stretch(plan)} has passed that counts"
    return None


def across(count: int) -> str:
    """What is said of requests that may lie in the window or beside it."""
    which = "1 more is" if count == 1 else f"{format_count(count)} more are"
    return f"{which} known of steps that reach over its ends, and may lie in it"


def stretch(plan: Plan) -> str:
    """The part of the window that has passed: `the 28 d to 2026-11-26 15:00 UTC`."""
    length = plan.at - plan.period.start_ts
    return f"the {_length(length)} to {moment_text(plan.at)}"


def reason(statement: Statement) -> str:
    """What was found, in a sentence."""
    plan, promise = statement.plan, statement.plan.promise
    wanted = format_share(promise.objective, _EXACT)
    text = (
        f"{_good(statement)} of {_units(statement)} of {promise.whose} were good in "
        f"{stretch(plan)}, {wanted} promised: {_left(statement)}"
    )
    freezing = [rule for rule in statement.rules if rule.freeze]
    if freezing:
        text += f"; {freezing[-1].message}"
    return text


def _good(statement: Statement) -> str:
    promised = statement.budget.objective
    shares = [
        1 - share
        for budget in (statement.budget, statement.best)
        if (share := budget.use.bad_share) is not None
    ]
    digits = 3
    while digits < _EXACT and any(
        share not in {promised, 1}
        and format_share(share, digits) in {format_share(promised, digits), "100%"}
        for share in shares
    ):
        digits += 1
    shown = dict.fromkeys(format_share(share, digits) for share in shares)
    return " to ".join(shown)


def _units(statement: Statement) -> str:
    use = statement.budget.use
    unit = statement.plan.promise.noun if use.unit == "requests" else use.unit
    return f"{format_count(use.total)} {unit}"


def _left(statement: Statement) -> str:
    ends = [statement.budget.remaining, statement.best.remaining]
    known = dict.fromkeys(end for end in ends if end is not None)
    if len(known) > 1:
        return _between(statement, *known)
    (left,) = known or (Fraction(0),)
    if left < 0:
        return f"the budget is overspent, {_used(1 - left)}"
    if left == 0:
        return "the budget is spent to the last"
    time = statement.budget.remaining_us
    minutes = f" ({format_duration(float(time))})" if time is not None else ""
    return f"{_share(left)} of the budget is left{minutes}"


def _between(statement: Statement, worst: Fraction, best: Fraction) -> str:
    """What is left where only bounds are known; too unsure if the two ends differ in outcome."""
    if worst < 0 and best < 0:
        return f"the budget is overspent, {_used(1 - best, 1 - worst)}"
    freezing = [
        any(rule.freeze for rule in rules) for rules in (statement.rules, statement.sure_rules)
    ]
    unsure = ", too unsure to call" if min(worst, best) < 0 or len(set(freezing)) > 1 else ""
    return f"{_share(worst)} to {_share(best)} of the budget is left{unsure}"


def _used(*shares: Fraction) -> str:
    used = " to ".join(dict.fromkeys(map(format_times, shares)))
    return f"it is used {used} over" if used.endswith("times") else f"{used} of it is used"


def _share(share: Fraction) -> str:
    return format_share(share, 3)


def remarks(statement: Statement, first_ts: int | None) -> tuple[str, ...]:
    """What a reader should know: policies, corrections, gaps in the data, alerts that burn."""
    plan = statement.plan
    found = [f"policy: {rule.message}" for rule in statement.rules[-1:]]
    anchor = plan.promise.window.anchor if isinstance(plan.promise.window, Calendar) else None
    if anchor is not None and anchor > local(plan.at, plan.promise.zone):
        found.append(
            f"window: its start, {anchor:%Y-%m-%d %H:%M} in {plan.promise.zone}, lies ahead; "
            f"counted back from there, this one began at {moment_text(plan.period.start_ts)}"
        )
    if statement.raw is not None:
        left = statement.raw.remaining
        without = "none of the budget is known" if left is None else f"{_share(left)} is left"
        found.append(
            f"corrected: {_length(statement.closed_us)} of the window are corrections; "
            f"without them {without}"
        )
    if first_ts is not None and plan.period.start_ts < first_ts < plan.at:
        known = Fraction(plan.at - first_ts, plan.at - plan.period.start_ts)
        if known < Fraction(9, 10):
            found.append(
                f"coverage: production data begin at {moment_text(first_ts)} and cover "
                f"{_share(known)} of the window so far"
            )
    gap = statement.gap
    if statement.requests.total and gap is not None and (first_ts is None or gap.end_ts > first_ts):
        found.append(
            f"gap: no {plan.promise.noun.removesuffix('s')} is known in "
            f"{_length(gap.length_us)} up to {moment_text(gap.end_ts)}"
        )
    burning = [alert for alert in statement.alerts if alert.burning and plan.promise.alerts]
    found += [
        f"burning: over {significant(float(alert.factor), 3)} times the sustainable rate in the "
        f"last {_length(alert.pair.long_us)} and {_length(alert.pair.short_us)} "
        f"({alert.pair.severity})"
        for alert in burning
    ]
    return tuple(found)


def _length(us: int) -> str:
    days, rest = divmod(us, 86_400 * US_PER_SECOND)
    if days < 3:
        return format_span(us / US_PER_SECOND)
    return f"{days} d {format_span(rest / US_PER_SECOND)}" if rest else f"{days} d"


def moment_text(ts: int) -> str:
    """A moment, to the minute: `2026-11-26 15:00 UTC`."""
    return f"{(_EPOCH + timedelta(microseconds=ts)):%Y-%m-%d %H:%M} UTC"
