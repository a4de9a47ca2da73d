"""Burn rates and their factors against the vectors, unreachable ones, and the low-traffic guard."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from foreign import DATA

from slogate.stats.burn_rate import WORKBOOK, Pair, lowest_burn, workbook
from slogate.stats.error_budget import Use
from slogate.units import parse_duration

VECTORS = DATA / "vectors" / "burn_rates.json"
DAY = parse_duration("1d")


def rows() -> list:
    """(period, window) of each row; those of no period are taken as of 28 days."""
    tables = json.loads(VECTORS.read_text())["tables"] if VECTORS.exists() else []
    return [
        pytest.param(period, row, id=f"{period} {row['long']} of table {number}")
        for number, table in enumerate(tables)
        for period in [table["slo_period"].replace("per step", "28d")]
        for row in table["windows"]
    ]


@pytest.mark.parametrize(("period", "row"), rows())
def test_factors_of_the_vectors(period: str, row: dict):
    """The factor is the share of the budget times the period over the long window.

    Where a table fixes the factor, it burns the share that the same formula gives.
    """
    long_us, period_us = parse_duration(row["long"]), parse_duration(period)
    fixed = Fraction(str(row["factor"])) * long_us / period_us * 100
    share = Fraction(str(row.get("budget_pct", fixed))) / 100
    pair = Pair(share=share, long_us=long_us, short_us=parse_duration(row.get("short", "5m")))

    assert float(pair.factor(period_us)) == pytest.approx(row["factor"], rel=1e-15)


@pytest.mark.parametrize("days", [28, 30, 31, 90, 365])
def test_the_workbook_keeps_its_windows(days: int):
    """For a month and more the windows are those of the table."""
    assert workbook(days * DAY) == WORKBOOK


def test_the_workbook_shrinks_with_the_period():
    """For a week the windows are 14 min to 16.8 h long, and the factors stay about the same."""
    found = workbook(7 * DAY)

    assert [pair.long_us // 60_000_000 for pair in found] == [14, 84, 336, 1_008]
    assert [pair.short_us // 60_000_000 for pair in found] == [1, 7, 28, 84]
    assert [float(pair.factor(7 * DAY)) for pair in found] == [14.4, 6.0, 3.0, 1.0]


@pytest.mark.parametrize(
    ("objective", "reachable"),
    [("99.9", 4), ("95", 4), ("93.06", 4), ("93.05", 3), ("90", 3), ("83", 2), ("50", 1)],
)
def test_unreachable_factors(objective: str, reachable: int):
    """No burn rate exceeds 1 / (1 − objective): 14.4 is never reached where 7% may fail."""
    found = [pair.is_reachable(Fraction(objective) / 100, 30 * DAY) for pair in WORKBOOK]

    assert sum(found) == reachable


def use(bad: int, total: int) -> Use:
    """Bad requests of all."""
    return Use(unit="requests", bad=Fraction(bad), total=total)


def test_one_failure_in_ten_pages_nobody():
    """At 99.9% it is burn rate 100, surely only 5.1: no page at 14.4, a ticket at 3."""
    seen = use(1, 10)
    fired = [pair.fires(Fraction("0.999"), 30 * DAY, long=seen, short=seen) for pair in WORKBOOK]

    assert seen.burn(Fraction("0.999")) == 100
    assert lowest_burn(seen, Fraction("0.999")) == pytest.approx(5.1, abs=0.03)
    assert fired == [False, False, True, True]


@pytest.mark.parametrize(
    ("long", "short", "fires"),
    [
        ((1_441, 100_000), (121, 8_300), True),
        ((1_440, 100_000), (121, 8_300), False),
        ((1_441, 100_000), (0, 8_300), False),
        ((1_441, 100_000), (0, 0), False),
        ((0, 0), (0, 0), False),
        ((15, 1_000), (15, 1_000), True),
        ((14, 690), (14, 690), False),
        ((17, 690), (17, 690), True),
    ],
)
def test_both_windows_must_exceed_the_factor(long, short, fires):
    """Equal is not over; a quiet short window ends it; little traffic must be surely over."""
    found = WORKBOOK[0].fires(Fraction("0.999"), 30 * DAY, long=use(*long), short=use(*short))

    assert found is fires


def test_one_failure_in_little_traffic_is_over_the_factor():
    """With 69 requests an hour one failure is over 14.4 at 99.9%, with 70 it is not."""
    factor = WORKBOOK[0].factor(30 * DAY)

    assert use(1, 69).burn(Fraction("0.999")) > factor > use(1, 70).burn(Fraction("0.999"))
