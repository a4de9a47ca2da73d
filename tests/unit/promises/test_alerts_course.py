"""The course of alerts from running sums, against a statement made anew for each minute."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from builders import PLACE
from hypothesis import given
from hypothesis import strategies as st

from slogate.errors import UnsupportedError
from slogate.model.calendar import Calendar, Rolling
from slogate.model.closure import Correction
from slogate.model.selection import Selection
from slogate.model.slots import Slots, Tally
from slogate.promises.book import book_of
from slogate.promises.course import State, is_known, state_of, watch
from slogate.promises.promise import Promise, plan
from slogate.promises.statement import statement_of
from slogate.stats.burn_rate import Pair

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# the clocks of Berlin go back an hour later, and a day there begins two hours before
AT = 1_792_886_400_000_000  # 2026-10-25T00:00Z
# first start, last start, requests, surely good, perhaps good
Step = tuple[int, int, int, int, int]
SHUT = [(AT - 3 * HOUR, AT - 2 * HOUR - 30_000_000), (AT - 40 * MINUTE, AT - 30 * MINUTE)]


def tallies(slots: Slots, steps: list[Step]) -> tuple[Tally, ...]:
    """The steps counted by slot."""
    found: dict[tuple[int, int], Counter] = {}
    for first, last, total, sure, maybe in steps:
        key = slots.slot(first), slots.slot(last)
        if key[1] >= 0 and key[0] < slots.count:
            counts = {"total": total, "sure": sure, "maybe": maybe}
            found.setdefault(key, Counter()).update(counts)
    return tuple(
        Tally(*key, each["total"], each["sure"], each["maybe"]) for key, each in found.items()
    )


def stated(promise: Promise, steps: list[Step], at: int) -> list[State]:
    """How each pair stands at a moment, by a statement of that moment."""
    made = plan(promise, at)
    statement = statement_of(book_of(made, tallies(made.slots, steps)))
    uses = {burn.length_us: burn.use for burn in statement.burns}
    return [
        state_of(
            fires=alert.burning,
            is_known=is_known(
                alert.pair, promise.objective, made.period.length_us,
                long=uses[alert.pair.long_us], short=uses[alert.pair.short_us],
            ),
        )
        for alert in statement.alerts
    ]  # fmt: skip


def followed(promise: Promise, steps: list[Step], since: int, until: int) -> list[list[State]]:
    """How each pair stands at each minute, by its course."""
    made = watch(promise, since, until)
    counted = {account.id: {None: tallies(account.slots, steps)} for account in made.accounts}
    (courses,) = made.courses(counted).values()
    return [
        [[turn.state for turn in turns if turn.ts <= at][-1] for turns in courses]
        for at in range(since, until + 1, MINUTE)
    ]


@st.composite
def step(draw, loose: bool) -> Step:
    """Some requests at a moment, or somewhere in a step of up to an hour."""
    first = draw(st.integers(AT - 9 * HOUR, AT + 2 * HOUR))
    length = draw(st.sampled_from([0, 0, 50_000_000, 5 * MINUTE, HOUR])) if loose else 0
    total = draw(st.integers(1, 40))
    maybe = draw(st.integers(0, total))
    sure = draw(st.integers(0, maybe)) if loose else maybe
    return first, first + length, total, sure, maybe


PAIRS = (
    Pair(share=Fraction(1, 10), long_us=HOUR, short_us=5 * MINUTE),
    Pair(share=Fraction(1, 5), long_us=4 * HOUR + 90_000_000, short_us=HOUR, severity="ticket"),
    Pair(share=Fraction(1, 3), long_us=7 * MINUTE, short_us=MINUTE),
)


@given(
    method=st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"]),
    steps=st.booleans().flatmap(lambda loose: st.lists(step(loose), max_size=50)),
    length=st.sampled_from([20_000_000, MINUTE, 5 * MINUTE, 7 * MINUTE]),
    objective=st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)]),
    empty=st.sampled_from(["excluded", "good", "bad"]),
    shut=st.sampled_from([[], SHUT]),
    window=st.sampled_from(
        [Rolling(length_us=DAY), Calendar(unit="day", zone="Europe/Berlin"),
         Calendar(unit="hour", zone="UTC", count=5)]
    ),
    since=st.integers(AT // MINUTE - 150, AT // MINUTE),
)  # fmt: skip
def test_each_minute_agrees_with_its_statement(
    method, steps, length, objective, empty, shut, window, since
):
    """Whatever the budgeting, window, corrections and steps: minute by minute the same states."""
    corrections = tuple(Correction(start_ts=a, end_ts=b, reason="r") for a, b in shut)
    target = {"slice_objective": Fraction(9, 10)} if method == "timeslices" else {}
    sliced = {} if method == "occurrences" else {"slice_us": length, "empty": empty, **target}
    promise = Promise(
        service="shop", name="ok", selection=Selection(), place=PLACE, objective=objective,
        window=window, window_text="1d", budgeting=method, alerts=PAIRS, corrections=corrections,
        **sliced,
    )  # fmt: skip
    minutes = range(since * MINUTE, (since + 90) * MINUTE + 1, MINUTE)

    found = followed(promise, steps, minutes[0], minutes[-1])

    wanted = [at for at in minutes if (at // MINUTE) % 5 == since % 5 or abs(at - AT) <= MINUTE]
    for at in wanted:
        assert found[(at - minutes[0]) // MINUTE] == stated(promise, steps, at), at


def test_ties_are_decided_by_exact_figures():
    """Shares of thirds that add up to the very factor do not exceed it, and do a hair above."""
    promise = Promise(
        service="shop", name="ok", selection=Selection(), place=PLACE,
        objective=Fraction(9, 10), window=Rolling(length_us=DAY), window_text="1d",
        budgeting="ratio_timeslices", slice_us=MINUTE,
        alerts=(Pair(share=Fraction(1, 3) / 24 * 10, long_us=HOUR, short_us=MINUTE),),
    )  # fmt: skip
    even = [(AT - i * MINUTE, AT - i * MINUTE, 3, 2, 2) for i in range(1, 61)]
    more = [*even[1:], (AT - MINUTE, AT - MINUTE, 300, 199, 199)]

    assert followed(promise, even, AT, AT) == [[State.QUIET]]
    assert followed(promise, more, AT, AT) == [[State.FIRING]]
    assert stated(promise, even, AT) == [State.QUIET]


def test_what_cannot_be_followed_is_refused():
    """Windows between seconds, and more slots than can be held, are no course at all."""
    odd = Pair(share=Fraction(1, 10), long_us=HOUR + 1, short_us=MINUTE)
    fields = {
        "service": "shop", "name": "ok", "selection": Selection(), "place": PLACE,
        "objective": Fraction(9, 10), "window": Rolling(length_us=DAY), "window_text": "1d",
    }  # fmt: skip

    with pytest.raises(UnsupportedError, match="whole second"):
        watch(Promise(**fields, alerts=(odd,)), AT, AT)
    with pytest.raises(UnsupportedError, match="slots"):
        watch(
            Promise(**fields, budgeting="ratio_timeslices", slice_us=1_000_000),
            AT - 365 * DAY, AT,
        )  # fmt: skip
