"""Makes rows of the histogram series from samples as they come, scrape by scrape.

    Series (an answer) ──by histogram──► scrapes ──growth──► steps ──► Rows

What a counter grew by lies between two scrapes: a row begins at one and ends at another, and
holds what came to light in one step of the clock (12:00:00 < scrape <= 12:01:00). A growth
belongs to the time of its later scrape, so that spans that meet share none. A scrape that
contradicts itself or the one before is bad and passed over; the next makes up for it. The
first scrape of a series, or the first after a gap, shows requests of nobody knows when:
those are left out and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from slogate.sources._base import BadRow, Chunk
from slogate.sources._histograms import Rows
from slogate.sources._prometheus import growth
from slogate.sources._prometheus.answer import Labels, Series
from slogate.sources._prometheus.naming import BUCKETS, Naming, Who

SHOWN = 5
FIRST = "requests that their series had counted already when it was first scraped"
GAP = "requests between two scrapes that are too far apart"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Track:
    """One counter or histogram: what the last good scrape showed, and when."""

    who: Who
    at: int = 0
    seen: Any = None
    doubted: bool = False


@dataclass(slots=True)
class _Step:
    """What a counter grew by within one step so far."""

    number: int
    start: int
    end: int
    grown: Counter[growth.Bucket] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Reader:
    """Keeps what each series showed last from one answer to the next. Times in ms.

    `unit_us` gives the µs of a bucket's unit, or raises; `counters` raises where plain numbers
    are not counts of requests. Nothing up to `after` is counted, but what follows on it is.
    """

    naming: Naming
    unit_us: Callable[[], Fraction]
    counters: Callable[[str], None]
    step: int | None
    gap: int
    after: int = 0
    _tracks: dict[Key, _Track] = field(default_factory=dict)
    _bad: Counter[str] = field(default_factory=Counter)
    _left_out: Counter[str] = field(default_factory=Counter)
    _shown: list[BadRow] = field(default_factory=list)

    def take(self, answer: Iterable[Series]) -> Chunk:
        """The rows of an answer, in which each series goes on where the last one ended."""
        rows = Rows()
        buckets: dict[Key, list[Series]] = {}
        ranges: dict[Key, list[Series]] = {}
        for series in answer:
            key = tuple(sorted(item for item in series.labels.items() if item[0] not in BUCKETS))
            self._tracks.setdefault(key, _Track(self.naming.who(series.labels)))
            if "le" in series.labels:
                buckets.setdefault(key, []).append(series)
            elif "vmrange" in series.labels:
                ranges.setdefault(key, []).append(series)
            else:
                self._grow(rows, key, self._plain(series))
        for key, parts in buckets.items():
            self._grow(rows, key, self._classic(key, parts))
        for key, parts in ranges.items():
            self._grow(rows, key, self._ranged(parts))
        bad, left_out, shown = self._bad, self._left_out, self._shown
        self._bad, self._left_out, self._shown = Counter(), Counter(), []
        return rows.chunk(bad=bad, left_out=left_out, shown=shown)

    def _classic(self, key: Key, parts: Iterable[Series]) -> Iterator[_Seen]:
        """The scrapes of a classic histogram, of whose buckets each is a series."""
        scrapes: dict[int, growth.Classic] = {}
        for edge, series in self._by_edge(parts):
            for at, text in series.values:
                try:
                    count = growth.whole(text)
                except ValueError as error:
                    self._refuse(series.labels, at, error)
                    continue
                scrape = scrapes.setdefault(at, {})
                # the same bound may be written in two ways, before and after an upgrade
                scrape[edge] = max(count, scrape[edge]) if edge in scrape else count
        for at in sorted(scrapes):
            try:
                growth.check_classic(scrapes[at])
            except ValueError as error:
                self._refuse(dict(key), at, error)
            else:
                yield at, scrapes[at], growth.classic_growth, growth.classic_whole

    def _by_edge(self, parts: Iterable[Series]) -> list[tuple[growth.Edge, Series]]:
        """The buckets in ascending order."""
        found = []
        for series in parts:
            try:
                found.append((growth.edge(series.labels["le"], self.unit_us()), series))
            except ValueError as error:
                self._refuse(series.labels, series.values[0][0] if series.values else 0, error)
        return sorted(found, key=lambda pair: pair[0][0])

    def _ranged(self, parts: Iterable[Series]) -> Iterator[_Seen]:
        """The scrapes of a histogram of VictoriaMetrics, of whose ranges each is a series."""
        scrapes: dict[int, growth.Ranged] = {}
        for series in parts:
            for at, text in series.values:
                try:
                    bucket = growth.vm_range(series.labels["vmrange"], self.unit_us())
                    scrapes.setdefault(at, growth.Ranged())[bucket] = growth.whole(text)
                except ValueError as error:
                    self._refuse(series.labels, at, error)
        for at in sorted(scrapes):
            yield at, scrapes[at], growth.ranged_growth, growth.ranged_whole

    def _plain(self, series: Series) -> Iterator[_Seen]:
        """The samples of a counter, or the native histograms of a series."""
        if series.values:
            self.counters(series.labels.get("__name__", ""))
        for at, value in sorted([*series.values, *series.histograms], key=lambda point: point[0]):
            try:
                if isinstance(value, str):
                    yield at, growth.whole(value), growth.counter_growth, growth.counter_whole
                    continue
                now = growth.native(value, self.unit_us())
            except ValueError as error:
                self._refuse(series.labels, at, error)
            else:
                yield at, now, growth.native_growth, growth.native_whole

    def _grow(self, rows: Rows, key: Key, scrapes: Iterable[_Seen]) -> None:
        track = self._tracks[key]
        step: _Step | None = None
        for at, now, grow, whole in scrapes:
            if at <= track.at:
                continue
            before, since, known = track.seen, track.at, type(track.seen) is type(now)
            grown = grow(before, now) if known else whole(now)
            if grown is None and track.doubted:
                grown = growth.classic_again(before, now)  # nothing else contradicts itself
            if grown is None:
                track.doubted = True
                self._refuse(dict(key), at, ValueError("its buckets contradict the scrape before"))
                continue
            track.at, track.seen, track.doubted = at, now, False
            if at <= self.after or not grown:
                continue
            if not known or at - since > self.gap:
                self._left_out[GAP if known else FIRST] += sum(grown.values())
                continue
            number = -(-at // self.step) if self.step else at
            if step is None or step.number != number:
                self._emit(rows, track.who, step)
                step = _Step(number, since, at)
            step.end = at
            step.grown.update(grown)
        self._emit(rows, track.who, step)

    def _emit(self, rows: Rows, who: Who, step: _Step | None) -> None:
        if step is None:
            return
        for bucket, count in step.grown.items():
            rows.add(
                ts=step.start * 1000, step_us=(step.end - step.start) * 1000,
                endpoint=who.endpoint, method=who.method, status=who.status, ok=who.ok,
                bounds=bucket, count=count, labels=who.labels,
            )  # fmt: skip

    def _refuse(self, labels: Labels, at: int, error: ValueError) -> None:
        """Count a scrape that cannot be used."""
        reason = str(error)
        self._bad[reason] += 1
        if len(self._shown) < SHOWN:
            inner = ",".join(f'{k}="{v}"' for k, v in sorted(labels.items()) if k != "__name__")
            when = _EPOCH + timedelta(milliseconds=at)
            name = f"{labels.get('__name__', '')}{{{inner}}}"
            self._shown.append(
                BadRow(line=None, reason=f"{when:%Y-%m-%d %H:%M:%S} {name}: {reason}")
            )


_Seen = tuple[int, Any, Callable[[Any, Any], "growth.Grown | None"], Callable[[Any], growth.Grown]]
