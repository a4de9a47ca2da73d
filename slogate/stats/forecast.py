"""How much of an error budget will be spent at the end of its period: an estimate, never a verdict.

Double block bootstrap over days (statistics.md §6): the history is resampled in blocks of five
days, and the days to come are drawn from that in blocks of five again. Of its nominal 80% intervals
60 to 80% were measured to hold, fewer the longer bad spells last: bad days come in rows, and no
history of weeks tells how many. So nothing gates on it. Drawn with a generator of its own from a
fixed seed: the same history gives the same digits everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from slogate.stats.quantile import nearest_rank

BLOCK_DAYS = 5
LEAST_DAYS = 2 * BLOCK_DAYS
DRAWS = 400
_MASK = 2**64 - 1

Day = tuple[float, int]
"""Bad units and all units of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The share of the budget spent at the end: its median, an interval, and how often over 1."""

    median: float
    interval: tuple[float, float]
    exhausted: float
    days: int


def forecast(
    history: Sequence[Day], used: Day, days: int, *, allowed_share: float
) -> Forecast | None:
    """What is spent after `days` more days like those of the history, on top of what was used.

    None with fewer than ten days of history, or none to come.
    """
    if len(history) < LEAST_DAYS or days < 1:
        return None
    bads, totals = [bad for bad, _ in history], [total for _, total in history]
    spent = sorted(
        _share(
            used[0] + sum(drawn(bads)),
            allowed_share * (used[1] + sum(drawn(totals))),
        )
        for drawn in _draws(len(history), days)
    )
    low, median, high = (spent[nearest_rank(DRAWS, (share, 100)) - 1] for share in (10, 50, 90))
    return Forecast(
        median=median,
        interval=(low, high),
        exhausted=sum(share > 1 for share in spent) / DRAWS,
        days=days,
    )


def _share(bad: float, allowed: float) -> float:
    return bad / allowed if allowed else 0.0


@lru_cache(maxsize=64)
def _draws(history: int, days: int) -> tuple[Callable[[Sequence[float]], Sequence[float]], ...]:
    """What each draw takes of a history of so many days: the same days for all data."""
    return tuple(_taking(_draw(history, days, _Dice(seed))) for seed in range(DRAWS))


def _taking(days: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    # faster than a loop, but for a single day it would give no sequence
    return itemgetter(*days) if len(days) > 1 else itemgetter(slice(days[0], days[0] + 1))


def _draw(history: int, days: int, dice: _Dice) -> tuple[int, ...]:
    past = _blocks(history, history, dice)
    return tuple(past[at] for at in _blocks(history, days, dice))


def _blocks(days: int, count: int, dice: _Dice) -> list[int]:
    """So many days of `days`, in blocks that begin anywhere and go round."""
    found: list[int] = []
    while len(found) < count:
        start = dice.below(days)
        found += [(start + i) % days for i in range(BLOCK_DAYS)]
    return found[:count]


class _Dice:
    """Steele, Lea & Flood's splitmix64: small, the same everywhere, good enough to draw days."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = seed * 0x2545F4914F6CDD1D & _MASK

    def below(self, limit: int) -> int:
        """A whole number from 0 to less than the limit."""
        self.state = self.state + 0x9E3779B97F4A7C15 & _MASK
        mixed = self.state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return ((mixed ^ mixed >> 31) * limit) >> 64
