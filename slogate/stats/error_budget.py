"""Error budgets in exact arithmetic: how much a promise allows, and how much of it is spent.

Three methods, all of them a share of bad units in all units of a window (statistics.md §6):

occurrences       units are requests
timeslices        units are slices of time; one is bad if under `slice_objective` of it is good
ratio_timeslices  units are slices of time; one is bad by its share of bad requests

A slice without requests says nothing: it is no unit (`excluded`), unless it is said to count as
`good` or `bad`. Everything is a fraction: a target is a decimal, and a budget that is used up to
the last request is not overspent. Without any unit there is no share, no burn rate, no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

Budgeting = Literal["occurrences", "timeslices", "ratio_timeslices"]
Empty = Literal["excluded", "good", "bad"]
Unit = Literal["requests", "slices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Bad units of all units; a slice may be bad in part."""

    unit: Unit
    bad: Fraction
    total: int

    @property
    def bad_share(self) -> Fraction | None:
        """The share of bad units; None without any."""
        return self.bad / self.total if self.total else None

    def worsened(self, count: int) -> Use:
        """What it were if so many more requests had been bad; of slices each may spoil one."""
        if self.unit == "slices":
            return replace(self, bad=min(self.bad + count, Fraction(self.total)))
        return replace(self, bad=self.bad + count, total=self.total + count)

    def burn(self, objective: Fraction) -> Fraction | None:
        """The share of bad units over the share allowed: 1 spends the budget exactly in time."""
        share = self.bad_share
        return None if share is None else share / (1 - objective)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What `objective` allows of a window of `length_us`, and what was used of it."""

    objective: Fraction
    use: Use
    length_us: int

    @property
    def allowed(self) -> Fraction:
        """How many units may be bad."""
        return (1 - self.objective) * self.use.total

    @property
    def spent(self) -> Fraction | None:
        """The share of the budget that is spent, over 1 if overspent; None without any unit."""
        return self.use.burn(self.objective)

    @property
    def remaining(self) -> Fraction | None:
        """The share of the budget that is left, negative if overspent."""
        spent = self.spent
        return None if spent is None else 1 - spent

    @property
    def remaining_units(self) -> Fraction:
        """How many units may still turn bad, negative if overspent."""
        return self.allowed - self.use.bad

    @property
    def allowed_us(self) -> Fraction:
        """The budget as time: for how much of the window everything might be bad."""
        return (1 - self.objective) * self.length_us

    @property
    def remaining_us(self) -> Fraction | None:
        """The share that is left, as time."""
        left = self.remaining
        return None if left is None else left * self.allowed_us

    @property
    def is_overspent(self) -> bool:
        """Whether the promise is broken: less is good than was promised."""
        return self.use.bad > self.allowed

    def exhausted_in_us(self, burn: Fraction | None) -> Fraction | None:
        """When the budget is gone if it goes on burning at that rate; None: never, or unknown."""
        left = self.remaining
        if left is None or (left > 0 and not burn):
            return None
        return Fraction(0) if left <= 0 or burn is None else left * self.length_us / burn


def use_of(
    budgeting: Budgeting,
    slots: Iterable[tuple[int, int]],
    *,
    slice_objective: Fraction = Fraction(1),
    empty: Empty = "excluded",
) -> Use:
    """What slots of (good, all) requests use of a budget; for occurrences any slots will do."""
    match budgeting:
        case "occurrences":
            return occurrences(slots)
        case "timeslices":
            return timeslices(slots, slice_objective, empty)
        case "ratio_timeslices":
            return ratio_timeslices(slots, empty)


def occurrences(slots: Iterable[tuple[int, int]]) -> Use:
    """Bad requests of all requests."""
    good = total = 0
    for some, every in slots:
        good, total = good + some, total + every
    return Use(unit="requests", bad=Fraction(total - good), total=total)


def timeslices(
    slots: Iterable[tuple[int, int]], slice_objective: Fraction, empty: Empty = "excluded"
) -> Use:
    """Bad slices of all slices."""
    bad = total = 0
    for good, every in slots:
        if every == 0:
            total += empty != "excluded"
            bad += empty == "bad"
        else:
            total += 1
            bad += good < slice_objective * every
    return Use(unit="slices", bad=Fraction(bad), total=total)


def ratio_timeslices(slots: Iterable[tuple[int, int]], empty: Empty = "excluded") -> Use:
    """The bad shares of slices, summed, of all slices."""
    bads: Counter[int] = Counter()
    whole = total = 0
    for good, every in slots:
        if every == 0:
            total += empty != "excluded"
            whole += empty == "bad"
        else:
            total += 1
            bads[every] += every - good
    return Use(unit="slices", bad=whole + sum_of_shares(bads), total=total)


def sum_of_shares(bads: Mapping[int, int]) -> Fraction:
    """The sum of numerators by denominator, by halves: reduced once, not at each of thousands."""
    parts = [*bads.items()]
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        joined = [(b * d, a * d + c * b) for (b, a), (d, c) in pairs]
        parts = [*joined, parts[-1]] if len(parts) % 2 else joined
    return Fraction(parts[0][1], parts[0][0]) if parts else Fraction(0)
