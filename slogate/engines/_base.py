"""What an engine is, and what its counts mean, to the request.

A request is *matched* if it starts in the need's window and its selection holds; it *failed*
unless its success predicate is known to hold. Latency and mean judge a population:

| failures | judged                                     | bad             | summed for mean  |
|----------|--------------------------------------------|-----------------|------------------|
| slow     | all but successes without a duration       | failed, or over | a failure counts |
|          |                                            | the limit       | at least limit   |
| drop     | successes with a duration                  | over the limit  | measured         |
| measured | all with a duration                        | over the limit  | measured         |

A failed request without a duration is not left out under `slow`: a failure is never fast.
`untimed` counts what was left out for want of a duration only.

Back-filling, as HdrHistogram's expected interval does it, for latency and mean: a request with
pace p and duration d ≥ 2p stands for the starts that its user missed: at start + k·p with
duration d − k·p, k = 1, 2, … while d − k·p ≥ p; those in the window count, whether or not the
request itself is in it. At most `MAX_BACKFILL` per request. More than `MAX_ADDED` in all, and
than ten times the requests, are refused: counting them would take minutes.

A row of the series `histograms` or `counts` stands for `count` requests of which only bounds are
known. They are counted twice. In the *worst* case each took as long as its bucket (and the
`max_us` of its row) allows, and a doubtful success is a failure; in the *best* as short as it must,
and is none. Of `drop` a doubtful success is judged where that is worst, or best. `sum_us` is exact
for the mean, except where a failure counts the limit. A row lies in the window if its whole step
does, within the run's extent; one across an end of the window is *cut*. The two series describe
the same requests and are never added up: the one that has more answers, else the one that leaves
less doubt.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Protocol

from slogate.errors import StoreError
from slogate.model.evidence import Evidence, Need
from slogate.model.window import Window
from slogate.units import format_count, format_duration

if TYPE_CHECKING:
    from slogate.model.exhibit import Exhibit, View
    from slogate.model.lot import Lot
    from slogate.model.slots import Account, Tallies
    from slogate.model.survey import Survey, Surveyed

MAX_BACKFILL = 100_000
MAX_ADDED = 10_000_000
MAX_COUNT = 10**13

# no request of the run started before the first or after the second; None: not known
Extent = tuple[int | None, int | None]
EVER: Extent = (None, None)


@dataclass(frozen=True, slots=True)
class Sources:
    """The parts of single requests and, in `pools`, of each series that counts in buckets.

    Without such a series the only pool is empty.
    """

    requests: Sequence[str] = ()
    pools: Sequence[Sequence[str]] = ((),)
    extent: Extent = EVER

    @property
    def pool(self) -> Sequence[str]:
        """The only pool."""
        (pool,) = self.pools
        return pool

    def of(self, pool: Sequence[str]) -> Sources:
        """The requests with that pool alone."""
        return replace(self, pools=(pool,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the requests of some parts divide: `before` + `within` + `after` the window = `rows`.

    `stored` is how many rows of the parts tell of them: fewer where they are counted in buckets.
    `backfilled` starts were missed within the window, of all `paced` rows in it; `lockstep` is
    the share of starts in the busiest tenth of the commonest pace, None without paced rows.
    """

    rows: int = 0
    before: int = 0
    within: int = 0
    after: int = 0
    backfilled: int = 0
    paced: int = 0
    lockstep: float | None = None
    stored: int = 0


class Reading(Protocol):
    """Some parts, opened to be asked several questions.

    `gather` gives the evidence by need id, `tally` a `Tally`, `span` (requests, first start, last
    start or end of a step), None without requests; `failures` the commonest (method, endpoint,
    error, count) among the requests that started in the window and were no success by their source.
    `count` gives tallies by account id, of the parts of several runs, numbered by `runs`; `survey`
    the sums of these by survey id, without going through them slot by slot.
    `lots` gives the single requests of needs of one window by steps since the epoch, to be pooled.
    `look` shows what a report wants to draw, None without requests; it decides nothing, so it
    draws what is damaged as it is. All raise StoreError for a part that is unreadable or of a
    newer version; those that count also for a negative duration, a start outside 1970 to 9999 or a
    pace that adds too many starts, wherever the window lies. The result depends neither on threads
    nor on how rows are ordered or split.
    """

    def gather(self, needs: Sequence[Need]) -> dict[str, Evidence]: ...
    def tally(self, window: Window) -> Tally: ...
    def span(self) -> tuple[int, int | None, int | None]: ...
    def failures(self, window: Window, most: int) -> list[tuple[str, str, str, int]]: ...
    def count(self, accounts: Sequence[Account], runs: Mapping[str, int]) -> dict[str, Tallies]: ...
    def survey(self, surveys: Sequence[Survey], runs: Mapping[str, int]) -> dict[str, Surveyed]: ...
    def look(self, view: View) -> Exhibit | None: ...
    def lots(self, needs: Sequence[Need], step_us: int) -> dict[str, dict[int, Lot]]: ...


class Open(Protocol):
    """Opens the parts of one run, of any series; `extent` cuts the steps that reach beyond it."""

    def __call__(
        self, parts: Sequence[str], threads: int | None = None, extent: Extent = EVER
    ) -> AbstractContextManager[Reading]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A way to count. `reading(parts, threads, extent)` opens Parquet files of the series.

    The other methods open the parts for a single question.
    """

    name: str
    help: str
    reading: Open

    def gather(
        self,
        needs: Sequence[Need],
        parts: Sequence[str],
        *,
        threads: int | None = None,
        extent: Extent = EVER,
    ) -> dict[str, Evidence]:
        """The evidence of each need by its id."""
        with self.reading(parts, threads, extent) as series:
            return series.gather(needs)

    def tally(self, parts: Sequence[str], window: Window, *, threads: int | None = None) -> Tally:
        """How the rows of the parts divide around the window."""
        with self.reading(parts, threads) as series:
            return series.tally(window)

    def span(self, parts: Sequence[str]) -> tuple[int, int | None, int | None]:
        """How many rows the parts hold, and the first and the last start."""
        with self.reading(parts, None) as series:
            return series.span()


def spanned(span: tuple[int, int | None, int | None]) -> Window | None:
    """From the first request to the last; None without any."""
    _, first, last = span
    return None if first is None or last is None else Window(start_ts=first, end_ts=last)


def is_absurd(added: int, rows: int) -> bool:
    """Whether so many back-filled starts of so many rows are refused."""
    return added > max(MAX_ADDED, 10 * rows)


def absurd_pace(pace_us: int, added: int, rows: int) -> StoreError:
    """The error of a pace at which the rows would stand for too many missed starts."""
    return StoreError(
        f"the series cannot be counted: at paces such as {format_duration(pace_us)} its "
        f"{format_count(rows)} requests would stand for {format_count(added)} missed starts",
        hint="no user is that fast; correct the pace that the load test tells",
    )


def broken_part(part: str) -> StoreError:
    """The error of a part that holds what no writer writes."""
    return StoreError(
        f"{part} is damaged: a request has a negative duration, or no start between 1970 and 9999"
    )


def broken_steps(part: str) -> StoreError:
    """The error of a part of counts or histograms that holds what no writer writes."""
    return StoreError(
        f"{part} is damaged: a step has no start between 1970 and 9999, "
        "or bounds or a count that no writer writes"
    )


@cache
def _steps() -> tuple[Fraction, ...]:
    """0.5% steps to 90%, 0.1% to 99%, 0.01% to 99.9%, 0.001% to 99.99%, and the whole."""
    halves = [Fraction(i, 200) for i in range(1, 180)]
    tenths = [Fraction(i, 1_000) for i in range(900, 991)]
    hundredths = [Fraction(i, 10_000) for i in range(9_901, 9_991)]
    thousandths = [Fraction(i, 100_000) for i in range(99_901, 99_991)]
    return (*halves, *tenths, *hundredths, *thousandths, Fraction(1))


def ladder_shares(needs: Iterable[Need]) -> tuple[Fraction, ...]:
    """The shares of the ladder for these needs: the fixed steps and every quantile asked for."""
    needs = list(needs)
    shares = list(_steps()) if any(need.drawn for need in needs) else []
    for quantile in {need.quantile for need in needs if need.quantile is not None} - set(shares):
        insort(shares, quantile)
    return tuple(shares)


def busiest_tenth(paces: Mapping[int, Mapping[int, int]]) -> float | None:
    """The share of starts in the busiest tenth of the commonest pace.

    `paces` counts, by pace, the starts in each hundredth of it; the tenth may begin anywhere.
    """
    if not paces:
        return None
    counts = paces[max(paces, key=lambda pace: (sum(paces[pace].values()), -pace))]
    tenths = (sum(counts.get((at + i) % 100, 0) for i in range(10)) for at in range(100))
    return max(tenths) / sum(counts.values())
