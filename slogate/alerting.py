"""The door for alerts: (specs, store) → who burns an error budget, since when, and who did.

    alerts of the specs ──plan──► counts of their windows ──► alarms ──► since when, to the minute

From what is stored alone, without a wall clock: the same series and specs say the same. Refuses
services of which nothing is stored. Promises whose events a server keeps are for `served.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from slogate.errors import UnsupportedError, UsageError
from slogate.gate import count_accounts, refuse_unsupported
from slogate.model.run import Run
from slogate.model.slots import Tallies
from slogate.model.survey import MOST_VALUES
from slogate.promises.alarm import Alarm, alarms_of
from slogate.promises.course import State, Turn, Watch, watch
from slogate.promises.events import accounts_of, tallies_of
from slogate.promises.production import Production, known_of, newest_end, reaching, remarks_on
from slogate.promises.promise import DAY_US, MINUTE_US, Promise, plan, whole_minute
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.store.production import no_production
from slogate.units import format_count

# how far back the start of an alert is looked for: so far at first, then so many times further
_BACK_US, _FURTHER = DAY_US, 6

Key = tuple[str, str | None, int]
"""A promise's id, the value of its label, the number of the pair."""

Courses = Mapping[str, Mapping[str | None, Sequence[Sequence[Turn]]]]
"""By the promise's id and the value of its label, the turns of each of its pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the alerts of a service stand at the moment; `data_end` is that of the newest data.

    `is_served`: a server keeps the events, not the store.
    """

    service: str
    at: int
    data_end: int
    alarms: tuple[Alarm, ...]
    warnings: tuple[str, ...] = ()
    is_served: bool = False

    @property
    def source(self) -> str:
        """Whose clock the moment is of."""
        return _source(self.service, is_served=self.is_served)


def _source(service: str, *, is_served: bool) -> str:
    return f"{service} (server)" if is_served else service


def source_of(promise: Promise) -> str:
    """Whose clock a promise's moments are of."""
    return _source(promise.service, is_served=promise.indicator is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How the alerts of a service turned between two moments, both ends with them."""

    service: str
    since: int
    until: int
    promises: tuple[Promise, ...]
    courses: Courses
    warnings: tuple[str, ...] = ()
    is_served: bool = False


def alerting(specs: Sequence[Spec], only: Sequence[str] = ()) -> list[Promise]:
    """The promises with alerts, those of the names or ids if any are given; UsageError if none."""
    refuse_unsupported(specs)
    found = _asked(specs)
    if not found:
        hint = "add `alerts: google` to an slo"
        raise UsageError("no slo of the specs has alerts", hint=hint)
    for name in only:
        if not any(name in _names(promise) for promise in found):
            known = ", ".join(dict.fromkeys(promise.name for promise in found))
            raise UsageError(f"no slo with alerts is named '{name}'", hint=f"there are: {known}")
    return [each for each in found if not only or _names(each) & set(only)]


def _asked(specs: Sequence[Spec]) -> list[Promise]:
    promises = [each for spec in specs for each in (*spec.promises, *spec.queried)]
    return [promise for promise in promises if promise.alerts]


def _names(promise: Promise) -> set[str]:
    return {promise.name, f"{promise.service}/{promise.name}", promise.id}


def standing(
    store: Store,
    promises: Sequence[Promise],
    service: str,
    *,
    at: int | None = None,
    now: int | None = None,
    threads: int | None = None,
) -> Standing:
    """How the alerts of one service stand at the moment, or at the end of the newest data.

    But no later than `now`: data of the future are of a clock that is fast, and what others had to
    tell lies before them.
    """
    stored, data_end = _stored(store, service)
    moment = data_end if at is None else whole_minute(at)
    if at is None and now is not None and data_end > now + MINUTE_US:
        moment = whole_minute(now)
    plans = [plan(promise, moment) for promise in promises]
    runs = reaching(stored, plans)
    accounts = [account for each in plans for account in accounts_of(each)]
    counted = count_accounts(store, runs, accounts, threads=threads)
    production = Production(service=service, at=moment, runs=runs)
    tallies = {each.promise.id: tallies_of(each, counted) for each in plans}
    refuse_crowds((each.promise, tallies[each.promise.id]) for each in plans)
    alarms = [
        alarm
        for each in plans
        for alarm in alarms_of(each, tallies[each.promise.id], known_of(production, each), data_end)
    ]
    begin = min((run.start_ts for run in stored if run.start_ts is not None), default=moment)

    def follow(watches: Sequence[Watch]) -> Courses:
        return _follow(store, stored, watches, threads)[1]

    return Standing(
        service=service,
        at=moment,
        data_end=data_end,
        alarms=tuple(dated(alarms, moment, begin, follow)),
        warnings=tuple(remarks_on(runs)),
    )


def refuse_crowds(counted: Iterable[tuple[Promise, Tallies]]) -> None:
    """Nobody is told of thousands of alerts at once: they say nothing of where the fault is."""
    for promise, values in counted:
        if len(values) > MOST_VALUES:
            raise UsageError(
                f"{promise.id}: the label {promise.by} has {format_count(len(values))} "
                f"values, and alerts of each of more than {format_count(MOST_VALUES)} are not told",
                hint="take a label with fewer, or less of the service with endpoint or where",
            )


def replay(
    store: Store,
    promises: Sequence[Promise],
    service: str,
    since: int,
    until: int | None = None,
    *,
    threads: int | None = None,
) -> Replay:
    """How the alerts of one service turned at the whole minutes from one to the other.

    Without the other, to the end of the newest data.
    """
    stored, data_end = _stored(store, service)
    first, last = -whole_minute(-since), data_end if until is None else whole_minute(until)
    if first > last:
        raise UsageError(f"no whole minute of {service} lies in that time")
    watches = [watch(promise, first, last) for promise in promises]
    runs, courses = _follow(store, stored, watches, threads)
    return Replay(
        service=service,
        since=first,
        until=last,
        promises=tuple(promises),
        courses=courses,
        warnings=tuple(remarks_on(runs)),
    )


def _stored(store: Store, service: str) -> tuple[list[Run], int]:
    stored = list_runs(store, service=service, kind="production")
    end = newest_end(stored)
    if end is None:
        raise no_production(store, [service], "nothing is known")
    return stored, end


def _follow(
    store: Store, stored: Sequence[Run], watches: Sequence[Watch], threads: int | None
) -> tuple[tuple[Run, ...], Courses]:
    """The turns of all watched promises, from one pass over the runs that reach into the time."""
    plans = [plan for each in watches for plan in each.plans.values()]
    runs = reaching(stored, plans)
    accounts = [account for each in watches for account in each.accounts]
    counted = count_accounts(store, runs, accounts, threads=threads)
    return runs, {each.promise.id: each.courses(counted) for each in watches}


def dated(
    alarms: Sequence[Alarm],
    at: int,
    begin: int,
    follow: Callable[[Sequence[Watch]], Courses],
    *,
    is_whole: bool = True,
) -> list[Alarm]:
    """The alarms with the minute from which each that fires has been firing.

    They are followed back to where all data `begin`, or, unless `is_whole`, where nobody looks any
    more. None where that cannot be followed: between seconds, or further back than that.
    """
    found: dict[Key, int | None] = {}
    back = _BACK_US
    while left := _undated(alarms, found):
        since = min(at, max(whole_minute(at - back), whole_minute(begin)))
        watches = [each for it in left.values() if (each := _watched(it, since, at)) is not None]
        courses = follow(watches) if watches else {}
        for alarm in alarms:
            promise, key = alarm.plan.promise, _key(alarm)
            if alarm.state is not State.FIRING or promise.id not in left:
                continue
            if promise.id not in courses:
                found.setdefault(key, None)
                continue
            last = courses[promise.id][alarm.value][alarm.number][-1]
            if last.ts > since or since <= begin:
                found[key] = last.ts if last.ts > since or is_whole else None
        back *= _FURTHER
    return [replace(alarm, since=found.get(_key(alarm))) for alarm in alarms]


def _watched(promise: Promise, since: int, until: int) -> Watch | None:
    try:
        return watch(promise, since, until)
    except UnsupportedError:
        return None


def _key(alarm: Alarm) -> Key:
    return alarm.plan.promise.id, alarm.value, alarm.number


def _undated(alarms: Sequence[Alarm], found: Mapping[Key, int | None]) -> dict[str, Promise]:
    """The promises with an alarm that fires and has no start yet."""
    return {
        alarm.plan.promise.id: alarm.plan.promise
        for alarm in alarms
        if alarm.state is State.FIRING and _key(alarm) not in found
    }
