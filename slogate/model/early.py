"""That a run could be stopped as soon as every budget was decided."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStop:
    """The longest and the shortest the test was to run, in µs, and whether it was stopped early.

    Both count from its start. Its looks follow from these and from nothing that was seen.
    """

    max_us: int
    min_us: int = 0
    stopped: bool = False
