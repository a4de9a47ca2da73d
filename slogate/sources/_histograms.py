"""Builds rows of the histogram series for sources that know buckets or percentiles only.

    durations ──ceil──► lo_us < count requests <= hi_us ──► Rows ──► Chunk

Durations are given in µs as exact numbers (int or Fraction) and are rounded outward, so that
what a row says stays true. `Ranks` turns percentiles into buckets and tells what is known of
the successes when it is told how many failed, but not which. Refuses to invent: no duration
is placed within a bucket, and a summary that contradicts itself is a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, count, pairwise, repeat
from typing import Any

from slogate.model.series import HISTOGRAM_COLUMNS
from slogate.sources._base import BadRow, Chunk

ROWS_A_CHUNK = 65_536
# more requests than this are in no step, whoever counts
MOST_COUNT = 10**13

Number = int | Fraction
Bucket = tuple[int, int | None, int]


def lo_us(least: Number) -> int:
    """The lower bound of a bucket whose durations are `least` µs or more."""
    return math.ceil(least) - 1


def hi_us(most: Number) -> int:
    """The upper bound of a bucket whose durations are `most` µs or less."""
    return math.ceil(most)


_COMMON = ("ts", "step_us", "endpoint", "method", "status", "ok", "sum_us", "worker", "labels")


class Rows:
    """Rows of the histogram series, gathered until they are taken as a chunk.

    What rows of one moment have in common is kept once for all of them.
    """

    def __init__(self) -> None:
        """Begin without rows."""
        self._begin()

    def _begin(self) -> None:
        self._common: list[tuple[Any, ...]] = []
        self._sizes: list[int] = []
        self._own: tuple[list[Any], list[Any], list[int], list[Any]] = ([], [], [], [])

    def __len__(self) -> int:
        """How many rows are waiting."""
        return len(self._own[2])

    def add(
        self,
        *,
        ts: int,
        step_us: int,
        endpoint: str,
        count: int,
        bounds: tuple[int, int | None] | None,
        method: str | None = None,
        status: int | None = None,
        ok: bool | None = None,
        sum_us: int | None = None,
        max_us: int | None = None,
        worker: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Add a row; `bounds` are (lo_us, hi_us), None where no response time is told."""
        for column, value in zip(
            self._own, (*(bounds or (None, None)), count, max_us), strict=True
        ):
            column.append(value)
        pairs = None if labels is None else list(labels.items())
        self._sizes.append(1)
        self._common.append((ts, step_us, endpoint, method, status, ok, sum_us, worker, pairs))

    def add_buckets(
        self,
        buckets: Sequence[Bucket],
        *,
        ts: int,
        step_us: int,
        endpoint: str,
        ok: bool | None,
        method: str | None = None,
        status: int | None = None,
        sum_us: int | None = None,
        max_us: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Add a row for each bucket (lo_us, hi_us, count), ascending, otherwise alike; fast.

        `max_us` is the longest of all of them.
        """
        if not buckets:
            return
        for column, values in zip(self._own, zip(*buckets, strict=True), strict=False):
            column.extend(values)
        longest: list[int | None] = [None] * len(buckets)
        if max_us is not None:
            last = buckets[-1][:2]
            longest = [max_us if bucket[:2] == last else None for bucket in buckets]
        self._own[3].extend(longest)
        pairs = None if labels is None else list(labels.items())
        self._sizes.append(len(buckets))
        self._common.append((ts, step_us, endpoint, method, status, ok, sum_us, None, pairs))

    def add_columns(
        self,
        buckets: tuple[Sequence[int], Sequence[int], Sequence[int]],
        *,
        ts: int,
        step_us: int,
        endpoint: str,
        ok: bool,
        method: str,
        max_us: int | None,
        worker: str | None,
    ) -> None:
        """Add a row for each bucket, given as columns, otherwise alike; faster still.

        `max_us` is the longest of all of them, and stands with the last.
        """
        for column, values in zip(self._own, buckets, strict=False):
            column.extend(values)
        size = len(buckets[2])
        self._own[3].extend([None] * (size - 1))
        self._own[3].append(max_us)
        self._sizes.append(size)
        self._common.append((ts, step_us, endpoint, method, None, ok, None, worker, None))

    def chunk(
        self,
        *,
        bad: Mapping[str, int] | None = None,
        left_out: Mapping[str, int] | None = None,
        shown: Iterable[BadRow] = (),
        notes: Iterable[str] = (),
    ) -> Chunk:
        """The rows so far, which are then forgotten."""
        import pyarrow as pa

        whole, word = pa.int64(), pa.string()
        types = {
            "endpoint": word, "method": word, "status": pa.int16(), "ok": pa.bool_(),
            "worker": word, "labels": pa.map_(word, word),
        }  # fmt: skip
        told: dict[str, Sequence[Any]] = dict.fromkeys(_COMMON, ())
        told |= zip(_COMMON, zip(*self._common, strict=True), strict=False)
        told |= zip(("lo_us", "hi_us", "count", "max_us"), self._own, strict=True)
        arrays = {name: pa.array(told[name], types.get(name, whole)) for name in HISTOGRAM_COLUMNS}
        if len(self) > len(self._sizes):
            places = pa.array(chain.from_iterable(map(repeat, count(), self._sizes)), pa.int32())
            arrays |= {name: arrays[name].take(places) for name in _COMMON}
        if arrays["method"].null_count == len(self):
            del arrays["method"]
        self._begin()
        return Chunk(
            rows=pa.RecordBatch.from_pydict(arrays),
            series="histograms",
            bad=bad or {},
            left_out=left_out or {},
            shown=tuple(shown),
            notes=tuple(notes),
        )


@dataclass(slots=True)
class Ranks:
    """What is known of `count` durations in ascending order, without knowing the durations.

    `at_most` holds (r, v): the first r took v or less. `at_least` holds (r, v): all after the
    first r took v or more.
    """

    count: int
    at_most: list[tuple[int, Number]] = field(default_factory=list)
    at_least: list[tuple[int, Number]] = field(default_factory=list)

    def between(self, least: Number, most: Number) -> None:
        """All durations lie between these."""
        self.at_least.append((0, least))
        self.at_most.append((self.count, most))

    def quantile(self, first: int, last: int, least: Number, most: Number) -> None:
        """A value between `least` and `most` lies from the first-th to the last-th smallest.

        Both are the same rank for a value that is one of the durations.
        """
        self.at_most.append((min(first, self.count), most))
        self.at_least.append((min(last, self.count) - 1, least))

    def some(self, count: int) -> Ranks:
        """What is known of so many of the durations, whichever of them they are."""
        others = self.count - count
        return Ranks(
            count,
            [(rank - others, value) for rank, value in self.at_most if rank > others],
            [(rank, value) for rank, value in self.at_least if rank < count],
        )

    def buckets(self) -> Iterator[Bucket]:
        """The durations as (lo_us, hi_us, count), ascending; ValueError if they contradict."""
        ends = sorted({self.count, *(r for r, _ in (*self.at_most, *self.at_least) if r > 0)})
        bounds = zip(self._least(ends), self._most(ends), strict=True)
        last: list[Any] = []
        for (start, end), (least, most) in zip(pairwise([0, *ends]), bounds, strict=True):
            if most is not None and most < least:
                raise ValueError(f"its durations from {start + 1} to {end} contradict each other")
            found = [lo_us(least), None if most is None else hi_us(most), end - start]
            if last and last[:2] == found[:2]:
                last[2] += found[2]
                continue
            if last:
                yield (last[0], last[1], last[2])
            last = found
        if last:
            yield (last[0], last[1], last[2])

    def _least(self, ends: list[int]) -> list[Number]:
        """For each span of ranks up to one of `ends`, what all in it took at least."""
        told = sorted(self.at_least)
        found: list[Number] = []
        known: Number = 0
        at = 0
        for start in [0, *ends[:-1]]:
            while at < len(told) and told[at][0] <= start:
                known = max(known, told[at][1])
                at += 1
            found.append(known)
        return found

    def _most(self, ends: list[int]) -> list[Number | None]:
        """For each span of ranks up to one of `ends`, what all in it took at most."""
        told = sorted(self.at_most)
        found: list[Number | None] = []
        known: Number | None = None
        for end in reversed(ends):
            while told and told[-1][0] >= end:
                value = told.pop()[1]
                known = value if known is None else min(known, value)
            found.append(known)
        return found[::-1]
