"""The course of a promise's alerts, minute by minute, as a monitoring system would have seen it.

An alert is evaluated at the end of every whole minute, on what `plan` would count at that moment:
windows that end there, slices that have passed by then. One counting in equal slots serves all of
the minutes; where a calendar's periods begin at other places of a slice, one for each such place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import gcd

from slogate.errors import UnsupportedError
from slogate.model.calendar import Calendar, Period
from slogate.model.closure import closures
from slogate.model.slots import Account, Every, Tallies, slots_touching
from slogate.promises.events import accounts_of, tallies_of
from slogate.promises.ledger import Ledger
from slogate.promises.promise import MINUTE_US, Plan, Promise
from slogate.promises.running import SCALE, Rough, Running
from slogate.stats.burn_rate import Pair
from slogate.stats.error_budget import Unit, Use
from slogate.units import US_PER_SECOND

MOST_SLOTS = 5_000_000

Spans = tuple[tuple[int, int], tuple[int, int]]
"""The slots of a long window and of its short one: the first, and the one after the last."""


class State(StrEnum):
    """How an alert stands at a moment; only of `quiet` is it known that nothing burns."""

    FIRING = "firing"
    QUIET = "quiet"
    UNSURE = "unsure"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Turn:
    """From this minute on an alert stands so."""

    ts: int
    state: State


def state_of(*, fires: bool | None, is_known: bool) -> State:
    """How it stands: whether it fires (None: not certain), and whether there is enough to say."""
    if fires is None:
        return State.UNSURE
    if fires:
        return State.FIRING
    return State.QUIET if is_known else State.NO_DATA


def is_known(pair: Pair, objective: Fraction, period_us: int, *, long: Use, short: Use) -> bool:
    """Whether data say that a pair which does not fire is quiet.

    Not without any in the long window, and not where that one burns too fast and the short one has
    none: nobody knows whether it has ended.
    """
    would = pair.fires(objective, period_us, long=long, short=long)
    return long.total > 0 and (short.total > 0 or not would)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to count to follow the alerts of a promise from minute to minute; plans by phase."""

    promise: Promise
    since: int
    until: int
    plans: Mapping[int, Plan]

    @property
    def accounts(self) -> list[Account]:
        """What is to be counted."""
        return [
            replace(account, id=f"{phase} {account.id}")
            for phase, plan in self.plans.items()
            for account in accounts_of(plan)
        ]

    def courses(self, counted: Mapping[str, Tallies]) -> dict[str | None, list[list[Turn]]]:
        """By the value of its label, the turns of each pair; the first is at `since`."""
        tallies = {
            phase: tallies_of(
                plan, {each.id: counted[f"{phase} {each.id}"] for each in accounts_of(plan)}
            )
            for phase, plan in self.plans.items()
        }
        values = {value for each in tallies.values() for value in each}
        if self.promise.by is None:
            values = {None}
        return {
            value: _course(
                self,
                {
                    phase: Ledger.of(plan, tallies[phase].get(value, ()))
                    for phase, plan in self.plans.items()
                },
            )
            for value in values
        }

    def segments(self) -> Iterator[tuple[int, int, Period]]:
        """The minutes from one up to and with another, and the period that they are judged by."""
        promise, at = self.promise, self.since
        while at <= self.until:
            period = promise.period(at)
            last = self.until
            if isinstance(promise.window, Calendar):
                last = min(last, period.end_ts // MINUTE_US * MINUTE_US)
            yield at, last, period
            at = last + MINUTE_US

    def phase(self, period: Period) -> int:
        """Where in a slot the slices of a period begin."""
        step = self.promise.slice_us
        calendar = isinstance(self.promise.window, Calendar)
        return period.start_ts % step if step is not None and calendar else 0


def watch(promise: Promise, since: int, until: int) -> Watch:
    """What to count to follow the alerts at whole minutes, both ends with them."""
    _check_size(promise, (until - since) // MINUTE_US)
    period = promise.period(until)
    pairs = promise.pairs(period.length_us)
    start = since - max(pair.long_us for pair in pairs)
    start = max(0, start - (promise.slice_us or 0))
    closed = closures(promise.corrections, Period(start_ts=start, end_ts=max(until, start + 1)))
    step = promise.slice_us or _step(promise, pairs, closed)
    draft = Watch(promise=promise, since=since, until=until, plans={})
    plans = {}
    for phase in {draft.phase(each) for _, _, each in draft.segments()}:
        first = start - (start - phase) % step
        slots = Every(start_ts=first, step_us=step, count=max(0, (until - first) // step))
        _check_size(promise, slots.count)
        plans[phase] = Plan(
            promise=promise, at=until, period=period, since=first, closed=closed, slots=slots
        )
    return Watch(promise=promise, since=since, until=until, plans=plans)


def _check_size(promise: Promise, count: int) -> None:
    if count > MOST_SLOTS:
        raise UnsupportedError(
            f"{promise.id}: to follow its alerts over that time takes {count:,} slots",
            hint="choose a shorter time",
        )


def _step(promise: Promise, pairs: Sequence[Pair], closed: Sequence[Period]) -> int:
    """The longest slots at whose edges all windows and corrections begin and end."""
    lengths = [us for pair in pairs for us in (pair.long_us, pair.short_us)]
    step = gcd(MINUTE_US, *lengths, *(ts for span in closed for ts in (span.start_ts, span.end_ts)))
    if step < US_PER_SECOND:
        raise UnsupportedError(
            f"{promise.id}: its alerts cannot be followed minute by minute, because a window of "
            "them or a correction does not begin at a whole second"
        )
    return step


def _course(watch: Watch, ledgers: Mapping[int, Ledger]) -> list[list[Turn]]:
    pairs = watch.promise.pairs(next(iter(watch.plans.values())).period.length_us)
    courses: list[list[Turn]] = [[] for _ in pairs]
    cases = {phase: _Cases.of(ledger) for phase, ledger in ledgers.items()}
    for since, until, period in watch.segments():
        case = cases[watch.phase(period)]
        for turns, pair in zip(courses, pairs, strict=True):
            for turn in case.turns(pair, period, range(since, until + 1, MINUTE_US)):
                if not turns or turns[-1].state is not turn.state:
                    turns.append(turn)
    return courses


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cases:
    """A ledger's sums in the worst case and the best, which mostly are the same."""

    ledger: Ledger
    shut: frozenset[int]
    worst: Running
    best: Running | None

    @classmethod
    def of(cls, ledger: Ledger) -> _Cases:
        plan = ledger.plan
        shut = frozenset(
            at
            for span in plan.closed
            for at in slots_touching(plan.slots, span.start_ts, span.end_ts)
        )
        worst = Running(ledger=ledger, shut=shut)
        best = None if ledger.is_exact else Running(ledger=ledger, shut=shut, best=True)
        return cls(ledger=ledger, shut=shut, worst=worst, best=best)

    def turns(self, pair: Pair, period: Period, minutes: range) -> Iterator[Turn]:
        """How the pair stands at the first of the minutes of a period, and wherever it changes."""
        slots, promise = self.ledger.plan.slots, self.ledger.plan.promise
        assert isinstance(slots, Every)
        begin, step = slots.start_ts, slots.step_us
        # of a part of a slice nothing is told
        long, short = (us // step for us in (pair.long_us, pair.short_us))
        share = pair.bad_share(promise.objective, period.length_us)
        most, scaled = share.denominator, share.numerator * SCALE
        low = max(0, (minutes[0] - begin) // step - long)
        totals, excess = self.worst.totals(), [0]
        if self.worst.is_plain:
            excess = self.worst.excess(most, scaled, low, (minutes[-1] - begin) // step)
        standing = self._standing(pair, period, lambda it: it.high * most <= it.total * scaled)
        plain, last, before = self.worst.is_plain, None, -1
        for at in minutes:
            stop = (at - begin) // step
            if stop == before:
                continue
            before = stop
            first = stop - long if stop > long else 0
            if plain and totals[stop] == totals[first]:
                state = State.NO_DATA
            elif plain and excess[stop - low] <= excess[first - low]:
                state = State.QUIET
            else:
                state = standing((first, stop), (max(0, stop - short), stop))
            if state is not last:
                last = state
                yield Turn(at, state)

    def _standing(
        self, pair: Pair, period: Period, is_slow: Callable[[Rough], bool]
    ) -> Callable[[tuple[int, int], tuple[int, int]], State]:
        """How the pair stands, by its windows; it says so at once where it was asked before."""
        known: dict[tuple[Rough, Rough], bool] = {}

        def fires(running: Running, spans: Spans, *, best: bool) -> bool:
            key = running(*spans[0]), running(*spans[1])
            if is_slow(key[0]) or is_slow(key[1]):
                return False
            if key not in known:
                found = self._fires(pair, period, *key)
                if found is None:
                    return self._exactly(pair, period, spans, best=best)
                known[key] = found
            return known[key]

        def standing(long: tuple[int, int], short: tuple[int, int]) -> State:
            worst = self.worst(*long)
            if not worst.total:
                return State.NO_DATA
            if is_slow(worst):
                return State.QUIET
            burns = fires(self.worst, (long, short), best=False)
            if self.best and fires(self.best, (long, short), best=True) is not burns:
                return State.UNSURE
            enough = burns or self.worst(*short).total > 0
            return state_of(
                fires=burns, is_known=enough or not fires(self.worst, (long, long), best=False)
            )

        return standing

    def _fires(self, pair: Pair, period: Period, long: Rough, short: Rough) -> bool | None:
        """Whether it fires; None where the sums are too rough to tell."""
        promise = self.ledger.plan.promise
        unit: Unit = "requests" if promise.slice_us is None else "slices"

        def fires(*bads: int) -> bool:
            uses = [
                Use(unit=unit, bad=Fraction(bad, SCALE), total=rough.total)
                for bad, rough in zip(bads, (long, short), strict=True)
            ]
            return pair.fires(promise.objective, period.length_us, long=uses[0], short=uses[1])

        low = fires(long.low, short.low)
        if (long.low, short.low) == (long.high, short.high):
            return low
        return low if low is fires(long.high, short.high) else None

    def _exactly(self, pair: Pair, period: Period, spans: Spans, *, best: bool) -> bool:
        objective = self.ledger.plan.promise.objective
        chosen = ([at for at in range(*span) if at not in self.shut] for span in spans)
        long, short = (self.ledger.use(slots, best=best) for slots in chosen)
        return pair.fires(objective, period.length_us, long=long, short=short)
