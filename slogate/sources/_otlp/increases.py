"""Cumulative data points → increases: what was counted between two points of one stream.

A stream is one series of one process: its identity and its start. Points of another start
(a restart, or a second process that forgot to say who it is) are another stream, so that
neither is taken for a fall of the other. A count that falls within a stream starts from zero,
as a counter does after a reset. The first point counts from the stream's start; where that is
unknown, or lies before `since_ns`, it is only what later points are compared with. Points that
are not newer than the last were delivered before, and say nothing. Bounded: of over `most` streams
those that were silent for an hour are let go; where none was, a receiver refuses new ones, and a
file is refused as a whole (Crowded).
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import sub
from typing import NamedTuple

from slogate.sources._otlp.silence import SILENT_NS, Silence
from slogate.sources._otlp.telemetry import Attributes, Explicit, Exponential, Malformed, Point

MOST_STREAMS, MOST_IN_FILE = 100_000, 200_000
STARTS_KEPT = 8
DELTAS = "deltas"
UNKNOWN_START = "first points of series whose start is not known"
COUNTED_BEFORE = "first points of series that began before this"
CAME_BACK = "first points of series that were silent for long"
REPEATED = "data points that were delivered before"
_EMPTY: Mapping[type, Explicit | Exponential] = {
    Explicit: Explicit((), ()),
    Exponential: Exponential(0, 0, 0.0, 0, (), 0),
}


class Crowded(ValueError):
    """A file has more series at once than are remembered: the rest of it would say nothing."""


class Increase(NamedTuple):
    """What was counted after `start_ns`, up to `end_ns`; `max` None where it is not known."""

    start_ns: int
    end_ns: int
    total: int
    sum: float | None
    max: float | None
    buckets: Explicit | Exponential


def compact(counts: Sequence[int]) -> Sequence[int]:
    """The counts in as few bytes as the largest needs: a series is held for as long as the file."""
    bits = max(counts, default=0).bit_length()
    return array(next((code for most, code in _CODES if bits <= most), "Q"), counts)


_CODES = ((8, "B"), (16, "H"), (32, "I"))


def series(of: Hashable, attributes: Attributes) -> Hashable:
    """What tells a series from others of a metric; small, as it is remembered for each."""
    return (of, *chain.from_iterable(sorted(attributes.items())))


class Nothing(NamedTuple):
    """The point tells of no request, and why."""

    reason: str


@dataclass(slots=True)
class Increases:
    """The last point of every stream; `since_ns` is when we began to listen, 0 for a file."""

    since_ns: int = 0
    most: int = MOST_STREAMS
    silence: Silence = field(default_factory=Silence)
    _streams: dict[Hashable, dict[int, Point]] = field(default_factory=dict)
    _held: int = 0

    def cumulative(self, identity: Hashable, point: Point) -> Increase | Nothing:
        """What a point of a cumulative stream adds to the one before it."""
        starts = self._streams.get(identity, {})
        last = starts.get(point.start_ns)
        if last is None:
            self._keep(identity, starts, point)
            return self._first(identity, point)
        self.silence.hear(identity)
        if point.time_ns <= last.time_ns:
            return Nothing(REPEATED)
        starts[point.start_ns] = _held(point)
        buckets = _difference(point.buckets, last.buckets)
        if buckets is None or point.total < last.total:
            return _increase(point, last.time_ns)
        return Increase(
            start_ns=last.time_ns, end_ns=point.time_ns, total=point.total - last.total,
            sum=less(point.sum, last.sum), max=_new_max(point.max, last.max), buckets=buckets,
        )  # fmt: skip

    def delta(self, identity: Hashable, point: Point) -> Increase | Nothing:
        """What a point of a delta stream says by itself, unless it was delivered before."""
        if not point.start_ns or point.start_ns >= point.time_ns:
            raise Malformed("it does not say when it began to count")
        start = 0
        if self.since_ns:
            # in a file points are in order; over a network those of several processes that do not
            # say who they are overtake each other: a later one does not make a point a repeat
            start, identity = point.start_ns, (DELTAS, identity)
        starts = self._streams.get(identity)
        if starts is None:
            if point.start_ns < self.silence.counted_ns(identity):
                return Nothing(REPEATED)
            self._hold(identity)
            starts = self._streams[identity] = {}
        self.silence.hear(identity)
        last = starts.get(start)
        if last is not None and point.time_ns <= last.time_ns:
            return Nothing(REPEATED)
        if last is None and start and len(starts) >= STARTS_KEPT:
            oldest = min(starts)
            if start < oldest:
                return Nothing(REPEATED)
            del starts[oldest]
        starts[start] = without_buckets(point)
        return _increase(point, point.start_ns)

    def lend(self) -> dict[Hashable, dict[int, Point]]:
        """The last points of every stream by their starts, which are then forgotten here."""
        lent, self._streams, self._held = self._streams, {}, 0
        return lent

    def give_back(self, streams: dict[Hashable, dict[int, Point]]) -> None:
        """Remember these last points, and nothing else."""
        self._streams, self._held = streams, sum(map(len, streams.values()))

    def _keep(self, identity: Hashable, starts: dict[int, Point], point: Point) -> None:
        if len(starts) >= STARTS_KEPT:
            oldest = min(starts)
            if point.start_ns < oldest:
                raise Malformed("it belongs to a process that was replaced many times since")
            del starts[oldest]
            self._held -= 1
        if starts:  # before room is made: it is not silent itself
            self.silence.hear(identity)
        self._hold(identity)
        starts[point.start_ns] = _held(point)
        self._streams[identity] = starts
        self.silence.hear(identity)

    def _hold(self, identity: Hashable) -> None:
        """Make sure of room for a stream more, of that series."""
        if self._held >= self.most:
            if self.silence.now_ns:
                self._let_go()
            else:
                self._let_go_of_file(identity)
        self._held += 1

    def _let_go(self) -> None:
        identity = self.silence.stalest()
        if identity is None:
            raise Malformed("there are too many series")
        self._forget(identity)

    def _let_go_of_file(self, but: Hashable) -> None:
        """Let go of all series that were silent for an hour before the newest point so far."""
        latest = {
            identity: max(point.time_ns for point in starts.values())
            for identity, starts in self._streams.items()
        }
        since_ns = max(latest.values()) - SILENT_NS
        silent = [each for each, at in latest.items() if at < since_ns and each != but]
        if not silent:
            raise Crowded(f"over {self.most:,} series are counted at once")
        for identity in silent:
            self._forget(identity)

    def _forget(self, identity: Hashable) -> None:
        starts = self._streams.pop(identity)
        self._held -= 1 if _is_of_deltas(identity) else len(starts)
        self.silence.let_go(identity, max(point.time_ns for point in starts.values()))

    def _first(self, identity: Hashable, point: Point) -> Increase | Nothing:
        if not point.start_ns or point.start_ns >= point.time_ns:
            return Nothing(UNKNOWN_START)
        if point.start_ns < self.since_ns:
            return Nothing(COUNTED_BEFORE)
        if point.start_ns < self.silence.counted_ns(identity):
            return Nothing(CAME_BACK)
        return _increase(point, point.start_ns)


def _is_of_deltas(identity: Hashable) -> bool:
    return isinstance(identity, tuple) and identity[0] == DELTAS


def without_buckets(point: Point) -> Point:
    """What is to be remembered of a delta: of its buckets, only of which kind they are."""
    return point._replace(buckets=_EMPTY[type(point.buckets)])


def _held(point: Point) -> Point:
    """What is to be remembered of a cumulative point."""
    buckets = point.buckets._replace(counts=compact(point.buckets.counts))
    return point._replace(attributes={}, buckets=buckets)


def _increase(point: Point, start_ns: int) -> Increase:
    return Increase(start_ns, point.time_ns, point.total, point.sum, point.max, point.buckets)


def less(now: float | None, before: float | None) -> float | None:
    """How much a sum grew; None where it is not known, or fell."""
    return None if now is None or before is None or now < before else now - before


def _new_max(now: float | None, before: float | None) -> float | None:
    """The longest since the last point: known only if it is longer than all before."""
    return now if now is not None and before is not None and now > before else None


def _difference(
    now: Explicit | Exponential, before: Explicit | Exponential
) -> Explicit | Exponential | None:
    """The buckets less those of before; None if one of them fell."""
    if isinstance(now, Explicit) and isinstance(before, Explicit):
        if now.bounds != before.bounds or len(now.counts) != len(before.counts):
            raise Malformed("the bounds of its buckets changed within the series")
        counts = list(map(sub, now.counts, before.counts))
        return None if min(counts, default=0) < 0 else Explicit(now.bounds, counts)
    if isinstance(now, Exponential) and isinstance(before, Exponential):
        return _exponential_difference(now, before)
    raise Malformed("its kind of buckets changed within the series")


def _exponential_difference(now: Exponential, before: Exponential) -> Exponential | None:
    if now.scale > before.scale or now.zero_threshold != before.zero_threshold:
        raise Malformed("its scale rose or its zero threshold changed within the series")
    counts = list(now.counts)
    start = before.offset - now.offset
    end = start + len(before.counts)
    if now.scale == before.scale and start >= 0 and end <= len(counts):
        counts[start:end] = map(sub, counts[start:end], before.counts)
        if min(counts, default=0) < 0:
            return None
    else:
        for index, number in rescaled(before, before.scale - now.scale).items():
            at = index - now.offset
            if not 0 <= at < len(counts) or counts[at] < number:
                return None
            counts[at] -= number
    zeros = now.zero_count - before.zero_count
    negative = now.negative - before.negative
    return None if zeros < 0 else now._replace(zero_count=zeros, counts=counts, negative=negative)


def rescaled(buckets: Exponential, by: int) -> Mapping[int, int]:
    """Counts by index after halving the resolution so many times: each two buckets become one."""
    found: dict[int, int] = {}
    for index, number in enumerate(buckets.counts, start=buckets.offset):
        if number:
            found[index >> by] = found.get(index >> by, 0) + number
    return found
