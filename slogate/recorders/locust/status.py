"""One line of progress a second for whoever started the recorder; never waits for a reader."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import gevent

from slogate.recorders.locust.session import Session, now_us
from slogate.units import US_PER_SECOND

INTERVAL_S = 1.0


class StatusLine:
    """Writes JSON lines to a file descriptor; a line that does not fit is dropped."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        os.set_blocking(descriptor, False)

    def watch(self, state: Callable[[], dict[str, Any]]) -> gevent.Greenlet:
        """Write what `state` says, every second."""

        def loop() -> None:
            while self._descriptor is not None:
                self.write(state())
                gevent.sleep(INTERVAL_S)

        return gevent.spawn(loop)

    def write(self, state: dict[str, Any]) -> None:
        """Write one line; whole or not at all, as it is shorter than a pipe's atomic size."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, json.dumps(state).encode() + b"\n")
        except BlockingIOError:
            pass
        except OSError:
            self._descriptor = None


def progress(runner: Any, session: Session | None) -> dict[str, Any]:
    """Where the test stands, in Locust's own counts."""
    run = session.run if session is not None else None
    started = run.start_ts if run is not None else None
    return {
        "elapsed_s": (now_us() - started) / US_PER_SECOND if started is not None else 0.0,
        "users": runner.user_count,
        "target_users": runner.target_user_count,
        "requests": runner.stats.total.num_requests,
        "failures": runner.stats.total.num_failures,
        "state": runner.state,
        "ramped": run is not None and run.ramped_ts is not None,
        "rows_written": session.written if session is not None else 0,
        "parts": len(run.parts) if run is not None else 0,
    }
