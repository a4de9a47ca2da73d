"""How alerts stand, and when they fired: for people as a table, for machines as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from slogate import __version__
from slogate.alerting import Replay, Standing
from slogate.cli.grid import grid
from slogate.errors import EXIT_BREACH, EXIT_NO_VERDICT, EXIT_PASS
from slogate.model.calendar import Calendar
from slogate.promises.alarm import Alarm, short_length, windows_of
from slogate.promises.alarm_document import (
    HISTORY_SCHEMA,
    SCHEMA,
    alarm_document,
    history_document,
    time_text,
)
from slogate.promises.course import State
from slogate.promises.sentences import moment_text
from slogate.reports._base import plain
from slogate.units import US_PER_SECOND, format_count, format_share, format_span, significant

_ORDER = (State.FIRING, State.UNSURE, State.NO_DATA, State.QUIET)
_HEAD = ("alert", "severity", "windows", "state", "burn rate", "limit", "since", "left", "gone in")
_DAY = 86_400
MOST_QUIET = 40


def document(found: Sequence[Standing], *, too_old: bool = False) -> dict[str, Any]:
    """All alerts; `too_old`: of data so old that they say nothing of now."""
    alarms = [alarm for each in found for alarm in _sorted(each.alarms)]
    outcome, code = _outcome(alarms)
    if too_old and outcome != "fail":
        outcome, code = "no_data", EXIT_NO_VERDICT
    return {
        "schema": SCHEMA,
        "version": __version__,
        "outcome": outcome,
        "exit_code": code,
        "services": [
            {
                "service": each.service,
                "source": "server" if each.is_served else "store",
                "at": time_text(each.at),
                "data_end": time_text(each.data_end),
                "warnings": list(each.warnings),
            }
            for each in found
        ],
        "alerts": [alarm_document(alarm) for alarm in alarms],
    }


def _outcome(alarms: Sequence[Alarm]) -> tuple[str, int]:
    states = {alarm.state for alarm in alarms if alarm.blocks}
    if State.FIRING in states:
        return "fail", EXIT_BREACH
    if State.NO_DATA in states:
        return "no_data", EXIT_NO_VERDICT
    return ("inconclusive", EXIT_NO_VERDICT) if states else ("pass", EXIT_PASS)


def _sorted(alarms: Sequence[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda alarm: (_ORDER.index(alarm.state), not alarm.blocks))


def table(found: Sequence[Standing], *, no_color: bool = False) -> str:
    """A table for each service, what fires first, and why of some nobody knows."""
    return "\n".join("".join(_service(each, no_color=no_color)) for each in found)


def _service(each: Standing, *, no_color: bool) -> Iterator[str]:
    alarms = _sorted(each.alarms)
    firing = sum(alarm.state is State.FIRING for alarm in alarms)
    unknown = sum(alarm.state in {State.UNSURE, State.NO_DATA} for alarm in alarms)
    told = f"{firing} of {format_count(len(alarms))} alerts fire"
    if unknown:
        told += f", of {format_count(unknown)} nobody knows"
    yield f"{plain(each.source)} at {moment_text(each.at)}: {told}\n\n"
    quiet = [alarm for alarm in alarms if alarm.state is State.QUIET]
    shown = alarms[: len(alarms) - len(quiet) + MOST_QUIET]
    yield grid(_HEAD, [_row(alarm) for alarm in shown], no_color=no_color)
    if len(shown) < len(alarms):
        yield f"… and {format_count(len(alarms) - len(shown))} more that are quiet: --json\n"
    reasons = [plain(f"{alarm.id}: {alarm.reason}") for alarm in alarms if alarm.reason]
    yield from (f"\n{line}" for line in dict.fromkeys(reasons))
    yield "\n" if reasons else ""


def _row(alarm: Alarm) -> tuple[str, ...]:
    pair = alarm.pair
    limit = f"{significant(float(alarm.alert.factor), 4)}"
    if alarm.lower_end is not None and alarm.state is State.QUIET and _is_fast(alarm):
        limit += f" (few: at least {significant(alarm.lower_end, 3)} is sure)"
    return (
        alarm.subject,
        pair.severity,
        ", ".join(map(short_length, windows_of(pair))),
        alarm.state.value.replace("_", " "),
        ", ".join(_rate(burn.rate) for burn in dict.fromkeys((alarm.long, alarm.short))),
        limit,
        "" if alarm.since is None else moment_text(alarm.since),
        _left(alarm),
        _gone(alarm),
    )


def _is_fast(alarm: Alarm) -> bool:
    rates = (alarm.long.rate, alarm.short.rate)
    return all(rate is not None and rate > alarm.alert.factor for rate in rates)


def _rate(rate: Fraction | None) -> str:
    return "–" if rate is None else significant(float(rate), 4)


def _left(alarm: Alarm) -> str:
    left = alarm.statement.budget.remaining
    return "" if left is None else format_share(left)


def _gone(alarm: Alarm) -> str:
    """When the budget is gone at this pace, if that is before it begins anew."""
    us, plan = alarm.exhausted_in_us, alarm.plan
    if us is None:
        return ""
    if us <= 0:
        return "gone"
    if isinstance(plan.promise.window, Calendar) and plan.at + us > plan.period.end_ts:
        return "not in this period"
    seconds = float(us / US_PER_SECOND)
    return format_span(seconds) if seconds < 3 * _DAY else f"{significant(seconds / _DAY, 3)} d"


def history(found: Sequence[Replay]) -> dict[str, Any]:
    """When each alert was not quiet."""
    return {
        "schema": HISTORY_SCHEMA,
        "version": __version__,
        "services": [
            {
                "service": each.service,
                "source": "server" if each.is_served else "store",
                "from": time_text(each.since),
                "to": time_text(each.until),
                "warnings": list(each.warnings),
            }
            for each in found
        ],
        "alerts": [alert for each in found for alert in _histories(each)],
    }


def _histories(each: Replay) -> Iterator[dict[str, Any]]:
    for promise in each.promises:
        courses = each.courses[promise.id]
        for value in sorted(courses, key=lambda value: (value is not None, value or "")):
            yield from history_document(promise, value, courses[value], each.until)


def history_table(found: Sequence[Replay], *, no_color: bool = False) -> str:
    """What fired, in the order of time; and how long of which alerts nobody knew."""
    return "\n".join("".join(_past(each, no_color=no_color)) for each in found)


def _past(each: Replay, *, no_color: bool) -> Iterator[str]:
    alerts = [*_histories(each)]
    fired = sorted(
        (
            (span["from"], span["to"], alert["severity"], alert["id"])
            for alert in alerts
            for span in alert["spans"]
            if span["state"] == State.FIRING
        ),
        key=lambda row: (row[0], row[1] is None, row[1] or "", *row[2:]),
    )
    yield (
        f"{plain(each.service)} from {moment_text(each.since)} to {moment_text(each.until)}: "
        f"{format_count(len(alerts))} alerts fired {format_count(len(fired))} times\n\n"
    )
    rows = [(_minute(a), _minute(b) or "still firing", sev, name) for a, b, sev, name in fired]
    yield grid(("from", "to", "severity", "alert"), rows, no_color=no_color) if rows else ""
    unknown = [
        f"{plain(alert['id'])}: at times nobody knows, {len(spans)} in all, the first from "
        f"{_minute(spans[0]['from'])} to {_minute(spans[0]['to']) or 'the end'}\n"
        for alert in alerts
        if (spans := [span for span in alert["spans"] if span["state"] != State.FIRING])
    ]
    yield "\n" if rows and unknown else ""
    yield from unknown


def _minute(text: str | None) -> str | None:
    return None if text is None else f"{text[:10]} {text[11:16]}"
