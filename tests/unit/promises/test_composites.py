"""Composites judged on generated traffic, against a reckoning with one request at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from builders import PLACE
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Rolling
from slogate.model.closure import Correction
from slogate.model.selection import Selection
from slogate.model.slots import Tally
from slogate.promises.composed import judge_composite, parts_of
from slogate.promises.judge import Known
from slogate.promises.promise import Component, Plan, PolicyRule, Promise, plan
from slogate.verdict import WORST_LAST, Finding, Outcome

MINUTE = 60_000_000
HOUR = 60 * MINUTE
AT = 1_793_491_200_000_000  # 2026-11-01T00:00Z
Event = tuple[int, bool]
SHUT = (AT - 40 * MINUTE, AT - 35 * MINUTE)


def composite(*weights: str, **changes) -> Promise:
    """95% over two hours, of SLOs with these weights."""
    return Promise(
        **{
            "service": "shop", "name": "journey", "selection": Selection(), "place": PLACE,
            "objective": Fraction(95, 100), "window": Rolling(length_us=2 * HOUR),
            "window_text": "2h",
            "components": tuple(
                Component(name=f"{n}/ok", service=f"{n}", weight=Fraction(weight))
                for n, weight in enumerate(weights)
            ),
            **changes,
        }
    )  # fmt: skip


def judged(it: Promise, *events: list[Event], known: tuple[Known, ...] = ()) -> Finding:
    """The finding on the events of each SLO."""
    made = plan(it, AT)
    parts = parts_of(made)
    counted = {
        account.id: {None: tallies(made, some)} if some else {}
        for part, some in zip(parts, events, strict=True)
        for account in part.accounts
    }
    if known:
        parts = [replace(part, known=each) for part, each in zip(parts, known, strict=True)]
    return judge_composite(made, parts, counted)


def tallies(made: Plan, events: list[Event]) -> tuple[Tally, ...]:
    """The events counted by slot."""
    every, good = Counter(), Counter()
    for ts, fine in events:
        slot = made.slots.slot(ts)
        every[slot] += 1
        good[slot] += fine
    return tuple(Tally(at, at, every[at], good[at], good[at]) for at in sorted(every))


def mean(shares: list[tuple[Fraction, list[bool]]]) -> Fraction:
    """The weighted mean of the bad shares of those that have any."""
    some = [(weight, goods) for weight, goods in shares if goods]
    bad = sum(weight * Fraction(goods.count(False), len(goods)) for weight, goods in some)
    return bad / sum(weight for weight, _ in some)


events = st.lists(
    st.tuples(st.integers(1, 119).map(lambda n: AT - n * MINUTE), st.booleans()), max_size=40
)
weights = st.sampled_from(["1", "2", "0.5", "3.25"])
budgetings = st.sampled_from(
    [
        {},
        {"budgeting": "timeslices", "slice_us": 10 * MINUTE, "slice_objective": Fraction(9, 10)},
        {"budgeting": "timeslices", "slice_us": 10 * MINUTE, "slice_objective": Fraction(1, 2)},
        {"budgeting": "ratio_timeslices", "slice_us": 10 * MINUTE},
    ]
)
sets = st.tuples(events, events, events)


@given(sets, st.tuples(weights, weights, weights), budgetings, st.booleans())
def test_shares_are_weighed_over_the_window_or_each_slice(some, scales, method, corrected):
    """Exactly; an SLO says nothing of a time without its requests, nor anybody of corrections."""
    correction = Correction(start_ts=SHUT[0], end_ts=SHUT[1], reason="upgrade")
    it = composite(*scales, corrections=(correction,) if corrected else (), **method)
    found = judged(it, *some)

    step = method.get("slice_us", 2 * HOUR)
    units = []
    for start in range(AT - 2 * HOUR, AT, step):
        touched = corrected and start < SHUT[1] and start + step > SHUT[0]
        if touched and method:
            continue
        goods = [
            (
                Fraction(scale),
                [
                    fine
                    for ts, fine in events
                    if start <= ts < start + step and not (corrected and SHUT[0] <= ts < SHUT[1])
                ],
            )
            for scale, events in zip(scales, some, strict=True)
        ]
        if any(each for _, each in goods):
            units.append(mean(goods))
    if method.get("budgeting") == "timeslices":
        units = [Fraction(int(1 - bad < method["slice_objective"])) for bad in units]
    expected = float(sum(units) / len(units)) if units else None
    assert found.observed == pytest.approx(expected)
    if units and all(any(ts >= AT - 2 * HOUR for ts, _ in each) for each in some):
        gone = sum(units) > Fraction(5, 100) * len(units)
        missing = any(
            not [ts for ts, _ in each if not (corrected and SHUT[0] <= ts < SHUT[1])]
            for each in some
        )
        if not missing:
            assert found.outcome is (Outcome.FAIL if gone else Outcome.PASS)


@given(sets, budgetings, st.integers(1, 119), st.integers(0, 2))
def test_one_more_bad_request_never_helps(some, method, minute, number):
    """Of whichever SLO, wherever it lies."""
    it = composite("1", "2", "1", **method)
    before = judged(it, *some)
    more = [*some]
    more[number] = [*more[number], (AT - minute * MINUTE, False)]

    after = judged(it, *more)

    if before.outcome is not Outcome.NO_DATA:
        assert WORST_LAST.index(after.outcome) >= WORST_LAST.index(before.outcome)


@given(sets, budgetings, st.integers(0, 2))
def test_without_any_data_of_one_of_them_nothing_passes(some, method, number):
    """It is a breach if the others break it whatever that one did, else no data."""
    left = [*some]
    left[number] = []

    found = judged(composite("1", "1", "1", **method), *left)

    assert found.outcome in {Outcome.NO_DATA, Outcome.FAIL}
    assert found.outcome is Outcome.NO_DATA or not method


def minutes(bad: int) -> list[Event]:
    """A request a minute, the last ones bad."""
    return [(AT - n * MINUTE, n > bad) for n in range(1, 101)]


def test_the_part_of_each_is_told():
    """For people and for machines."""
    found = judged(composite("3", "1"), minutes(4), minutes(8))

    assert (found.outcome, found.observed) == (Outcome.PASS, 0.05)
    assert found.budget is not None
    assert found.budget["components"] == [
        {"slo": "0/ok", "weight": 0.75, "bad": 4, "total": 100, "bad_share": 0.04},
        {"slo": "1/ok", "weight": 0.25, "bad": 8, "total": 100, "bad_share": 0.08},
    ]
    assert "parts: 0/ok 96% good (weight 75%), 1/ok 92% good (weight 25%)" in found.warnings


def test_a_breach_in_spite_of_what_is_missing_is_one():
    """Half of the weight is known, and bad enough for the whole."""
    found = [judged(composite("1", "1"), minutes(bad), []) for bad in (9, 10, 11)]

    assert [each.outcome for each in found] == [Outcome.NO_DATA, Outcome.NO_DATA, Outcome.FAIL]
    assert "no request of 1/ok is known" in found[0].reason


def test_too_few_requests_of_one_are_no_data():
    """Its own `min_events` holds in a composite too."""
    it = composite("1", "1")
    few = replace(it, components=(it.components[0], replace(it.components[1], min_events=101)))

    found = judged(few, minutes(0), minutes(0))

    assert found.outcome is Outcome.NO_DATA
    assert "too few requests of 1/ok are known" in found.reason


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        pytest.param(Known(distrust="it was not finished"), Outcome.INVALID, id="distrusted"),
        pytest.param(Known(untold="no failures"), Outcome.INCONCLUSIVE, id="untold"),
        pytest.param(Known(unread=1), Outcome.PASS, id="few unread"),
        pytest.param(Known(unread=12), Outcome.INCONCLUSIVE, id="many unread"),
    ],
)
def test_what_is_wrong_with_one_of_them_is_wrong_with_all(known, outcome):
    """What cannot be relied on never passes; a breach stays one."""
    fine = judged(composite("1", "1"), minutes(0), minutes(0), known=(Known(), known))
    gone = judged(composite("1", "1"), minutes(50), minutes(0), known=(Known(), known))

    assert (fine.outcome, gone.outcome) == (outcome, Outcome.FAIL)


def test_policies_freeze():
    """As those of a single SLO."""
    rules = (PolicyRule(remaining=Fraction(1, 2), message="Frozen.", freeze=True),)

    found = judged(composite("1", "1", policy=rules), minutes(2), minutes(3))

    assert (found.outcome, found.budget["frozen"]) == (Outcome.FAIL, True)
