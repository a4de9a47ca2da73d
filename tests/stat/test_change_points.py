"""How often the rank scan is wrong, and what it finds, on courses whose changes are known.

The figures are those of 100 runs with 3% between runs. NumPy draws; the scan is our own.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from math import inf, log

import numpy as np
import pytest
from foreign import DATA, needs_data

from slogate.stats.change_points import (
    LEAST,
    MOST,
    SIDE,
    change_points,
    critical,
    median,
    statistics,
)

RUNS = 100
CV = 0.03


def quiet(rng, kind, n=RUNS):
    """A course without a change: 100 ms, 3% between runs."""
    if kind == "normal":
        noise = rng.normal(0, CV, n)
    elif kind == "outliers":  # heavy tails, and one run in thirty far off
        noise = rng.standard_t(3, n) * CV / np.sqrt(3)
        noise += (rng.random(n) < 0.03) * rng.uniform(0.2, 1.0, n)
    else:  # AR(1) 0.3: a run tells of the next
        noise = np.empty(n)
        noise[0] = rng.normal(0, CV)
        for i in range(1, n):
            noise[i] = 0.3 * noise[i - 1] + rng.normal(0, CV * np.sqrt(1 - 0.09))
    return 100 * np.exp(noise)


def places(values):
    """Where changes were found."""
    return [change.at for change in change_points(list(values))]


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        pytest.param("normal", 0.02, id="normal"),
        pytest.param("outliers", 0.02, id="outliers"),
        pytest.param("dependent", 0.06, id="AR(1) 0.3"),
    ],
)
def test_false_alarms_are_rare(kind, most):
    """At most 2% of courses without a change show one, outliers or not (measured: 0 to 0.5%)."""
    rng = np.random.default_rng(20261126)
    alarms = sum(bool(places(quiet(rng, kind))) for _ in range(400))

    assert alarms <= most * 400


@pytest.mark.parametrize("kind", ["normal", "outliers"])
def test_a_tenth_is_found(kind):
    """Of steps by 10% at least 95% are found to within three runs, and little else is."""
    rng = np.random.default_rng(7)
    hits = false = 0
    for _ in range(150):
        at = int(rng.integers(20, 81))
        values = quiet(rng, kind)
        values[at:] *= 1.1
        found = places(values)
        near = [place for place in found if abs(place - at) <= 3]
        hits += bool(near)
        false += len(found) - bool(near)

    assert hits >= 0.95 * 150
    assert hits / (hits + false) >= 0.95


def test_the_place_is_stated_honestly():
    """The true place lies within the range stated in at least nine of ten courses."""
    rng = np.random.default_rng(11)
    inside = found = 0
    for _ in range(200):
        at = int(rng.integers(20, 81))
        values = quiet(rng, "normal")
        values[at:] *= 1.05
        for change in change_points(list(values))[:1]:
            found += 1
            inside += change.earliest <= at <= change.latest

    assert found >= 150
    assert inside >= 0.9 * found


def test_a_stream_is_watched_without_crying_wolf():
    """Scanned after each of 150 new runs, a quiet stream is quiet in nearly all of 40 streams."""
    rng = np.random.default_rng(3)
    crying = 0
    for _ in range(40):
        values = list(quiet(rng, "outliers", 250))
        crying += any(
            change.at >= RUNS - 20
            for end in range(RUNS, 250, 5)
            for change in change_points(values[end - RUNS : end])
        )

    assert crying <= 2


def test_a_bump_that_was_mended_is_two_changes():
    """Up and down again are both told, with the levels on both sides."""
    values = [100.0, 101.0] * 10 + [120.0, 121.0] * 10 + [100.0, 101.0] * 10
    up, down = change_points(values)

    assert (up.at, down.at) == (20, 40)
    assert (up.before, up.after, down.after) == (100.5, 120.5, 100.5)


@pytest.mark.parametrize("n", [LEAST, 16, 20, 30, 75, 150])
def test_chance_is_as_rare_as_stated(n):
    """Runs in random order exceed the critical value in about one of a thousand courses."""
    rng = np.random.default_rng(n)
    orders = np.argsort(rng.random((60_000, n)), axis=1) + 1.0
    k = np.arange(SIDE, n - SIDE + 1)
    sums = np.cumsum(orders, axis=1)[:, SIDE - 1 : n - SIDE]
    scores = np.abs(sums - k * (n + 1) / 2) / np.sqrt(k * (n - k) * (n + 1) / 12)

    assert statistics(list(orders[0])) == pytest.approx(list(scores[0]))
    assert (scores.max(axis=1) >= critical(n)).mean() <= 0.0014


def test_critical_values_grow_with_the_number_of_runs():
    """More places to look at need more evidence; between the rows of the table lies a line."""
    values = [critical(n) for n in range(LEAST, 1_500)]

    assert values == sorted(values)
    assert critical(LEAST - 1) == inf
    share = log(21 / 20) / log(22 / 20)
    assert critical(21) == pytest.approx(critical(20) * (1 - share) + critical(22) * share)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([1.0] * 13, [], id="few"),
        pytest.param([1.0] * 6 + [9.0] * 7, [], id="too few to be sure"),
        pytest.param([1.0] * 7 + [9.0] * 7, [7], id="just enough"),
        pytest.param([5.0] * 200, [], id="always the same"),
        pytest.param([0.0] * 20 + [0.01] * 20, [20], id="from zero"),
        pytest.param([9.0] * 20 + [inf] * 20, [20], id="to infinity"),
        pytest.param([inf] * 40, [], id="infinite throughout"),
        pytest.param([100.0] * 20 + [102.0] * 20, [], id="too small to matter"),
        pytest.param([1.0] * 20 + [2.0] * 3, [], id="too new"),
    ],
)
def test_edges(values, found):
    """Short, constant, infinite and hardly changed courses."""
    assert places(values) == found


def test_very_long_courses_are_looked_at_from_their_newest_end():
    """What lies more than a thousand runs back is history; places count from the first value."""
    old = [1.0] * 30 + [2.0] * (MOST - 20) + [3.0] * 20

    assert places(old) == [MOST + 10]


def test_no_number_is_refused():
    """NaN has no rank."""
    with pytest.raises(ValueError, match="no number"):
        change_points([1.0, float("nan")])


@pytest.mark.parametrize(
    ("values", "middle"), [([3.0, 1.0], 2.0), ([5.0], 5.0), ([inf, inf, 1.0], inf)]
)
def test_median(values, middle):
    """Of an even number the mean of the two in the middle."""
    assert median(values) == middle


def test_the_steps_of_a_real_benchmark_are_found():
    """365 runs of TigerBeetle: where its own history and the research place them."""
    needs_data()
    text = (DATA / "series/otava/tigerbeetle_series.csv").read_text()
    values = [float(row["value"]) for row in csv.DictReader(text.splitlines())]

    assert places(values) == [15, 61, 71, 95, 138]


def test_hosted_runners_are_watched_in_peace():
    """Over 4,000 results on shared machines: a change in a hundred runs, not in every second."""
    needs_data()
    file = DATA / "series/runner-noise/github-action-benchmark_dev_bench_data.csv"
    series = defaultdict(list)
    for row in csv.DictReader(file.read_text().splitlines(), delimiter=";"):
        series[row["suite"], row["bench"]].append((int(row["date_ms"]), float(row["value"])))
    long = [[value for _, value in sorted(each)] for each in series.values() if len(each) >= 60]
    runs, found = sum(map(len, long)), sum(len(places(values)) for values in long)

    assert runs > 3_000
    assert found <= 0.015 * runs
