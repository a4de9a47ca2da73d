"""Promises judged on generated traffic, against a reckoning with one request at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from builders import PLACE
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Calendar, Rolling
from slogate.model.closure import Correction
from slogate.model.recurrence import parse_rule
from slogate.model.selection import Selection
from slogate.model.slots import Tally
from slogate.promises.book import book_of
from slogate.promises.judge import Known, judge
from slogate.promises.ledger import Ledger, Open
from slogate.promises.promise import Plan, PolicyRule, Promise, plan, whole_minute
from slogate.promises.statement import statement_of
from slogate.stats.burn_rate import workbook
from slogate.verdict import Finding, Outcome

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
AT = 1_793_491_200_000_000  # 2026-11-01T00:00Z
Event = tuple[int, bool]


def promise(**changes) -> Promise:
    """99% of all requests over a day."""
    return Promise(
        **{
            "service": "shop", "name": "ok", "selection": Selection(), "place": PLACE,
            "objective": Fraction(99, 100), "window": Rolling(length_us=DAY), "window_text": "1d",
            **changes,
        }
    )  # fmt: skip


def tallies(it: Plan, events: list[Event]) -> tuple[Tally, ...]:
    """The events counted by slot."""
    every, good = Counter(), Counter()
    for ts, fine in events:
        slot = it.slots.slot(ts)
        every[slot] += 1
        good[slot] += fine
    return tuple(Tally(at, at, every[at], good[at], good[at]) for at in sorted(every))


def judged(it: Promise, events: list[Event], at: int = AT) -> Finding:
    """The finding on these events."""
    made = plan(it, at)
    counted = {None: tallies(made, events)} if events else {}
    (finding,) = judge(made, counted, Known())
    return finding


def steady(bad: int, total: int = 1_440, end: int = AT) -> list[Event]:
    """One request a minute up to the end, the last of them bad."""
    return [(end - MINUTE * (i + 1), i >= bad) for i in range(total)]


def reckoned(
    method: str,
    events: list[Event],
    start: int,
    end: int,
    shut: list[tuple[int, int]],
    step: int,
    target: Fraction,
    phase: int = 0,
) -> tuple[Fraction, int]:
    """Bad units and all of them between start and end, one request at a time."""

    def closed(a: int, b: int) -> bool:
        return any(a < till and b > since for since, till in shut)

    if method == "occurrences":
        inside = [fine for ts, fine in events if start <= ts < end and not closed(ts, ts + 1)]
        return Fraction(inside.count(False)), len(inside)
    slices: dict[int, list[bool]] = {}
    for ts, fine in events:
        since = phase + (ts - phase) // step * step
        if start <= since and since + step <= end and not closed(since, since + step):
            slices.setdefault(since, []).append(fine)
    if method == "timeslices":
        bad = [fine for fine in slices.values() if Fraction(sum(fine), len(fine)) < target]
        return Fraction(len(bad)), len(slices)
    return sum((Fraction(f.count(False), len(f)) for f in slices.values()), Fraction(0)), len(
        slices
    )


SHUT = [(AT - 20 * HOUR + 30_000_000, AT - 19 * HOUR), (AT - 5 * DAY, AT - 4 * DAY)]
EVENTS = st.lists(st.tuples(st.integers(AT - 3 * DAY, AT + HOUR), st.booleans()), max_size=60).map(
    sorted
)


@given(
    method=st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"]),
    events=EVENTS,
    step=st.sampled_from([MINUTE, 5 * MINUTE, HOUR, 7 * MINUTE]),
    objective=st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(995, 1000)]),
    target=st.sampled_from([Fraction(1, 2), Fraction(95, 100), Fraction(1)]),
    at=st.integers(AT - DAY, AT).map(whole_minute),
    shut=st.sampled_from([[], SHUT]),
    calendar=st.booleans(),
)
def test_windows_agree_with_single_requests(
    method, events, step, objective, target, at, shut, calendar
):
    """Budget, burn rates and outcome are those of a reckoning with one request at a time."""
    corrections = tuple(Correction(start_ts=a, end_ts=b, reason="r") for a, b in shut)
    sliced = {} if method == "occurrences" else {"slice_us": step, "slice_objective": target}
    window = Calendar(unit="day", zone="Europe/Berlin") if calendar else Rolling(length_us=DAY)
    it = promise(
        objective=objective, budgeting=method, corrections=corrections, window=window, **sliced
    )
    made = plan(it, at)
    end, phase = (at, 0) if calendar or method == "occurrences" else (at // step * step, 0)
    start = made.period.start_ts
    if calendar and method != "occurrences":
        phase, end = start, start + (at - start) // step * step
    if not calendar:
        assert (start, made.at) == (end - DAY, end)

    found = statement_of(book_of(made, tallies(made, events)))

    use = (found.budget.use.bad, found.budget.use.total)
    assert use == reckoned(method, events, start, end, shut, step, target, phase)
    raw = found.raw or found.budget
    assert (raw.use.bad, raw.use.total) == reckoned(
        method, events, start, end, [], step, target, phase
    )
    for burn in found.burns:
        bad, total = reckoned(method, events, end - burn.length_us, end, shut, step, target, phase)
        assert burn.rate == (bad / total / (1 - objective) if total else None)
    outcome = judge(made, {None: tallies(made, events)}, Known())[0].outcome
    bad, total = use
    if not found.requests.total or not total:
        assert outcome is Outcome.NO_DATA
    else:
        assert outcome is (Outcome.FAIL if 1 - bad / total < objective else Outcome.PASS)


@given(events=EVENTS, at=st.integers(0, 59), method=st.sampled_from(["occurrences", "timeslices"]))
def test_one_more_bad_request_never_helps(events, at, method):
    """A request that turns bad never makes an outcome better."""
    if not events:
        return
    sliced = {} if method == "occurrences" else {"slice_us": HOUR}
    it = promise(objective=Fraction(1, 2), budgeting=method, **sliced)
    worse = list(events)
    worse[at % len(events)] = (events[at % len(events)][0], False)

    before, after = judged(it, events), judged(it, worse)

    assert not (before.outcome is Outcome.FAIL and after.outcome is Outcome.PASS)
    assert before.budget["bad"] <= after.budget["bad"]


def test_a_promise_kept_to_the_last_request_passes():
    """A hundredth of the requests may be bad, one more may not."""
    kept, broken = (judged(promise(), steady(bad, 1_400)) for bad in (14, 15))

    assert (kept.outcome, kept.blocking) == (Outcome.PASS, False)
    assert (broken.outcome, broken.blocking) == (Outcome.FAIL, True)
    assert kept.budget["remaining"] == 0
    assert kept.reason == (
        "99% of 1,400 requests of the service were good in the 24 h to 2026-11-01 00:00 UTC, "
        "99% promised: the budget is spent to the last"
    )
    assert "the budget is overspent, 107% of it is used" in broken.reason


@pytest.mark.parametrize(
    ("slots", "certain", "outcome"),
    [((-1, 0), 0, "inconclusive"), ((-1, 0), 99, "inconclusive"), ((-2, -1), 0, "no_data")],
)
def test_what_may_lie_in_the_window_is_not_absent(slots, certain, outcome):
    """Steps over its start may hold the failures: `on_no_data` does not let them pass."""
    it = plan(promise(min_events=100, on_no_data="pass"), AT)
    first, last = (it.slots.slot(it.period.start_ts) + at for at in slots)
    found = (Tally(first, last, 50, 0, 0), *tallies(it, steady(0, certain)))
    (finding,) = judge(it, {None: found}, Known())

    assert finding.outcome.value == outcome
    assert finding.blocking is (outcome == "inconclusive")


def test_no_data_never_passes():
    """Nothing, or too little, is no data; the policy for it lets it pass, and says so."""
    few = promise(min_events=100)

    nothing, little = judged(promise(), []), judged(few, steady(0, 99))
    lenient = judged(replace(few, on_no_data="warn"), steady(0, 99))

    assert [f.outcome for f in (nothing, little, lenient)] == [Outcome.NO_DATA] * 3
    assert [f.blocking for f in (nothing, little, lenient)] == [True, True, False]
    assert lenient.downgraded == "on_no_data: warn"
    assert "only 99 requests of" in little.reason
    assert "only 1 request of" in judged(few, steady(0, 1)).reason
    assert judged(few, steady(0, 100)).outcome is Outcome.PASS


def test_a_frozen_policy_fails():
    """Where a policy freezes releases, reaching it fails, long before the promise is broken."""
    policy = (
        PolicyRule(remaining=Fraction(0), message="Releases are frozen.", freeze=True),
        PolicyRule(remaining=Fraction(1, 2), message="Only reliability work ships."),
    )
    it = promise(policy=policy)

    half, spent = judged(it, steady(7, 1_400)), judged(it, steady(14, 1_400))

    assert half.outcome is Outcome.PASS
    assert half.budget["policy"]["message"] == "Only reliability work ships."
    assert half.warnings[0] == "policy: Only reliability work ships."
    assert (spent.outcome, spent.budget["frozen"]) == (Outcome.FAIL, True)
    assert spent.reason.endswith("Releases are frozen.")
    warned = judged(replace(it, severity="warn"), steady(14, 1_400))
    assert (warned.outcome, warned.blocking) == (Outcome.FAIL, False)


def test_distrusted_data_can_fail_but_not_pass():
    """Lost rows make a pass invalid, and leave a breach."""
    made = plan(promise(), AT)
    known = Known(distrust="the run r1 is incomplete")

    good, bad = (judge(made, {None: tallies(made, steady(n))}, known)[0].outcome for n in (0, 100))

    assert (good, bad) == (Outcome.INVALID, Outcome.FAIL)


def test_doubtful_requests_are_inconclusive():
    """Requests in a bucket across the limit decide nothing unless both cases agree."""
    made = plan(promise(), AT)
    at = made.slots.count - 1

    def found(sure: int, maybe: int) -> Outcome:
        return judge(made, {None: (Tally(at, at, 1_000, sure, maybe),)}, Known())[0].outcome

    assert found(990, 1_000) is Outcome.PASS
    assert found(989, 1_000) is Outcome.INCONCLUSIVE
    assert found(500, 989) is Outcome.FAIL


def test_requests_across_the_start_of_the_window_are_inconclusive():
    """A step that reaches into the window may lie before it or in it."""
    made = plan(promise(), AT)
    first = made.slots.slot(AT - DAY)
    inside = Tally(first, first, 1_000, 990, 990)

    def found(bad: int) -> Finding:
        across = Tally(first - 1, first, 10, 10 - bad, 10 - bad)
        return judge(made, {None: (inside, across)}, Known())[0]

    assert found(0).outcome is Outcome.PASS
    assert found(1).outcome is Outcome.INCONCLUSIVE
    assert "too unsure to call" in found(1).reason
    assert found(1).budget["best_case"]["remaining"] > found(1).budget["remaining"]


def test_a_step_over_many_slices_leaves_them_open():
    """Slices that an hour of requests lies across are bad in the worst case, good in the best."""
    made = plan(promise(budgeting="timeslices", slice_us=MINUTE), AT)
    hour = Tally(made.slots.count - 60, made.slots.count - 1, 600, 600, 600)

    (finding,) = judge(made, {None: (hour,)}, Known())

    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.total == 600


def test_a_label_has_a_budget_a_value():
    """Each region is judged alone; requests without one are a region of their own."""
    made = plan(promise(by="region"), AT)
    counted = {
        region: tallies(made, steady(bad)) for region, bad in (("eu", 0), ("us", 100), (None, 0))
    }

    found = judge(made, counted, Known())

    assert [(f.id, f.outcome) for f in found] == [
        ("shop/ok/1d/(none)", Outcome.PASS),
        ("shop/ok/1d/eu", Outcome.PASS),
        ("shop/ok/1d/us", Outcome.FAIL),
    ]


def test_a_value_that_reads_like_none_is_told_apart():
    """No two findings have one id."""
    made = plan(promise(by="region"), AT)
    values = (None, "(none)", "'(none)'", "'(none)", "none")

    found = judge(made, {value: tallies(made, steady(0)) for value in values}, Known())

    assert len({each.id for each in found}) == len(values)


def test_corrections_show_both_figures():
    """An hour of downtime every day is left out of the judged figures and told."""
    nightly = Correction(
        start_ts=AT - 40 * DAY - HOUR, end_ts=AT - 40 * DAY, reason="upgrade",
        rule=parse_rule("FREQ=DAILY"),
    )  # fmt: skip
    events = [(ts, not AT - HOUR <= ts < AT) for ts, _ in steady(0)]

    found = judged(promise(corrections=(nightly,)), events)

    assert found.outcome is Outcome.PASS
    assert (found.budget["bad"], found.budget["total"]) == (0, 1_380)
    assert found.budget["corrected_seconds"] == 3_600
    assert (found.budget["uncorrected"]["bad"], found.budget["uncorrected"]["total"]) == (60, 1_440)
    assert any(text.startswith("corrected: 60 min of the window") for text in found.warnings)


def test_alerts_say_who_burns():
    """A tenth bad over the last day of thirty burns at a hundred times the rate: all pairs."""
    thirty = Rolling(length_us=30 * DAY)
    it = promise(
        window=thirty, window_text="30d", objective=Fraction(999, 1000), alerts=workbook(30 * DAY)
    )
    events = [(AT - 10_000_000 * (i + 1), i % 10 != 0) for i in range(8_640)]

    found = judged(it, events)

    assert [alert["burning"] for alert in found.budget["alerts"]] == [True] * 4
    assert found.budget["burn_rate"] == 100
    assert found.budget["exhausted_in_seconds"] == 0
    assert sum(text.startswith("burning: ") for text in found.warnings) == 4


@pytest.mark.parametrize(
    ("first", "told"),
    [(AT - DAY, False), (AT - DAY + 2 * HOUR, False), (AT - DAY + 3 * HOUR, True)],
)
def test_young_data_are_told(first: int, told: bool):
    """Where data cover less than nine tenths of the window, the report says so."""
    made = plan(promise(), AT)
    (found,) = judge(made, {None: tallies(made, steady(0))}, Known(first_ts=first))

    assert any(text.startswith("coverage: ") for text in found.warnings) is told


def test_corrections_over_everything_are_told_as_such():
    """Nothing is left to judge: not for want of requests, and it does not pass."""
    whole = Correction(start_ts=AT - 9 * DAY, end_ts=AT + DAY, reason="moving")
    found = judged(promise(corrections=(whole,)), steady(0))

    assert found.outcome is Outcome.NO_DATA
    assert "all 1,440 requests of the service that are known in the 24 h" in found.reason
    assert found.reason.endswith("lie in corrections")


@pytest.mark.parametrize(
    ("late", "told"),
    [
        pytest.param(2 * DAY, "gap: no request is known in 2 d up to 2026-11-01", id="two days"),
        pytest.param(DAY - MINUTE, None, id="less than a day"),
        pytest.param(9 * DAY, None, id="no request at all"),
    ],
)
@pytest.mark.parametrize("method", ["occurrences", "timeslices"])
def test_silence_in_the_window_is_told(late: int, told: str | None, method):
    """Production that stopped being taken in looks as good as its last day."""
    sliced = {} if method == "occurrences" else {"budgeting": method, "slice_us": MINUTE}
    it = promise(window=Rolling(length_us=7 * DAY), window_text="7d", **sliced)
    made = plan(it, AT)
    counted = {None: tallies(made, steady(0, 10_080, AT - late))}

    (found,) = judge(made, counted, Known(first_ts=AT - 90 * DAY))

    gaps = [warning for warning in found.warnings if warning.startswith("gap")]
    assert [gap[: len(told or "")] for gap in gaps] == ([told] if told else [])


def test_a_window_of_which_nothing_has_passed_is_no_data():
    """No slice of the month is over ten minutes into it, when the data begin."""
    month = Calendar(unit="month", zone="UTC")
    it = promise(window=month, window_text="month", budgeting="timeslices", slice_us=HOUR)
    made = plan(it, AT + 10 * MINUTE)

    (found,) = judge(made, {}, Known(first_ts=AT + MINUTE))

    assert (found.outcome, found.warnings) == (Outcome.NO_DATA, ())


@pytest.mark.parametrize("empty", ["excluded", "good", "bad"])
def test_empty_slices_are_counted_not_kept(empty):
    """Of a million slices one has requests: a label of a thousand values is judged in moments."""
    it = promise(
        window=Rolling(length_us=10 * DAY), window_text="10d", budgeting="timeslices",
        slice_us=1_000_000, empty=empty,
    )  # fmt: skip
    made = plan(it, AT)
    ledger = Ledger.of(made, tallies(made, [(AT - HOUR, False)]))

    use = ledger.use(range(made.slots.count - 864_000, made.slots.count))

    assert len(ledger.totals) == len(ledger.filled) == 1
    assert (use.bad, use.total) == {
        "excluded": (1, 1), "good": (1, 864_000), "bad": (864_000, 864_000)
    }[empty]  # fmt: skip


@given(first=st.integers(0, 20), last=st.integers(0, 20), shut=st.frozensets(st.integers(0, 20)))
def test_slots_that_are_open_are_those_not_shut(first, last, shut):
    """Counted without going through them, and the same as if one did."""
    found = Open(stretch=range(first, last), shut=shut, order=sorted(shut))
    expected = [at for at in range(first, last) if at not in shut]

    assert ([*found], len(found)) == (expected, len(expected))
    assert [at for at in range(21) if at in found] == expected


@pytest.mark.parametrize(
    ("untimed", "slow", "outcome", "said"),
    [
        pytest.param(5, 5, Outcome.PASS, "0% to 50% of the budget is left", id="kept-anyway"),
        pytest.param(6, 5, Outcome.INCONCLUSIVE, "-10% to 50% of the budget", id="either"),
        pytest.param(6, 11, Outcome.FAIL, "overspent, 110% to 170%", id="broken-anyway"),
    ],
)
def test_requests_without_a_time_pass_and_fail_where_they_cannot_matter(
    untimed: int, slow: int, outcome: Outcome, said: str
):
    """They are bad in the worst case and good in the best; the verdict says how many they are."""
    made = plan(promise(), AT)
    at = made.slots.count - 1
    tally = Tally(at, at, 1_000, 1_000 - slow - untimed, 1_000 - slow)

    (finding,) = judge(made, {None: (tally,)}, Known(single=True))

    assert finding.outcome is outcome
    assert said in finding.reason
    assert finding.untimed == untimed
    told = f"{untimed} of 1,000 requests have no response time, and could decide it"
    assert (told in finding.reason) is (outcome is Outcome.INCONCLUSIVE)
