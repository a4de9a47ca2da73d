"""Latencies of single requests whose slow ones come independently, in spells, in bursts, or queued.

Every process gives the natural logarithms of latencies, an array (runs, seconds, requests a
second); `moved` shifts whole runs, as another machine or another build does. Bodies are lognormal
with a standard deviation of 0.5; a queue has the sojourns of M/M/1 at 70% utilisation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 20
SPREAD = 0.5
# the share of the variance that all requests of a second have in common
COMMON = 0.3

Array = NDArray[np.float64]
Latencies = Callable[[np.random.Generator, int, int], Array]


def independent(rng: np.random.Generator, runs: int, seconds: int) -> Array:
    """Every request for itself."""
    return rng.normal(0, SPREAD, (runs, seconds, RATE))


def autoregressive(phi: float) -> Latencies:
    """Each second has a level that remembers the one before."""

    def draw(rng: np.random.Generator, runs: int, seconds: int) -> Array:
        noise = rng.standard_normal((seconds, runs))
        level = noise[0]
        levels = [level]
        for step in noise[1:]:
            level = phi * level + np.sqrt(1 - phi**2) * step
            levels.append(level)
        common = np.sqrt(COMMON) * np.array(levels).T[:, :, None]
        own = np.sqrt(1 - COMMON) * rng.standard_normal((runs, seconds, RATE))
        return SPREAD * (common + own)

    return draw


def bursts(rng: np.random.Generator, runs: int, seconds: int) -> Array:
    """Bursts of three seconds, one in twenty-five, in which everything takes four times as long."""
    starts = rng.random((runs, seconds + 2)) < 1 - 0.96 ** (1 / 3)
    inside = starts[:, 2:] | starts[:, 1:-1] | starts[:, :-2]
    return independent(rng, runs, seconds) + np.log(4) * inside[:, :, None]


def queue(rng: np.random.Generator, runs: int, seconds: int) -> Array:
    """M/M/1 by Lindley's recursion, its requests dealt out to seconds in order."""
    arrivals, served = 20.0, 20.0 / 0.7
    steps = seconds * RATE
    gaps = rng.exponential(1 / arrivals, (steps, runs))
    services = rng.exponential(1 / served, (steps, runs))
    wait = np.where(rng.random(runs) < 0.7, rng.exponential(1 / (served - arrivals), runs), 0.0)
    sojourns = np.empty((steps, runs))
    for at in range(steps):
        wait = np.maximum(wait - gaps[at], 0.0)
        wait = sojourns[at] = wait + services[at]
    return np.log(sojourns.T.reshape(runs, seconds, RATE))


def recorded(series: Array) -> Latencies:
    """Seconds with the levels of a recorded series, from a random place on."""
    levels = np.log(series / np.median(series))

    def draw(rng: np.random.Generator, runs: int, seconds: int) -> Array:
        places = rng.integers(0, len(levels) - seconds, runs)
        common = levels[places[:, None] + np.arange(seconds)]
        return common[:, :, None] + SPREAD * rng.standard_normal((runs, seconds, RATE))

    return draw


PROCESSES: dict[str, Latencies] = {
    "independent": independent,
    "AR(1) 0.5": autoregressive(0.5),
    "AR(1) 0.9": autoregressive(0.9),
    "bursts": bursts,
    "queue": queue,
}
