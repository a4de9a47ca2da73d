from __future__ import annotations

from dataclasses import replace

import pytest
from histories import judged

from slogate.evaluate import Floor
from slogate.reports._base import notes
from slogate.reports._price import floor_note, named_runs, price_of
from slogate.verdict import Outcome

FLOOR = Floor(value=8.0, runs=("run-001", "run-002"))
EVEN = [2, 1, 3, 2, 2, 1, 3, 2, 2, 2]


def finding_of(**changes):
    """The finding on a run whose 20 bad requests of 1,000 came evenly."""
    (finding,) = judged(5, 100, **{"bad": EVEN, **changes}).findings
    return finding


def test_the_price_is_the_difference_of_the_two_intervals():
    """Without the floor the verdict is the one that a store without history gives."""
    price = price_of(finding_of(floor=FLOOR))
    alone = finding_of()

    assert price is not None
    assert price.without == pytest.approx(alone.good_share.interval)
    assert price.interval == finding_of(floor=FLOOR).good_share.interval
    assert price.interval[0] < price.without[0] < price.without[1] < price.interval[1]
    assert (price.outcome, price.outcome_without) == (Outcome.INCONCLUSIVE, alone.outcome)
    assert alone.outcome is Outcome.PASS
    assert (price.floor, price.runs, price.load, price.decided) == (8.0, FLOOR.runs, 8.0, True)


def test_a_floor_under_the_run_s_own_effect_cost_nothing():
    """It only counts where it is the larger of the two."""
    clumped = [20, *[0] * 9]

    assert price_of(finding_of(bad=clumped, floor=FLOOR)) is None


def test_without_a_floor_there_is_no_price():
    """Nor for facts of a run."""
    assert price_of(finding_of()) is None
    assert price_of(finding_of(line="throughput: 1/s", floor=FLOOR)) is None


def test_the_point_rule_knows_no_floor():
    """It decides by one number, whatever the interval."""
    price = price_of(finding_of(floor=FLOOR, scope={"judge": "observed"}))

    assert price is not None
    assert not price.decided


def test_a_floor_never_turns_fail_into_pass():
    """It widens the interval: from pass or fail to inconclusive, never across."""
    for bad in range(0, 100, 2):
        price = price_of(finding_of(bad=bad, floor=FLOOR))
        if price is not None:
            assert {price.outcome, price.outcome_without} != {Outcome.PASS, Outcome.FAIL}


@pytest.mark.parametrize(
    "change", [{"confidence": 0.2}, {"effective_n": None}, {"good": None}, {"total": 0}]
)
def test_odd_findings_have_no_price(change):
    """What a damaged document may hold is not reckoned with."""
    assert price_of(replace(finding_of(floor=FLOOR), **change)) is None


def test_the_note_says_from_which_runs_and_what_hangs_on_it():
    """One sentence a verdict, however many objectives it has."""
    whole = judged(5, 100, bad=EVEN, floor=FLOOR)
    (note,) = [each for each in notes(whole) if each.startswith("floor")]

    assert note == (
        "floor: 1 of 1 objectives are judged with the wider intervals that their history asks for "
        "(run-001, run-002): to be as sure as without takes 8 times the load; "
        "without it shop/submit/p95 would be pass"
    )
    assert floor_note(judged(5, 100, bad=EVEN)) is None


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        pytest.param((), "", id="none"),
        pytest.param(("a", "b", "c"), " (a, b, c)", id="few"),
        pytest.param(tuple("abcdefghij"), " (a, b, c and 7 more)", id="many"),
    ],
)
def test_a_few_runs_are_named(runs, text):
    """The newest, and how many more there are."""
    assert named_runs(runs) == text
