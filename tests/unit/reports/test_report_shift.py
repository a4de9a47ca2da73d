"""How the whole distribution moved, drawn."""

from __future__ import annotations

import pytest

from slogate.reports._html.shift import _values


@pytest.mark.parametrize(
    ("reach", "values"),
    [
        (2.28, [-1, 0, 1, 2]),
        (4.57, [0, 2, 4]),
        (0.5, [-0.4, -0.2, 0, 0.2, 0.4]),
    ],
)
def test_changes_are_marked_at_round_values(reach, values):
    """And none below −100%: nothing gets faster by more than all of it."""
    assert _values(reach) == pytest.approx(values)
