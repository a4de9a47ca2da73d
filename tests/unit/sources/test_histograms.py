"""Rows of the histogram series: bounds rounded outward, percentiles made into buckets."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.sources._histograms import Ranks, Rows, hi_us, lo_us

durations = st.lists(st.integers(0, 50), min_size=1, max_size=40).map(sorted)


@pytest.mark.parametrize(
    ("least", "most", "bounds"),
    [
        pytest.param(7, 7, (6, 7), id="an exact duration"),
        pytest.param(0, 0, (-1, 0), id="no time at all"),
        pytest.param(Fraction(13, 2), Fraction(17, 2), (6, 9), id="halves go outward"),
        pytest.param(Fraction(1, 1000), Fraction(999, 1000), (0, 1), id="below a microsecond"),
    ],
)
def test_bounds_are_rounded_outward(least, most, bounds):
    """Whole durations keep their value, others move away from the bucket's middle."""
    assert (lo_us(least), hi_us(most)) == bounds


def told(values: list[int], ranks: list[int]) -> Ranks:
    """What a summary that prints the durations at these ranks tells."""
    known = Ranks(len(values))
    known.between(values[0], values[-1])
    for rank in ranks:
        known.quantile(rank, rank, values[rank - 1], values[rank - 1])
    return known


def spread(known: Ranks) -> list[tuple[int, int | None]]:
    """The bounds of each rank."""
    return [bounds for *bounds, count in known.buckets() for _ in range(count)]


@given(st.data())
def test_buckets_hold_what_they_say(data):
    """Each duration lies in the bucket of its rank, and the ranks that are told are exact."""
    values = data.draw(durations)
    ranks = data.draw(st.lists(st.integers(1, len(values)), max_size=4))

    found = spread(told(values, ranks))

    assert len(found) == len(values)
    assert all(low < value <= high for value, (low, high) in zip(values, found, strict=True))
    for rank in ranks:
        assert found[rank - 1] == [values[rank - 1] - 1, values[rank - 1]]


@given(st.data())
def test_some_of_them_hold_whichever_they_are(data):
    """The buckets of a part are true of every choice of that many durations."""
    values = data.draw(durations)
    ranks = data.draw(st.lists(st.integers(1, len(values)), max_size=4))
    chosen = sorted(data.draw(st.permutations(values))[: data.draw(st.integers(1, len(values)))])

    found = spread(told(values, ranks).some(len(chosen)))

    assert len(found) == len(chosen)
    assert all(low < value <= high for value, (low, high) in zip(chosen, found, strict=True))


def test_an_estimate_between_two_ranks_is_exact_for_none():
    """A value between the 5th and 6th bounds both, and is neither."""
    known = Ranks(10)
    known.quantile(5, 6, 20, 20)

    assert list(known.buckets()) == [(-1, 20, 5), (19, None, 5)]


def test_contradictions_are_found():
    """A 90th percentile below the median is refused, naming the ranks."""
    known = Ranks(10)
    known.quantile(5, 5, 20, 20)
    known.quantile(9, 9, 10, 10)

    with pytest.raises(ValueError, match=r"from 5 to 5 contradict"):
        list(known.buckets())


def test_rows_are_forgotten_once_taken():
    """A chunk holds the rows since the last one, with the columns of the series."""
    rows = Rows()
    rows.add(ts=1, step_us=2, endpoint="a", count=3, bounds=None, labels={"k": "v"})
    first = rows.chunk(bad={"odd": 1})
    rows.add(ts=1, step_us=2, endpoint="b", count=4, bounds=(5, None), method="GET", status=200)
    second = rows.chunk()

    assert (first.series, first.rows.num_rows, first.bad) == ("histograms", 1, {"odd": 1})
    assert "method" not in first.rows.schema.names
    assert second.rows.to_pylist()[0]["endpoint"] == "b"
    assert second.rows.to_pylist()[0]["hi_us"] is None
