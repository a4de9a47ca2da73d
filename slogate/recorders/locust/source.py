"""Where a run's rows come from: this process's own users, or the workers' reports.

A session asks a source for finished buffers and for counts, and does not care which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from slogate.model.run import Health
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.columns import Chunk
from slogate.recorders.locust.health import HealthMonitor, worst
from slogate.recorders.locust.pacing import Pacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows seen; of them those that workers forgot to count; and what went wrong, how often."""

    seen: int = 0
    before_reset: int = 0
    faults: int = 0


class Source(Protocol):
    """What a session needs to know."""

    def begin(self) -> None:
        """A test starts: count from here."""

    def take(self, *, final: bool) -> list[Chunk]:
        """Finished buffers, with `final` all there are."""

    def pending(self) -> int:
        """Rows that could be taken."""

    def tally(self) -> Tally:
        """Counts since `begin`."""

    def health(self) -> Health:
        """How the generator's processes did since `begin`."""


class OwnUsers:
    """The source of a single process: its own listener."""

    def __init__(self, capture: Capture, monitor: HealthMonitor, pacing: Pacing) -> None:
        self._capture = capture
        self._monitor = monitor
        self._pacing = pacing
        self._base = 0

    def begin(self) -> None:
        """Count from here; rows from before the test are no part of it."""
        self._capture.discard()
        self._base = self._capture.seen

    def take(self, *, final: bool) -> list[Chunk]:
        """Finished buffers."""
        return self._capture.take(final=final)

    def pending(self) -> int:
        """Rows in the buffers."""
        return self._capture.pending

    def tally(self) -> Tally:
        """What the listener saw."""
        return Tally(seen=self._capture.seen - self._base, faults=self._pacing.faults)

    def health(self) -> Health:
        """This process alone."""
        return worst([self._monitor.health()], lost=0)
