"""How this generator process itself does: its CPU, its event loop, and its punctuality.

A greenlet that asks to sleep a tenth of a second measures by how much it is woken late:
the lag that any user of this loop suffers. CPU time is read once a second. Numbers are gathered
while a test runs and start anew with the next.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable
from time import perf_counter, process_time

import gevent

from slogate.model.run import Health
from slogate.recorders.locust.pacing import Pacing
from slogate.units import US_PER_SECOND

TICK_S = 0.1
WINDOW_S = 10.0


class HealthMonitor:
    """Measures from `start` on; `health` may be asked at any time."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._greenlet: gevent.Greenlet | None = None
        self._reset()

    def _reset(self) -> None:
        self._lags = array("d")
        self._marks: deque[tuple[float, float]] = deque([(perf_counter(), process_time())])
        self._peak: float | None = None
        self._before = self._now = self._pacing.woken, self._pacing.missed

    def start(self) -> None:
        """Measure anew."""
        self._reset()
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._watch)

    def stop(self) -> None:
        """Measure no more; what was measured stays.

        For the moment when a test is told to stop: Locust looks through all modules then, which
        holds up the users, but nobody starts a request any more.
        """
        if self._greenlet is not None:
            self._now = self._pacing.woken, self._pacing.missed
            self._mark(perf_counter())
            self._greenlet.kill(block=False)
            self._greenlet = None

    def _watch(self) -> None:
        while True:
            before = perf_counter()
            gevent.sleep(TICK_S)
            now = perf_counter()
            self._lags.append(now - before - TICK_S)
            if now - self._marks[-1][0] >= 1:
                self._mark(now)

    def _mark(self, now: float) -> None:
        self._marks.append((now, process_time()))
        while len(self._marks) > 2 and now - self._marks[1][0] >= WINDOW_S:
            self._marks.popleft()
        if now - self._marks[0][0] >= WINDOW_S:
            self._peak = max(self._peak or 0.0, self._share())

    def _share(self) -> float:
        (first, used_before), (last, used) = self._marks[0], self._marks[-1]
        return (used - used_before) / (last - first)

    def health(self) -> Health:
        """What was measured so far in this process."""
        lags = sorted(self._lags)
        if self._greenlet is not None:
            self._now = self._pacing.woken, self._pacing.missed
        woken, missed = (now - before for now, before in zip(self._now, self._before, strict=True))
        return Health(
            cpu=self._cpu(),
            lag_us=_micros(lags[-1]) if lags else None,
            lag_p99_us=_micros(lags[math.ceil(0.99 * len(lags)) - 1]) if lags else None,
            missed=missed / woken if woken else None,
        )

    def _cpu(self) -> float | None:
        """The peak over ten seconds; over all of a test that was shorter."""
        if self._peak is not None:
            return self._peak
        return self._share() if len(self._marks) > 1 else None


def _micros(seconds: float) -> int:
    return max(0, math.ceil(seconds * US_PER_SECOND))


def worst(healths: Iterable[Health], *, lost: int, left: int = 0) -> Health:
    """The health of several processes: of each figure the worst."""
    all_of = list(healths)
    return Health(
        cpu=max((h.cpu for h in all_of if h.cpu is not None), default=None),
        lag_us=max((h.lag_us for h in all_of if h.lag_us is not None), default=None),
        lag_p99_us=max((h.lag_p99_us for h in all_of if h.lag_p99_us is not None), default=None),
        missed=max((h.missed for h in all_of if h.missed is not None), default=None),
        processes=len(all_of),
        lost_processes=lost,
        left_processes=left,
    )
