"""What one promise's queries have counted so far: growth of counters, slot by slot.

What a counter grew by belongs to the scrape that showed it: a slot holds what came to light after
its start and up to its end. Growth over a silence that is too long to say when lies in all of its
slots together, and the judge takes the worst case and the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from slogate.model.calendar import Period
from slogate.model.slots import Tally, slots_touching
from slogate.promises.promise import MINUTE_US, Plan
from slogate.units import format_count

Side = Literal["total", "mine"]
MS = 1_000
FOREVER = 1 << 62
# more good ones than there were at all, by so much, is no matter of two scrapes
MOST_EXCESS = 100

Slot = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Tallying:
    """Sums of a plan by (first, last) slot: all events, and those that the indicator's query tells.

    `missed` are events that counters had before anybody saw them; times are ms. Of the minutes in
    which something was scraped those at the ends of a silence are enough.
    """

    plan: Plan
    is_bad: bool
    sums: dict[Slot, list[int]] = field(default_factory=dict)
    missed: list[int] = field(default_factory=lambda: [0, 0])
    minutes: set[int] = field(default_factory=set)
    ends: list[int] = field(default_factory=list)
    first: int | None = None
    lag: int = 0
    excess: int = 0
    silent_resets: int = 0
    targets: set[tuple[str, str]] = field(default_factory=set)

    def add(self, side: Side, since: int, at: int, count: int) -> None:
        """Count what came to light at a scrape, and happened since the one before."""
        plan, ts = self.plan, at * MS
        if not plan.since < ts <= plan.at:
            return
        last = plan.slots.slot(ts - 1)
        first = last if at - since <= self.lag else plan.slots.slot(since * MS)
        key = (first, last)
        if key not in self.sums:
            self.sums[key] = [0, 0]
        self.sums[key][side == "mine"] += count

    def broke(self, since: int, at: int) -> None:
        """Note that a counter of all events was reset while nobody scraped it."""
        self.ends.append(since)
        self.silent_resets += self.plan.period.start_ts < at * MS <= self.plan.at

    def edge(self, at: int) -> int:
        """Up to when growth belongs to the slot that a scrape belongs to."""
        slots = self.plan.slots
        slot = slots.slot(at * MS - 1)
        return slots.start(slot + 1) // MS if slot < slots.count else FOREVER

    def miss(self, side: Side, at: int, count: int) -> None:
        """Note what a counter showed that nobody had seen before."""
        if self.plan.period.start_ts < at * MS <= self.plan.at:
            self.missed[side == "mine"] += count

    def tallies(self) -> tuple[Tally, ...]:
        """The sums, and slots in which nothing is known to have been looked at."""
        found = []
        for (first, last), (every, mine) in sorted(self.sums.items()):
            total = max(every, 0)
            good = total - mine if self.is_bad else mine
            self.excess += max(0, -good, good - total)
            good = min(max(good, 0), total)
            if total:
                found.append(Tally(first, last, total, good, good))
        for gap in self.gaps():
            slots = slots_touching(self.plan.slots, gap.start_ts, gap.end_ts)
            if slots and self.plan.promise.slice_us is not None:
                found.append(Tally(slots[0], max(slots[-1], slots[0] + 1), 0, 0, 0))
        return tuple(found)

    def gaps(self) -> Iterator[Period]:
        """When nothing was scraped and counters ended, so that what they counted is not known."""
        plan = self.plan
        if self.first is None:
            return
        seen = sorted(minute for minute in self.minutes if minute * MINUTE_US < plan.at)
        edges = [*seen, -(-plan.at // MINUTE_US)]
        for before, after in pairwise(edges):
            silent = (after - before - 1) * MINUTE_US
            begin = (before + 1) * MINUTE_US
            if silent <= self.lag * MS or not self._broke(begin // MS):
                continue
            begin = max(begin, plan.period.start_ts)
            yield from _outside(begin, after * MINUTE_US, plan.closed)

    def _broke(self, at: int) -> bool:
        """Whether a counter that was last seen just before did not go on afterwards."""
        return any(at - 60_000 - self.lag <= end <= at for end in self.ends)

    def unknown(self) -> int:
        """How many events the silences may hold, at the mean rate of the rest."""
        if self.plan.promise.slice_us is not None:  # there the slices themselves are open
            return 0
        silent = sum(gap.length_us for gap in self.gaps())
        first = max(self.plan.period.start_ts, (self.first or 0) * MS)
        known = self.plan.at - first - silent
        total = sum(total for (_, last), (total, _) in self.sums.items() if self._inside(last))
        if silent and (known <= 0 or not total):
            return max(1, total)
        return -(-total * silent // known) if silent else 0

    def _inside(self, slot: int) -> bool:
        slots = self.plan.slots
        return 0 <= slot < slots.count and slots.start(slot) >= self.plan.period.start_ts

    def missed_bad(self) -> int:
        """How many of the events that nobody saw were bad, by the counters themselves."""
        total, mine = self.missed
        return max(0, mine if self.is_bad else total - mine)

    def contradiction(self) -> str | None:
        """Why the two queries cannot both be right."""
        total = sum(total for total, _ in self.sums.values())
        if self.excess * MOST_EXCESS <= total:
            return None
        more = format_count(self.excess)
        word = "bad" if self.is_bad else "good"
        return f"its queries contradict each other: {more} more events were {word} than there were"


@dataclass(slots=True, kw_only=True)
class Grouped:
    """The tallyings of a plan by the values of its labels; one, of None, where it names none."""

    plan: Plan
    is_bad: bool
    groups: dict[str | None, Tallying] = field(default_factory=dict)
    lag: int = 0

    @property
    def by(self) -> bool:
        """Whether there is one for each value."""
        return self.plan.promise.by is not None

    def __post_init__(self) -> None:
        """What is not grouped has its one tallying from the start."""
        if not self.by:
            self._of(None)

    def of(self, labels: Mapping[str, str]) -> Tallying:
        """The tallying that a series belongs to."""
        indicator = self.plan.promise.indicator
        value = indicator.value_of(labels) if self.by and indicator is not None else None
        return self.groups.get(value) or self._of(value)

    def _of(self, value: str | None) -> Tallying:
        made = self.groups[value] = Tallying(plan=self.plan, is_bad=self.is_bad, lag=self.lag)
        return made

    def slow(self, lag: int) -> None:
        """Note how long a silence is none yet."""
        if lag > self.lag:
            self.lag = lag
            for each in self.groups.values():
                each.lag = lag

    def see(self, scraped: Mapping[tuple[str, str], bytearray], base: int) -> None:
        """Note when the targets of each group were scraped, whatever they told."""
        for each in self.groups.values() if self.by else ():
            marks = [scraped[target] for target in each.targets if target in scraped]
            if marks:
                each.minutes |= {base + minute for minute in _ends(_joined(marks))}


def _joined(marks: Sequence[bytearray]) -> bytes:
    """The minutes that any of them has."""
    if len(marks) == 1:
        return bytes(marks[0])
    joined = 0
    for each in marks:
        joined |= int.from_bytes(each, "little")
    return joined.to_bytes(len(marks[0]), "little")


def _ends(marks: bytes) -> Iterator[int]:
    """The first and the last of each run of minutes that are marked."""
    at = marks.find(1)
    while at >= 0:
        yield at
        end = marks.find(0, at)
        yield (len(marks) if end < 0 else end) - 1
        at = -1 if end < 0 else marks.find(1, end)


def _outside(start: int, end: int, closed: Sequence[Period]) -> Iterator[Period]:
    """The parts of a time that corrections leave."""
    for span in closed:
        if span.start_ts >= end or span.end_ts <= start:
            continue
        if start < span.start_ts:
            yield Period(start_ts=start, end_ts=span.start_ts)
        start = max(start, span.end_ts)
    if start < end:
        yield Period(start_ts=start, end_ts=end)
