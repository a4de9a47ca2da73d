"""Error budgets against the vectors, and against a reckoning with one request at a time."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from foreign import DATA
from hypothesis import given
from hypothesis import strategies as st

from slogate.stats.error_budget import Budget, Use, ratio_timeslices, timeslices, use_of
from slogate.units import parse_duration

VECTORS = DATA / "vectors" / "budgeting_worked_examples.json"
MINUTE = 60_000_000


def rows() -> list[dict]:
    """The vectors but for composites, which are no budgets of one SLO; none where absent."""
    cases = json.loads(VECTORS.read_text())["cases"] if VECTORS.exists() else []
    return [case for case in cases if "composite" not in case]


def decimal(row: dict, key: str) -> Fraction:
    """A number of the vectors as the decimal that is written."""
    return Fraction(str(row[key]))


def budget(objective: Fraction, bad: Fraction | int, total: int, length_us: int = 0) -> Budget:
    """A budget of slices."""
    use = Use(unit="slices", bad=Fraction(bad), total=total)
    return Budget(objective=objective, use=use, length_us=length_us)


def check_slices(row: dict) -> None:
    """A window divides into slices; the budget is a number of them, and a length of time."""
    window, objective = parse_duration(row["window"]), decimal(row, "target")
    length = parse_duration(row["slice"])
    assert window // length == row["slices"]
    found = budget(objective, 0, row["slices"], window)
    if "budget_slices" in row:
        assert found.allowed == decimal(row, "budget_slices")
    assert found.remaining_us == parse_duration(row["budget_human"])


def check_slice(row: dict) -> None:
    """A slice right at its target is good, one under it is not."""
    good = row["slice_total"] - row["slice_bad"]
    found = timeslices([(good, row["slice_total"])], decimal(row, "timeSliceTarget"))
    assert found.bad == (0 if row["slice_good"] else 1)


def check_attack(row: dict) -> None:
    """The last minute of an attack that the budget bears, and the first that it does not."""
    baseline, attack = decimal(row, "baseline"), decimal(row, "attack")
    minutes, slices = row["recomputed_minutes"], parse_duration(row["window"]) // MINUTE
    quiet, hit = (99, 100), (1, 100)
    assert (Fraction(*quiet), Fraction(*hit)) == (baseline, attack)
    for attacked, overspent in ((int(minutes), False), (int(minutes) + 1, True)):
        use = ratio_timeslices([hit] * attacked + [quiet] * (slices - attacked))
        found = Budget(objective=decimal(row, "target"), use=use, length_us=0)
        assert found.is_overspent is overspent


def check_observed(row: dict) -> None:
    """The share of good slices of those observed."""
    slots = [(1, 1)] * row["good"] + [(0, 1)] * row["bad"]
    assert len(slots) == row["observed"] == row["slices"]
    share = timeslices(slots, Fraction(1)).bad_share
    assert abs(1 - float(share) - row["sli"]) < 1e-8


def check_downtime(row: dict) -> None:
    """A correction makes the window shorter, so that the same downtime weighs more."""
    whole, left_out = row["window_min"], row["correction_min"]
    for total, expected in (
        (whole, row["without"]),
        (whole - left_out, row["downtime_pct_with_correction"]),
    ):
        slots = [(0, 1)] * row["bad_min"] + [(1, 1)] * (total - row["bad_min"])
        share = timeslices(slots, Fraction(1)).bad_share
        assert f"{float(share) * 100:.3f}" == f"{expected:.3f}"


def check_share(row: dict) -> None:
    """Good of all, whichever of good and bad is counted."""
    good = row.get("good", row["total"] - row.get("bad", 0))
    use = use_of("occurrences", [(good, row["total"])])
    assert 1 - use.bad_share == decimal(row, "sli")


def check_row(row: dict) -> None:
    """The check for what a row speaks of."""
    if "budget_human" in row:
        check_slices(row)
    elif "slice_good" in row:
        check_slice(row)
    elif "attack" in row:
        check_attack(row)
    elif "budget_events" in row:
        use = Use(unit="requests", bad=Fraction(0), total=row["events"])
        found = Budget(objective=decimal(row, "target"), use=use, length_us=0)
        assert found.allowed == row["budget_events"]
    elif "empty_slices" in row:
        use = timeslices([(1, 1)] * 3 + [(0, 1)] + [(0, 0)] * 6, Fraction(1), "good")
        assert 1 - use.bad_share == 1 - Fraction(4 - 3, 10)
    elif "observed" in row:
        check_observed(row)
    elif "correction_min" in row:
        check_downtime(row)
    elif "budget_minutes" in row:
        found = budget(decimal(row, "target"), 0, 1, parse_duration(row["window"]))
        assert found.remaining_us == decimal(row, "budget_minutes") * MINUTE
    elif "burn_rate_pct" in row:
        use = Use(unit="requests", bad=Fraction(862), total=10_000)
        assert use.burn(decimal(row, "target")) * 100 == row["burn_rate_pct"]
    else:
        check_share(row)


@pytest.mark.parametrize("row", rows(), ids=lambda row: " ".join(map(str, row.values()))[:80])
def test_worked_examples(row: dict):
    """Each worked example comes out as it says, or as its note corrects it."""
    check_row(row)


def one_by_one(
    method: str, slots: list[list[bool]], target: Fraction, empty: str
) -> tuple[Fraction, int]:
    """Bad units and all units, from single requests."""
    if method == "occurrences":
        requests = [request for slot in slots for request in slot]
        return Fraction(len([good for good in requests if not good])), len(requests)
    bad, total = Fraction(0), 0
    for slot in slots:
        if not slot:
            total += {"excluded": 0, "good": 1, "bad": 1}[empty]
            bad += {"excluded": 0, "good": 0, "bad": 1}[empty]
            continue
        total += 1
        share = Fraction(sum(slot), len(slot))
        bad += (1 - share) if method == "ratio_timeslices" else (0 if share >= target else 1)
    return bad, total


@given(
    method=st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"]),
    empty=st.sampled_from(["excluded", "good", "bad"]),
    slots=st.lists(st.lists(st.booleans(), max_size=12), max_size=20),
    target=st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(95, 100), Fraction(1)]),
    objective=st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(995, 1000)]),
)
def test_methods_agree_with_single_requests(method, empty, slots, target, objective):
    """Use, budget and burn rate are those of a reckoning with one request at a time, exactly."""
    counted = [(sum(slot), len(slot)) for slot in slots]

    use = use_of(method, counted, slice_objective=target, empty=empty)
    found = Budget(objective=objective, use=use, length_us=1_000)

    bad, total = one_by_one(method, slots, target, empty)
    assert (use.bad, use.total) == (bad, total)
    assert found.remaining == (1 - bad / (total * (1 - objective)) if total else None)
    assert found.is_overspent is (total > 0 and 1 - bad / total < objective)


@given(
    method=st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"]),
    slots=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12),
    at=st.integers(0, 11),
)
def test_one_more_bad_request_never_helps(method, slots, at):
    """A request that turns bad leaves no more of the budget."""
    counted = [(good, good + bad) for good, bad in slots]
    good, total = counted[at % len(counted)]
    worse = list(counted)
    worse[at % len(counted)] = (max(0, good - 1), total)

    before, after = (
        use_of(method, each, slice_objective=Fraction(9, 10)) for each in (counted, worse)
    )

    assert after.bad >= before.bad
    assert after.total == before.total


def test_a_budget_spent_to_the_last_request_is_not_overspent():
    """Right at the target the promise is kept; in floating point 1 − 0.999 would not be."""
    use = use_of("occurrences", [(999_000, 1_000_000)])
    found = Budget(objective=Fraction("0.999"), use=use, length_us=1_000)

    assert (found.remaining, found.is_overspent) == (0, False)
    assert found.exhausted_in_us(Fraction(1)) == 0


def test_no_data_has_no_share():
    """Without a request nothing is known, and nothing is spent."""
    use = use_of("occurrences", [(0, 0)])
    found = Budget(objective=Fraction("0.999"), use=use, length_us=1_000)

    assert (found.remaining, found.remaining_us, use.burn(Fraction("0.999"))) == (None, None, None)
    assert not found.is_overspent


def test_time_to_exhaustion():
    """Half a budget of 28 days at burn rate 14 lasts a day; at rate 0 for ever."""
    use = use_of("occurrences", [(999_500, 1_000_000)])
    found = Budget(objective=Fraction("0.999"), use=use, length_us=28 * 1_440 * MINUTE)

    assert found.exhausted_in_us(Fraction(14)) == 1_440 * MINUTE
    assert found.exhausted_in_us(Fraction(0)) is None
    assert found.exhausted_in_us(None) is None
