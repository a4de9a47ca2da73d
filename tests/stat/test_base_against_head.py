"""How often base against head is wrong, and what it finds, where the truth is known.

Latencies of two arms under a drifting environment, with dependent load and heavy tails, as in
the simulations behind the design. Each check is held against a faulty variant too: one that takes
requests for independent, one without Holm, one with the wrong number of sides. NumPy draws.
"""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy import stats

from slogate.stats.between_runs import Level, change
from slogate.stats.holm import holm
from slogate.stats.sign_flip import sign_flip

ALPHA = 0.05
RATE = 20
BUDGET = log(1.05)


def drift(rng, seconds, sd=0.06, tau=60.0):
    """An Ornstein-Uhlenbeck environment a second, on the log scale, with a trend."""
    keep = np.exp(-1 / tau)
    steps = rng.normal(0, sd * np.sqrt(1 - keep**2), seconds)
    level = np.empty(seconds)
    level[0] = rng.normal(0, sd)
    for at in range(1, seconds):
        level[at] = keep * level[at - 1] + steps[at]
    return level + np.linspace(0, rng.normal(0, 0.1), seconds)


def latencies(rng, level):
    """The logarithms of 20 requests in each second: lognormal with a tail, and dependent load."""
    load = np.empty(len(level))
    load[0] = rng.normal(0, 0.15)
    for at in range(1, len(level)):
        load[at] = 0.9 * load[at - 1] + rng.normal(0, 0.15 * np.sqrt(1 - 0.81))
    found = rng.normal(0, 0.5, (len(level), RATE))
    found += np.where(rng.random(found.shape) < 0.02, rng.exponential(1.0, found.shape), 0)
    return found + (level + load)[:, None]


def interleaved(rng, pairs, shift, slice_s=10):
    """The differences of ln p95 of pairs of slices, in random order within each."""
    level = drift(rng, 2 * pairs * slice_s)
    found = latencies(rng, level).reshape(pairs, 2, -1)
    p95 = np.quantile(found, 0.95, axis=2)
    order = rng.integers(0, 2, pairs)
    head, base = p95[np.arange(pairs), order], p95[np.arange(pairs), 1 - order]
    return list(head - base + shift)


def share(rule, repeats):
    """How often a rule holds."""
    return np.mean([rule() for _ in range(repeats)])


def test_sign_flip_at_the_budget_is_wrong_as_often_as_stated():
    """3 to 7% on either side where the change is the budget: acceptance figure 3."""
    rng = np.random.default_rng(30)
    found = [sign_flip(interleaved(rng, 10, BUDGET)) for _ in range(900)]
    over = np.mean([each.p_over(BUDGET) <= ALPHA for each in found])
    within = np.mean([each.p_within(BUDGET) <= ALPHA for each in found])

    assert 0.03 <= over <= 0.07
    assert 0.03 <= within <= 0.07
    # a faulty variant: the two-sided p-value is half as often wrong, and misses as much more
    two_sided = np.mean([2 * each.p_over(BUDGET) <= ALPHA for each in found])
    assert not 0.03 <= two_sided <= 0.07
    # another: its error split for nothing, both sides at twice the error
    assert not 0.03 <= np.mean([each.p_over(BUDGET) <= 2 * ALPHA for each in found]) <= 0.07


def test_thirty_pairs_find_twenty_per_cent():
    """At least 95% of +20% against a budget of 5% fail, and no unchanged service does."""
    rng = np.random.default_rng(31)
    worse = [sign_flip(interleaved(rng, 30, log(1.2))) for _ in range(60)]
    same = [sign_flip(interleaved(rng, 30, 0.0)) for _ in range(60)]

    assert np.mean([each.p_over(BUDGET) <= ALPHA for each in worse]) >= 0.95
    assert np.mean([each.p_over(BUDGET) <= ALPHA for each in same]) <= 0.02


def run_level(rng, shift=0.0, seconds=60, between=0.03):
    """The ln p95 of one run with its deploy's luck, and what its requests alone say of it."""
    found = latencies(rng, drift(rng, seconds, sd=0.02) + rng.normal(0, between) + shift)
    whole = np.sort(found.ravel())
    low, high = stats.binom.ppf([ALPHA, 1 - ALPHA], whole.size, 0.95).astype(int)
    error = (whole[high] - whole[low]) / (2 * stats.norm.ppf(1 - ALPHA))
    return Level(value=float(np.quantile(whole, 0.95)), variance=float(error**2))


def test_runs_at_their_own_times_are_wrong_as_often_as_stated():
    """At the budget at most 7% a side; the i.i.d. interval of the requests over 20%."""
    rng = np.random.default_rng(32)
    over = within = independent = 0
    repeats = 250
    for _ in range(repeats):
        base = [run_level(rng) for _ in range(5)]
        head = [run_level(rng, BUDGET)]
        found = change(base, head)
        over += found.p_over(BUDGET) <= ALPHA
        within += found.p_within(BUDGET) <= ALPHA
        # the faulty variant: two runs, and the standard error of independent requests
        distance = head[0].value - base[-1].value - BUDGET
        error = np.sqrt(head[0].variance + base[-1].variance)
        independent += distance / error > stats.norm.ppf(1 - ALPHA)

    assert over / repeats <= 0.07
    assert within / repeats <= 0.07
    assert independent / repeats > 0.20


def test_a_real_change_is_found_between_runs():
    """+60% against a budget of 5% fails in nine of ten, an unchanged one in none of them."""
    rng = np.random.default_rng(33)
    bases = [[run_level(rng) for _ in range(8)] for _ in range(40)]
    worse = [change(base, [run_level(rng, log(1.6))]).p_over(BUDGET) <= ALPHA for base in bases]
    same = [change(base, [run_level(rng)]).p_over(BUDGET) <= ALPHA for base in bases]

    assert np.mean(worse) >= 0.9
    assert np.mean(same) <= 0.03


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_holm_keeps_twenty_objectives_as_sure_as_one(correlation):
    """Any false alarm of twenty at their budgets: at most 6%; without Holm over 30%."""
    rng = np.random.default_rng(34)
    raw = adjusted = 0
    repeats = 250
    for _ in range(repeats):
        common = rng.normal(0, 1, 12)
        noise = rng.normal(0, 1, (20, 12))
        differences = 0.04 * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * noise)
        p_values = [sign_flip(list(each)).p_over(0.0) for each in differences[:, :10]]
        raw += min(p_values) <= ALPHA
        adjusted += min(holm(p_values)) <= ALPHA

    assert adjusted / repeats <= 0.06
    assert raw / repeats > 0.30
