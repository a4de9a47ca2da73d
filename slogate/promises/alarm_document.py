"""Alarms as plain data, for machines: `slogate.alerts/v1`. Exact counts beside their rates.

It holds no wall clock: the same series and specs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from slogate.promises.alarm import Alarm, name_of, sentence, subject
from slogate.promises.course import State, Turn
from slogate.promises.promise import Promise, plan
from slogate.promises.statement import Burn
from slogate.stats.burn_rate import Pair
from slogate.units import US_PER_SECOND

SCHEMA = "slogate.alerts/v1"
HISTORY_SCHEMA = "slogate.alert-history/v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def alarm_document(alarm: Alarm) -> dict[str, Any]:
    """One alert, keys in their fixed order."""
    statement, promise, pair = alarm.statement, alarm.plan.promise, alarm.pair
    budget, gone = statement.budget, alarm.exhausted_in_us
    return {
        "id": alarm.id,
        **_whose(promise, alarm.value),
        **_pair(pair),
        "factor": number(alarm.alert.factor),
        "state": alarm.state.value,
        "blocking": alarm.blocks,
        "since": time_text(alarm.since),
        "long": _burn(alarm.long),
        "short": _burn(alarm.short),
        "low_traffic": alarm.is_low,
        "lower_end": alarm.lower_end,
        "budget": {
            "remaining": number(budget.remaining),
            "remaining_units": number(budget.remaining_units),
            "exhausted_in_seconds": None if gone is None else number(gone / US_PER_SECOND),
            "exhausted_at": None if gone is None else time_text(alarm.plan.at + int(gone)),
        },
        "reason": sentence(alarm),
        "spec": _place(promise),
    }


def history_document(
    promise: Promise, value: str | None, courses: Sequence[Sequence[Turn]], until: int
) -> list[dict[str, Any]]:
    """The alerts of a promise, with the spans in which they were not quiet; `to` is null at last.

    A span that ends has `to` as the first minute at which it no longer was so.
    """
    made = plan(promise, until)
    return [
        {
            "id": f"{subject(made, value)}/{name_of(pair)}",
            **_whose(promise, value),
            **_pair(pair),
            "spans": [
                {"state": turn.state.value, "from": time_text(turn.ts), "to": time_text(end)}
                for turn, end in spans(turns)
            ],
            "spec": _place(promise),
        }
        for pair, turns in zip(promise.pairs(made.period.length_us), courses, strict=True)
    ]


def spans(turns: Sequence[Turn]) -> list[tuple[Turn, int | None]]:
    """The turns to anything but quiet, each with the moment of the next; None for the last."""
    ends = [*(turn.ts for turn in turns[1:]), None]
    pairs = zip(turns, ends, strict=True)
    return [(turn, end) for turn, end in pairs if turn.state is not State.QUIET]


def _whose(promise: Promise, value: str | None) -> dict[str, Any]:
    return {
        "service": promise.service,
        "slo": promise.name,
        "window": promise.window_text,
        "by": None if promise.by is None else {"label": promise.by, "value": value},
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "severity": pair.severity,
        "budget_share": number(pair.share),
        "long_seconds": number(Fraction(pair.long_us, US_PER_SECOND)),
        "short_seconds": number(Fraction(pair.short_us, US_PER_SECOND)),
    }


def _burn(burn: Burn) -> Mapping[str, Any]:
    return {
        "burn_rate": number(burn.rate),
        "best_case": None if burn.best == burn.rate else number(burn.best),
        "bad": number(burn.use.bad),
        "total": burn.use.total,
        "unit": burn.use.unit,
    }


def _place(promise: Promise) -> dict[str, Any]:
    place = promise.place
    return {"file": place.file, "line": place.line, "sha256": place.sha256}


def number(value: Fraction | None) -> float | int | None:
    """A fraction as JSON has it."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def time_text(ts: int | None) -> str | None:
    """A moment in ISO 8601, UTC; None for none, and for what lies after the year 9999."""
    if ts is None:
        return None
    try:
        moment = _EPOCH + timedelta(microseconds=ts)
    except OverflowError:
        return None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
