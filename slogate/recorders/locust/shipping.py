"""The worker's side: ships its rows in Locust's own reports, and leaves in order.

Rows ride in the message that carries Locust's statistics. When a test stops here, or the master
asks for it, the last report follows at once. A worker that is told to go stops its users first
(Locust would say goodbye at once and lose up to three seconds of statistics), reports, and
waits for the master's receipt, at most `RECEIPT_S`.
"""

from __future__ import annotations

from typing import Any

import gevent
from gevent.event import Event
from locust.rpc import Message
from locust.runners import STATE_INIT, STATE_STOPPED, WorkerRunner

from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.health import HealthMonitor
from slogate.recorders.locust.pacing import Pacing
from slogate.recorders.locust.wire import KEY, Report, pack

STOP = "slogate_stop"
RECEIPT = "slogate_receipt"
RECEIPT_S = 5.0


class Shipper:
    """What a worker does with its rows."""

    def __init__(
        self, runner: WorkerRunner, capture: Capture, monitor: HealthMonitor, pacing: Pacing
    ) -> None:
        self._runner = runner
        self._capture = capture
        self._monitor = monitor
        self._pacing = pacing
        self._shipped = 0
        self._before_reset = 0
        self._generation = 0
        self._asked = 0
        self._stopped = True
        self._leaving = False
        self._receipt = Event()
        runner.register_message(STOP, self._on_stop_message)
        runner.register_message(RECEIPT, self._on_receipt)

    def on_reset(self, counted: int) -> None:
        """Locust forgets what it counted here and has not yet reported."""
        self._before_reset += counted

    def on_test_start(self) -> None:
        """A test starts on this worker; rows from before are no part of it."""
        self._capture.discard()
        self._monitor.start()
        self._generation += 1
        self._stopped = False

    def on_test_stop(self) -> None:
        """The users have stopped: report all that is left."""
        self._stopped = True
        self._monitor.stop()
        self._report_now()

    def fill(self, data: dict[str, Any]) -> None:
        """Add our part to a report that Locust is about to send."""
        chunks = tuple(self._capture.take(final=self._stopped))
        self._shipped += sum(chunk.rows for chunk in chunks)
        data[KEY] = pack(
            Report(
                chunks=chunks,
                shipped=self._shipped,
                failed=self._capture.failed,
                before_reset=self._before_reset,
                faults=self._pacing.faults,
                generation=self._generation,
                stopped=self._stopped,
                asked=self._asked,
                leaving=self._leaving,
                health=self._monitor.health() if self._stopped and self._generation else None,
            )
        )

    def leave(self) -> None:
        """Stop, report and wait for the receipt; before Locust says goodbye."""
        if self._leaving:
            return
        self._leaving = True
        nothing_left = self._stopped and not self._capture.pending
        if not self._stopped:
            self._runner.stop()
        self._report_now()
        if not nothing_left:
            self._receipt.wait(RECEIPT_S)

    def _on_stop_message(self, environment: Any, msg: Message) -> None:
        if self._runner.state not in {STATE_INIT, STATE_STOPPED}:
            self._runner.stop()
        # only now: a report on the way while users finish would say that all of it is sent
        self._asked = int(msg.data)
        self._report_now()

    def _on_receipt(self, environment: Any, msg: Message) -> None:
        self._receipt.set()

    def _report_now(self) -> None:
        self._runner._send_stats()  # noqa: SLF001 (Locust has no public way to report now)
        gevent.sleep(0)
