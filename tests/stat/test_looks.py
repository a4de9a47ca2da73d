"""Looking again and again at a running test: how often that is wrong, and how much it saves.

Runs of 600 s and of 120 s whose bad requests come in spells, as in the simulations behind the
design, with the floor of ten earlier, healthy runs. Beside the looks that spend their error, the
faulty variant: each look judged as if it were the only one. Looks are taken by the code that judges
runs. NumPy draws.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from load_processes import RATE, SHARES, K

from slogate.stats import looks
from slogate.stats.looks import errors_of_looks, spent
from slogate.stats.proportion import Batch, decide, design_effect, floor_from_history, interval

ALPHA, ALLOWED, HISTORIES = 0.05, 0.05, 25
SPENDING = errors_of_looks(ALPHA)
PEEKING = [ALPHA] * len(looks.SHARES)


def drawn(rng, process, share, runs, seconds):
    """How many of each second's 50 requests are bad."""
    return rng.binomial(RATE, SHARES[process](rng, runs, share, seconds))


def batches(bad):
    """Ten batches of equal time."""
    size = len(bad) // K
    counts = bad[: K * size].reshape(K, size).sum(axis=1).tolist()
    return [Batch(total=size * RATE, bad=count) for count in counts]


def stopped(bad, errors, floor):
    """(decision, after which share of the time) of a run that is looked at."""
    for share, alpha in zip(looks.SHARES, errors, strict=True):
        found = decide(interval(batches(bad[: int(share * len(bad))]), alpha, floor), ALLOWED)
        if found != "inconclusive":
            return found, float(share)
    return "inconclusive", 1.0


def floor_of(history):
    """The design effect that earlier runs tell."""
    effects = [(design_effect(run), sum(batch.bad for batch in run)) for run in history]
    return floor_from_history([(effect.v, effect.v_iid, bad) for effect, bad in effects])


@cache
def simulated(process, share, *, seconds=600, runs=400, peeking=False):
    """What so many runs decide, and when; each sixteen of them have a history of their own."""
    rng = np.random.default_rng([50, list(SHARES).index(process), seconds])
    errors = PEEKING if peeking else SPENDING
    found = []
    for _ in range(HISTORIES):
        floor = floor_of([batches(run) for run in drawn(rng, process, ALLOWED / 2, 10, seconds)])
        found += [
            stopped(run, errors, floor)
            for run in drawn(rng, process, share, runs // HISTORIES, seconds)
        ]
    return found


def often(found, decision):
    """How often that was decided."""
    return sum(one == decision for one, _ in found) / len(found)


@pytest.mark.parametrize(
    ("process", "runs"), [("independent", 400), ("ar1_0.5", 400), ("ar1_0.9", 400), ("bursts", 200)]
)
def test_looking_again_and_again_is_wrong_no_more_often(process, runs):
    """At most 3% a side of services right at their limit: acceptance figure 2."""
    found = simulated(process, ALLOWED, runs=runs)

    assert often(found, "pass") <= 0.03
    assert often(found, "fail") <= 0.03


def test_two_minutes_are_enough_for_that_where_spells_are_short():
    """At most 4% a side: looks at a test of the shortest length that error rates are stated for."""
    found = simulated("ar1_0.5", ALLOWED, seconds=120)

    assert often(found, "pass") <= 0.04
    assert often(found, "fail") <= 0.04


@pytest.mark.parametrize("process", ["independent", "ar1_0.5"])
def test_peeking_without_spending_is_caught(process):
    """Planted: the interval of a single look at each of ten decides far too often."""
    found = simulated(process, ALLOWED, peeking=True)

    assert often(found, "pass") > 0.03
    assert often(found, "fail") + often(found, "pass") > 0.12


def test_a_clearly_bad_service_is_stopped_early():
    """Four times the allowed fails within 210 of 600 s even in long spells: acceptance figure 2."""
    found = simulated("ar1_0.9", 4 * ALLOWED, runs=200)

    assert often(found, "fail") >= 0.98
    assert 600 * median(share for _, share in found) <= 210


@pytest.mark.parametrize("process", ["independent", "ar1_0.5"])
def test_what_is_clear_takes_two_fifths_of_the_time_at_most(process):
    """A fifth of the allowed and four times as much, mildly dependent, in all of 100 runs."""
    good = simulated(process, ALLOWED / 5, runs=100)
    bad = simulated(process, 4 * ALLOWED, runs=100)

    assert often(good, "pass") == 1
    assert often(bad, "fail") == 1
    assert max(share for _, share in good + bad) <= 0.4


def test_the_error_is_spent_late_and_in_full():
    """Of 5%, hardly anything at a tenth, and all of it at the end; what is spent goes up."""
    sums = [spent(float(share), ALPHA) for share in looks.SHARES]

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
