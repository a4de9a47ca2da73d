"""Load-test runs whose bad requests come independently, in spells, in bursts or from a queue.

Each process draws `runs` runs of 300 s with a marginal bad share of exactly p and returns the
totals and bad counts of ten 30-second batches, two arrays of shape (runs, 10). The true design
effects at p = 5% are those of the simulations that chose the method: AR(1) 0.5 13.6, AR(1) 0.9
75, bursts 91, queue 29.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import special

SECONDS, RATE, K = 300, 50, 10

Counts = NDArray[np.int64]
Runs = tuple[Counts, Counts]
Process = Callable[[np.random.Generator, int, float], Runs]


def by_batch(bad_share: NDArray[np.float64], rng: np.random.Generator) -> Runs:
    """Draw each second's bad requests from its share and add seconds up to batches."""
    bad = rng.binomial(RATE, bad_share).reshape(len(bad_share), K, -1).sum(axis=2)
    return np.full(bad.shape, RATE * SECONDS // K), bad


def independent(rng: np.random.Generator, runs: int, p: float) -> Runs:
    """Every request is bad with the same chance."""
    return by_batch(np.full((runs, SECONDS), p), rng)


def autoregressive(phi: float) -> Process:
    """Log latency of the second is Gaussian AR(1), its share of a request's variance 0.3.

    Bad is a latency over the limit, so P(bad | second) is a probit and averages to p exactly.
    """
    between = 0.3

    def draw(rng: np.random.Generator, runs: int, p: float) -> Runs:
        noise = rng.standard_normal((SECONDS, runs))
        level = noise[0]
        levels = [level]
        for step in noise[1:]:
            level = phi * level + np.sqrt(1 - phi**2) * step
            levels.append(level)
        z = special.ndtri(p) + np.sqrt(between) * np.array(levels).T
        return by_batch(special.ndtr(z / np.sqrt(1 - between)), rng)

    return draw


def bursts(rng: np.random.Generator, runs: int, p: float) -> Runs:
    """Bursts of 3 s start at random and carry 70% of the bad, at a share of 0.9 while they last."""
    inside = 0.9
    covered = 0.7 * p / inside
    starts = rng.random((runs, SECONDS + 2)) < 1 - (1 - covered) ** (1 / 3)
    burst = starts[:, 2:] | starts[:, 1:-1] | starts[:, :-2]
    return by_batch(np.where(burst, inside, 0.3 * p / (1 - covered)), rng)


def queue(rng: np.random.Generator, runs: int, p: float) -> Runs:
    """M/M/1 at 20 requests a second and 70% utilisation; bad is a sojourn over the 1 - p quantile.

    Lindley's recursion from the stationary state; sojourns are exponential with rate mu - lambda.
    """
    arrivals, served = 20.0, 20.0 / 0.7
    steps = int(arrivals * SECONDS + 8 * (arrivals * SECONDS) ** 0.5)
    limit = -log(p) / (served - arrivals)
    wait = np.where(rng.random(runs) < 0.7, rng.exponential(1 / (served - arrivals), runs), 0.0)
    clock = np.zeros(runs)
    total, bad = np.zeros((2, runs, K), dtype=np.int64)
    everyone = np.arange(runs)
    for _ in range(steps):
        gap = rng.exponential(1 / arrivals, runs)
        clock += gap
        wait = np.maximum(wait - gap, 0.0)
        sojourn = wait + rng.exponential(1 / served, runs)
        inside = clock < SECONDS
        batch = np.minimum(clock * K / SECONDS, K - 1).astype(int)
        total[everyone, batch] += inside
        bad[everyone, batch] += inside & (sojourn > limit)
        wait = sojourn
    return total, bad
