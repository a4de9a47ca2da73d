"""Non-inferiority of pairs by flipping signs: whether head is worse than base by over a budget.

Each pair gives d = head − base on the scale of the budget (logarithms, for one in per cent). If the
true change is exactly the budget D, d − D may as well have had the other sign, whatever the load or
the machine did meanwhile: both members of a pair saw the same, and their order was drawn. So the
mean of d − D is held against its values under all 2^K sign patterns (Fisher 1935, The Design of
Experiments; Pitman 1937): the p-value is exact, no distribution is assumed, spells and drifts do no
harm. A pattern changes the mean to the worse side exactly where the pairs it flips have a mean of
at most D; so the limits of the interval are order statistics of the means of all subsets (Hartigan
1969, "Using subsample values as typical values"), and agree with the test.

Up to fourteen pairs all patterns are looked at, above that 9,999 drawn with a generator of its own
from a fixed seed, the pattern that was observed counted among them (Phipson & Smyth 2010). Sums are
integers, so that ties are ties. Two tests, each one-sided at its own error: worse than the budget
(fail) and better than the budget (pass); neither is "no change". Under five pairs nothing can be
shown at 5%. Refuses no pairs at all and values that are not finite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from math import ceil, floor, fsum, isfinite, log2
from operator import add

EXACT_UP_TO = 14
DRAWS = 9_999
SEED = 20_260_101
_UNIT = 2**44
_MASK = 2**64 - 1
_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlip:
    """What the pairs say, before anyone has asked about a budget.

    `flipped` are (how many, sum) of the differences that each pattern flips, in units of 2^-44;
    `exact` says whether these are all patterns.
    """

    mean: float
    pairs: int
    exact: bool
    flipped: tuple[tuple[int, int], ...]

    @property
    def patterns(self) -> int:
        """How many patterns, the one observed among them."""
        return len(self.flipped)

    def p_over(self, budget: float) -> float:
        """The p-value of "the change is at most the budget": small shows that it is over it."""
        limit = _whole(budget)
        return sum(total <= limit * count for count, total in self.flipped) / self.patterns

    def p_within(self, budget: float) -> float:
        """The p-value of "the change is at least the budget": small shows that it is within."""
        limit = _whole(budget)
        return sum(total >= limit * count for count, total in self.flipped) / self.patterns

    def interval(self, alpha: float) -> tuple[float | None, float | None]:
        """The changes that neither test refuses at `alpha` a side; None where there is no end."""
        if not 0.0 < alpha < 0.5:
            raise ValueError(f"the error per side lies between 0 and one half; got {alpha!r}")
        means = sorted(total / count / _UNIT for count, total in self.flipped if count)
        # the patterns that flip nothing are as extreme as what was observed, on both sides
        rank = int(alpha * self.patterns + 1e-9) - (self.patterns - len(means))
        if not 0 <= rank < len(means):
            return None, None
        return means[rank], means[-1 - rank]


def sign_flip(differences: Sequence[float], *, seed: int = SEED) -> SignFlip:
    """Return what pairs with these differences say; ValueError without any."""
    if not differences or not all(map(isfinite, differences)):
        raise ValueError("a paired comparison needs pairs, with finite differences")
    values = [_whole(each) for each in differences]
    exact = len(values) <= EXACT_UP_TO
    flipped = tuple(_all(values) if exact else _drawn(values, seed))
    mean = fsum(differences) / len(values)
    return SignFlip(mean=mean, pairs=len(values), exact=exact, flipped=flipped)


def pairs_needed(alpha: float) -> int:
    """Return the fewest pairs with which anything can be shown at `alpha`."""
    return ceil(log2(1 / alpha) - 1e-9)


def _whole(value: float) -> int:
    return floor(value * _UNIT + 0.5)


def _all(values: Sequence[int]) -> list[tuple[int, int]]:
    """(count, sum) of every subset; the bits of its place say which are in it."""
    found = [(0, 0)]
    for value in values:
        found += [(count + 1, total + value) for count, total in found]
    return found


def _drawn(values: Sequence[int], seed: int) -> Iterator[tuple[int, int]]:
    """(count, sum) of subsets drawn with splitmix64 (Steele, Lea & Flood 2014), the empty first."""
    yield 0, 0
    counts: Iterable[int] = repeat(0, DRAWS)
    totals: Iterable[int] = repeat(0, DRAWS)
    for at, drawn in zip(range(0, len(values), _BYTE), _patterns(len(values), seed), strict=True):
        table = _all(values[at : at + _BYTE])
        counts = map(add, counts, [table[each][0] for each in drawn])
        totals = map(add, totals, [table[each][1] for each in drawn])
    yield from zip(counts, totals, strict=True)


@cache
def _patterns(count: int, seed: int) -> tuple[bytes, ...]:
    """Which of so many values each draw flips: eight of them in a byte a draw."""
    sizes = [min(_BYTE, count - at) for at in range(0, count, _BYTE)]
    found = [bytearray(DRAWS) for _ in sizes]
    state = seed & _MASK
    for draw in range(DRAWS):
        bits = 0
        for number, size in enumerate(sizes):
            if number % _BYTE == 0:
                state = (state + 0x9E3779B97F4A7C15) & _MASK
                bits = _mixed(state)
            found[number][draw] = bits & ((1 << size) - 1)
            bits >>= _BYTE
    return tuple(map(bytes, found))


def _mixed(state: int) -> int:
    state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ state >> 27) * 0x94D049BB133111EB) & _MASK
    return state ^ state >> 31
