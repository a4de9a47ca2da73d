"""Reads a connection by a deadline: whoever sends a byte now and then holds nothing for long.

A timeout of a socket begins anew with each byte, so that it bounds no request. `until` bounds
all that is read up to then, headers and body; whoever reads on gets TimeoutError.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LEAST_S = 0.001


class Patient(io.RawIOBase):
    """The bytes that come over a connection until the moment `until`, of the clock."""

    def __init__(
        self, connection: socket.socket, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._connection = connection
        self._clock = clock
        self.until = 0.0

    def wait(self, seconds: float) -> None:
        """Let what follows take so long from now on."""
        self.until = self._clock() + seconds

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """What has come, as soon as something has; TimeoutError if nothing does in time."""
        left = self.until - self._clock()
        if left <= 0:
            raise TimeoutError("the request took too long to come")
        self._connection.settimeout(max(LEAST_S, left))
        return self._connection.recv_into(buffer)
