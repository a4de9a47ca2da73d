"""Reads the fields of Gatling's binary log one by one, and believes none of their sizes.

A length or count beyond what any log holds is damage; what ends before its length is short: more
bytes may come. Nothing is allocated on the word of the file.
"""

from __future__ import annotations

_LONGEST_TEXT = 4 << 20
_MOST = {"groups": 1_000, "scenarios": 100_000, "assertions": 100_000}


class Short(Exception):
    """The record goes on where the bytes end."""


class Damage(Exception):
    """These bytes cannot be a record."""


class Cursor:
    """Reads fields of a record; Short where the bytes end, Damage where one cannot be."""

    def __init__(self, buffer: bytes, at: int) -> None:
        """Begin at this byte."""
        self.at = at
        self._buffer = buffer

    def take(self, size: int) -> bytes:
        """So many bytes."""
        end = self.at + size
        if end > len(self._buffer):
            raise Short
        found = self._buffer[self.at : end]
        self.at = end
        return found

    def int32(self) -> int:
        """A whole number."""
        return int.from_bytes(self.take(4), "big", signed=True)

    def flag(self) -> bytes:
        """A byte that says yes or no."""
        found = self.take(1)
        if found > b"\x01":
            raise Damage(f"{found[0]} is neither yes nor no")
        return found

    def count(self, what: str) -> int:
        """How many of these follow."""
        found = self.int32()
        if not 0 <= found <= _MOST[what]:
            raise Damage(f"{found} {what} cannot be")
        return found

    def length(self) -> int:
        """How many bytes of a text follow."""
        found = self.int32()
        if not 0 <= found <= _LONGEST_TEXT:
            raise Damage(f"a text of {found} bytes cannot be")
        return found

    def text(self) -> str:
        """A text with its length before it."""
        size = self.length()
        if not size:
            return ""
        content, coder = self.take(size), self.take(1)
        if coder > b"\x01":
            raise Damage(f"a text is written in an unknown way ({coder[0]})")
        return content.decode("utf-16-le" if coder == b"\x01" else "latin-1", "replace")
