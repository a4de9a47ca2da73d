"""Corrections: planned downtime that does not count, once or again and again, as spans of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from slogate.model.calendar import Period
from slogate.model.recurrence import Rule, starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """From `start_ts` up to but not `end_ts`, µs; with a `rule` again, on the clock of `zone`."""

    start_ts: int
    end_ts: int
    reason: str
    rule: Rule | None = None
    zone: str = "UTC"

    def within(self, period: Period) -> Iterator[Period]:
        """Each time that it touches the period, cut to it."""
        length = self.end_ts - self.start_ts
        begins: Iterator[int] = iter((self.start_ts,))
        if self.rule is not None:
            since = period.start_ts - length
            begins = starts(self.rule, self.start_ts, self.zone, period.end_ts, since_ts=since)
        for begin in begins:
            start, end = max(begin, period.start_ts), min(begin + length, period.end_ts)
            if start < end:
                yield Period(start_ts=start, end_ts=end)


def closures(corrections: Sequence[Correction], period: Period) -> tuple[Period, ...]:
    """The spans of the period that do not count: ascending, apart from each other."""
    return _closures(tuple(corrections), period)


@lru_cache(maxsize=256)
def _closures(corrections: tuple[Correction, ...], period: Period) -> tuple[Period, ...]:
    merged: list[Period] = []
    for span in sorted(span for each in corrections for span in each.within(period)):
        last = merged[-1] if merged else None
        if last is None or span.start_ts > last.end_ts:
            merged.append(span)
        else:
            end = max(last.end_ts, span.end_ts)
            merged[-1] = Period(start_ts=last.start_ts, end_ts=end)
    return tuple(merged)
