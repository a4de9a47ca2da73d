"""How sure so many requests can make it at best that a share is under a limit.

Failures that are rare fall into few slices of a test in turns. Where head and base have none, all
differences between slices are zero, and flipping their signs takes that for certainty, however few
the requests were: a service that fails one request in fifty shows none in a hundred requests in
every eighth test. So a change of shares is never surer within its budget than the head's requests
make it if they were independent (Clopper & Pearson 1934), with the share that was seen of the base
taken as known. Once failures are many, pairs vary by more than that, and this bound is silent.

Refuses fewer than one request.
"""

from __future__ import annotations

from dataclasses import dataclass

from slogate.stats.beta import beta_cdf
from slogate.stats.proportion import clopper_pearson
from slogate.stats.sign_flip import SignFlip

MOST_REQUESTS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scarce:
    """`flips` of the pairs' differences, `bad` of `total` in the head, the share seen in `base`."""

    flips: SignFlip
    bad: int
    total: int
    base: float

    @property
    def mean(self) -> float:
        """The mean difference."""
        return self.flips.mean

    @property
    def pairs(self) -> int:
        """How many pairs."""
        return self.flips.pairs

    def p_over(self, budget: float) -> float:
        """The p-value of "the change is at most the budget", by the pairs."""
        return self.flips.p_over(budget)

    def p_within(self, budget: float) -> float:
        """The p-value of "the change is at least the budget", of pairs and of requests."""
        return max(self.flips.p_within(budget), self._tail(self.bad, self.total, budget))

    def interval(self, alpha: float) -> tuple[float | None, float | None]:
        """The changes that neither test refuses at `alpha` a side; None where there is no end."""
        low, high = self.flips.interval(alpha)
        if high is not None:
            high = max(high, clopper_pearson(self.bad, self.total, alpha)[1] - self.base)
        return low, high

    def requests_needed(self, budget: float, alpha: float) -> int | None:
        """How many requests of the head would do if pairs are sure; None if no practical number."""
        if self.flips.p_within(budget) > alpha:
            return None
        count = self.total
        while self._tail(-(-self.bad * count // self.total), count, budget) > alpha:
            count = count * 11 // 10 + 1
            if count > MOST_REQUESTS:
                return None
        return count

    def _tail(self, bad: int, total: int, budget: float) -> float:
        """The chance of at most so many failures if the share were at the limit."""
        limit = self.base + budget
        if bad == total or limit <= 0.0:
            return 1.0
        return beta_cdf(1.0 - limit, total - bad, bad + 1)
