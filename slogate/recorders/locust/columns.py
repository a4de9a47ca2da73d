"""The buffers that a request is written into: one array a column, grown in place.

The listener appends numbers only; words (endpoint, method, status, error) are interned to a
small integer, anew in each buffer, so that a buffer explains itself wherever it is shipped.
A swapped-out buffer stays here until the pace of its last rows is known, then becomes a
`Chunk`, whose memory Arrow takes over without copying. Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from slogate.recorders.locust.pacing import UserState

NAN = float("nan")
UNKNOWN_BYTES = -1


class Words(NamedTuple):
    """What requests have in common: `status` 0 is none, `error` None of a success is none."""

    endpoint: str
    method: str
    status: int
    ok: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A finished buffer of one process: columns of equal length, `kinds` index `words`.

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


class Columns:
    """A buffer that is being filled; `open` holds the users whose iteration has rows in it."""

    __slots__ = (
        "closed_at", "interned", "kinds", "lates", "open", "paces", "sizes", "starts", "times",
        "uncountable", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.starts = array("d")
        self.times = array("d")
        self.lates = array("d")
        self.paces = array("d")
        self.sizes = array("q")
        self.kinds = array("i")
        self.interned: dict[Hashable, int] = {}
        self.words: list[Words] = []
        self.uncountable = 0
        self.open: set[UserState] = set()
        self.closed_at = 0.0

    def truncate(self, rows: int) -> None:
        """Forget a row that was written in part."""
        for column in (self.starts, self.times, self.lates, self.paces, self.sizes, self.kinds):
            del column[rows:]

    def settle(self) -> None:
        """Give the rows of unfinished iterations the pace that is known so far."""
        for state in tuple(self.open):
            state.settle()

    def chunk(self, worker: str) -> Chunk:
        """The buffer as it is; nothing may be appended any more."""
        return Chunk(
            worker=worker,
            rows=len(self.starts),
            uncountable=self.uncountable,
            words=tuple(self.words),
            starts=self.starts,
            times=self.times,
            lates=self.lates,
            paces=self.paces,
            sizes=self.sizes,
            kinds=self.kinds,
        )
