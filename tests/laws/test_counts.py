"""Laws of counting: what must not change a count, and what a count must be."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, START, WINDOW, need, needs, parts, row, rows

from slogate.engines import duckdb
from slogate.model.evidence import Need
from slogate.model.window import Window

# each example opens several databases, at 70 ms apiece
few = settings(max_examples=12)


def gather(wanted, *groups, threads=None):
    """The evidence of needs over parts that hold the groups of rows."""
    with tempfile.TemporaryDirectory() as folder:
        return duckdb.PLUGIN.gather(wanted, parts(Path(folder), *groups), threads=threads)


def moved(wanted: Sequence[Need], by: int) -> list[Need]:
    """The needs, about a window that lies later."""
    return [
        replace(n, window=Window(start_ts=n.window.start_ts + by, end_ts=n.window.end_ts + by))
        for n in wanted
    ]


@few
@given(data=rows(), wanted=needs(), cut=st.integers(0, 25), seed=st.integers())
def test_splitting_merging_and_reordering_change_nothing(data, wanted, cut, seed):
    """How rows are spread over parts, and in which order they lie, is of no account."""
    shuffled = list(data)
    random.Random(seed).shuffle(shuffled)

    assert gather(wanted, shuffled[:cut], shuffled[cut:]) == gather(wanted, data)


@few
@given(data=rows(), wanted=needs())
def test_threads_change_nothing(data, wanted):
    """One thread, two and five give the same evidence."""
    with tempfile.TemporaryDirectory() as folder:
        found = parts(Path(folder), data[::2], data[1::2])
        one, *more = (duckdb.PLUGIN.gather(wanted, found, threads=threads) for threads in (1, 2, 5))

    assert more == [one, one]


def test_threads_change_nothing_at_size():
    """Nor where the rows fill many vectors and groups are merged between threads."""
    chance = random.Random(5)
    data = [
        row(chance.randrange(-200, LENGTH), chance.randrange(1, 900), endpoint=chance.choice("ab"),
            ok=chance.random() < 0.9, pace_us=chance.choice((None, 50)))
        for _ in range(30_000)
    ]  # fmt: skip
    wanted = [
        need(id="latency", limit_us=300, quantile=Fraction(95, 100)),
        need("mean", id="mean", limit_us=300),
        need("throughput", id="throughput"),
    ]

    assert gather(wanted, data, threads=1) == gather(wanted, data[::-1], threads=2)


@few
@given(data=rows(), wanted=needs(), by=st.integers(-(10**15), 10**15))
def test_shifting_time_changes_nothing(data, wanted, by):
    """Rows and windows moved together give the same evidence."""
    later = [{**r, "ts": r["ts"] + by} for r in data]

    assert gather(moved(wanted, by), later) == gather(wanted, data)


@few
@given(data=rows(), wanted=needs())
def test_a_need_is_answered_the_same_in_any_company(data, wanted):
    """Other needs in the same scan, their limits and predicates, do not leak."""
    together = gather(wanted, data)
    for one in wanted[:2]:
        alone = gather([one], data)[one.id]
        shares = {share for share, _ in alone.ladder}

        assert replace(together[one.id], ladder=()) == replace(alone, ladder=())
        assert tuple(s for s in together[one.id].ladder if s[0] in shares) == alone.ladder


@few
@given(
    durations=st.lists(st.integers(1, 10**7), min_size=1, max_size=300),
    quantile=st.fractions(Fraction(1, 10_000), 1, max_denominator=10_000),
)
def test_percentiles_are_nearest_rank_exactly(durations, quantile):
    """The ceil(q·n)-th smallest in exact arithmetic; NumPy's inverted_cdf where floats agree."""
    data = [row(i % LENGTH, d) for i, d in enumerate(durations)]
    found = gather([need(quantile=quantile)], data)["need"]
    ordered = sorted(durations)
    count = len(ordered)

    for share, value in found.ladder:
        exact = share * count
        assert value == ordered[-(-exact.numerator // exact.denominator) - 1]
    if abs(exact := float(quantile * count)) and abs(exact - np.round(exact)) > 1e-6:
        by_numpy = np.quantile(durations, float(quantile), method="inverted_cdf")
        assert found.quantile(quantile) == by_numpy


@pytest.mark.parametrize("count", [1, 7, 99, 100, 1_000, 3_333, 20_000])
def test_percentiles_of_many_requests_are_exact(count):
    """The usual percentiles, and the largest, on rows in random order."""
    chance = random.Random(count)
    durations = [int(chance.lognormvariate(9, 1)) for _ in range(count)]
    wanted = [
        need(id=str(q), quantile=q)
        for q in (Fraction(1, 2), Fraction(95, 100), Fraction(99, 100), Fraction(9999, 10_000))
    ]
    found = gather(wanted, [row(i % LENGTH, d) for i, d in enumerate(durations)])
    ordered = np.sort(durations)

    for n in wanted:
        rank = -(-n.quantile.numerator * count // n.quantile.denominator)
        assert found[n.id].quantile(n.quantile) == ordered[rank - 1]
    assert found["1/2"].quantile(Fraction(1)) == ordered[-1]


@few
@given(data=rows(), limit=st.integers(0, 400))
def test_counts_equal_a_plain_count(data, limit):
    """Requests, failures and slow ones are what a loop over the rows counts."""
    inside = [r for r in data if START <= r["ts"] <= START + LENGTH]
    timed = [r["duration_us"] for r in inside if r["duration_us"] is not None]
    failed = [
        r for r in inside if not (r["ok"] if r["ok"] is not None else (r["status"] or 999) < 500)
    ]
    found = gather(
        [
            need(id="raw", limit_us=limit, failures="measured"),
            need("errors", id="errors"),
            need("max", id="max"),
        ],
        data,
    )

    assert found["raw"].raw == (len(timed), sum(d > limit for d in timed))
    assert (found["errors"].total, found["errors"].bad) == (len(inside), len(failed))
    assert (found["max"].total, found["max"].max_us) == (len(timed), max(timed, default=None))


def test_missed_starts_are_back_filled_as_hdrhistogram_does():
    """A request of 10 paces stands for starts of 9, 8, … 1 paces, in their own batches."""
    found = gather([need(limit_us=30)], [row(0, 100, pace_us=10), row(500, 19, pace_us=10)])["need"]

    assert (found.total, found.backfilled, found.raw) == (11, 9, (2, 1))
    assert found.bad == 7
    assert found.max_us == 100


def test_only_missed_starts_within_the_window_count():
    """Also those of a request that began before it, none after its end."""
    before, late = row(-50, 100, pace_us=10), row(LENGTH - 25, 100, pace_us=10)
    found = gather([need(limit_us=0)], [before, late])["need"]

    assert (found.matched, found.backfilled) == (1, 5 + 2)


def test_errors_and_throughput_count_real_requests_only():
    """Back-filled starts are no requests that anybody sent."""
    data = [row(0, 100, pace_us=10, ok=False)]
    found = gather([need("errors", id="e"), need("throughput", id="t"), need("max", id="m")], data)

    assert [(found[k].total, found[k].backfilled) for k in "etm"] == [(1, 0)] * 3


def test_a_tiny_pace_does_not_blow_up():
    """A microsecond's pace and a ten-minute request stand for a bounded number of starts."""
    window = replace(WINDOW, end_ts=START + 10**9)
    found = gather([need(window=window, limit_us=1)], [row(0, 600_000_000, pace_us=1)])["need"]

    assert found.backfilled == 100_000


def test_a_failure_is_never_fast_and_never_timed_out_of_sight():
    """Under `slow` a failed request without a duration is judged, and sorts last."""
    data = [row(i, 10) for i in range(3)] + [row(3, None, ok=False), row(4, None)]
    found = gather([need(limit_us=50, quantile=Fraction(3, 4))], data)["need"]

    assert (found.total, found.bad, found.untimed, found.failed) == (4, 1, 1, 1)
    assert found.quantile(Fraction(3, 4)) == 10
    assert found.quantile(Fraction(1)) is None


def test_the_mean_counts_a_failure_at_least_at_the_limit():
    """max(measured, limit), the limit if nothing was measured, exact far beyond floats."""
    data = [
        row(0, 2**61), row(1, 2**61), row(2, 5, ok=False), row(3, 70, ok=False),
        row(4, None, ok=False),
    ]  # fmt: skip
    found = gather([need("mean", limit_us=50)], data)["need"]

    assert found.sum_us == 2**62 + 50 + 70 + 50


def test_lockstep_is_the_share_in_the_busiest_tenth_of_the_pace():
    """Users that start together are told from users that are spread, wherever the tenth begins."""
    together = [row(i * 100 + 95 + i % 8, pace_us=100) for i in range(9)]
    spread = [row(i * 101 % LENGTH, pace_us=100) for i in range(1000)]
    with tempfile.TemporaryDirectory() as folder:
        burst = duckdb.PLUGIN.tally(parts(Path(folder) / "a", together), WINDOW)
        even = duckdb.PLUGIN.tally(parts(Path(folder) / "b", spread), WINDOW)
        none = duckdb.PLUGIN.tally(parts(Path(folder) / "c", [row()]), WINDOW)

    assert burst.lockstep == 1.0
    assert even.lockstep == pytest.approx(0.1, abs=0.02)
    assert none.lockstep is None
