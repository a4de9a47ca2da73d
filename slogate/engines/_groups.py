"""Adds the few groups that a scan has counted up to the evidence of each need; exact integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slogate.engines._sql import BITS, Question
from slogate.model.evidence import BATCHES, Batch, Evidence, Need
from slogate.stats.quantile import nearest_rank

Series = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Requests alike in all that the needs of a question distinguish; see `_sql.py`."""

    masks: tuple[int, ...]
    filled: bool
    batch: int
    bin: int | None
    count: int
    sum_us: int
    max_us: int | None


def read_groups(question: Question, rows: Iterable[Sequence[int | None]]) -> list[Group]:
    """The groups of the rows that `count_groups` gives."""
    width = len(question.masks)
    return [
        Group(tuple(v or 0 for v in row[:width]), row[width] == 1, row[width + 1] or 0,
              row[width + 2], row[width + 3] or 0, row[width + 4] or 0, row[width + 5])
        for row in rows
    ]  # fmt: skip


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


def evidence_of(question: Question, need: Need, groups: Sequence[Group]) -> Evidence:
    """The evidence of one need, without its ladder."""
    selection = question.selections.index(need.selection)
    success = (selection, question.predicates.index(need.selection.success))
    corrected = [_Sum() for _ in range(BATCHES)]
    real, matched, failed, untimed = _Sum(), 0, 0, 0
    largest = [g.max_us for g in groups if not g.filled and g.max_us is not None
               and holds(question, g.masks, (selection, None))]  # fmt: skip
    for group in groups:
        if not holds(question, group.masks, (selection, None)):
            continue
        succeeded = holds(question, group.masks, success)
        if not group.filled:
            matched += group.count
            failed += 0 if succeeded else group.count
            untimed += group.count if _left_out(need, group, succeeded=succeeded) else 0
        if _judged(need, group, succeeded=succeeded):
            _add(corrected[group.batch], question, need, group, succeeded=succeeded)
            if not group.filled:
                _add(real, question, need, group, succeeded=succeeded)
    total = sum(batch.total for batch in corrected)
    return Evidence(
        batches=tuple(Batch(total=b.total, bad=b.bad, sum_us=b.sum_us) for b in corrected),
        matched=matched,
        failed=failed,
        untimed=untimed,
        backfilled=total - real.total,
        raw=(real.total, real.bad),
        max_us=max(largest, default=None),
    )


def _corrected(need: Need) -> bool:
    return need.measure in {"latency", "mean"}


def _left_out(need: Need, group: Group, *, succeeded: bool) -> bool:
    """Whether the requests are left out of the population only because they have no duration."""
    return _corrected(need) and group.bin is None and (need.failures == "measured" or succeeded)


def _judged(need: Need, group: Group, *, succeeded: bool) -> bool:
    if not _corrected(need):
        return not group.filled and (need.measure != "max" or group.bin is not None)
    if need.failures == "slow":
        return group.bin is not None or not succeeded
    return group.bin is not None and (need.failures == "measured" or succeeded)


def _add(to: _Sum, question: Question, need: Need, group: Group, *, succeeded: bool) -> None:
    limit = need.limit_us
    over = limit is not None and (group.bin or 0) > question.limits.index(limit)
    to.total += group.count
    if _bad(need, over=over, succeeded=succeeded):
        to.bad += group.count
    penalised = need.measure == "mean" and need.failures == "slow" and not succeeded
    if penalised and not over and limit is not None:
        to.sum_us += group.count * limit
    else:
        to.sum_us += group.sum_us


def _bad(need: Need, *, over: bool, succeeded: bool) -> bool:
    match need.measure:
        case "errors" | "throughput":
            return not succeeded
        case "max":
            return over
        case _:
            return over or (need.failures == "slow" and not succeeded)


def ladder_ranks(
    question: Question, groups: Sequence[Group], series: Series, shares: Sequence[Fraction],
    *, with_failures: bool,
) -> list[tuple[Fraction, int | None]]:  # fmt: skip
    """The rank of each share among the sorted durations; None where it falls on a failure."""
    timed = sum(g.count for g in groups if g.bin is not None and holds(question, g.masks, series))
    total = timed
    if with_failures:
        total += sum(
            g.count
            for g in groups
            if holds(question, g.masks, (series[0], None)) and not holds(question, g.masks, series)
        )
    if total == 0:
        return []
    ranks = [(share, nearest_rank(total, share)) for share in shares]
    return [(share, rank if rank <= timed else None) for share, rank in ranks]


def ladder(
    ranks: Sequence[tuple[Fraction, int | None]], values: Mapping[int, int]
) -> tuple[tuple[Fraction, int | None], ...]:
    """The ranks with the durations found at them."""
    return tuple((share, None if rank is None else values[rank]) for share, rank in ranks)
