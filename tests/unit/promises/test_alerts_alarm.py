"""How an alert stands at a moment, what nobody knows, and what of it blocks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from builders import PLACE

from slogate.model.calendar import Rolling
from slogate.model.closure import Correction
from slogate.model.selection import Selection
from slogate.model.slots import Tally
from slogate.promises.alarm import Alarm, alarms_of, sentence, short_length
from slogate.promises.course import State
from slogate.promises.judge import Known
from slogate.promises.promise import Promise, plan
from slogate.stats.burn_rate import Pair

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
AT = 1_793_491_200_000_000  # 2026-11-01T00:00Z
PAGE = Pair(share=Fraction(1, 10), long_us=HOUR, short_us=5 * MINUTE)
TICKET = replace(PAGE, severity="ticket")


def promise(**changes) -> Promise:
    """90% of all requests over a day; a tenth of the budget in an hour is a factor of 2.4."""
    return Promise(
        **{
            "service": "shop", "name": "ok", "selection": Selection(), "place": PLACE,
            "objective": Fraction(9, 10), "window": Rolling(length_us=DAY), "window_text": "1d",
            "alerts": (PAGE,), **changes,
        }
    )  # fmt: skip


def stands(
    it: Promise, minutes: dict[int, tuple[int, int]], known: Known | None = None, end: int = AT
) -> Alarm:
    """Its alarm, from (good, all) of so many minutes ago."""
    made = plan(it, AT)
    counted: dict[int, list[int]] = {}
    for ago, (good, total) in minutes.items():
        mine = counted.setdefault(made.slots.slot(AT - ago * MINUTE), [0, 0])
        mine[0] += good
        mine[1] += total
    tallies = tuple(Tally(at, at, total, good, good) for at, (good, total) in counted.items())
    (alarm,) = alarms_of(made, {None: tallies} if tallies else {}, known or Known(), end)
    return alarm


STEADY = dict.fromkeys(range(1, 61), (10, 10))
OUTAGE = {ago: (0 if ago <= 30 else 10, 10) for ago in range(1, 61)}
OVER = {ago: (0 if ago > 30 else 10, 10) for ago in range(1, 61)}


@pytest.mark.parametrize(
    ("minutes", "state", "rates"),
    [
        (STEADY, State.QUIET, (0, 0)),
        (OUTAGE, State.FIRING, (5, 10)),
        (OVER, State.QUIET, (5, 0)),
        ({}, State.NO_DATA, (None, None)),
        (dict.fromkeys(range(10, 61), (0, 10)), State.NO_DATA, (10, None)),
        (dict.fromkeys(range(10, 61), (10, 10)), State.QUIET, (0, None)),
    ],
    ids=["steady", "outage", "over", "nothing", "bad, then nothing", "good, then nothing"],
)
def test_states(minutes, state, rates):
    """Both windows burn, or one of them does not, or nobody knows; rates are exact."""
    alarm = stands(promise(), minutes)

    assert alarm.state is state
    assert (alarm.long.rate, alarm.short.rate) == rates
    assert alarm.id == "shop/ok/1d/page/1h/5m"
    assert (alarm.reason is None) is (state in {State.FIRING, State.QUIET})
    assert alarm.blocks is (state is not State.QUIET)


@pytest.mark.parametrize(
    ("known", "end", "state", "why"),
    [
        (Known(), AT - 4 * MINUTE, State.QUIET, None),
        (
            Known(),
            AT - 5 * MINUTE,
            State.NO_DATA,
            "the data of the service end at",
        ),
        (Known(distrust="it was not finished"), AT, State.UNSURE, "it was not finished"),
        (Known(untold="no failures"), AT, State.UNSURE, "no failures"),
        (Known(unread=3), AT, State.QUIET, None),
        (Known(unread=300), AT, State.UNSURE, "300 rows of the source could not be read"),
    ],
    ids=["recent", "ended", "unfinished", "untold", "few unread", "many unread"],
)
def test_quiet_is_what_data_say(known, end, state, why):
    """Data that end too early, or cannot be relied on, are no quiet; a firing alert stays one."""
    alarm = stands(promise(), STEADY, known, end)

    assert alarm.state is state
    assert (alarm.reason or "").startswith(why or "")
    assert stands(promise(), OUTAGE, known, end).state is State.FIRING


@pytest.mark.parametrize("total", [3, 41, 42])
def test_few_requests_have_to_be_sure(total):
    """Under ten bad units at the limit the lower end of the interval decides, and is told."""
    alarm = stands(promise(), {1: (0, 1), 2: (total - 1, total - 1)})

    assert alarm.is_low is (total < 42)
    assert (alarm.lower_end is not None) is alarm.is_low
    assert alarm.state is State.QUIET
    sure = stands(promise(), {1: (0, total)})
    assert sure.state is State.FIRING


@pytest.mark.parametrize(
    ("changes", "minutes", "blocks"),
    [
        ({}, OUTAGE, True),
        ({"alerts": (TICKET,)}, OUTAGE, False),
        ({"severity": "warn"}, OUTAGE, False),
        ({}, {}, True),
        ({"alerts": (TICKET,)}, {}, True),
        ({"on_no_data": "pass"}, {}, False),
        ({"severity": "info"}, {}, False),
    ],
)
def test_what_blocks(changes, minutes, blocks):
    """A page of an SLO that matters, and of any alert of it that nobody knows."""
    assert stands(promise(**changes), minutes).blocks is blocks


def test_buckets_that_leave_it_open_are_unsure():
    """Where the worst case fires and the best does not, nobody knows."""
    made = plan(promise(), AT)
    slot = made.slots.slot(AT - MINUTE)
    (alarm,) = alarms_of(made, {None: (Tally(slot, slot, 100, 0, 100),)}, Known(), AT)

    assert (alarm.state, alarm.alert.burning) == (State.UNSURE, None)
    assert "leave open" in sentence(alarm)


def test_a_correction_over_all_is_no_quiet():
    """If the whole long window is planned downtime, nothing is known of it."""
    shut = Correction(start_ts=AT - 2 * HOUR, end_ts=AT, reason="upgrade")

    assert stands(promise(corrections=(shut,)), OUTAGE).state is State.NO_DATA


def test_when_the_budget_is_gone():
    """At the pace of the long window; at once if nothing is left, never if nothing burns."""
    alarm = stands(promise(), {**dict.fromkeys(range(61, 1441), (10, 10)), **OUTAGE})

    left = 1 - Fraction(300, 1_440)
    assert alarm.statement.budget.remaining == left
    assert alarm.exhausted_in_us == left * DAY / 5
    assert stands(promise(), OUTAGE).exhausted_in_us == 0
    assert stands(promise(), STEADY).exhausted_in_us is None


def test_values_of_a_label_stand_for_themselves():
    """Each value has its alarms, requests without the label too; no two are called alike."""
    made = plan(promise(by="region"), AT)
    slot = made.slots.slot(AT - MINUTE)
    bad, good = (Tally(slot, slot, 100, fine, fine) for fine in (0, 100))

    alarms = alarms_of(made, {None: (bad,), "eu": (good,), "(none)": (bad,)}, Known(), AT)

    assert {alarm.subject: alarm.state for alarm in alarms} == {
        "shop/ok/1d/(none)": State.FIRING,
        "shop/ok/1d/'(none)'": State.FIRING,
        "shop/ok/1d/eu": State.QUIET,
    }


def test_lengths_are_as_specs_have_them():
    """The largest unit without rest."""
    texts = [short_length(us) for us in (DAY, 36 * HOUR, 90_000_000, 1_500_000, 1_000_001)]

    assert texts == ["1d", "36h", "90s", "1500ms", "1000001us"]
