"""The buffers that a request is written into: one array a column, of a fixed length.

The listener stores numbers only; words (endpoint, method, status, error) are interned to a
small integer, anew in each buffer, so that a buffer explains itself wherever it is shipped.
A swapped-out buffer stays here until the pace of its last rows is known, then becomes a
`Chunk`, whose memory Arrow takes over without copying. Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

NAN = float("nan")
UNKNOWN_BYTES = -1
CAPACITY = 16_384


class Words(NamedTuple):
    """What requests have in common: `status` 0 is none, `error` None of a success is none."""

    endpoint: str
    method: str
    status: int
    ok: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A finished buffer of one process: the first `rows` of each column, `kinds` index `words`.

    `starts` are seconds since the epoch, `times` milliseconds, `lates` and `paces` seconds.
    """

    worker: str
    rows: int
    uncountable: int
    words: tuple[Words, ...]
    starts: array[float] | bytes
    times: array[float] | bytes
    lates: array[float] | bytes
    paces: array[float] | bytes
    sizes: array[int] | bytes
    kinds: array[int] | bytes


class Iteration(Protocol):
    """Whoever has several rows here whose pace is not yet known."""

    def settle(self) -> None:
        """Write it, as far as it is known."""


class Columns:
    """A buffer that is being filled.

    A row counts in `rows` when it is complete; what a failed one left behind is overwritten.
    `open` iterations of paced users have rows in it, those with several rows are `shared`.
    """

    __slots__ = (
        "closed_at", "interned", "kinds", "lates", "open", "paces", "rows", "shared", "sizes",
        "starts", "times", "uncountable", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rows = 0
        self.starts = array("d", (0.0,)) * CAPACITY
        self.times = array("d", (NAN,)) * CAPACITY
        self.lates = array("d", (NAN,)) * CAPACITY
        self.paces = array("d", (NAN,)) * CAPACITY
        self.sizes = array("q", (UNKNOWN_BYTES,)) * CAPACITY
        self.kinds = array("i", (0,)) * CAPACITY
        self.interned: dict[Hashable, int] = {}
        self.words: list[Words] = []
        self.uncountable = 0
        self.open = 0
        self.shared: set[Iteration] = set()
        self.closed_at = 0.0

    def settle(self) -> None:
        """Give the rows of unfinished iterations the pace that is known so far."""
        for iteration in tuple(self.shared):
            iteration.settle()

    def chunk(self, worker: str) -> Chunk:
        """The buffer as it is; nothing may be appended any more."""
        return Chunk(
            worker=worker,
            rows=self.rows,
            uncountable=self.uncountable,
            words=tuple(self.words),
            starts=self.starts,
            times=self.times,
            lates=self.lates,
            paces=self.paces,
            sizes=self.sizes,
            kinds=self.kinds,
        )
