"""What the sums of a plan use of its budget, over any time between two edges, worst case and best.

Requests in one span with a known outcome are the same in both. Those in a bucket that may be good
or not are bad in the worst case. Those in a step over several spans count where all of these are
asked for; where some are, the worst case has the bad ones and the best the good ones. Hazy slices
are bad in the worst case, good in the best. A span that a correction touches is shut.

Everything is a difference of running sums, so that a window costs no more than a minute.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter

from slogate.model.calendar import Period
from slogate.model.slots import Edges, Every, Tally
from slogate.model.survey import Slices, Sums, sums_of
from slogate.promises.promise import Plan
from slogate.promises.surveys import survey_of
from slogate.stats.error_budget import Use, sum_of_shares


@dataclass(frozen=True, slots=True)
class _Running:
    """Running sums over the spans: all, and those that no correction touches."""

    every: Sequence[int]
    open: Sequence[int]

    @classmethod
    def of(cls, values: Sequence[int], shut: Sequence[bool]) -> _Running:
        every = [*accumulate(values, initial=0)]
        if True not in shut:
            return cls(every, every)
        left = (0 if closed else value for value, closed in zip(values, shut, strict=True))
        return cls(every, [*accumulate(left, initial=0)])

    def between(self, first: int, stop: int, *, raw: bool = False) -> int:
        sums = self.every if raw else self.open
        return sums[stop] - sums[first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The sums of one plan and one value of its label.

    `is_exact`: worst case and best are the same over any time.
    """

    plan: Plan
    edges: Edges
    shut: tuple[bool, ...]
    is_exact: bool
    loose: tuple[Tally, ...]
    slices: tuple[Slices, ...]
    _total: _Running
    _good: tuple[_Running, _Running]
    _told: _Running
    _hazy: _Running
    _bad: tuple[_Running, _Running]

    @classmethod
    def of(cls, plan: Plan, edges: Edges, sums: Sums) -> Book:
        """The book of these sums."""
        count, shut = edges.count, _shut(edges, plan.closed)
        total, sure, maybe = ([0] * count for _ in range(3))
        loose = []
        for tally in sums.tallies:
            if tally.first != tally.last:
                loose.append(tally)
            elif 0 <= tally.first < count:
                total[tally.first] += tally.total
                sure[tally.first] += tally.sure
                maybe[tally.first] += tally.maybe
        told, hazy, bad, best = ([0] * count for _ in range(4))
        for each in sums.slices:
            told[each.span], hazy[each.span] = each.told, each.hazy
            bad[each.span], best[each.span] = each.bad, each.best
        even = all(worst == good for each in sums.slices for _, worst, good in each.shares)
        running = [_Running.of(each, shut) for each in (total, sure, maybe, told, hazy, bad, best)]
        return cls(
            plan=plan,
            edges=edges,
            shut=shut,
            is_exact=not loose and sure == maybe and not any(hazy) and bad == best and even,
            loose=tuple(loose),
            slices=sums.slices,
            _total=running[0],
            _good=(running[1], running[2]),
            _told=running[3],
            _hazy=running[4],
            _bad=(running[5], running[6]),
        )

    def spans(self, start_ts: int, end_ts: int) -> range:
        """The spans that lie wholly in that time."""
        first = bisect_left(self.edges.at, start_ts)
        return range(first, max(first, bisect_right(self.edges.at, end_ts) - 1))

    def requests(self, start_ts: int, end_ts: int) -> Use:
        """The requests that surely lie in that time, in the worst case."""
        spans = self.spans(start_ts, end_ts)
        good = self._good[0].between(spans.start, spans.stop)
        total = self._total.between(spans.start, spans.stop)
        for tally in self.loose:
            if self._inside(tally, spans, raw=False) == tally.last - tally.first + 1:
                good, total = good + tally.sure, total + tally.total
        scale = self.plan.scale
        return Use(unit="requests", bad=Fraction(total - good, scale), total=total // scale)

    def open(self, start_ts: int, end_ts: int) -> int:
        """How many of them may be good or not."""
        spans = self.spans(start_ts, end_ts)
        sure, maybe = (each.between(spans.start, spans.stop) for each in self._good)
        return (maybe - sure) // self.plan.scale

    def astride(self, start_ts: int, end_ts: int) -> int:
        """The requests of which nobody knows whether they lie in that time: of longer steps."""
        spans = self.spans(start_ts, end_ts)
        found = 0
        for tally in self.loose:
            length = tally.last - tally.first + 1
            if 0 < self._inside(tally, spans, raw=False) < length:
                found += tally.total
        return found // self.plan.scale

    def use(self, start_ts: int, end_ts: int, *, best: bool = False, raw: bool = False) -> Use:
        """What that time uses of the budget; `raw`: as if there were no corrections."""
        spans = self.spans(start_ts, end_ts)
        if self.plan.promise.budgeting == "occurrences":
            return self._requests(spans, best=best, raw=raw)
        return self._slices(spans, best=best, raw=raw)

    def _requests(self, spans: range, *, best: bool, raw: bool) -> Use:
        good = self._good[best].between(spans.start, spans.stop, raw=raw)
        total = self._total.between(spans.start, spans.stop, raw=raw)
        for tally in self.loose:
            fine = tally.maybe if best else tally.sure
            inside = self._inside(tally, spans, raw=raw)
            if inside == tally.last - tally.first + 1:
                good, total = good + fine, total + tally.total
            elif inside and best:
                good, total = good + fine, total + fine
            elif inside:
                total += tally.total - fine
        return Use(unit="requests", bad=Fraction(total - good), total=total)

    def _inside(self, tally: Tally, spans: range, *, raw: bool) -> int:
        """How many of the spans that a step lies over count."""
        mine = range(max(tally.first, spans.start), min(tally.last, spans.stop - 1) + 1)
        return len(mine) if raw else sum(not self.shut[at] for at in mine)

    def _slices(self, spans: range, *, best: bool, raw: bool) -> Use:
        first, stop = spans.start, spans.stop
        told, hazy = (each.between(first, stop, raw=raw) for each in (self._told, self._hazy))
        bad = Fraction(self._bad[best].between(first, stop, raw=raw))
        if self.plan.promise.budgeting == "ratio_timeslices":
            bad = self._shares(spans, best=best, raw=raw)
        empty = self.plan.promise.empty
        silent = 0 if empty == "excluded" else self._slots(spans, raw=raw) - told - hazy
        return Use(
            unit="slices",
            bad=bad + hazy * (not best) + silent * (empty == "bad"),
            total=told + hazy + silent,
        )

    def _slots(self, spans: range, *, raw: bool) -> int:
        """How many slices there are, with requests or without."""
        assert isinstance(self.plan.slots, Every)
        edges, step = self.edges.at, self.plan.slots.step_us
        length = edges[spans.stop] - edges[spans.start] if spans else 0
        if not raw:
            length -= sum(edges[at + 1] - edges[at] for at in spans if self.shut[at])
        return length // step

    def _shares(self, spans: range, *, best: bool, raw: bool) -> Fraction:
        bads: Counter[int] = Counter()
        first = bisect_left(self.slices, spans.start, key=attrgetter("span"))
        last = bisect_left(self.slices, spans.stop, key=attrgetter("span"))
        for each in self.slices[first:last]:
            if raw or not self.shut[each.span]:
                for requests, worst, good in each.shares:
                    bads[requests] += good if best else worst
        return sum_of_shares(bads)

    def silences(self, start_ts: int, end_ts: int) -> Iterator[Period]:
        """The times without any request, of spans that lie next to each other and are not shut."""
        spans = self.spans(start_ts, end_ts)
        since = self.edges.at[spans.start] if spans else start_ts
        for begin, end in sorted(self._told_times(spans)):
            if begin > since:
                yield Period(start_ts=since, end_ts=begin)
            since = max(since, end)
        stop = self.edges.at[spans.stop] if spans else since
        if stop > since:
            yield Period(start_ts=since, end_ts=stop)

    def _told_times(self, spans: range) -> Iterable[tuple[int, int]]:
        at = self.edges.at
        yield from ((at[i], at[i + 1]) for i in spans if self.shut[i])
        if isinstance(self.plan.slots, Every):
            start = self.plan.slots.start
            yield from (
                (start(each.first), start(each.last + 1))
                for each in self.slices
                if each.span in spans
            )
            return
        total = self._total.every
        yield from ((at[i], at[i + 1]) for i in spans if total[i + 1] > total[i])
        for tally in self.loose:
            first, last = max(tally.first, spans.start), min(tally.last, spans.stop - 1)
            if first <= last:
                yield at[first], at[last + 1]


def book_of(plan: Plan, tallies: Iterable[Tally]) -> Book:
    """The book of what was counted slot by slot."""
    survey = survey_of(plan)
    return Book.of(plan, survey.edges, sums_of(survey, tallies))


@lru_cache(maxsize=64)
def _shut(edges: Edges, closed: tuple[Period, ...]) -> tuple[bool, ...]:
    """Of each span whether a correction touches it: the same for all values of a label."""
    found = [False] * edges.count
    for span in closed:
        first, last = edges.slot(span.start_ts), edges.slot(span.end_ts - 1)
        for at in range(max(first, 0), min(last, edges.count - 1) + 1):
            found[at] = True
    return tuple(found)
