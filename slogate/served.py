"""The door for alerts whose events a server keeps: (promises with indicators, server) → who burns.

As `alerting.py` says of the store: how they stand at a moment, and how they turned between two. The
moment is named, or told by the server's own clock; the server's data are read, never kept. Refuses
moments of the future and servers that cannot be asked: that is never taken for quiet.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate.alerting import Courses, Replay, Standing, dated, refuse_crowds
from slogate.errors import SourceError, UsageError
from slogate.measuring.known import Measured
from slogate.measuring.measure import Asking, helped
from slogate.promises.alarm import alarms_of
from slogate.promises.course import Watch, watch
from slogate.promises.promise import Promise, plan, whole_minute


def standing_served(
    asking: Asking, promises: Sequence[Promise], service: str, *, at: int | None = None
) -> Standing:
    """How the alerts of one service stand at the moment, or by now."""
    try:
        moment = asking.moment(promises, at)
        measured = asking.measure([plan(promise, moment) for promise in promises])
        refuse_crowds((each.plan.promise, each.tallies) for each in measured)
        alarms = [
            alarm
            for each in measured
            for alarm in alarms_of(each.plan, each.tallies, each.known, moment)
        ]
        begin = min(each.plan.period.start_ts for each in measured)
        alarms = dated(
            alarms, moment, begin, lambda watches: _courses(asking, watches), is_whole=False
        )
    except SourceError as error:
        raise helped(error) from None
    ends = [end for each in measured for end in each.known.ends]
    return Standing(
        service=service,
        at=moment,
        data_end=min(moment, max(ends, default=moment)),
        alarms=tuple(alarms),
        warnings=tuple(dict.fromkeys(line for each in measured for line in _told(each))),
        is_served=True,
    )


def _told(measured: Measured) -> Sequence[str]:
    """What is told of doubts, with whose they are."""
    name = measured.plan.promise.id
    lines = dict.fromkeys(line for each in measured.known.each for line in each.told)
    return [f"{name}: {line}" for line in lines if not line.startswith("source: counted")]


def replay_served(
    asking: Asking,
    promises: Sequence[Promise],
    service: str,
    since: int,
    until: int | None = None,
) -> Replay:
    """How the alerts of one service turned at whole minutes from one to the other, or to now."""
    try:
        last = asking.moment(promises, until)
        first = -whole_minute(-since)
        if first > last:
            raise UsageError(f"no whole minute of {service} lies in that time")
        courses = _courses(asking, [watch(promise, first, last) for promise in promises])
    except SourceError as error:
        raise helped(error) from None
    return Replay(
        service=service,
        since=first,
        until=last,
        promises=tuple(promises),
        courses=courses,
        is_served=True,
    )


def _courses(asking: Asking, watches: Sequence[Watch]) -> Courses:
    """The turns of all watched promises."""
    plans = [(each, phase, plan) for each in watches for phase, plan in each.plans.items()]
    measured = asking.measure([plan for _, _, plan in plans])
    found: dict[str, dict[str, Measured]] = {}
    for (each, phase, asked), got in zip(plans, measured, strict=True):
        found.setdefault(each.promise.id, {})[f"{phase} {asked.promise.id}"] = got
    return {
        each.promise.id: each.courses(
            {key: got.tallies for key, got in found[each.promise.id].items()}
        )
        for each in watches
    }
