"""Reads counters sample by sample, as they were scraped, and hands on what each grew by.

Each selector is read once for all promises that count it; those of all events come first, since
they tell which targets were scraped when. Nothing is extrapolated:

- a counter that dropped was reset, and has counted up to what it shows;
- a series that appears while its target was scraped already has counted from zero;
- what the first scrape of a target shows was counted nobody knows when, and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from slogate.measuring.tallying import MS, Grouped, Side, Tallying
from slogate.promises.promise import MINUTE_US
from slogate.sources._prometheus import growth
from slogate.sources._prometheus.answer import Series, matrix
from slogate.sources._prometheus.client import Client
from slogate.sources._prometheus.counting import Kind
from slogate.sources._prometheus.promql import Selector
from slogate.sources._prometheus.spans import Spans

MINUTE_MS = MINUTE_US // MS
LEAD_MS = 3_600_000
LAG_MS = 300_000

Key = tuple[tuple[str, str], ...]
Target = tuple[str, str] | None
Takers = Sequence[tuple[Tallying, Side, int]]


@dataclass(slots=True, kw_only=True)
class Taker:
    """Who counts what a selector tells: the sums, the side of them, and the sign."""

    grouped: Grouped
    side: Side
    sign: int


@dataclass(slots=True, kw_only=True)
class Order:
    """A selector to be read, and who counts it."""

    selector: Selector
    kind: Kind
    takers: list[Taker] = field(default_factory=list)

    @property
    def reach(self) -> tuple[int, int]:
        """From when to when it is read, in ms."""
        plans = [taker.grouped.plan for taker in self.takers]
        return min(plan.since for plan in plans) // MS - LEAD_MS, max(p.at for p in plans) // MS


@dataclass(slots=True)
class _Track:
    """One series: when it was scraped last, and what it showed."""

    at: int
    count: int


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was read of one server; `targets` says when each was scraped first.

    `scraped` marks the minutes, from `base` on, in which a target was. `began` is the first scrape
    of all, `bad` samples are no counts.
    """

    client: Client
    targets: dict[tuple[str, str], int] = field(default_factory=dict)
    scraped: dict[tuple[str, str], bytearray] = field(default_factory=dict)
    labels: dict[str, set[str]] = field(default_factory=dict)
    series: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    resets: Counter[str] = field(default_factory=Counter)
    bad: dict[str, Counter[str]] = field(default_factory=dict)
    began: int | None = None
    base: int = 0
    length: int = 0

    def read(self, orders: Sequence[Order]) -> None:
        """Read all selectors, those of all events first."""
        reaches = [order.reach for order in orders]
        self.base = min((start for start, _ in reaches), default=0) // MINUTE_MS
        self.length = max((end for _, end in reaches), default=0) // MINUTE_MS - self.base + 1
        for order in sorted(orders, key=lambda it: all(t.side == "mine" for t in it.takers)):
            _Reading(counts=self, order=order).run()
        for grouped in {id(t.grouped): t.grouped for each in orders for t in each.takers}.values():
            grouped.see(self.scraped, self.base)

    def mark(self, target: Target, minutes: Iterable[int]) -> None:
        """Note that a target was scraped in these minutes."""
        if target is not None:
            marks = self.scraped.setdefault(target, bytearray(self.length))
            for minute in minutes:
                if 0 <= minute - self.base < self.length:
                    marks[minute - self.base] = 1

    def before(self, target: Target, since: int, at: int) -> int:
        """When the target was scraped last before a moment, if it was since; to the minute."""
        marks = self.scraped.get(target) if target is not None else None
        if marks is None:
            return since
        low, high = since // MINUTE_MS + 1 - self.base, at // MINUTE_MS - self.base
        last = marks.rfind(1, max(low, 0), max(high, 0))
        return since if last < 0 else (last + self.base) * MINUTE_MS


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One selector on the way."""

    counts: Counts
    order: Order
    tracks: dict[Key, _Track] = field(default_factory=dict)
    lag: int = LAG_MS

    @property
    def name(self) -> str:
        return f"{self.order.kind} {self.order.selector}"

    @property
    def watches(self) -> list[Grouped]:
        """Whose silences this selector tells: of all events, nothing else shows them."""
        return [taker.grouped for taker in self.order.takers if taker.side == "total"]

    def run(self) -> None:
        start, end = self.order.reach
        spans = Spans(client=self.counts.client, selector=self.order.selector)
        self.counts.bad.setdefault(self.name, Counter())
        for _, answer in spans.read(start, end):
            try:
                self._take(list(matrix(answer, ends=self.counts.client.ends)))
            except ValueError as error:
                raise self.counts.client.fail(f"{self.order.selector}: {error}") from None
        watches = self.watches
        for key, track in self.tracks.items():
            labels = dict(key)
            for watch in watches:
                watch.of(labels).ends.append(track.at)
        self.counts.series[self.name] = len(self.tracks)

    def _take(self, answer: Sequence[Series]) -> None:
        for series in answer:
            if series.histograms:
                raise ValueError("it is a native histogram; ask for histogram_count(rate(…))")
            self._known(series)
        for series in answer:
            self._series(series)

    def _known(self, series: Series) -> None:
        """Note when the target was first scraped, and how often it is."""
        labels, counts = series.labels, self.counts
        counts.labels.setdefault(labels.get("__name__", ""), set()).update(labels)
        if not series.values:
            return
        first = series.values[0][0]
        target = _target(series)
        if target is not None:
            counts.targets[target] = min(first, counts.targets.get(target, first))
        if self.watches:
            counts.began = first if counts.began is None else min(first, counts.began)
        if len(series.values) > 2:
            steps = sorted(b[0] - a[0] for a, b in pairwise(series.values[:20]))
            self.lag = max(self.lag, 3 * steps[len(steps) // 2])
        for taker in self.order.takers:
            taker.grouped.slow(self.lag)
        minutes = {at // MINUTE_MS for at, _ in series.values}
        counts.mark(target, minutes)
        for watch in self.watches:
            tallying = watch.of(labels)
            if target is None or not watch.by:
                tallying.minutes |= minutes
            else:
                tallying.targets.add(target)
            tallying.first = first if tallying.first is None else min(first, tallying.first)

    def _series(self, series: Series) -> None:
        takers = [
            (taker.grouped.of(series.labels), taker.side, taker.sign) for taker in self.order.takers
        ]
        if self.order.kind == "growth":
            self._grow(series, takers)
        else:
            self._each(series, takers)
        self.counts.samples[self.name] += len(series.values)

    def _each(self, series: Series, takers: Takers) -> None:
        """Samples that are events themselves."""
        for at, text in series.values:
            count = self._whole(text)
            if count is not None:
                _add(takers, at, at, 1 if self.order.kind == "count" else count)
        if series.values:
            self.tracks[tuple(sorted(series.labels.items()))] = _Track(series.values[-1][0], 0)

    def _grow(self, series: Series, takers: Takers) -> None:
        """A counter. What it grew by within one slot is handed on at once, the rest one by one."""
        key = tuple(sorted(series.labels.items()))
        track, lag = self.tracks.get(key), self.lag
        sum_of, edge = 0, 0  # what is not handed on yet, and the last moment of its slot
        for at, text in series.values:
            if track is not None and at <= track.at:
                continue
            count = int(text) if text.isdecimal() and len(text) < 16 else self._whole(text)
            if count is None:
                continue
            if track is None:
                self._appear(series, takers, at, count)
                track = self.tracks[key] = _Track(at, count)
                continue
            grown = count - track.count
            if grown < 0 or at - track.at > lag:
                self._jump(series, takers, track, at, count)
            elif grown:
                if at > edge:
                    _add(takers, edge, edge, sum_of)
                    sum_of, edge = 0, _edge(takers, at)
                sum_of += grown
            track.at, track.count = at, count
        _add(takers, edge, edge, sum_of)

    def _jump(self, series: Series, takers: Takers, track: _Track, at: int, count: int) -> None:
        """A counter that was reset, or not there for long; if its target was, it has not grown."""
        since = self.counts.before(_target(series), track.at, at)
        if count >= track.count:
            _add(takers, since, at, count - track.count)
            return
        self.counts.resets[self.name] += 1
        if since == track.at and at - since > self.lag:
            for tallying, side, _ in takers:
                if side == "total":
                    tallying.broke(track.at, at)
        _add(takers, since, at, count)

    def _whole(self, text: str) -> int | None:
        try:
            return growth.whole(text)
        except ValueError as error:
            self.counts.bad[self.name][str(error)] += 1
            return None

    def _appear(self, series: Series, takers: Takers, at: int, count: int) -> None:
        """A series that was not there before."""
        target, began = _target(series), self.counts.began
        if target is not None and self.counts.targets.get(target, at) < at:
            _add(takers, at, at, count)
        elif began is not None and at > began + self.lag:
            for tallying, side, sign in takers:
                tallying.miss(side, at, count * sign)


def _edge(takers: Takers, at: int) -> int:
    """Up to when everything belongs to the same slot of everybody who counts."""
    return min(tallying.edge(at) for tallying, _, _ in takers)


def _add(takers: Takers, since: int, at: int, count: int) -> None:
    if count:
        for tallying, side, sign in takers:
            tallying.add(side, since, at, count * sign)


def _target(series: Series) -> Target:
    """What is scraped; None where the labels do not say."""
    labels = series.labels
    return (labels.get("job", ""), labels["instance"]) if "instance" in labels else None


def zero_is_told(counts: Counts, selectors: Sequence[Selector]) -> bool:
    """Whether nothing found means that nothing happened.

    So it is if the metric is there, with the labels that are asked for, and only no series of it
    has their values: a service that never failed has no series of its failures.
    """
    for selector in selectors:
        known = counts.labels.get(selector.name)
        wanted = {label for label, op, value in selector.matchers if op in {"=", "=~"} and value}
        if known is None or not wanted <= known:
            return False
    return True


def unreadable(counts: Counts, orders: Sequence[Order]) -> str | None:
    """What is wrong with the samples of some selectors."""
    for order in orders:
        found: Any = counts.bad.get(f"{order.kind} {order.selector}")
        if found:
            reason, times = found.most_common(1)[0]
            return f"{times} samples of {order.selector} are no counts: {reason}"
    return None
