"""Ports for servers that have to be told one, which neither a test nor a client has meanwhile.

They lie below those that Linux gives to whoever connects or asks for any (32768 and up): a port
that is free now is free when its server starts, and nobody who connects to it reaches himself.
"""

from __future__ import annotations

import itertools
import os
import socket

LOWEST, EACH, WORKERS = 20_000, 1_500, 8
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
# where another run of the tests most likely does not begin
_turn = itertools.count(os.getpid() * 7)


def free_port() -> int:
    """A port that nobody listens on, and that this is the first to get."""
    for _ in range(EACH):
        port = LOWEST + _worker * EACH + next(_turn) % EACH
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port
    raise OSError("every port is taken")
