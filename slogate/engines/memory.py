"""Counts in plain Python, row by row, as `_base.py` and the model say it: the reference.

It is what the other engines are tested against: it asks the model's own `matches`, `holds` and
`batch_of`, holds all rows in memory, and is slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

from slogate.engines._base import EVER, Engine, Extent, Tally, ladder_shares, spanned
from slogate.engines._choice import Answer, choose, settled
from slogate.engines._look_rows import look
from slogate.engines._lot_rows import lots_of
from slogate.engines._rows import (
    Row,
    across,
    backfilled,
    divided,
    duration,
    inside,
    largest,
    matches,
    missed,
    read_part,
    size,
    started,
)
from slogate.engines._slot_rows import Part, survey_rows, tallies
from slogate.model.evidence import BATCHES, UNBOUNDED_US, Batch, Cut, Doubt, Evidence, Need
from slogate.model.exhibit import Exhibit, View
from slogate.model.lot import Lot
from slogate.model.predicate import Ok, holds, holds_between
from slogate.model.series import SERIES
from slogate.model.slots import Account, Tallies
from slogate.model.survey import Survey, Surveyed
from slogate.model.window import Window
from slogate.stats.quantile import nearest_rank


@dataclass(frozen=True, slots=True)
class _Reading:
    """All rows of the parts: requests, and those of each series that counts in buckets."""

    requests: list[Row]
    pools: list[list[Row]]
    parts: dict[str, Part]

    def gather(self, needs: Sequence[Need]) -> dict[str, Evidence]:
        """The evidence of each need by its id."""
        for window in dict.fromkeys(need.window for need in needs):
            backfilled(self.requests, window)
        latency = [need for need in needs if need.measure == "latency"]
        return {
            need.id: choose(
                need,
                [
                    _answer(
                        need, self.requests, pool,
                        ladder_shares(n for n in latency if n.window == need.window),
                    )
                    for pool in self.pools
                ],
            )
            for need in needs
        }  # fmt: skip

    def tally(self, window: Window) -> Tally:
        """How the requests of the parts divide around the window."""
        stored = len(self.requests) + sum(len(pool) for pool in self.pools)
        return replace(divided([*self.requests, *self._fullest()], window), stored=stored)

    def failures(self, window: Window, most: int) -> list[tuple[str, str, str, int]]:
        """The commonest failures in the window: (method, endpoint, error, count)."""
        found: Counter[tuple[str, str, str]] = Counter()
        for row in (*self.requests, *self._fullest()):
            known = holds(Ok(), ok=row.ok, status=row.status, duration_us=None)
            if started(window, row) and known is not True:
                found[row.method or "", row.endpoint or "", row.reason] += row.count
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        return [(*key, count) for key, count in ranked[:most]]

    def span(self) -> tuple[int, int | None, int | None]:
        """How many requests the parts hold, the first start and the last, or end of a step."""
        rows = [*self.requests, *self._fullest()]
        first = min((row.ts for row in rows), default=None)
        return size(rows), first, max((row.stop_ts for row in rows), default=None)

    def count(self, accounts: Sequence[Account], runs: Mapping[str, int]) -> dict[str, Tallies]:
        """The tallies of each account by its id."""
        return {account.id: tallies(account, self.parts, runs) for account in accounts}

    def survey(self, surveys: Sequence[Survey], runs: Mapping[str, int]) -> dict[str, Surveyed]:
        """The sums of each survey by its id."""
        return {survey.id: survey_rows(survey, self.parts, runs) for survey in surveys}

    def lots(self, needs: Sequence[Need], step_us: int) -> dict[str, dict[int, Lot]]:
        """The requests of each need by the number of the step that they started in."""
        return {need.id: lots_of(need, self.requests, step_us, _succeeded) for need in needs}

    def look(self, view: View) -> Exhibit | None:
        """What a report wants to draw; of two series that count the same, the last."""
        pool = max(reversed(self.pools), key=size)
        whole, rows = view.whole or spanned(self.span()), [*self.requests, *pool]
        return look(rows, view, whole, exact=not pool) if whole and rows else None

    def _fullest(self) -> list[Row]:
        return max(self.pools, key=size)


@contextmanager
def reading(
    parts: Sequence[str], threads: int | None = None, extent: Extent = EVER
) -> Iterator[_Reading]:
    """Read the parts; `threads` makes no difference."""
    del threads
    found: dict[str, list[Row]] = {name: [] for name in SERIES}
    read: dict[str, Part] = {}
    for part in parts:
        read[part] = series, rows = read_part(part, extent)
        found[series] += rows
    requests, *pools = (found[name] for name in SERIES)
    yield _Reading(requests, [pool for pool in pools if pool] or [[]], read)


def _answer(
    need: Need, requests: Sequence[Row], pool: Sequence[Row], shares: Sequence[Fraction]
) -> Answer:
    rows = [*requests, *pool]
    worst, best = (_evidence(need, rows, shares, worst=worst) for worst in (True, False))
    many = size([row for row in pool if matches(need, row)])
    return Answer(settled(replace(worst, doubt=_doubt(need, rows)), best), many)


def _evidence(
    need: Need, rows: Sequence[Row], shares: Sequence[Fraction], *, worst: bool
) -> Evidence:
    mine = [row for row in rows if matches(need, row)]
    real = [row for row in mine if inside(need.window, row)]
    cut = [row for row in mine if across(need.window, row)]
    added = [fill for row in mine for fill in missed(row, need.window)]
    corrected = need.measure in {"latency", "mean"}
    judged = [
        row
        for row in (*real, *(added if corrected else ()))
        if _fate(need, row, worst=worst) is not None
    ]
    batches = [[r for r in judged if _batch_of(need, r.ts) == i] for i in range(BATCHES)]
    raw = [row for row in judged if not row.filled]
    reach = max((_batch_of(need, r.last_ts) - _batch_of(need, r.ts) for r in real), default=0)
    swayed = [row for row in cut if _fate(need, row, worst=worst) is worst]
    return Evidence(
        batches=tuple(_batch(need, batch, worst=worst) for batch in batches),
        matched=size(real),
        failed=size([row for row in real if not _succeeded(need, row, worst=worst)]),
        untimed=size([row for row in real if corrected and _left_out(need, row)]),
        backfilled=size(judged) - size(raw),
        raw=(size(raw), size([row for row in raw if _fate(need, row, worst=worst)])),
        max_us=largest(real, worst=worst),
        ladder=_ladder(need, [*real, *added], shares, worst=worst)
        if need.measure == "latency" else (),
        step_us=max((row.step_us for row in real), default=0),
        borders=None if reach > 1 else _borders(need, judged, worst=worst) if reach else (),
        cut=Cut(
            requests=size(cut), batch=_batch(need, swayed, worst=worst),
            max_us=largest(cut, worst=worst),
        ) if cut else None,
    )  # fmt: skip


def _batch_of(need: Need, ts: int) -> int:
    return need.window.batch_of(ts, BATCHES)


def _borders(need: Need, judged: Sequence[Row], *, worst: bool) -> tuple[tuple[Batch, Batch], ...]:
    """By border: the good and the bad ones in steps across it."""
    found = []
    for border in range(BATCHES - 1):
        rows = [
            row
            for row in judged
            if _batch_of(need, row.ts) == border < _batch_of(need, row.last_ts)
        ]
        good, bad = ([r for r in rows if _fate(need, r, worst=worst) is it] for it in (False, True))
        found.append((_batch(need, good, worst=worst), _batch(need, bad, worst=worst)))
    return tuple(found)


def _doubt(need: Need, rows: Sequence[Row]) -> Doubt | None:
    """The requests that are bad in one case, and good or not judged in the other."""
    if need.measure in {"max", "mean"}:
        return None
    found = [
        row
        for row in rows
        if row.bucket and matches(need, row) and inside(need.window, row)
        and _fate(need, row, worst=True) is not _fate(need, row, worst=False)
    ]  # fmt: skip
    if not found:
        return None
    buckets = [row.bucket for row in found if row.bucket]
    ends = [hi for _, hi in buckets if hi is not None]
    return Doubt(
        requests=size(found),
        lo_us=min(lo for lo, _ in buckets),
        hi_us=max(ends) if len(ends) == len(buckets) else None,
    )


def _succeeded(need: Need, row: Row, *, worst: bool) -> bool:
    """Whether it surely was a success in the worst case, or may have been in the best."""
    least, most = row.least_us, row.most_us
    if least is None or most is None or least == most:
        known = holds(need.selection.success, ok=row.ok, status=row.status, duration_us=least)
        return known is True
    found = holds_between(
        need.selection.success, ok=row.ok, status=row.status, least_us=least, most_us=most
    )
    return found[0 if worst else 1] is True


def _fate(need: Need, row: Row, *, worst: bool) -> bool | None:
    """Whether it is bad; None if it is not judged."""
    timed, succeeded = row.least_us is not None, _succeeded(need, row, worst=worst)
    limit = need.limit_us
    most = duration(row, worst=worst)
    over = timed and limit is not None and (most > limit - (need.measure == "mean"))
    if need.measure in {"errors", "throughput"}:
        return not succeeded
    if need.measure == "max" or need.failures == "measured":
        return over if timed else None
    if need.failures == "slow":
        return None if succeeded and not timed else over or not succeeded
    surely, maybe = (_succeeded(need, row, worst=it) for it in (True, False))
    if not timed or not maybe:
        return None
    return over if surely or over is worst else None


def _left_out(need: Need, row: Row) -> bool:
    if row.least_us is not None:
        return False
    return need.failures == "measured" or _succeeded(need, row, worst=True)


def _batch(need: Need, rows: Sequence[Row], *, worst: bool) -> Batch:
    return Batch(
        total=size(rows),
        bad=size([row for row in rows if _fate(need, row, worst=worst)]),
        sum_us=sum(_sum(need, row, worst=worst) for row in rows),
    )


def _sum(need: Need, row: Row, *, worst: bool) -> int:
    """What the durations add up to; a penalised failure counts at least the limit."""
    limit, least, most = need.limit_us, row.least_us, row.most_us
    told = row.count * duration(row, worst=worst) if row.total_us is None else row.total_us
    if least is None or most is None:
        told = 0
    penalised = need.measure == "mean" and need.failures == "slow" and limit is not None
    if not penalised or limit is None or _succeeded(need, row, worst=worst):
        return told
    if least is None or most is None:
        return row.count * limit
    if least >= limit:
        return told
    return row.count * (max(most, limit) if worst else limit)


def _ladder(
    need: Need, rows: Sequence[Row], shares: Sequence[Fraction], *, worst: bool
) -> tuple[tuple[Fraction, int | None], ...]:
    fast: list[int] = []
    failures = 0
    for row in rows:
        succeeded = need.failures == "measured" or _succeeded(need, row, worst=worst)
        if succeeded and row.least_us is not None:
            fast += [duration(row, worst=worst)] * row.count
        elif not succeeded and need.failures == "slow":
            failures += row.count
    values = [*sorted(fast), *([UNBOUNDED_US] * failures)]
    if not values:
        return ()
    found = ((share, values[nearest_rank(len(values), share) - 1]) for share in shares)
    return tuple((share, None if us == UNBOUNDED_US else us) for share, us in found)


PLUGIN = Engine(
    name="memory",
    help="plain Python, slow, all rows in memory: the reference",
    reading=reading,
)
