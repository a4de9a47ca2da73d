"""The lines by which it is known how a followed log is written: those before, and what has come.

A format looks at the first lines of a file to see what stands where. Of a log that is followed a
few lines come at a time: one that is odd must neither decide how it is read nor end the following.
Those that went before are few, so that a log whose form is changed is soon read by its new one.
"""

from __future__ import annotations

from pathlib import Path

from slogate.sources._base import HEAD_BYTES

LINES = 50
_LONGEST = HEAD_BYTES // 2


class Sample:
    """The last lines that were read; of a log that was followed before, its first ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: bytes | None = None

    def head(self, data: bytes) -> bytes:
        """What stands for the first bytes of a file that has these lines."""
        if self._before is None:
            begun = self._begin()
            self._before = b"" if begun.startswith(data) or data.startswith(begun) else begun
        return (self._before + data)[:HEAD_BYTES]

    def learn(self, data: bytes) -> None:
        """These lines were read."""
        kept = (self._before or b"") + data
        lines = kept[-_LONGEST:].splitlines(keepends=True)
        if len(kept) > _LONGEST:
            # the first of them is a part of one
            lines.pop(0)
        self._before = b"".join(lines[-LINES:])

    def _begin(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                begun = file.read(_LONGEST)
        except OSError:
            return b""
        lines = begun.splitlines(keepends=True)
        return b"".join(line for line in lines[:LINES] if line.endswith(b"\n"))
