"""Load-test runs whose bad requests come independently, in spells, in bursts or from a queue.

Each process draws `runs` runs of 300 s with a marginal bad share of exactly p and returns the
totals and bad counts of ten 30-second batches, two arrays of shape (runs, 10). The true design
effects at p = 5% are those of the simulations that chose the method: AR(1) 0.5 13.6, AR(1) 0.9
75, bursts 91, queue 29. Of all but the queue, `SHARES` draws the bad share of every second of runs
of any length, for those who look at a run before it ends.
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
Shares = NDArray[np.float64]
BySecond = Callable[[np.random.Generator, int, float, int], Shares]


def by_batch(bad_share: NDArray[np.float64], rng: np.random.Generator) -> Runs:
    """Draw each second's bad requests from its share and add seconds up to batches."""
    bad = rng.binomial(RATE, bad_share).reshape(len(bad_share), K, -1).sum(axis=2)
    return np.full(bad.shape, RATE * SECONDS // K), bad


def constant(rng: np.random.Generator, runs: int, p: float, seconds: int) -> Shares:
    """Every request is bad with the same chance."""
    del rng
    return np.full((runs, seconds), p)


def in_spells(phi: float) -> BySecond:
    """Log latency of the second is Gaussian AR(1), its share of a request's variance 0.3.

    Bad is a latency over the limit, so P(bad | second) is a probit and averages to p exactly.
    """
    between = 0.3

    def shares(rng: np.random.Generator, runs: int, p: float, seconds: int) -> Shares:
        noise = rng.standard_normal((seconds, runs))
        level = noise[0]
        levels = [level]
        for step in noise[1:]:
            level = phi * level + np.sqrt(1 - phi**2) * step
            levels.append(level)
        z = special.ndtri(p) + np.sqrt(between) * np.array(levels).T
        return special.ndtr(z / np.sqrt(1 - between))

    return shares


def in_bursts(rng: np.random.Generator, runs: int, p: float, seconds: int) -> Shares:
    """Bursts of 3 s start at random and carry 70% of the bad, at a share of 0.9 while they last."""
    inside = 0.9
    covered = 0.7 * p / inside
    starts = rng.random((runs, seconds + 2)) < 1 - (1 - covered) ** (1 / 3)
    burst = starts[:, 2:] | starts[:, 1:-1] | starts[:, :-2]
    return np.where(burst, inside, 0.3 * p / (1 - covered))


SHARES: dict[str, BySecond] = {
    "independent": constant,
    "ar1_0.5": in_spells(0.5),
    "ar1_0.9": in_spells(0.9),
    "bursts": in_bursts,
}


def _whole(shares: BySecond) -> Process:
    return lambda rng, runs, p: by_batch(shares(rng, runs, p, SECONDS), rng)


def autoregressive(phi: float) -> Process:
    """Runs of 300 s whose bad requests come in spells."""
    return _whole(in_spells(phi))


independent = _whole(constant)
bursts = _whole(in_bursts)


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
