"""How often tests in turns are wrong where slices are so small that pairs have to be pooled.

The lots that a store would give, drawn: a dozen requests a slice, too few for a p95, a few of them
failed, under a machine that drifts. What pools, compares and judges is what judges runs.
"""

from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np
from builders import SECOND, START
from builders import run as a_run

from slogate.comparing.contest import Contest
from slogate.comparing.judge import judge
from slogate.comparing.turns import _Bench, _levels, _taken
from slogate.model.lot import Lot
from slogate.model.selection import Endpoint, Selection
from slogate.model.turns import Interleaved
from slogate.model.window import Window
from slogate.objectives._base import Allowance, Scope
from slogate.verdict import Outcome

PAIRS, REQUESTS = 40, 12
MARK = Interleaved(
    side="head", other="r1-base", words="base", seed=9, slice_us=SECOND, settle_us=SECOND // 5
)
LINE = Allowance(
    kind="percentile", key="p95", quantile=Fraction(95, 100), text="20%",
    budget=Fraction(1, 5), against="main",
    scope=Scope(service="shop", name="browse", selection=Selection(endpoint=Endpoint.parse("/"))),
)  # fmt: skip
FIRST = START // (2 * SECOND) * 2
WINDOW = Window(start_ts=FIRST * SECOND, end_ts=(FIRST + 2 * PAIRS) * SECOND)


class Drawn:
    """One side, as an engine would give it."""

    def __init__(self, lots):
        self._lots = lots

    def lots(self, needs, step_us):
        """The same for each need."""
        del step_us
        return {need.id: self._lots for need in needs}


def drawn(rng, change):
    """Base and head, slice by slice, on a machine that drifts and has spells."""
    sides = {"base": {}, "head": {}}
    level = np.cumsum(rng.normal(0, 0.08, 2 * PAIRS))
    for at in range(2 * PAIRS):
        side = MARK.turns.side(FIRST + at)
        count = rng.poisson(REQUESTS)
        times = np.exp(10 + level[at] + rng.normal(0, 0.4, count) + change * (side == "head"))
        failed = int(rng.binomial(count, 0.005))
        sides[side][FIRST + at] = Lot(
            matched=count,
            failed=failed,
            durations=sorted(int(us) for us in times[failed:]),
            unbounded=failed,
        )
    return {side: Drawn(lots) for side, lots in sides.items()}


def judged(rng, change):
    """What is found of one test in turns, and in how many pools."""
    bench = _Bench(MARK, drawn(rng, change))
    run = a_run()
    pairs = [
        (
            _taken(run, pool.measured["base"], {LINE.id}, None),
            _taken(run, pool.measured["head"], {LINE.id}, None),
        )
        for pools, _ in _levels(bench, [LINE], WINDOW)
        for pool in pools
    ]
    contest = Contest(
        service="shop", base_words="base", head_words="head", mark=MARK, pairs=tuple(pairs),
        base=tuple(base for base, _ in pairs), head=tuple(head for _, head in pairs),
    )  # fmt: skip
    [found] = judge([(contest, [LINE])])
    return found


def test_pooled_pairs_are_wrong_as_often_as_stated():
    """At the budget about 5% a side, the change alike: fewer pools than pairs, never too few."""
    rng = np.random.default_rng(60)
    found = [judged(rng, log(1.2)) for _ in range(150)]
    failed = np.mean([each.outcome is Outcome.FAIL for each in found])
    passed = np.mean([each.outcome is Outcome.PASS for each in found])

    assert failed <= 0.085
    assert passed <= 0.085
    assert failed + passed >= 0.04
    assert {each.units[0] for each in found} <= {20, 10, 5}


def test_what_is_clear_is_found_in_pools():
    """The same service fails in no test in fifty, one half as slow again in nearly all."""
    rng = np.random.default_rng(61)
    same = [judged(rng, 0.0).outcome for _ in range(50)]
    worse = [judged(rng, log(1.8)).outcome for _ in range(50)]

    assert Outcome.FAIL not in same
    assert worse.count(Outcome.FAIL) >= 45


def test_a_budget_by_another_sign_would_be_caught():
    """The faulty variant: head and base exchanged, the slower one passes."""
    rng = np.random.default_rng(62)
    swapped = [judged(rng, -log(1.8)).outcome for _ in range(20)]

    assert swapped.count(Outcome.FAIL) == 0
