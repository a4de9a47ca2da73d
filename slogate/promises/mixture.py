"""The book of a composite: what its SLOs use of one budget together, by their weights.

Over any time the bad share of the whole is the weighted mean of the bad shares of those SLOs that
have requests in it: an SLO says nothing of a time without its requests. By occurrences the time is
the window, by slices each slice: one is good if the weighted mean of its good shares is at least
the objective of slices. Exact, in the worst case and the best, as `ledger.py` has them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from slogate.model.calendar import Period
from slogate.model.slots import slots_touching, slots_within
from slogate.promises.ledger import Ledger, Open
from slogate.promises.promise import Plan
from slogate.stats.error_budget import Use, sum_of_shares

Share = tuple[Fraction, Fraction]
"""A weight, and the share of bad ones."""


def mean(shares: Sequence[Share]) -> Fraction | None:
    """The weighted mean of bad shares; None of none."""
    whole = sum((weight for weight, _ in shares), Fraction(0))
    return sum((weight * bad for weight, bad in shares), Fraction(0)) / whole if whole else None


@dataclass(slots=True, kw_only=True)
class Mixture:
    """The ledgers of the SLOs, in the order of the plan's components."""

    plan: Plan
    ledgers: Sequence[Ledger]
    shut: frozenset[int] = field(init=False)
    is_exact: bool = field(init=False)
    _order: Sequence[int] = field(init=False)
    _filled: Sequence[int] = field(init=False)
    _slices: dict[int, tuple[Fraction, Fraction]] = field(init=False)

    def __post_init__(self) -> None:
        """Weigh the slices, once."""
        slots = self.plan.slots
        touched = (slots_touching(slots, it.start_ts, it.end_ts) for it in self.plan.closed)
        self.shut = frozenset(at for some in touched for at in some)
        self._order = sorted(self.shut)
        self.is_exact = all(ledger.is_exact for ledger in self.ledgers)
        self._slices = {}
        if self.plan.promise.slice_us is not None:
            hazy = [ledger.hazy for ledger in self.ledgers]
            filled = {at for ledger in self.ledgers for at in ledger.filled}
            count = range(slots.count)
            for at in sorted(filled.union(*hazy)):
                if at in count:
                    self._slices[at] = (
                        self._slice(at, hazy, best=False),
                        self._slice(at, hazy, best=True),
                    )
        self._filled = [*self._slices]

    @property
    def weights(self) -> list[Fraction]:
        """Of each ledger."""
        return [part.weight for part in self.plan.promise.components]

    def _slice(self, at: int, hazy: Sequence[set[int]], *, best: bool) -> Fraction:
        """How bad a slice is: wholly or not at all, or by its share."""
        shares = []
        for weight, ledger, unsure in zip(self.weights, self.ledgers, hazy, strict=True):
            if at in unsure:
                shares.append((weight, Fraction(int(not best))))
            elif total := ledger.totals.get(at, 0):
                good = (ledger.maybe if best else ledger.sure)[at]
                shares.append((weight, Fraction(total - good, total)))
        bad = mean(shares) or Fraction(0)
        promise = self.plan.promise
        if promise.budgeting == "ratio_timeslices":
            return bad
        return Fraction(int(1 - bad < promise.slice_objective))

    def _chosen(self, start_ts: int, end_ts: int, *, raw: bool = False) -> range | Open:
        stretch = slots_within(self.plan.slots, start_ts, end_ts)
        if raw or not self.shut:
            return stretch
        return Open(stretch=stretch, shut=self.shut, order=self._order)

    def parts(self, start_ts: int, end_ts: int, *, best: bool = False) -> list[Use]:
        """The requests of each SLO in that time."""
        chosen = self._chosen(start_ts, end_ts)
        return [_requests(ledger, chosen, best=best) for ledger in self.ledgers]

    def use(self, start_ts: int, end_ts: int, *, best: bool = False, raw: bool = False) -> Use:
        """What that time uses of the budget; `raw`: as if there were no corrections."""
        chosen = self._chosen(start_ts, end_ts, raw=raw)
        if self.plan.promise.slice_us is not None:
            return self._sliced(chosen, best=best)
        uses = [_requests(ledger, chosen, best=best) for ledger in self.ledgers]
        bad = mean([
            (weight, share)
            for weight, use in zip(self.weights, uses, strict=True)
            if (share := use.bad_share) is not None
        ])  # fmt: skip
        total = sum(use.total for use in uses)
        return Use(unit="requests", bad=(bad or Fraction(0)) * total, total=total)

    def _sliced(self, chosen: range | Open, *, best: bool) -> Use:
        stretch = chosen if isinstance(chosen, range) else chosen.stretch
        first, last = (bisect_left(self._filled, at) for at in (stretch.start, stretch.stop))
        bads: Counter[int] = Counter()
        told = 0
        for at in self._filled[first:last]:
            if at in chosen:
                bad = self._slices[at][best]
                bads[bad.denominator] += bad.numerator
                told += 1
        empty = self.plan.promise.empty
        silent = 0 if empty == "excluded" else len(chosen) - told
        return Use(
            unit="slices",
            bad=sum_of_shares(bads) + silent * (empty == "bad"),
            total=told + silent,
        )

    def requests(self, start_ts: int, end_ts: int) -> Use:
        """The requests of all SLOs in that time, in the worst case."""
        uses = self.parts(start_ts, end_ts)
        bad = sum((use.bad for use in uses), Fraction(0))
        return Use(unit="requests", bad=bad, total=sum(use.total for use in uses))

    def open(self, start_ts: int, end_ts: int) -> int:
        """How many of them may be good or not."""
        worst, best = (self.parts(start_ts, end_ts, best=each) for each in (False, True))
        return int(sum(max(Fraction(0), w.bad - b.bad) for w, b in zip(worst, best, strict=True)))

    def astride(self, start_ts: int, end_ts: int) -> int:
        """The requests of which nobody knows whether they lie in that time: of longer steps."""
        chosen = self._chosen(start_ts, end_ts)
        loose = [tally for ledger in self.ledgers for tally in ledger.loose]
        inside = [[at in chosen for at in range(t.first, t.last + 1)] for t in loose]
        some = zip(loose, inside, strict=True)
        return sum(t.total for t, each in some if any(each) and not all(each))

    def silences(self, start_ts: int, end_ts: int) -> Iterator[Period]:
        """The times without any request of one of them."""
        stretch, slots = slots_within(self.plan.slots, start_ts, end_ts), self.plan.slots
        for ledger in self.ledgers:
            told = {*ledger.filled, *ledger.hazy, *self.shut}
            since = stretch.start
            for at in [*sorted(each for each in told if each in stretch), stretch.stop]:
                if at > since:
                    yield Period(start_ts=slots.start(since), end_ts=slots.start(at))
                since = at + 1


def _requests(ledger: Ledger, chosen: Collection[int], *, best: bool) -> Use:
    return ledger.use(chosen, best=best)
