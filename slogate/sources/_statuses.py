"""Shared by the summaries that count responses by status, hey's and oha's."""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.sources._summaries import count_of, spread

_STATUS = re.compile(r"\[(\d+)\][\t ]+(\d+) responses")


def statuses_of(text: str) -> list[tuple[int, int]]:
    """Each status and how many responses had it; ValueError if one is none of HTTP."""
    statuses = [
        (count_of(status, "status"), count_of(count, "responses"))
        for status, count in _STATUS.findall(text)
    ]
    if odd := [status for status, _ in statuses if not 100 <= status <= 999]:
        raise ValueError(f"its status {odd[0]} is none of HTTP")
    return statuses


def check_rate(total_us: tuple[Fraction, Fraction], rate: str, listed: int, *counts: int) -> None:
    """ValueError if the Requests/sec over `total_us` are none of `counts`: some are cut off.

    Versions of the tools differ in which requests they count for it; `listed` is how many are.
    """
    least, most = (
        us / 1_000_000 * each
        for us, each in zip(total_us, spread(rate, "Requests/sec"), strict=True)
    )
    if not any(least - 1 <= count <= most + 1 for count in counts):
        raise ValueError(
            f"it lists {listed} requests, which is not its Requests/sec: it is cut off"
        )
