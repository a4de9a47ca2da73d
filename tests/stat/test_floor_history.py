"""The floor over long histories of a service that changes, and what it is worth there.

A hundred runs are stored: calm ones at first, then bursty ones, both at half the allowed share;
in between runs that failed, that were invalid, and that were only half as long, none of which may
count. At several moments of that history a service exactly at its limit is judged with the floor
that `slogate check` would take from what is stored by then.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders import SECOND, START, objective, run
from histories import HOUR, judged
from load_processes import bursts, independent

from slogate.evaluate import judged_window
from slogate.history.floors import floors
from slogate.reports.json import document
from slogate.stats.proportion import Batch, decide, interval
from slogate.verdict import Outcome

ALLOWED, ALPHA = 0.05, 0.05
CHANGE, RUNS, HISTORIES, JUDGED = 40, 100, 8, 250
ASKED = objective("p95: 300ms")


def kind_of(number: int) -> str:
    """What becomes of the run of that number."""
    if number % 7 == 3:
        return "failed"
    if number % 11 == 5:
        return "invalid"
    return "short" if number % 5 == 4 else "valid"


COMPARABLE = [number for number in range(RUNS) if kind_of(number) == "valid"]


@cache
def history(seed: int) -> list[dict]:
    """The stored verdicts of one history."""
    rng = np.random.default_rng([20261126, seed])
    documents = []
    for number in range(RUNS):
        process = independent if number < CHANGE else bursts
        kind = kind_of(number)
        share = 4 * ALLOWED if kind == "failed" else ALLOWED / 2
        total, bad = process(rng, 1, share)
        state = {"state": "aborted"} if kind == "invalid" else {}
        seconds = 150 if kind == "short" else 300
        verdict = judged(
            number, 100, bad=bad[0].tolist(), total=total[0].tolist(), seconds=seconds, **state
        )
        documents.append(document(verdict))
    return documents


def floor_at(seed: int, number: int):
    """The floor for a run after so many are stored."""
    start = START + number * HOUR
    now = run(id="now", start_ts=start - SECOND, ramped_ts=start, end_ts=start + 298 * SECOND)
    window = judged_window(now, 0)
    return floors(history(seed)[:number], now, [(ASKED, window)]).get(ASKED.id)


def rates(process, number: int) -> dict[str, float]:
    """How runs of a service at its limit come out after so many are stored."""
    rng = np.random.default_rng([7, number])
    outcomes = []
    for seed in range(HISTORIES):
        floor = floor_at(seed, number)
        totals, bads = process(rng, JUDGED, ALLOWED)
        for total, bad in zip(totals.tolist(), bads.tolist(), strict=True):
            batches = [Batch(total=n, bad=b) for n, b in zip(total, bad, strict=True)]
            found = interval(batches, ALPHA, floor.value if floor else None)
            outcomes.append(decide(found, ALLOWED))
    return {name: outcomes.count(name) / len(outcomes) for name in ("pass", "fail")}


def test_failed_invalid_and_short_runs_are_never_in_the_floor():
    """At any moment it is that of the newest ten comparable runs, exactly."""
    for number in range(10, RUNS + 1, 6):
        before = [it for it in COMPARABLE if it < number][-10:]
        floor = floor_at(0, number)

        assert floor is not None
        assert floor.runs == tuple(f"run-{it:03}" for it in reversed(before))


def test_the_history_is_what_it_claims_to_be():
    """Runs at half the allowed share are valid and not failed, the others are out."""
    outcomes = {
        kind: {
            each["objectives"][0]["outcome"]
            for number, each in enumerate(history(0))
            if kind_of(number) == kind
        }
        for kind in ("valid", "failed", "invalid")
    }

    assert Outcome.FAIL.value not in outcomes["valid"]
    assert outcomes["invalid"] == {"invalid"}
    assert outcomes["failed"] <= {"fail", "inconclusive"}


@pytest.mark.parametrize(
    ("process", "number"),
    [
        pytest.param(independent, CHANGE, id="calm, after calm runs"),
        pytest.param(independent, RUNS, id="calm again, after bursty runs"),
        pytest.param(bursts, CHANGE, id="bursts, just now"),
        pytest.param(bursts, CHANGE + 10, id="bursts, for ten runs"),
        pytest.param(bursts, RUNS, id="bursts, for long"),
    ],
)
def test_whatever_the_history_the_stated_error_of_a_fail_holds(process, number):
    """A service at its limit fails in at most 6% of runs; the floor only makes that rarer."""
    assert rates(process, number)["fail"] <= 0.06


def test_wrong_passes_fall_as_the_floor_learns_of_the_bursts():
    """Just after the shop changed the floor does not know; ten comparable runs later it does."""
    ten_later = [number for number in COMPARABLE if number >= CHANGE][10]
    just, later, long = (rates(bursts, number)["pass"] for number in (CHANGE, ten_later, RUNS))

    assert max(later, long) <= 0.05
    assert just >= 2 * max(later, long)


def test_a_shop_that_calmed_down_waits_ten_runs_for_its_narrow_interval():
    """The price of a floor that remembers: less is decided, nothing wrongly."""
    calm, again = (rates(independent, number) for number in (CHANGE, RUNS))
    floor, now = floor_at(1, RUNS), floor_at(1, CHANGE)

    assert floor is not None
    assert now is not None
    assert floor.value > 5 * now.value
    assert again["pass"] <= calm["pass"] <= 0.08
