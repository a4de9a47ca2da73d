"""How many bytes of requests may be in memory at once; whoever finds no room is told to wait."""

from __future__ import annotations

import threading


class Budget:
    """Bytes that can be taken and given back, from any thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes if there is room for them."""
        with self._lock:
            if self._taken + size > self.limit:
                return False
            self._taken += size
            return True

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._taken -= size
