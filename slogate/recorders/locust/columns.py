"""The columns that rows are gathered in: numbers as they are, words as small integers.

Words (endpoint, method, status, error) are interned anew in each buffer, so that a buffer
explains itself wherever it is shipped; as a `Chunk` its columns are taken over by Arrow without
copying. Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import compress
from struct import Struct
from typing import Any, NamedTuple

NAN = float("nan")
UNKNOWN_BYTES = -1
CODES = "ddddqqq"
ROW = Struct(f"={CODES}")
"""A row: start in s, response time in ms, lateness and pace in s, bytes, kind, iteration."""


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


class Columns(NamedTuple):
    """Rows as an array a column, in the order of `ROW`."""

    starts: array[float]
    times: array[float]
    lates: array[float]
    paces: array[float]
    sizes: array[int]
    kinds: array[int]
    iterations: array[int]

    def where(self, those: Sequence[bool]) -> Columns:
        """Only those rows."""
        return Columns._make(array(a.typecode, compress(a, those)) for a in self)

    def chunk(self, worker: str, words: Sequence[Words], uncountable: int) -> Chunk:
        """A finished buffer of them."""
        columns: dict[str, Any] = {name: a.tobytes() for name, a in self._asdict().items()}
        return Chunk(
            worker=worker,
            rows=len(self.kinds),
            uncountable=uncountable,
            words=tuple(words),
            **columns,
        )


class Rows:
    """The rows of a buffer that is being filled, one after another in `packed`, as `ROW` has them.

    `interned` gives the kind of rows: the place of their words, by whatever told those.
    """

    __slots__ = ("interned", "packed", "words")

    def __init__(self) -> None:
        self.packed = bytearray()
        self.interned: dict[Hashable, int] = {}
        self.words: list[Words] = []

    def __len__(self) -> int:
        return len(self.packed) // ROW.size

    def kind(self, words: Words) -> int:
        """The kind of rows with these words, a new one if there is none."""
        kind = self.interned.get(words)
        if kind is None:
            kind = self.interned[words] = len(self.words)
            self.words.append(words)
        return kind

    def take(self) -> tuple[Columns, list[Words]]:
        """All there are, with their words; none are left."""
        whole = {code: array(code) for code in CODES}
        for numbers in whole.values():
            numbers.frombytes(self.packed)
        taken = Columns._make(whole[code][place :: len(CODES)] for place, code in enumerate(CODES))
        words, self.words = self.words, []
        self.packed.clear()
        self.interned.clear()
        return taken, words

    def put_back(self, columns: Columns, words: Sequence[Words]) -> None:
        """Add rows that were taken."""
        for *numbers, kind, iteration in zip(*columns, strict=True):
            self.packed += ROW.pack(*numbers, self.kind(words[kind]), iteration)
