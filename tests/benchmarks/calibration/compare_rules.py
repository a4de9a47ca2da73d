"""Base against head: how often each rule says "slower" of the same code, and of code 20% slower.

Runs of 60 s on machines that differ by 4% from run to run and drift meanwhile, as hosted CI runners
do. From the store the head is held against ten runs of the base; side by side, base and head take
turns of 10 s in random order in one environment. Budgets are 10%; `at all` asks for any change.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from latencies import PROCESSES, Latencies
from scipy import stats

from slogate.stats.between_runs import Level, change
from slogate.stats.proportion import Batch, bounds, interval
from slogate.stats.sign_flip import sign_flip

ALPHA, SECONDS, BASES, PAIRS, SLICE = 0.05, 60, 10, 20, 10
BETWEEN, DRIFT, TAU = 0.04, 0.03, 60.0
BUDGET = log(1.1)


def drifting(rng: np.random.Generator, runs: int, seconds: int) -> np.ndarray:
    """An environment a second: an Ornstein-Uhlenbeck process on the log scale."""
    keep = np.exp(-1 / TAU)
    level = rng.normal(0, DRIFT, runs)
    levels = [level]
    for _ in range(seconds - 1):
        level = keep * level + rng.normal(0, DRIFT * np.sqrt(1 - keep**2), runs)
        levels.append(level)
    return np.array(levels).T[:, :, None]


def measure(
    repeats: int, seed: int, names: Sequence[str] = tuple(PROCESSES)
) -> list[dict[str, object]]:
    """A row a process: of each rule the share of alarms with nothing changed, and at +20%."""
    rows = []
    for number, name in enumerate(names):
        process = PROCESSES[name]
        row: dict[str, object] = {"process": name}
        for label, shift in (("same", 0.0), ("slower", log(1.2))):
            rng = np.random.default_rng([seed, number, int(shift * 1000)])
            alarms = [_contest(rng, process, shift) for _ in range(repeats)]
            for rule in alarms[0]:
                row[f"{rule}|{label}"] = sum(each[rule] for each in alarms) / repeats
        rows.append(row)
    return rows


def _contest(rng: np.random.Generator, process: Latencies, shift: float) -> dict[str, bool]:
    runs = process(rng, BASES + 1, SECONDS) + drifting(rng, BASES + 1, SECONDS)
    runs += rng.normal(0, BETWEEN, BASES + 1)[:, None, None]
    runs[-1] += shift
    levels = [_level(run) for run in runs]
    stored = change(levels[:-1], levels[-1:])
    before, head = levels[-2], levels[-1]
    ratio = head.value - before.value
    p_value = stats.mannwhitneyu(runs[-1].ravel(), runs[-2].ravel(), alternative="greater").pvalue
    error = np.sqrt(_independent(runs[-1]) + _independent(runs[-2]))
    found = sign_flip(_pairs(rng, process, shift))
    return {
        "slogate, side by side": found.p_over(BUDGET) <= ALPHA,
        "slogate, from the store": stored.p_over(BUDGET) <= ALPHA,
        "slogate, side by side, at all": found.p_over(0.0) <= ALPHA,
        "slogate, from the store, at all": stored.p_over(0.0) <= ALPHA,
        "point rule, over 10%": ratio > BUDGET,
        "github-action-benchmark, 200%": ratio > log(2),
        "Mann-Whitney, raw requests (Kayenta)": bool(p_value <= ALPHA),
        "i.i.d. interval, over 10%": bool((ratio - BUDGET) / error > stats.norm.ppf(1 - ALPHA)),
    }


def _pairs(rng: np.random.Generator, process: Latencies, shift: float) -> list[float]:
    """The differences of ln p95 of pairs of slices, in random order within each."""
    logs = process(rng, 1, 2 * PAIRS * SLICE) + drifting(rng, 1, 2 * PAIRS * SLICE)
    p95 = np.quantile(logs.reshape(PAIRS, 2, -1), 0.95, axis=2)
    order = rng.integers(0, 2, PAIRS)
    heads, bases = p95[np.arange(PAIRS), order], p95[np.arange(PAIRS), 1 - order]
    return [float(each) for each in heads - bases + shift]


def _level(run: np.ndarray) -> Level:
    """Ln p95 with the variance that the run's own ten batches give it, as the product measures."""
    value = float(np.quantile(run, 0.95))
    bad = (run > value).sum(axis=1).reshape(10, -1).sum(axis=1)
    batches = [Batch(total=run.size // 10, bad=int(each)) for each in bad]
    lower, upper = bounds(0.05, interval(batches, ALPHA, None).n_eff, ALPHA)
    low, high = np.quantile(run, [1 - upper, 1 - lower])
    return Level(value=value, variance=float(((high - low) / 2 / stats.t.ppf(0.95, 9)) ** 2))


def _independent(run: np.ndarray) -> float:
    """The variance of ln p95 if requests were independent."""
    low, high = stats.binom.ppf([ALPHA, 1 - ALPHA], run.size, 0.95) / run.size
    ends = np.quantile(run, [low, high])
    return float(((ends[1] - ends[0]) / 2 / stats.norm.ppf(0.95)) ** 2)
