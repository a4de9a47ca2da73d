"""Laws of alerts: a bad request silences none, shifted time shifts them, no data is never quiet."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from builders import PLACE
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Rolling
from slogate.model.selection import Selection
from slogate.model.slots import Slots, Tally
from slogate.promises.course import State, Turn, watch
from slogate.promises.promise import Promise
from slogate.stats.burn_rate import Pair

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1_440 * MINUTE
SINCE, UNTIL = 20_000 * DAY + 3 * HOUR, 20_000 * DAY + 5 * HOUR
PAIRS = (
    Pair(share=Fraction(1, 20), long_us=HOUR, short_us=5 * MINUTE),
    Pair(share=Fraction(1, 9), long_us=2 * HOUR, short_us=20 * MINUTE),
)
# start, whether it was good
Event = tuple[int, bool]
BOTH = st.sampled_from([True, False, False])
EVENTS = st.lists(st.tuples(st.integers(SINCE - 3 * HOUR, UNTIL), BOTH), max_size=80)
METHODS = st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"])


def promise(method: str, empty: str = "excluded") -> Promise:
    """Half of the requests, or slices of five minutes, have to be good over a day."""
    target = {"slice_objective": Fraction(3, 4)} if method == "timeslices" else {}
    sliced = {"slice_us": 5 * MINUTE, "empty": empty, **target}
    return Promise(
        service="shop", name="ok", selection=Selection(), place=PLACE, objective=Fraction(1, 2),
        window=Rolling(length_us=DAY), window_text="1d", budgeting=method, alerts=PAIRS,
        **({} if method == "occurrences" else sliced),
    )  # fmt: skip


def tallies(slots: Slots, events: list[Event]) -> tuple[Tally, ...]:
    """The events counted by slot."""
    total, good = Counter(), Counter()
    for ts, fine in events:
        total[slots.slot(ts)] += 1
        good[slots.slot(ts)] += fine
    return tuple(Tally(at, at, total[at], good[at], good[at]) for at in sorted(total))


def courses(it: Promise, events: list[Event], shift: int = 0) -> list[list[Turn]]:
    """The turns of each pair over two hours."""
    made = watch(it, SINCE + shift, UNTIL + shift)
    moved = [(ts + shift, fine) for ts, fine in events]
    counted = {account.id: {None: tallies(account.slots, moved)} for account in made.accounts}
    (found,) = made.courses(counted).values()
    return found


def firing(turns: list[Turn]) -> set[int]:
    """The minutes at which it fires."""
    ends = [*(turn.ts for turn in turns[1:]), UNTIL + 1]
    return {
        at
        for turn, end in zip(turns, ends, strict=True)
        if turn.state is State.FIRING
        for at in range(turn.ts, end, MINUTE)
    }


@given(METHODS, st.sampled_from(["excluded", "good", "bad"]), EVENTS, EVENTS)
def test_more_bad_requests_silence_no_alert(method, empty, events, more):
    """Whatever fires at a minute still does if there were bad requests besides."""
    bad = [(ts, False) for ts, _ in more]
    it = promise(method, empty)

    for before, after in zip(courses(it, events), courses(it, events + bad), strict=True):
        assert firing(before) <= firing(after)


@given(METHODS, EVENTS, st.integers(-500, 500))
def test_shifted_time_shifts_the_turns(method, events, slices):
    """The same requests so many slices later turn the same alerts so much later."""
    shift = slices * 5 * MINUTE

    found = courses(promise(method), events, shift)

    assert [[Turn(t.ts - shift, t.state) for t in turns] for turns in found] == courses(
        promise(method), events
    )


@given(METHODS, EVENTS)
def test_without_requests_nothing_is_quiet(method, events):
    """Where no request lies in the long window of a pair it never says that all is well."""
    it = promise(method)

    for pair, turns in zip(PAIRS, courses(it, events), strict=True):
        for at in range(SINCE, UNTIL + 1, MINUTE):
            if not any(at - pair.long_us - 5 * MINUTE <= ts < at for ts, _ in events):
                assert [turn.state for turn in turns if turn.ts <= at][-1] is State.NO_DATA
