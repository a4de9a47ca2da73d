"""Production over time: what is to be counted slot by slot (`Account`), and what was (`Tally`).

Slots divide a stretch of time without gaps. They are of equal length (slices of time, aligned to
wherever they begin) or begin at the given edges: the ends of windows, of downtimes, of days. The
counts are exact integers. Where a request is only known to lie in a step over several slots, or its
duration in a bucket, the tally says so, and the judge reckons with the worst case and the best.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from slogate.model.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Slot i is from `at[i]` on up to but not `at[i + 1]`; ascending, at least two."""

    at: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many slots."""
        return len(self.at) - 1

    def start(self, slot: int) -> int:
        """Where a slot begins; of the one past the last, where all end."""
        return self.at[slot]

    def slot(self, ts: int) -> int:
        """The slot that holds a moment; −1 before the first, `count` after the last."""
        return min(bisect_right(self.at, ts) - 1, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """`count` slots of `step_us` from `start_ts` on."""

    start_ts: int
    step_us: int
    count: int

    def start(self, slot: int) -> int:
        """Where a slot begins; of the one past the last, where all end."""
        return self.start_ts + slot * self.step_us

    def slot(self, ts: int) -> int:
        """The slot that holds a moment; −1 before the first, `count` after the last."""
        return max(-1, min((ts - self.start_ts) // self.step_us, self.count))


Slots = Edges | Every


def slots_within(slots: Slots, start_ts: int, end_ts: int) -> range:
    """The slots that lie wholly from `start_ts` on and before `end_ts`."""
    first = slots.slot(start_ts)
    if first < 0 or (first < slots.count and slots.start(first) < start_ts):
        first += 1
    last = slots.slot(end_ts)
    return range(max(first, 0), max(first, last, 0))


def slots_touching(slots: Slots, start_ts: int, end_ts: int) -> range:
    """The slots that share a moment with the time from `start_ts` on and before `end_ts`."""
    return range(max(slots.slot(start_ts), 0), min(slots.slot(end_ts - 1), slots.count - 1) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Count the requests of the selection, good and all, in each slot; `by` a label's values."""

    id: str
    selection: Selection
    slots: Slots
    by: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """`total` requests in the slots `first` to `last`, `sure` of them good, and at most `maybe`.

    Slots −1 and `count` are the time before and after all. Mostly first and last are the same.
    """

    first: int
    last: int
    total: int
    sure: int
    maybe: int


# by the value of the label, None for requests without it and for accounts of no label
Tallies = Mapping[str | None, tuple[Tally, ...]]
