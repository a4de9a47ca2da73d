"""Looking again and again at a running test: how often that is wrong, and how much it saves.

Runs of 600 s of which every second's requests are bad in spells, as in the simulations behind the
design. Beside the looks that spend their error, the faulty variant: each look judged as if it were
the only one. Looks are taken by the code that judges runs. NumPy draws.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import numpy as np
import pytest

from slogate.stats.looks import SHARES, errors_of_looks, spent
from slogate.stats.proportion import Batch, decide, design_effect, floor_from_history, interval

ALPHA, ALLOWED, SECONDS, RATE = 0.05, 0.05, 600, 50
SPENDING = errors_of_looks(ALPHA)
PEEKING = [ALPHA] * len(SHARES)


def bad_by_second(rng, share, correlation):
    """How many of each second's 50 requests are bad: a level that comes and goes in spells."""
    noise = rng.normal(0, np.sqrt(1 - correlation**2), SECONDS)
    level = np.empty(SECONDS)
    level[0] = rng.normal()
    for at in range(1, SECONDS):
        level[at] = correlation * level[at - 1] + noise[at]
    # a lognormal share a second, with this mean
    shares = share * np.exp(0.9 * level - 0.405) if correlation else np.full(SECONDS, share)
    return rng.binomial(RATE, np.clip(shares, 0, 1))


def batches(bad):
    """Ten batches of equal time."""
    size = len(bad) // 10
    return [
        Batch(total=size * RATE, bad=int(bad[at * size : (at + 1) * size].sum()))
        for at in range(10)
    ]


def stopped(bad, errors, floor):
    """(decision, after how many seconds) of a run that is looked at."""
    for share, alpha in zip(SHARES, errors, strict=True):
        seconds = int(share * SECONDS)
        found = decide(interval(batches(bad[:seconds]), alpha, floor), ALLOWED)
        if found != "inconclusive":
            return found, seconds
    return "inconclusive", SECONDS


def floor_of(rng, correlation):
    """The design effect that ten earlier, healthy runs tell."""
    runs = [batches(bad_by_second(rng, ALLOWED / 2, correlation)) for _ in range(10)]
    effects = [(design_effect(run), sum(batch.bad for batch in run)) for run in runs]
    return floor_from_history([(effect.v, effect.v_iid, bad) for effect, bad in effects])


def simulate(rng, share, correlation, errors, repeats):
    """What so many runs decide, and when."""
    floor = floor_of(rng, correlation)
    return [stopped(bad_by_second(rng, share, correlation), errors, floor) for _ in range(repeats)]


def often(found, decision):
    """How often that was decided."""
    return sum(one == decision for one, _ in found) / len(found)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_looking_again_and_again_is_wrong_no_more_often(correlation):
    """At most 3% a side of services right at their limit: acceptance figure 2."""
    found = simulate(np.random.default_rng(50), ALLOWED, correlation, SPENDING, 200)

    assert often(found, "pass") <= 0.03
    assert often(found, "fail") <= 0.03


def test_peeking_without_spending_is_caught():
    """The faulty variant: the interval of a single look at each of eight decides far too often."""
    found = simulate(np.random.default_rng(50), ALLOWED, 0.0, PEEKING, 200)

    assert often(found, "pass") > 0.03
    assert often(found, "fail") + often(found, "pass") > 0.12


def test_what_is_clear_is_decided_early():
    """Four times the allowed fails within 210 of 600 s, a fifth of it passes in 40% of the time."""
    rng = np.random.default_rng(51)
    bad = simulate(rng, 4 * ALLOWED, 0.9, SPENDING, 60)
    good = simulate(rng, ALLOWED / 5, 0.5, SPENDING, 60)

    assert often(bad, "fail") >= 0.98
    assert median(seconds for _, seconds in bad) <= 210
    assert often(good, "pass") >= 0.98
    assert median(seconds for _, seconds in good) <= 240


def test_the_error_is_spent_late_and_in_full():
    """Of 5%, hardly anything at a tenth, and all of it at the end; what is spent goes up."""
    sums = [spent(float(share), ALPHA) for share in SHARES]

    assert sums[-1] == pytest.approx(ALPHA)
    assert sum(SPENDING) == pytest.approx(ALPHA)
    assert all(a < b for a, b in pairwise(sums))
    assert SPENDING[0] < 1e-9
    assert SPENDING[-1] > ALPHA / 3


@pytest.mark.parametrize("shares", [(), (0.5,), (0.5, 0.5, 1.0), (1.0, 0.5)])
def test_looks_that_do_not_go_up_to_the_end_are_refused(shares):
    """They would leave an error unspent, or spend one twice."""
    with pytest.raises(ValueError, match="looks go up"):
        errors_of_looks(ALPHA, shares)
