"""Requests of one short span, kept so that spans can be pooled: their durations, sorted.

What tests in turns are compared by. A lot says of single requests what evidence says of a window,
and makes evidence of itself. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from slogate.model.evidence import BATCHES, Batch, Evidence, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What started in a span, as one need counts it.

    `matched` requests of the selection, `failed` no success, `max_us` the longest as measured;
    `durations` of those that are judged, ascending, missed starts among them; `unbounded` are
    failures that count as slower than anything.
    """

    matched: int = 0
    failed: int = 0
    max_us: int | None = None
    durations: Sequence[int] = ()
    unbounded: int = 0

    def evidence(self, need: Need) -> Evidence:
        """The same as evidence, with the quantile that was asked for and in a single batch."""
        if need.measure in {"errors", "throughput"}:
            batch = Batch(total=self.matched, bad=self.failed)
        elif need.measure == "max":
            batch = Batch(total=len(self.durations))
        else:
            total = len(self.durations) + self.unbounded
            batch = Batch(total=total, bad=self.unbounded, sum_us=sum(self.durations))
        return Evidence(
            batches=(batch, *[Batch()] * (BATCHES - 1)),
            matched=self.matched,
            failed=self.failed,
            max_us=self.max_us,
            ladder=self._ladder(need.quantile),
        )

    def _ladder(self, quantile: Fraction | None) -> tuple[tuple[Fraction, int | None], ...]:
        total = len(self.durations) + self.unbounded
        if quantile is None or total == 0:
            return ()
        # the nearest rank, counted from 1
        rank = max(1, -(-quantile.numerator * total // quantile.denominator))
        return ((quantile, self.durations[rank - 1] if rank <= len(self.durations) else None),)


def pooled(lots: Sequence[Lot]) -> Lot:
    """All of them as one."""
    longest = [lot.max_us for lot in lots if lot.max_us is not None]
    return Lot(
        matched=sum(lot.matched for lot in lots),
        failed=sum(lot.failed for lot in lots),
        max_us=max(longest, default=None),
        durations=sorted(us for lot in lots for us in lot.durations),
        unbounded=sum(lot.unbounded for lot in lots),
    )
