"""What is said of windows of which little is known, or of which much too much was spent."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest
from builders import PLACE

from slogate.model.calendar import Calendar, Rolling, moment
from slogate.model.selection import Selection
from slogate.model.slots import Tally
from slogate.promises.judge import Known, judge
from slogate.promises.promise import Promise, plan
from slogate.stats.burn_rate import workbook
from slogate.verdict import Finding, Outcome

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
NOVEMBER = moment(datetime(2026, 11, 1), "UTC")


def found(at: int, *tallies: tuple[int, int], **changes) -> Finding:
    """The finding at a moment on so many bad requests of so many in the last slot."""
    it = Promise(
        **{
            "service": "shop", "name": "ok", "selection": Selection(), "place": PLACE,
            "objective": Fraction(999, 1000), "window": Rolling(length_us=28 * DAY),
            "window_text": "28d", **changes,
        }
    )  # fmt: skip
    made = plan(it, at)
    last = made.slots.count - 1
    some = tuple(Tally(last, last, total, total - bad, total - bad) for bad, total in tallies)
    (finding,) = judge(made, {None: some} if some else {}, Known())
    return finding


@pytest.mark.parametrize("empty", ["good", "bad"])
def test_empty_slices_of_a_window_without_requests_are_no_budget(empty):
    """Whatever they count as: nothing is spent, nothing burns, nothing is frozen."""
    it = found(
        NOVEMBER, budgeting="timeslices", slice_us=MINUTE, empty=empty, alerts=workbook(28 * DAY)
    )

    assert it.outcome is Outcome.NO_DATA
    assert it.budget is not None
    assert [it.budget[key] for key in ("spent", "remaining", "burn_rate", "forecast")] == [None] * 4
    assert (it.budget["alerts"], it.budget["frozen"], it.warnings) == ([], False, ())


def test_a_slice_with_requests_makes_empty_ones_count():
    """Then the silence around it is what the spec says it is."""
    it = found(NOVEMBER, (0, 5), budgeting="timeslices", slice_us=MINUTE, empty="bad")

    assert it.outcome is Outcome.FAIL
    assert "it is used 1000 times over" in it.reason


@pytest.mark.parametrize(
    ("slice_us", "said"),
    [
        (3_600_000_000, "no slice of the window month has passed since it began, at 2026-11-01"),
        (None, "no request of the service is known in the 60 s to 2026-11-01 00:01 UTC"),
    ],
)
def test_a_month_that_has_barely_begun_is_no_data(slice_us, said):
    """It passes by nothing."""
    sliced = {} if slice_us is None else {"budgeting": "ratio_timeslices", "slice_us": slice_us}
    it = found(
        NOVEMBER + MINUTE, window=Calendar(unit="month", zone="UTC"), window_text="month", **sliced
    )

    assert it.outcome is Outcome.NO_DATA
    assert it.reason.startswith(said)


def test_a_start_that_lies_ahead_is_told():
    """Periods are counted back from it."""
    ahead = Calendar(unit="week", count=2, zone="UTC", anchor=datetime(2027, 1, 4))
    it = found(NOVEMBER, (0, 5_000), window=ahead, window_text="every-2w")

    assert it.outcome is Outcome.PASS
    assert (
        "window: its start, 2027-01-04 00:00 in UTC, lies ahead; counted back from there, "
        "this one began at 2026-10-26 00:00 UTC"
    ) in it.warnings


def test_lengths_have_minutes_not_parts_of_hours():
    """`3 d 0.0167 h` is nothing that anybody says."""
    it = found(NOVEMBER + 3 * DAY + MINUTE, window=Calendar(unit="month", zone="UTC"))

    assert "in the 3 d 60 s to 2026-11-04 00:01 UTC" in it.reason
