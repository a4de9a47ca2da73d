"""Whose turn it is when base and head of a comparison are tested side by side.

Time since the epoch is cut into slices of equal length; two of them are a pair, one is the base's
and one the head's, in an order that is drawn for each pair from a seed. So whoever knows seed and
length knows whose turn it is at any moment, before, during and after the test, and nobody has to
be told. After each change of turns a moment is left to settle, which is not compared. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from slogate.model.window import Window

Side = Literal["base", "head"]
# on every row of an interleaved run: whether it started after its slice had settled
SETTLED = ("settled", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The order of turns: seed, and the lengths of a slice and of its settling, in µs."""

    seed: int
    slice_us: int
    settle_us: int

    def slice_of(self, ts: int) -> int:
        """The number of the slice that holds a moment."""
        return ts // self.slice_us

    def side(self, number: int) -> Side:
        """Whose turn a slice is."""
        pair, second = divmod(number, 2)
        heads = sha256(f"{self.seed}:{pair}".encode()).digest()[0] & 1
        return "head" if heads != second else "base"

    def window(self, number: int) -> Window:
        """The settled part of a slice."""
        start = number * self.slice_us
        return Window(start_ts=start + self.settle_us, end_ts=start + self.slice_us - 1)

    def pairs(self, within: Window) -> range:
        """The first slices of the pairs that lie wholly in a window."""
        length = 2 * self.slice_us
        first = -(-within.start_ts // length)
        return range(2 * first, 2 * max(first, (within.end_ts + 1) // length), 2)

    def settled_of(self, side: Side, within: Window) -> int:
        """How long slices of a side had settled in a window, in µs."""
        found = 0
        for number in range(self.slice_of(within.start_ts), self.slice_of(within.end_ts) + 1):
            if self.side(number) == side:
                start = max(within.start_ts, number * self.slice_us + self.settle_us)
                found += max(0, min(within.end_ts, (number + 1) * self.slice_us) - start)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved:
    """That a run is one side of such a test: which, and the id of the run of the other side.

    `words` are what the user called the base. `seed` and lengths are those of its `turns`.
    """

    side: Side
    other: str
    words: str
    seed: int
    slice_us: int
    settle_us: int

    def __post_init__(self) -> None:
        """Refuse slices without an end and settling that leaves nothing of them."""
        if not 0 <= self.settle_us < self.slice_us:
            raise ValueError("a slice is longer than what it takes to settle")

    @property
    def turns(self) -> Turns:
        """The order of turns."""
        return Turns(seed=self.seed, slice_us=self.slice_us, settle_us=self.settle_us)
