"""What a promise's tallies use of its budget, over any slots, in the worst case and the best.

Requests that lie in one slot with a known outcome are the same in both. Those in a bucket that may
be good or not are bad in the worst case. Those in a step over several slots count where all of
these are asked for; where some are, the worst case has the bad ones and the best the good ones.
Slices that such a step touches are bad in the worst case, good in the best.

Of a million slices most may be empty, and a label may have thousands of values: slots without
requests are counted, never gone through.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from slogate.model.slots import Tally
from slogate.promises.promise import Plan
from slogate.stats.error_budget import Use, use_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Collection[int]):
    """The slots of a stretch but those that are shut, which come in order too."""

    stretch: range
    shut: frozenset[int]
    order: Sequence[int]

    def __contains__(self, at: object) -> bool:
        """Whether the slot is one."""
        return at in self.stretch and at not in self.shut

    def __iter__(self) -> Iterator[int]:
        """The slots, ascending."""
        return (at for at in self.stretch if at not in self.shut)

    def __len__(self) -> int:
        """How many, without going through them."""
        first, last = (bisect_left(self.order, at) for at in _ends(self.stretch))
        return len(self.stretch) - (last - first)


def _ends(stretch: range) -> tuple[int, int]:
    return stretch.start, max(stretch.start, stretch.stop)


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The tallies of one plan and one value of its label, ready to be added up."""

    plan: Plan
    totals: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sure: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    maybe: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    loose: list[Tally] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan, tallies: Iterable[Tally]) -> Ledger:
        """The ledger of these tallies."""
        count = plan.slots.count
        made = cls(plan=plan)
        for tally in tallies:
            if tally.first != tally.last:
                made.loose.append(tally)
            elif 0 <= tally.first < count:
                made.totals[tally.first] += tally.total
                made.sure[tally.first] += tally.sure
                made.maybe[tally.first] += tally.maybe
        made.filled = sorted(at for at, total in made.totals.items() if total)
        return made

    @property
    def is_exact(self) -> bool:
        """Whether worst case and best are the same over any slots."""
        return not self.loose and self.sure == self.maybe

    def use(self, chosen: Collection[int], *, best: bool = False) -> Use:
        """What these slots use of the budget."""
        goods = self.maybe if best else self.sure
        promise = self.plan.promise
        if promise.budgeting == "occurrences":
            slots = [(goods[at], self.totals[at]) for at in self._filled(chosen)]
            return use_of("occurrences", [*slots, *self._loose(chosen, best=best)])
        hazy = self.hazy
        open_to = [(int(best), 1) for at in hazy if at in chosen]
        told = [(goods[at], self.totals[at]) for at in self._filled(chosen) if at not in hazy]
        use = use_of(promise.budgeting, [*told, *open_to], slice_objective=promise.slice_objective)
        silent = len(chosen) - len(told) - len(open_to)
        return replace(
            use,
            bad=use.bad + silent * (promise.empty == "bad"),
            total=use.total + silent * (promise.empty != "excluded"),
        )

    @property
    def hazy(self) -> set[int]:
        """The slots that a step over several of them touches."""
        return {at for tally in self.loose for at in range(tally.first, tally.last + 1)}

    def _filled(self, chosen: Collection[int]) -> list[int]:
        """Those of the slots that have requests."""
        stretch = chosen.stretch if isinstance(chosen, Open) else chosen
        if not isinstance(stretch, range):
            return [at for at in self.filled if at in chosen]
        first, last = (bisect_left(self.filled, at) for at in _ends(stretch))
        inside = self.filled[first:last]
        return inside if stretch is chosen else [at for at in inside if at in chosen]

    def _loose(self, chosen: Collection[int], *, best: bool) -> Iterable[tuple[int, int]]:
        for tally in self.loose:
            inside = [at in chosen for at in range(tally.first, tally.last + 1)]
            good = tally.maybe if best else tally.sure
            if all(inside):
                yield good, tally.total
            elif any(inside):
                yield (good, good) if best else (0, tally.total - good)
