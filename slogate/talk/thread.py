"""One note in a thread that is edited in place, however often and by however many jobs it is told.

It is found by a hidden mark at its very beginning, among notes of those who may write there: a
stranger's copy of the mark counts for nothing. The mark tells which run is spoken of, so that a
slow job does not overwrite a later one. Two that create at once end up with one, the older.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from slogate.talk.forge import Missing, persistently
from slogate.web import Passing

_MARK = re.compile(
    r"<!-- slogate (?P<key>[0-9a-f]{16}) at=(?P<at>-?\d+)(?: since=(?P<since>-?\d+))?"
    r"(?: runs=(?P<runs>\d+))? -->"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Of whom a note tells (`key`), as of which moment; of an issue since when and how often."""

    key: str
    at: int
    since: int | None = None
    runs: int | None = None

    def __str__(self) -> str:
        since = "" if self.since is None else f" since={self.since}"
        runs = "" if self.runs is None else f" runs={self.runs}"
        return f"<!-- slogate {self.key} at={self.at}{since}{runs} -->"


def key_of(*words: str) -> str:
    """What tells one note from the others of slogate."""
    text = "\0".join(words).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]


def mark_in(body: str) -> Mark | None:
    """The mark that a text begins with."""
    found = _MARK.match(body)
    if found is None:
        return None
    since, runs = found["since"], found["runs"]
    return Mark(
        key=found["key"],
        at=int(found["at"]),
        since=None if since is None else int(since),
        runs=None if runs is None else int(runs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note of a thread: its number and its text."""

    number: int
    body: str


class Thread(Protocol):
    """Where notes are: of a pull request, of a merge request, or the issues of a project."""

    def notes(self) -> Iterator[Note]:
        """Those that somebody wrote who may."""
        ...

    def add(self, body: str) -> Note:
        """A new one."""
        ...

    def edit(self, number: int, body: str) -> None:
        """Another text; Missing if it is gone."""
        ...

    def remove(self, number: int) -> None:
        """Away with it."""
        ...


def of_key(thread: Thread, key: str) -> list[tuple[Note, Mark]]:
    """The notes with that key, the oldest first."""
    found = []
    for note in thread.notes():
        mark = mark_in(note.body)
        if mark is not None and mark.key == key:
            found.append((note, mark))
    return sorted(found, key=lambda each: each[0].number)


def stick(
    thread: Thread, key: str, write: Callable[[Mark | None], str], pause: Callable[[float], None]
) -> str:
    """Create or edit the note, and say which; `write` gets the mark of the one that is there."""
    return persistently(lambda: _once(thread, key, write), pause)


def _once(thread: Thread, key: str, write: Callable[[Mark | None], str]) -> str:
    found = of_key(thread, key)
    if found:
        return _edited(thread, found, write)
    note = thread.add(write(None))
    found = of_key(thread, key)
    if any(each.number < note.number for each, _ in found):
        return _edited(thread, found, write)
    return "created"


def _edited(
    thread: Thread, found: Sequence[tuple[Note, Mark]], write: Callable[[Mark | None], str]
) -> str:
    """Edit the oldest; the others come from jobs that created one at the same time."""
    (first, mark), *others = found
    for note, _ in others:
        with contextlib.suppress(Missing):
            thread.remove(note.number)
    newest = max([mark, *(other for _, other in others)], key=lambda each: each.at)
    body = write(newest)
    told = mark_in(body)
    if told is not None and told.at < mark.at:
        return "left, it tells of a later run"
    if body == first.body:
        return "unchanged"
    try:
        thread.edit(first.number, body)
    except Missing as gone:  # deleted meanwhile: begin again
        raise Passing(gone) from None
    return "edited"
