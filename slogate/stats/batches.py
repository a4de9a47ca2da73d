"""Between-batch variance of a ratio of sums, in integers.

A run is cut into ten equal-time batches; the ratio r = sum(y) / sum(n) is linearised to residuals
u_k = y_k - r n_k, with variance K / (K - 1) * sum(u_k^2) / N^2 (Taylor linearisation for clusters,
Korn & Graubard 1998). Dependence shorter than a batch is inside the sums, so needs no model.
Batches without requests say nothing and are not counted in K, neither here nor as degrees of
freedom: a run whose requests all fall into one batch knows nothing of its own spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSums:
    """What the batches add up to; `squares` is the sum of (N y_k - Y n_k)^2, exact."""

    n: int
    y: int
    k: int
    squares: int

    @property
    def variance(self) -> float | None:
        """The variance of Y / N, or None when fewer than two batches have requests."""
        if self.k < 2:
            return None
        return self.k * self.squares / ((self.k - 1) * self.n**4)


def ratio_sums(batches: Sequence[tuple[int, int]]) -> RatioSums:
    """Return the sums of (n_k, y_k) pairs; ValueError under two batches or without a request."""
    if len(batches) < 2:
        raise ValueError(f"an interval needs at least two batches; got {len(batches)}")
    if any(n_k < 0 or y_k < 0 or (n_k == 0 and y_k) for n_k, y_k in batches):
        raise ValueError("a batch has no negative counts, and nothing to sum without requests")
    n, y = sum(n_k for n_k, _ in batches), sum(y_k for _, y_k in batches)
    if n == 0:
        raise ValueError("an interval needs at least one request; all batches are empty")
    squares = sum((n * y_k - y * n_k) ** 2 for n_k, y_k in batches)
    return RatioSums(n=n, y=y, k=sum(n_k > 0 for n_k, _ in batches), squares=squares)
