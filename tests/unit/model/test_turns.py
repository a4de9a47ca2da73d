"""Whose turn it is when, and how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.turns import Interleaved, Turns
from slogate.model.window import Window

turns = st.builds(
    Turns,
    seed=st.integers(0, 2**31),
    slice_us=st.integers(2, 20_000_000),
    settle_us=st.just(1),
)
moments = st.integers(0, 2**51)


@given(turns, moments)
def test_each_pair_has_a_slice_of_either_side(order, ts):
    """Whatever the seed, base and head get the same number of turns."""
    first = order.slice_of(ts) // 2 * 2

    assert {order.side(first), order.side(first + 1)} == {"base", "head"}


def test_the_order_is_drawn():
    """Both orders occur about as often, another seed gives another order, the same the same."""
    one, other = (Turns(seed=seed, slice_us=10, settle_us=1) for seed in (1, 2))
    orders = [[each.side(2 * pair) for pair in range(200)] for each in (one, other, one)]

    assert 70 <= orders[0].count("base") <= 130
    assert orders[0] != orders[1]
    assert orders[0] == orders[2]


@given(turns, moments, st.integers(1, 10**8))
def test_pairs_lie_wholly_in_the_window(order, start, length):
    """No pair of a window reaches over its ends, and none that fits is left out."""
    window = Window(start_ts=start, end_ts=start + length)
    found = order.pairs(window)
    size = 2 * order.slice_us

    for number in (*found[:1], *found[-1:]):
        assert start <= number * order.slice_us
        assert (number + 2) * order.slice_us - 1 <= window.end_ts
    assert len(found) >= (length + 1) // size - 1


def test_time_is_divided_between_the_sides():
    """All but what it takes to settle is the base's or the head's."""
    order = Turns(seed=5, slice_us=1_000, settle_us=100)
    window = Window(start_ts=12_000, end_ts=98_000)
    both = order.settled_of("base", window) + order.settled_of("head", window)

    assert both == 86 * 900
    assert order.settled_of("base", Window(start_ts=0, end_ts=2_000)) == 900


@pytest.mark.parametrize(("length", "settle"), [(0, 0), (10, 10), (10, -1)])
def test_a_slice_that_never_settles_is_refused(length, settle):
    """As a manifest that was tampered with may have it."""
    with pytest.raises(ValueError, match="settle"):
        Interleaved(side="base", other="r", words="w", seed=1, slice_us=length, settle_us=settle)
