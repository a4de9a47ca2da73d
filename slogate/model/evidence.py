"""What an objective wants to know (`Need`) and what was counted for it (`Evidence`).

A need is data: the judge says what it wants, an engine answers all needs of a check in one
pass over the series, and neither knows the other. All counts are exact integers.

Of requests in a bucket (rollups, histograms of other tools) only bounds are known. Then there are
two counts, the worst case and the best, and what is true lies between them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import Literal

from slogate.model.selection import Selection
from slogate.model.window import Window

BATCHES = 10
# as a duration: it has no known upper bound
UNBOUNDED_US = 2**63 - 1

Measure = Literal["latency", "errors", "max", "mean", "throughput"]
Failures = Literal["slow", "drop", "measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one objective wants counted of the requests that started in `window`.

    latency     bad = slower than `limit_us` (a failure: see `failures`); `quantile` to show
    errors      bad = not a success
    max         the largest measured duration of all requests
    mean        sum of durations; a failure counts max(measured, `limit_us`)
    throughput  successes

    Not `drawn`: the quantiles that were asked for do, without the steps between them.
    """

    id: str
    selection: Selection
    window: Window
    measure: Measure
    limit_us: int | None = None
    quantile: Fraction | None = None
    failures: Failures = "slow"
    drawn: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One of `BATCHES` equal spans of the window: requests, bad ones, and durations summed (µs)."""

    total: int = 0
    bad: int = 0
    sum_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """So many requests may be good or bad: took over `lo_us`, at most `hi_us` (None: no bound)."""

    requests: int
    lo_us: int
    hi_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Requests counted in steps that lie partly outside the window.

    `batch` are those of them that would make it worst (of the best case: best) if they started
    inside, `max_us` the longest of them.
    """

    requests: int = 0
    batch: Batch = Batch()
    max_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was counted for one need.

    `batches` hold the population that is judged: for latency and mean without requests that
    have no response time (`untimed` of them), with `backfilled` starts added that a slow service
    made its paced users miss (statistics.md, coordinated omission). `raw` is the same population
    without back-filling: (total, bad). `matched` counts all requests of the selection in the
    window, `failed` those that were no success. `max_us` is the largest measured duration.
    `ladder` holds exact order statistics of the judged population: ascending (share, value in µs),
    value None where a failure counts as slower than anything, or where no bound is known; the
    value at share q is the nearest-rank quantile, the ceil(q·n)-th smallest.

    Where requests are counted in buckets and steps, this is the worst case and `best` the best,
    None where they do not differ: each request took as long as its bucket allows, or no longer
    than it must. `doubt` are those that are bad in one and not in the other. `step_us` is the
    longest step in the window, `cut` what lies in steps across its ends. `borders` are, for each
    border between batches, the (good, bad) requests in steps across it, counted in the batch
    before; empty without any, None where a step reaches over a whole batch. `other` is the
    evidence of a second series of the same requests, counted in other buckets and steps.
    """

    batches: tuple[Batch, ...]
    matched: int = 0
    failed: int = 0
    untimed: int = 0
    backfilled: int = 0
    raw: tuple[int, int] = (0, 0)
    max_us: int | None = None
    ladder: tuple[tuple[Fraction, int | None], ...] = ()
    step_us: int = 0
    doubt: Doubt | None = None
    cut: Cut | None = None
    borders: tuple[tuple[Batch, Batch], ...] | None = ()
    best: Evidence | None = None
    other: Evidence | None = None

    @property
    def total(self) -> int:
        """Requests judged."""
        return sum(batch.total for batch in self.batches)

    @property
    def bad(self) -> int:
        """Bad requests among them."""
        return sum(batch.bad for batch in self.batches)

    @property
    def sum_us(self) -> int:
        """Their durations, summed."""
        return sum(batch.sum_us for batch in self.batches)

    def quantile(self, share: Fraction) -> int | None:
        """The value at exactly this share of the ladder; KeyError if it was not asked for."""
        at = bisect_left(self.ladder, share, key=itemgetter(0))
        if at == len(self.ladder) or self.ladder[at][0] != share:
            raise KeyError(share)
        return self.ladder[at][1]
