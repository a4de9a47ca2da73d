from __future__ import annotations

from fractions import Fraction

import pytest

from slogate import units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("300ms", 300_000, id="milliseconds"),
        pytest.param("1.5s", 1_500_000, id="decimal"),
        pytest.param("0.1ms", 100, id="decimal-is-exact"),
        pytest.param("1h30m", 5_400_000_000, id="compound"),
        pytest.param("28d", 28 * 86_400_000_000, id="days"),
        pytest.param(" 250 us ", 250, id="spaces"),
        pytest.param("7µs", 7, id="micro-sign"),
    ],
)
def test_a_duration_is_read_as_whole_microseconds(text, expected):
    """Durations are exact integers of microseconds."""
    assert units.parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("300", "has no unit; write 300ms or 300s", id="bare-number"),
        pytest.param("fast", "is not a duration", id="word"),
        pytest.param("-5s", "is not a duration", id="negative"),
        pytest.param("", "is not a duration", id="empty"),
        pytest.param("0.0001ms", "finer than a microsecond", id="too-fine"),
        pytest.param("99999d", "longer than ten years", id="absurd"),
        pytest.param("٣ms", "is not a duration", id="other-digits"),
    ],
)
def test_a_wrong_duration_says_what_is_wrong(text, words):
    """The sentence names the text and the mistake."""
    with pytest.raises(ValueError) as caught:
        units.parse_duration(text)

    assert words in str(caught.value)


def test_a_number_alone_is_met_with_likely_units():
    """How old a run is, nobody counts in milliseconds."""
    with pytest.raises(ValueError, match="'90' has no unit; write 90d or 90h"):
        units.parse_duration("90", ("d", "h"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("99.9%", Fraction(999, 1000), id="decimal"),
        pytest.param("1%", Fraction(1, 100), id="whole"),
        pytest.param("100%", Fraction(1), id="all"),
        pytest.param("0%", Fraction(0), id="none"),
    ],
)
def test_a_share_is_an_exact_fraction(text, expected):
    """A target is a decimal, not a float."""
    assert units.parse_share(text) == expected


@pytest.mark.parametrize("text", ["0.99", "101%", "1", "%", "one%"])
def test_a_wrong_share_is_refused(text):
    """A fraction without its sign and more than everything are refused."""
    with pytest.raises(ValueError, match=r"percentage|100%"):
        units.parse_share(text)


def test_a_rate_knows_its_time():
    """Rates are exact numbers a second."""
    assert units.parse_rate("3000/m") == 50
    assert units.parse_rate("1/h") == Fraction(1, 3600)


@pytest.mark.parametrize(
    ("us", "expected"),
    [
        pytest.param(412_345, "412 ms", id="three-digits"),
        pytest.param(1_250_000, "1.25 s", id="seconds"),
        pytest.param(950, "950 µs", id="microseconds"),
        pytest.param(0, "0 ms", id="zero"),
        pytest.param(None, "∞", id="unbounded"),
        pytest.param(59_000_000, "59 s", id="under-a-minute"),
        pytest.param(300_000_000, "5 min", id="minutes"),
        pytest.param(999_999, "1000 ms", id="rounding-up"),
    ],
)
def test_a_duration_is_printed_for_people(us, expected):
    """Three significant digits and a unit that fits."""
    assert units.format_duration(us) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(0.0912, "9.12%", id="percent"),
        pytest.param(0.0005, "0.05%", id="small"),
        pytest.param(Fraction(1, 20), "5%", id="fraction"),
        pytest.param(1.0, "100%", id="all"),
        pytest.param(0.0, "0%", id="none"),
    ],
)
def test_a_share_is_printed_as_a_percentage(value, expected):
    """No trailing zeros, no exponent."""
    assert units.format_share(value) == expected


def test_spans_and_counts_are_printed_for_people():
    """Clock time and thousands."""
    assert units.format_span(45.4) == "45 s"
    assert units.format_span(200) == "3 min 20 s"
    assert units.format_span(7500) == "2 h 5 min"
    assert units.format_span(47.5 * 3600) == "47 h 30 min"
    assert units.format_span(28 * 86_400) == "28 d"
    assert units.format_span(64 * 86_400 + 9_001) == "64 d 3 h"
    assert units.format_span(3 * 86_400 - 60) == "3 d"
    assert units.format_count(12408) == "12,408"
    assert [units.format_bytes(size) for size in (0, 999, 1_000, 999_950, 1_340_000_000)] == [
        "0 B", "999 B", "1.0 kB", "1.0 MB", "1.3 GB"
    ]  # fmt: skip
    assert units.format_rate(129.04) == "129/s"
