"""Adds the few groups that a scan has counted up to the evidence of each need; exact integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from slogate.engines._sql import BITS, Question
from slogate.model.evidence import BATCHES, UNBOUNDED_US, Batch, Cut, Doubt, Evidence, Need
from slogate.stats.quantile import nearest_rank

Series = tuple[int, int | None]
# pairs hold the best case and the worst; these are their places
BEST, WORST = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Requests alike in all that the needs of a question distinguish; see `_sql.py`, `_steps.py`.

    `masks` are the bits of selections and predicates, in the best case and in the worst, likewise
    the `bins`, `sums` and `maxima`. `edge_us` is the sum if each took as long as its bucket allows,
    `bounds` what the buckets span, `step_us` the longest step. Requests that lie in steps across
    an end of the window are `cut`; their steps reach from `batch` to the batch `until`.
    """

    masks: tuple[tuple[int, ...], tuple[int, ...]]
    batch: int
    bins: tuple[int | None, int | None]
    count: int
    sums: tuple[int, int]
    maxima: tuple[int | None, int | None]
    until: int = 0
    filled: bool = False
    cut: bool = False
    edge_us: int = 0
    bounds: tuple[int, int | None] | None = None
    step_us: int = 0


def read_groups(question: Question, rows: Iterable[Sequence[int | None]]) -> list[Group]:
    """The groups of the rows that `count_groups` gives."""
    width = len(question.masks)
    groups = []
    for row in rows:
        masks = tuple(v or 0 for v in row[:width])
        filled, batch, found, count, total, largest = row[width:]
        groups.append(
            Group(masks=(masks, masks), filled=filled == 1, batch=batch or 0, bins=(found, found),
                  count=count or 0, sums=(total or 0, total or 0), maxima=(largest, largest),
                  edge_us=total or 0)
        )  # fmt: skip
    return groups


def series_of(question: Question, need: Need) -> Series:
    """Which sorted durations a need's ladder is made of: (selection, predicate or None for all)."""
    selection = question.selections.index(need.selection)
    if need.failures == "measured":
        return selection, None
    return selection, question.predicates.index(need.selection.success)


def holds(question: Question, masks: tuple[int, ...], series: Series) -> bool:
    """Whether the requests with these bits are in the series."""
    selection, predicate = series
    return _bit(masks, 0, selection) and (
        predicate is None or _bit(masks, -(-len(question.selections) // BITS), predicate)
    )


def _bit(masks: tuple[int, ...], offset: int, number: int) -> bool:
    return bool(masks[offset + number // BITS] >> number % BITS & 1)


@dataclass(slots=True)
class _Sum:
    total: int = 0
    bad: int = 0
    sum_us: int = 0

    def batch(self) -> Batch:
        """As evidence has it."""
        return Batch(total=self.total, bad=self.bad, sum_us=self.sum_us)


def evidence_of(question: Question, need: Need, groups: Sequence[Group]) -> Evidence:
    """The evidence of one need in the worst case, without ladders; `best` is the best case."""
    selection = (question.selections.index(need.selection), None)
    mine = [group for group in groups if holds(question, group.masks[WORST], selection)]
    worst = _evidence(question, need, mine, WORST)
    if not any(group.step_us for group in mine):
        return worst
    best = _evidence(question, need, mine, BEST)
    return replace(worst, best=best, doubt=_doubt(question, need, mine))


def _evidence(question: Question, need: Need, mine: Sequence[Group], case: int) -> Evidence:
    batches, real, cut = [_Sum() for _ in range(BATCHES)], _Sum(), _Sum()
    borders = [(_Sum(), _Sum()) for _ in range(BATCHES - 1)]
    for group in mine:
        fate = _fate(question, need, group, case)
        if fate is None:
            continue
        if group.cut:
            if fate == (case == WORST):
                _add(cut, question, need, group, case)
            continue
        _add(batches[group.batch], question, need, group, case)
        if group.until > group.batch:
            _add(borders[group.batch][fate], question, need, group, case)
        if not group.filled:
            _add(real, question, need, group, case)
    inside = [group for group in mine if not group.cut and not group.filled]
    reach = max((group.until - group.batch for group in inside), default=0)
    shared = tuple((good.batch(), bad.batch()) for good, bad in borders)
    across = [group for group in mine if group.cut]
    total = sum(batch.total for batch in batches)
    return Evidence(
        batches=tuple(batch.batch() for batch in batches),
        matched=sum(group.count for group in inside),
        failed=sum(g.count for g in inside if not _succeeded(question, need, g, case)),
        untimed=sum(g.count for g in inside if _left_out(question, need, g)),
        backfilled=total - real.total,
        raw=(real.total, real.bad),
        max_us=_largest(inside, case),
        step_us=max((group.step_us for group in inside), default=0),
        borders=(() if reach < 1 else shared) if reach <= 1 else None,
        cut=Cut(
            requests=sum(group.count for group in across),
            batch=cut.batch(),
            max_us=_largest(across, case),
        ) if across else None,
    )  # fmt: skip


def _largest(groups: Iterable[Group], case: int) -> int | None:
    return max((us for g in groups if (us := g.maxima[case]) is not None), default=None)


def _succeeded(question: Question, need: Need, group: Group, case: int) -> bool:
    predicate = question.predicates.index(need.selection.success)
    return _bit(group.masks[case], -(-len(question.selections) // BITS), predicate)


def limit_of(need: Need) -> int | None:
    """What a duration must exceed to be over; where a failure counts the limit, to reach it."""
    limit = need.limit_us
    return limit if limit is None or need.measure != "mean" else limit - 1


def _corrected(need: Need) -> bool:
    return need.measure in {"latency", "mean"}


def _left_out(question: Question, need: Need, group: Group) -> bool:
    """Whether the requests are left out of the population only because they have no duration."""
    if not _corrected(need) or group.bins[WORST] is not None:
        return False
    return need.failures == "measured" or _succeeded(question, need, group, WORST)


def _over(question: Question, need: Need, group: Group, case: int) -> bool:
    limit = limit_of(need)
    return limit is not None and (group.bins[case] or 0) > question.limits.index(limit)


def _fate(question: Question, need: Need, group: Group, case: int) -> bool | None:
    """Whether the requests are bad; None if they are not judged."""
    succeeded = _succeeded(question, need, group, case)
    over, timed = _over(question, need, group, case), group.bins[case] is not None
    match need.measure:
        case "errors" | "throughput":
            return None if group.filled else not succeeded
        case "max":
            return over if timed and not group.filled else None
    match need.failures:
        case "measured":
            return over if timed else None
        case "slow":
            return over or not succeeded if timed or not succeeded else None
        case "drop":
            surely = _succeeded(question, need, group, WORST)
            maybe = _succeeded(question, need, group, BEST)
            judged = surely or (maybe and over == (case == WORST))
            return over if timed and judged else None


def _add(to: _Sum, question: Question, need: Need, group: Group, case: int) -> None:
    limit = need.limit_us
    over = _over(question, need, group, case)
    to.total += group.count
    to.bad += group.count if _fate(question, need, group, case) else 0
    penalised = need.measure == "mean" and need.failures == "slow" and limit is not None
    if not penalised or _succeeded(question, need, group, case):
        to.sum_us += group.sums[case]
    elif not over:
        to.sum_us += group.count * (limit or 0)
    else:
        # max(duration, limit) is the duration only where the whole bucket reaches the limit
        whole = _over(question, need, group, BEST)
        to.sum_us += group.sums[case] if whole else group.edge_us


def _doubt(question: Question, need: Need, mine: Sequence[Group]) -> Doubt | None:
    """The requests in the window that are bad, good or not judged, as the case may be."""
    found = [
        group
        for group in mine
        if not group.cut
        and group.bounds is not None
        and _fate(question, need, group, WORST) != _fate(question, need, group, BEST)
    ]
    bounds = [group.bounds for group in found if group.bounds is not None]
    if not bounds or need.measure in {"mean", "max"}:
        return None
    ends = [hi for _, hi in bounds]
    return Doubt(
        requests=sum(group.count for group in found),
        lo_us=min(lo for lo, _ in bounds),
        hi_us=None if None in ends else max(hi for hi in ends if hi is not None),
    )


def ladder_ranks(
    question: Question, groups: Sequence[Group], series: Series, shares: Sequence[Fraction],
    *, with_failures: bool, case: int = WORST,
) -> list[tuple[Fraction, int | None]]:  # fmt: skip
    """The rank of each share among the sorted durations; None where it falls on a failure."""
    inside = [g for g in groups if not g.cut and holds(question, g.masks[case], (series[0], None))]
    timed = sum(
        g.count
        for g in inside
        if g.bins[case] is not None and holds(question, g.masks[case], series)
    )
    total = timed
    if with_failures:
        total += sum(g.count for g in inside if not holds(question, g.masks[case], series))
    if total == 0:
        return []
    ranks = [(share, nearest_rank(total, share)) for share in shares]
    return [(share, rank if rank <= timed else None) for share, rank in ranks]


def ladder(
    ranks: Sequence[tuple[Fraction, int | None]], values: Mapping[int, int]
) -> tuple[tuple[Fraction, int | None], ...]:
    """The ranks with the durations found at them; None where a duration has no bound."""
    found = ((share, None if rank is None else values[rank]) for share, rank in ranks)
    return tuple((share, None if us == UNBOUNDED_US else us) for share, us in found)
