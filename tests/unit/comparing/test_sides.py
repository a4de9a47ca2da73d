"""What names no run is told with what to write."""

from __future__ import annotations

import pytest
from builders import run

from slogate.comparing.sides import UnknownSide, head_of


@pytest.mark.parametrize(
    ("ref", "words"),
    [("slo/shop.yaml", "slogate compare BASE latest slo/shop.yaml"), ("mian", "did you mean main")],
)
def test_the_hint_says_what_to_write(ref, words):
    """A spec in the place of the head is not taken for a branch that nobody knows."""
    with pytest.raises(UnknownSide) as caught:
        head_of(ref, [run(branch="main")], 1)

    assert words in str(caught.value.hint)
