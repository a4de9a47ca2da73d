"""Base against head where each ran at its own time: a change with the variation between runs in it.

Two runs of the same code differ by more than their requests tell: another machine, other
neighbours, another moment. An interval from the requests alone reports every third such pair as
changed (statistics.md §3). So the yardstick is how levels of runs differ: the variance of the base
runs' levels, pooled with that of several head runs, or that of earlier runs (`spread`) where the
base are too few. The change is a difference of means with Student's t (Student 1908; with one head
run, the prediction interval for one more run):

    se² = s² (1/n + 1/m) + extra,   df = those of s²

s² already holds what requests add to a level. It is never taken to be less than that (luck, with
few runs), and `extra` is by how much more the requests of base or head add than those of the runs
that s² comes from, say since they were shorter. Assumed is that runs with the same code are
exchangeable: a machine that got slower between base and head is indistinguishable from the code, so
results are labelled sequential.

Two tests, each one-sided at its own error: over the budget (fail), within it (pass). Refuses fewer
than two runs to tell a spread from; `LEAST_RUNS` is what a caller should ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, sqrt

from slogate.stats.student import student_quantile, student_tail

LEAST_RUNS = 3
MOST_RUNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one run measured, and the variance that its requests alone give it."""

    value: float
    variance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Head less base with its standard error; `between` is the sd of a run's level."""

    mean: float
    error: float
    df: int
    between: float
    base: int
    head: int

    def p_over(self, budget: float) -> float:
        """The p-value of "the change is at most the budget": small shows that it is over it."""
        return self._tail(self.mean - budget)

    def p_within(self, budget: float) -> float:
        """The p-value of "the change is at least the budget": small shows that it is within."""
        return self._tail(budget - self.mean)

    def _tail(self, distance: float) -> float:
        if self.error == 0.0:
            return 0.0 if distance > 0.0 else 1.0
        return student_tail(distance / self.error, self.df)

    def interval(self, alpha: float) -> tuple[float, float]:
        """The changes that neither test refuses at `alpha` a side."""
        reach = student_quantile(1.0 - alpha, self.df) * self.error
        return self.mean - reach, self.mean + reach


def change(
    base: Sequence[Level], head: Sequence[Level], spread: Sequence[Level] | None = None
) -> Change:
    """Return the change from base to head; ValueError with too few runs to tell their spread.

    `spread` are the runs to tell it from, instead of those of base and head.
    """
    sides = [spread] if spread is not None else [base, head]
    groups = [group for group in sides if len(group) > 1]
    df = sum(len(group) - 1 for group in groups)
    if not base or not head or df < 1:
        raise ValueError("a change between runs needs base, head, and two runs of one of them")
    within = _mean([each.variance for group in groups for each in group])
    measured = fsum(_squares(group) for group in groups) / df
    between = max(measured, within)
    extra = sum(
        max(0.0, _mean([each.variance for each in side]) - within) / len(side)
        for side in (base, head)
    )
    return Change(
        mean=_mean([each.value for each in head]) - _mean([each.value for each in base]),
        error=sqrt(between * (1 / len(base) + 1 / len(head)) + extra),
        df=df,
        between=sqrt(between),
        base=len(base),
        head=len(head),
    )


def runs_needed(found: Change, budget: float, alpha: float) -> tuple[int, int] | None:
    """Return (base runs, head runs) that would decide a change like this one; None if none would.

    Runs are added to the base alone where that is enough, else to both.
    """
    margin = abs(found.mean - budget)
    for base, head in _designs(found):
        df = base + head - 2
        reach = student_quantile(1.0 - alpha, df) * found.between * sqrt(1 / base + 1 / head)
        if reach < margin:
            return base, head
    return None


def _designs(found: Change) -> list[tuple[int, int]]:
    wider = range(max(found.base, LEAST_RUNS), MOST_RUNS + 1)
    alone = [(base, found.head) for base in wider if base <= max(30, found.base)]
    both = [(max(each, found.base), max(each, found.head)) for each in range(2, MOST_RUNS + 1)]
    return [design for design in (*alone, *both) if sum(design) > 2]


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else inf


def _squares(group: Sequence[Level]) -> float:
    centre = _mean([each.value for each in group])
    return fsum((each.value - centre) ** 2 for each in group)
