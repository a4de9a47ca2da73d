from __future__ import annotations

import pytest

from slogate.shop.switches import (
    Errors,
    FailWindow,
    Freeze,
    Slow,
    parse_duration_us,
    parse_errors,
    parse_fail_window,
    parse_freeze,
    parse_slow,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("500us", 500, id="us"),
        pytest.param("200ms", 200_000, id="ms"),
        pytest.param("1.5s", 1_500_000, id="fraction"),
        pytest.param("2m", 120_000_000, id="minutes"),
    ],
)
def test_durations_are_read_as_whole_microseconds(text, expected):
    """A number with a unit is a duration."""
    assert parse_duration_us(text) == expected


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1e3s", "nans", "1h", "1s2ms", "١s"])
def test_anything_else_is_no_duration(text):
    """A duration without a unit, negative or of an unknown unit is refused with an example."""
    with pytest.raises(ValueError, match="is not a duration; write a number with a unit"):
        parse_duration_us(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("POST /checkout=3x", Slow(target="POST /checkout", factor=3.0), id="factor"),
        pytest.param("/cart=+200ms", Slow(target="/cart", extra_us=200_000), id="addition"),
        pytest.param("* = 0.5x", Slow(target="*", factor=0.5), id="spaces"),
    ],
)
def test_slow_takes_a_factor_or_an_addition(text, expected):
    """Both forms of --slow are read."""
    assert parse_slow(text) == expected


@pytest.mark.parametrize(
    "text", ["/cart", "=3x", "/cart=3", "/cart=0x", "/cart=-1x", "/cart=200ms", "/cart=2000x"]
)
def test_slow_refuses_what_is_neither(text):
    """A slowness without endpoint, unit or sense is refused."""
    with pytest.raises(ValueError, match=r"is not ENDPOINT=VALUE|is neither a factor"):
        parse_slow(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("POST /login=5%", Errors(target="POST /login", share=0.05), id="percent"),
        pytest.param("*=100%", Errors(target="*", share=1.0), id="all"),
        pytest.param("/cart=0%", Errors(target="/cart", share=0.0), id="none"),
        pytest.param("/cart=0.5%", Errors(target="/cart", share=0.005), id="fraction"),
    ],
)
def test_errors_takes_a_percentage(text, expected):
    """A share of failures is written in percent."""
    assert parse_errors(text) == expected


@pytest.mark.parametrize("text", ["/cart", "/cart=0.05", "/cart=101%", "/cart=-1%", "/cart=%"])
def test_errors_refuses_what_is_no_share(text):
    """A bare number, or more than everything, is refused."""
    with pytest.raises(ValueError, match=r"is not ENDPOINT=VALUE|is not a share"):
        parse_errors(text)


def test_a_freeze_stalls_at_each_multiple_of_its_period():
    """The first stall comes after one whole period, and tells how much of it is left."""
    freeze = parse_freeze("1s/20s")
    at_s = [0, 0.5, 19.9, 20, 20.25, 21, 39.9, 40.5]

    assert freeze == Freeze(length_us=1_000_000, period_us=20_000_000)
    assert [freeze.left_us(int(s * 1_000_000)) for s in at_s] == [
        0,
        0,
        0,
        1_000_000,
        750_000,
        0,
        0,
        500_000,
    ]


@pytest.mark.parametrize("text", ["1s", "20s/1s", "1s/1s", "0s/5s", "1/20", "1s/20s/3s"])
def test_a_freeze_must_end_before_the_next(text):
    """A stall that never ends, or never begins, is refused."""
    with pytest.raises(ValueError, match=r"LENGTH/PERIOD|never ends|is not a duration"):
        parse_freeze(text)


def test_a_fail_window_has_a_start_and_an_end():
    """The window holds its first moment and not the one after its last."""
    window = parse_fail_window("10s+5s")
    at_us = [0, 9_999_999, 10_000_000, 14_999_999, 15_000_000]

    assert window == FailWindow(start_us=10_000_000, length_us=5_000_000)
    assert [window.covers(us) for us in at_us] == [False, False, True, True, False]


@pytest.mark.parametrize("text", ["10s", "10s+0s", "10+5", "10s-5s"])
def test_a_fail_window_must_last(text):
    """A window without length or unit is refused."""
    with pytest.raises(ValueError, match=r"START\+LENGTH|is not a duration"):
        parse_fail_window(text)
