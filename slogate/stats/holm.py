"""Holm's correction: how sure one of many findings must be, so that all together stay as sure.

Of twenty endpoints that changed by exactly their budgets, at 5% each, one is reported in 47% of
comparisons. Adjusted by Holm (1979, "A simple sequentially rejective multiple test procedure") it
is 5%, whatever the endpoints have to do with each other. p-values come in, adjusted ones go out;
a finding stands if its adjusted one is at most the error that was agreed on.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the adjusted p-values in the order given; ValueError for what is no probability."""
    if not all(0.0 <= p <= 1.0 for p in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    count, least = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, at in enumerate(sorted(range(count), key=lambda at: (p_values[at], at))):
        least = max(least, min(1.0, (count - rank) * p_values[at]))
        adjusted[at] = least
    return adjusted
