"""Who burns a budget too fast at a moment: each pair of windows of a promise, and what is known.

An alert fires, is quiet, or nobody knows: where there are no requests to go by, where buckets or
unread rows leave open what decides, where the data cannot be relied on or end before the moment.
Only a page of a promise of severity `error` blocks, and so does an alert that nothing is known of,
unless the promise lets missing data pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from slogate.model.slots import Tallies
from slogate.promises.book import book_of
from slogate.promises.course import State, is_known, state_of
from slogate.promises.judge import Known, shown
from slogate.promises.promise import Plan
from slogate.promises.sentences import moment_text
from slogate.promises.statement import Alert, Burn, Statement, statement_of
from slogate.stats.burn_rate import Pair, lowest_burn
from slogate.units import US_PER_SECOND, format_count, significant

PAGE = "page"
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One pair of one promise, and of one value of its label, at a moment.

    `number` is its place in the promise's pairs. `since` is the minute from which it has been
    firing without a break; None where it does not fire. `reason` says why nobody knows.
    """

    statement: Statement
    value: str | None
    number: int
    alert: Alert
    long: Burn
    short: Burn
    state: State
    reason: str | None = None
    since: int | None = None

    @property
    def plan(self) -> Plan:
        """What was counted."""
        return self.statement.plan

    @property
    def pair(self) -> Pair:
        """The windows."""
        return self.alert.pair

    @property
    def subject(self) -> str:
        """The promise, with the value of its label: `shop/latency/28d/eu`."""
        return subject(self.plan, self.value)

    @property
    def id(self) -> str:
        """Stable as long as the spec names it so: `shop/latency/28d/page/1h/5m`."""
        return f"{self.subject}/{name_of(self.pair)}"

    @property
    def is_low(self) -> bool:
        """Whether so few requests lie in the long window that the interval must exceed it too."""
        return self.pair.is_low(
            self.plan.promise.objective, self.plan.period.length_us, self.long.use
        )

    @property
    def lower_end(self) -> float | None:
        """The least burn rate of the long window that is likely, where it matters."""
        return lowest_burn(self.long.use, self.plan.promise.objective) if self.is_low else None

    @property
    def exhausted_in_us(self) -> Fraction | None:
        """When the budget is gone at the pace of the long window; None: never, or unknown."""
        return self.statement.budget.exhausted_in_us(self.long.rate)

    @property
    def blocks(self) -> bool:
        """Whether it makes the command fail, or leaves it without a verdict."""
        promise = self.plan.promise
        if promise.severity != "error" or self.state is State.QUIET:
            return False
        if self.state is State.FIRING:
            return self.pair.severity == PAGE
        return self.state is not State.NO_DATA or promise.on_no_data == "block"


def subject(plan: Plan, value: str | None) -> str:
    """The promise, with the value of its label."""
    promise = plan.promise
    return promise.id if promise.by is None else f"{promise.id}/{shown(value)}"


def name_of(pair: Pair) -> str:
    """What tells a pair from the others of its promise: `page/1h/5m`, or `page/1h` of a single."""
    return "/".join([pair.severity, *map(short_length, windows_of(pair))])


def windows_of(pair: Pair) -> tuple[int, ...]:
    """Its windows, the long one first; one if it has no short one."""
    return tuple(dict.fromkeys((pair.long_us, pair.short_us)))


def short_length(us: int) -> str:
    """A length as specs have it: `1h`, `90s`, `1500ms`."""
    for unit, seconds in _UNITS:
        if us % (seconds * US_PER_SECOND) == 0:
            return f"{us // (seconds * US_PER_SECOND)}{unit}"
    return f"{us // 1000}ms" if us % 1000 == 0 else f"{us}us"


def alarms_of(plan: Plan, tallies: Tallies, known: Known, data_end: int) -> list[Alarm]:
    """How each pair stands, by the values of the label; `data_end` is that of all the data."""
    values: Sequence[str | None] = [None]
    if plan.promise.by is not None and tallies:
        values = sorted(tallies, key=lambda value: (value is not None, value or ""))
    found = []
    for value in values:
        statement = statement_of(book_of(plan, tallies.get(value, ())))
        burns = {burn.length_us: burn for burn in statement.burns}
        found += [
            _judged(_alarm(statement, value, number, alert, burns), known.of(value), data_end)
            for number, alert in enumerate(statement.alerts)
        ]
    return found


def _alarm(
    statement: Statement, value: str | None, number: int, alert: Alert, burns: Mapping[int, Burn]
) -> Alarm:
    plan, pair = statement.plan, alert.pair
    long, short = burns[pair.long_us], burns[pair.short_us]
    enough = is_known(
        pair, plan.promise.objective, plan.period.length_us, long=long.use, short=short.use
    )
    state = state_of(fires=alert.burning, is_known=enough)
    return Alarm(
        statement=statement,
        value=value,
        number=number,
        alert=alert,
        long=long,
        short=short,
        state=state,
        reason=_reason(state, plan, long, short),
    )


def _reason(state: State, plan: Plan, long: Burn, short: Burn) -> str | None:
    if state is State.UNSURE:
        return "requests without a response time, buckets or steps leave open whether it fires"
    if state is State.NO_DATA:
        empty = short if long.use.total else long
        length = short_length(empty.length_us)
        what = "slice" if plan.promise.slice_us else plan.promise.noun.removesuffix("s")
        return f"no {what} of the last {length} is known"
    return None


def _judged(alarm: Alarm, known: Known, data_end: int) -> Alarm:
    """Not quiet where the data cannot say so."""
    if alarm.state is not State.QUIET:
        return alarm
    at = alarm.plan.at
    data_end = min(data_end, *known.ends) if known.ends else data_end
    if data_end <= at - alarm.pair.short_us:
        ended = f"the data of the service end at {moment_text(data_end)}"
        return replace(alarm, state=State.NO_DATA, reason=ended)
    reason = known.distrust or known.untold or _unread(alarm, known)
    return alarm if reason is None else replace(alarm, state=State.UNSURE, reason=reason)


def _unread(alarm: Alarm, known: Known) -> str | None:
    """What is said where rows that could not be read may hold what would set it off."""
    if not known.unread:
        return None
    objective, period = alarm.plan.promise.objective, alarm.plan.period.length_us
    long, short = (burn.use.worsened(known.unread) for burn in (alarm.long, alarm.short))
    if not alarm.pair.fires(objective, period, long=long, short=short):
        return None
    return f"{format_count(known.unread)} {known.lost}, and could set it off"


def sentence(alarm: Alarm) -> str:
    """How it stands, in one sentence."""
    factor = significant(float(alarm.alert.factor), 4)
    burns = dict.fromkeys((alarm.long, alarm.short))
    windows = " and ".join(f"{_rate(it)} over {short_length(it.length_us)}" for it in burns)
    what = {
        State.FIRING: "burns its error budget",
        State.QUIET: "does not burn its error budget too fast:",
    }.get(alarm.state, f"is not known ({alarm.reason}):")
    return f"{alarm.subject} {what} {windows}, the limit is {factor} times the sustainable rate"


def _rate(burn: Burn) -> str:
    return "nothing known" if burn.rate is None else f"{significant(float(burn.rate), 4)} times"
