"""Running sums of a ledger: what any stretch of slots uses of the budget, without going through it.

Bad units are held between two whole numbers of 2⁻⁶⁴ units: exact for requests and slices, and for
shares of slices closer than anything that is decided by them, unless it is decided by a tie.
`Ledger.use` is what these sums must agree with, and decides there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from slogate.promises.ledger import Ledger
from slogate.stats.error_budget import Use, use_of

SCALE = 1 << 64


@dataclass(frozen=True, slots=True)
class Rough:
    """From `low` to `high` 2⁻⁶⁴ units are bad of `total`."""

    low: int
    high: int
    total: int


@dataclass(slots=True, kw_only=True)
class Running:
    """The sums of one ledger, in the worst case or the best, without the slots that are shut."""

    ledger: Ledger
    shut: frozenset[int] = frozenset()
    best: bool = False
    _bad: list[int] = field(init=False)
    _off: list[int] = field(init=False)
    _total: list[int] = field(init=False)
    _loose: Loose | None = field(init=False)

    def __post_init__(self) -> None:
        """Add everything up."""
        ledger, count = self.ledger, self.ledger.plan.slots.count
        promise = ledger.plan.promise
        by_slices = promise.budgeting != "occurrences"
        empty = by_slices and promise.empty != "excluded"
        bad = [SCALE * (empty and promise.empty == "bad")] * count
        total, off = [int(empty)] * count, [0] * count
        hazy = ledger.hazy if by_slices else set()
        goods = ledger.maybe if self.best else ledger.sure
        known: dict[tuple[int, int], tuple[int, int, int]] = {}
        for at in ledger.filled:
            pair = (goods[at], ledger.totals[at])
            if pair not in known:
                known[pair] = _scaled(self._use([pair]))
            bad[at], off[at], total[at] = known[pair]
        for at in hazy:
            if 0 <= at < count:
                bad[at], off[at], total[at] = SCALE * (not self.best), 0, 1
        for at in self.shut:
            bad[at] = off[at] = total[at] = 0
        self._bad, self._off, self._total = (
            [*accumulate(each, initial=0)] for each in (bad, off, total)
        )
        self._loose = None
        if ledger.loose and not by_slices:
            self._loose = Loose.of(ledger, self.shut, best=self.best)

    def _use(self, slots: Sequence[tuple[int, int]]) -> Use:
        promise = self.ledger.plan.promise
        return use_of(promise.budgeting, slots, slice_objective=promise.slice_objective)

    @property
    def is_plain(self) -> bool:
        """Whether no step lies in several slots of which some may be asked for."""
        return self._loose is None

    def totals(self) -> list[int]:
        """Before each slot, how many units there are; of the plain ones."""
        return self._total

    def excess(self, bad: int, total: int, first: int, stop: int) -> list[int]:
        """Bad units × `bad` − all × `total` before each slot from the first to the other.

        Of a stretch the difference is over 0 just where the share of bad units, at most, is over
        total ÷ bad. Of the plain ones.
        """
        return [
            (low + off) * bad - all_ * total
            for low, off, all_ in zip(
                self._bad[first : stop + 1],
                self._off[first : stop + 1],
                self._total[first : stop + 1],
                strict=True,
            )
        ]

    def __call__(self, first: int, stop: int) -> Rough:
        """What the slots from the first up to but not the other use."""
        low = self._bad[stop] - self._bad[first]
        high = low + self._off[stop] - self._off[first]
        total = self._total[stop] - self._total[first]
        if self._loose is None:
            return Rough(low, high, total)
        bad, more = self._loose(first, stop)
        return Rough(low + bad * SCALE, high + bad * SCALE, total + more)


def _scaled(use: Use) -> tuple[int, int, int]:
    """Bad units rounded down, whether that took anything off, and all."""
    scaled = use.bad * SCALE
    low = int(scaled)
    return low, int(low != scaled), use.total


@dataclass(slots=True, kw_only=True)
class Loose:
    """Requests in steps over several slots: those inside of a stretch, and those across its ends.

    As `Ledger` has it: across an end the worst case has the bad ones, the best case the good ones.
    A step that touches a slot that is shut is never inside.
    """

    count: int
    best: bool
    longest: int
    starts: list[int]
    steps: list[tuple[int, int, int, int, bool]]
    _begun: list[list[int]] = field(init=False)
    _ended: list[list[int]] = field(init=False)
    _open: list[int] = field(init=False)
    shut: frozenset[int] = frozenset()

    @classmethod
    def of(cls, ledger: Ledger, shut: frozenset[int], *, best: bool) -> Loose:
        """The steps of a ledger, alike ones together."""
        count = ledger.plan.slots.count
        found: dict[tuple[int, int, bool], list[int]] = defaultdict(lambda: [0, 0])
        for tally in ledger.loose:
            open_to = [
                at
                for at in range(max(tally.first, -1), min(tally.last, count) + 1)
                if at not in shut
            ]
            if not open_to:
                continue
            whole = len(open_to) == tally.last - tally.first + 1
            mine = found[open_to[0], open_to[-1], whole]
            mine[0] += tally.total
            mine[1] += tally.total - (tally.maybe if best else tally.sure)
        steps = [(a, b, total, bad, whole) for (a, b, whole), (total, bad) in sorted(found.items())]
        return cls(
            count=count,
            best=best,
            longest=max((b - a + 1 for a, b, *_ in steps), default=0),
            starts=[step[0] for step in steps],
            steps=steps,
            shut=shut,
        )

    def __post_init__(self) -> None:
        """Add up, slot by slot, what begins there and what ends: all, bad, whole, whole bad."""
        begun, ended = ([[0] * (self.count + 2) for _ in range(4)] for _ in range(2))
        for first, last, total, bad, whole in self.steps:
            for sums, at in ((begun, first), (ended, last)):
                for row, value in zip(sums, (total, bad, total * whole, bad * whole), strict=True):
                    row[at + 1] += value
        self._begun, self._ended = (
            [[*accumulate(row, initial=0)] for row in sums] for sums in (begun, ended)
        )
        shown = [at not in self.shut for at in range(self.count)]
        self._open = [*accumulate(map(int, shown), initial=0)]

    def __call__(self, first: int, stop: int) -> tuple[int, int]:
        """(bad, all) of the slots from the first up to but not the other."""
        if self._open[stop] == self._open[first]:
            return 0, 0
        # slot −1 has index 0: what lies before slot n is at index n + 1
        touching, bad = (
            begun[stop + 1] - ended[first + 1]
            for begun, ended in zip(self._begun[:2], self._ended[:2], strict=True)
        )
        inside, inside_bad = (
            ended[stop + 1] - begun[first + 1]
            for begun, ended in zip(self._begun[2:], self._ended[2:], strict=True)
        )
        if stop - first < self.longest:
            over, over_bad = self._over(first, stop)
            inside, inside_bad = inside + over, inside_bad + over_bad
        across, across_bad = touching - inside, bad - inside_bad
        if self.best:
            return inside_bad, inside + across - across_bad
        return bad, inside + across_bad

    def _over(self, first: int, stop: int) -> tuple[int, int]:
        """(all, bad) of the whole steps that begin before the stretch and end after it."""
        total = bad = 0
        low = bisect_right(self.starts, first - self.longest - 1)
        for begin, last, some, some_bad, whole in self.steps[low:]:
            if begin >= first:
                break
            if whole and last >= stop:
                total, bad = total + some, bad + some_bad
        return total, bad
