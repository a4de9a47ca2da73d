"""What the master has to say to its workers so that no row is left behind.

Locust's master tells its workers to quit and listens for half a second more: the last report of
a worker that lets slow requests finish would not be heard. So the workers are asked to stop
first, and waited for.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner

from slogate.recorders.locust.fleet import Fleet
from slogate.recorders.locust.shipping import RECEIPT, STOP

PATIENCE_S = 10.0
POLL_S = 0.02


def connected(runner: MasterRunner, client_id: str) -> bool:
    """Whether the worker is there and alive, as far as its heartbeat tells."""
    return client_id in runner.clients and runner.clients[client_id].state != STATE_MISSING


def await_workers(environment: Environment, fleet: Fleet) -> None:
    """Ask the workers that have not stopped to do so, and wait for their last reports.

    Whoever has not answered `PATIENCE_S` after its users had to have stopped is lost.
    """
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return
    for client_id in fleet.outstanding():
        if connected(runner, client_id):
            _send(runner, STOP, fleet.test, client_id)
    deadline = monotonic() + environment.stop_timeout + PATIENCE_S
    while monotonic() < deadline:
        if not any(connected(runner, client_id) for client_id in fleet.outstanding()):
            return
        gevent.sleep(POLL_S)


def send_receipt(environment: Environment, client_id: str) -> None:
    """Tell a worker that is about to leave that its last report has arrived."""
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        _send(runner, RECEIPT, None, client_id)


def _send(runner: MasterRunner, kind: str, data: int | None, client_id: str) -> None:
    """To one worker; Locust's own `send_message` takes only mappings as data."""
    message: Any = Message
    runner.server.send_to_client(message(kind, data, client_id))
