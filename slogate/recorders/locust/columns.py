"""How rows are gathered: numbers as they are, one row after another, words as small integers.

Words (endpoint, method, status, error) are interned anew in each buffer, so that a buffer
explains itself wherever it is shipped. Unknown numbers are NaN, or -1 bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, NamedTuple

NAN = float("nan")
UNKNOWN_BYTES = -1
COLUMNS = {
    "start": "d", "time": "d", "late": "d", "pace": "d", "size": "q", "kind": "q",
    "iteration": "q",
}  # fmt: skip
"""A row: start, lateness and pace in s, response time in ms, size in bytes.

`kind` is the place of its words, `iteration` a number of its process, -1 of users without pace.
"""
ROW = Struct("=" + "".join(COLUMNS.values()))
PLACES = {name: place for place, name in enumerate(COLUMNS)}


def column(packed: bytes | bytearray, name: str) -> memoryview:
    """One column of rows, of 64-bit floats or integers."""
    return memoryview(packed).cast(COLUMNS[name])[PLACES[name] :: len(COLUMNS)]  # type: ignore[call-overload,no-any-return]


class Words(NamedTuple):
    """What requests have in common: `status` 0 is none, `error` None of a success is none."""

    endpoint: str
    method: str
    status: int
    ok: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A finished buffer of one process: its rows as `ROW` packs them; their kinds index `words`."""

    worker: str
    packed: bytes
    uncountable: int
    words: tuple[Words, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.packed) // ROW.size

    def column(self, name: str) -> memoryview:
        """One of `COLUMNS`."""
        return column(self.packed, name)


class Rows:
    """The rows of a buffer that is being filled.

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

    def take(self) -> tuple[bytes, list[Words]]:
        """All there are, with their words; none are left."""
        packed, words = bytes(self.packed), self.words
        self.words = []
        self.packed.clear()
        self.interned.clear()
        return packed, words

    def put_back(self, packed: bytes, words: Sequence[Words]) -> None:
        """Add rows that were taken."""
        for *numbers, kind, iteration in ROW.iter_unpack(packed):
            self.packed += ROW.pack(*numbers, self.kind(words[kind]), iteration)


def with_paces(packed: bytes, known: Mapping[int, float]) -> bytes:
    """The rows, with the paces that became known of iterations, in seconds."""
    changed = bytearray(packed)
    paces: Any = column(changed, "pace")
    for place, iteration in enumerate(column(packed, "iteration")):
        if iteration in known:
            paces[place] = known[iteration]
    return bytes(changed)


def parted(packed: bytes, places: Iterable[int]) -> tuple[bytes, bytes]:
    """The rows at these places, in their order, and the others."""
    taken, left, end = [], [], 0
    for place in places:
        begin = place * ROW.size
        left.append(packed[end:begin])
        end = begin + ROW.size
        taken.append(packed[begin:end])
    return b"".join(taken), b"".join([*left, packed[end:]])
