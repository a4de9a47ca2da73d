"""A window of time, microseconds since the epoch, UTC.

The judged window of a load run ends at its last start, which belongs to it; so both ends are
inclusive, and a window of one instant is not empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from slogate.units import US_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """From `start_ts` to `end_ts`, both inclusive."""

    start_ts: int
    end_ts: int

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.end_ts < self.start_ts:
            raise ValueError(f"window ends ({self.end_ts}) before it starts ({self.start_ts})")

    @property
    def length_us(self) -> int:
        """Its length in microseconds."""
        return self.end_ts - self.start_ts

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return self.length_us / US_PER_SECOND

    def batch_of(self, ts: int, count: int) -> int:
        """Which of `count` batches of equal time holds `ts`: 0 … count - 1."""
        if self.length_us == 0:
            return 0
        return min(count - 1, (ts - self.start_ts) * count // self.length_us)
