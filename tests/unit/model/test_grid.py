"""The grid of rolled-up histograms, held against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from slogate.model.grid import LARGEST, OCTAVE, bucket, limits

DURATIONS = st.integers(0, LARGEST) | st.integers(0, 10_000_000)


def test_limits_are_the_whole_parts_of_the_exponential_grid():
    """A limit x is one exactly if x^128 <= 2^j < (x+1)^128 for a j, and each j has one."""
    found = iter(limits()[1:-1])
    limit, used = next(found), False
    for j in range(63 * OCTAVE):
        while (limit + 1) ** OCTAVE <= 1 << j:
            assert used, f"{limit} is no power of the base"
            limit, used = next(found), False

        assert limit**OCTAVE <= 1 << j, f"2^({j}/128) has no limit"
        used = True
    assert (next(found, None), used) == (None, True)


@given(duration=DURATIONS)
@example(duration=0)
@example(duration=LARGEST)
@example(duration=187)
def test_a_duration_has_one_bucket_and_it_is_narrow(duration):
    """Over lo, at most hi; its two ends differ from 2·least·most/(least+most) by 0.271%."""
    lo, hi = bucket(duration)

    assert lo < duration <= hi
    if duration and hi < LARGEST:
        assert Fraction(hi - (lo + 1), hi + lo + 1) <= Fraction(271, 100_000)


def test_short_durations_are_exact():
    """Up to 186 µs a bucket holds one value."""
    assert {bucket(us) for us in range(187)} == {(us - 1, us) for us in range(187)}
