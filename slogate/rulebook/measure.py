"""What is measured over a window: all events and the good ones, as PromQL for any length of time.

From a metric (`metric.py`) or from an SLO's own queries (`queries.py`). Each query is a function of
the length in microseconds. Exactly one of `good`, `bad` and `ratio` is there; `ratio` (of bad ones)
is of something that is reckoned elsewhere, then nobody knows of how many events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Query = Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the events of one SLO are counted; `latency` are a dashboard's percentiles, in seconds.

    `moment` says that the query tells a state, not what happened over a length of time.
    """

    total: Query | None = None
    good: Query | None = None
    bad: Query | None = None
    ratio: Query | None = None
    moment: bool = False
    latency: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
