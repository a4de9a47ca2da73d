"""The buffers that a request is written into: one row after the other, up to a fixed number.

The listener stores numbers only, all of a row in one call; words (endpoint, method, status,
error) are interned to a small integer, anew in each buffer, so that a buffer explains itself
wherever it is shipped. A swapped-out buffer stays here until the pace of its last rows is
known, then becomes a `Chunk` of columns, whose memory Arrow takes over without copying.
Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple, Protocol

NAN = float("nan")
UNKNOWN_BYTES = -1
CAPACITY = 16_384
ROW = Struct("4d2q")
ROW_BYTES = ROW.size
_CELL_BYTES = 8
_CELLS = ROW_BYTES // _CELL_BYTES
_PACE = 3


class Words(NamedTuple):
    """What requests have in common: `status` 0 is none, `error` None of a success is none."""

    endpoint: str
    method: str
    status: int
    ok: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A finished buffer of one process, a column each: 64-bit floats, `sizes` and `kinds` integers.

    `starts` are seconds since the epoch, `times` milliseconds, `lates` and `paces` seconds,
    `kinds` index `words`.
    """

    worker: str
    rows: int
    uncountable: int
    words: tuple[Words, ...]
    starts: bytes
    times: bytes
    lates: bytes
    paces: bytes
    sizes: bytes
    kinds: bytes


class Iteration(Protocol):
    """Whoever has several rows here whose pace is not yet known."""

    def settle(self) -> None:
        """Write it, as far as it is known."""


class Columns:
    """A buffer that is being filled; a row is known by its place, the byte it begins at.

    What is in front of `end` counts; what a failed row left behind is overwritten. `open`
    iterations of paced users have rows in it, those with several rows are `shared`.
    """

    __slots__ = (
        "cells", "closed_at", "end", "interned", "open", "shared", "uncountable", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.cells = bytearray(CAPACITY * ROW_BYTES)
        self.end = 0
        self.interned: dict[Hashable, int] = {}
        self.words: list[Words] = []
        self.uncountable = 0
        self.open = 0
        self.shared: set[Iteration] = set()
        self.closed_at = 0.0

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.end // ROW_BYTES

    def words_at(self, place: int) -> Words:
        """The words of a row."""
        kind: int = ROW.unpack_from(self.cells, place)[-1]
        return self.words[kind]

    def set_pace(self, place: int, pace: float) -> None:
        """Correct the pace of a row."""
        memoryview(self.cells).cast("d")[place // _CELL_BYTES + _PACE] = pace

    def settle(self) -> None:
        """Give the rows of unfinished iterations the pace that is known so far."""
        for iteration in tuple(self.shared):
            iteration.settle()

    def chunk(self, worker: str) -> Chunk:
        """The buffer as columns; nothing may be appended any more."""
        cells = memoryview(self.cells)[: self.end].cast("d")
        starts, times, lates, paces, sizes, kinds = (
            cells[number::_CELLS].tobytes() for number in range(_CELLS)
        )
        return Chunk(
            worker=worker,
            rows=self.rows,
            uncountable=self.uncountable,
            words=tuple(self.words),
            starts=starts,
            times=times,
            lates=lates,
            paces=paces,
            sizes=sizes,
            kinds=kinds,
        )
