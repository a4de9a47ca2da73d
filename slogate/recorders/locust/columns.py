"""The columns that rows are gathered in: numbers as they are, words as small integers.

Words (endpoint, method, status, error) are interned anew in each buffer, so that a buffer
explains itself wherever it is shipped; as a `Chunk` its columns are taken over by Arrow without
copying. Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    """A finished buffer of one process, a column each: 64-bit floats, `sizes` and `kinds` integers.

    `starts` are seconds since the epoch, `times` milliseconds, `lates` and `paces` seconds,
    `kinds` index `words`, `iterations` are numbers of their process, -1 of users without pace.
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
    iterations: bytes


class Columns:
    """A buffer that is being filled."""

    __slots__ = (
        "interned", "iterations", "kinds", "lates", "paces", "sizes", "starts", "times",
        "uncountable", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.starts, self.times = array("d"), array("d")
        self.lates, self.paces = array("d"), array("d")
        self.sizes, self.kinds, self.iterations = array("q"), array("q"), array("q")
        self.interned: dict[Hashable, int] = {}
        self.words: list[Words] = []
        self.uncountable = 0

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.kinds)

    def kind(self, words: Words) -> int:
        """The number of these words in this buffer, theirs from now on if they are new."""
        kind = self.interned.get(words)
        if kind is None:
            kind = self.interned[words] = len(self.words)
            self.words.append(words)
        return kind

    def _all(self) -> tuple[array[Any], ...]:
        return (
            self.starts, self.times, self.lates, self.paces, self.sizes, self.kinds,
            self.iterations,
        )  # fmt: skip

    def extend(self, *values: array[Any]) -> None:
        """Append rows: starts, times, lates, paces, sizes, kinds, iterations."""
        for column, more in zip(self._all(), values, strict=True):
            column.extend(more)

    def move(self, places: list[int], target: Columns) -> None:
        """Move rows into another buffer; each gap is filled with the last row."""
        for place in reversed(places):
            words = self.words[self.kinds[place]]
            for column, other in zip(self._all(), target._all(), strict=True):
                other.append(column[place])
                last = column.pop()
                if place < len(column):
                    column[place] = last
            target.kinds[-1] = target.kind(words)

    def chunk(self, worker: str) -> Chunk:
        """The buffer as it is; nothing may be appended any more."""
        return Chunk(
            worker=worker,
            rows=self.rows,
            uncountable=self.uncountable,
            words=tuple(self.words),
            starts=self.starts.tobytes(),
            times=self.times.tobytes(),
            lates=self.lates.tobytes(),
            paces=self.paces.tobytes(),
            sizes=self.sizes.tobytes(),
            kinds=self.kinds.tobytes(),
            iterations=self.iterations.tobytes(),
        )
