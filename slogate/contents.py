"""Which contents a file has that somebody holds: known by the SHA-256 of so many bytes.

    the file, contents held ──hashed to the length of each──► segments, one behind another

Of a content the first bytes are compared first, so that hardly any file is hashed that holds none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import IO, NamedTuple

from slogate.hashing import hash_of, hashes_at
from slogate.model.run import Content, Run

Opened = Callable[[], AbstractContextManager[IO[bytes]]]

HEAD = 4096
BLOCK = 1 << 20
_AROUND = 1 << 16


class Held(NamedTuple):
    """Somebody holds a content of so many bytes, from the byte `after` on."""

    who: str
    digest: str
    content: Content


def remedy(who: str) -> str:
    """What to do about requests that a run has already."""
    return (
        f"import what is not there yet, or delete what is: slogate runs delete {who}; "
        "it is other traffic? give it a --label of its own"
    )


def held_by(runs: Iterable[Run]) -> list[Held]:
    """The contents that runs say they hold."""
    return [
        Held(run.id, run.origin[name].removeprefix("sha256:"), content)
        for run in runs
        for name, content in run.contents.items()
        if name in run.origin
    ]


def segments_of(opened: Opened, size: int, held: Sequence[Held]) -> list[tuple[int, int, str]]:
    """(from, to, who) of what is held of a file, as far as one is behind another from the start."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < size:
        fitting = [each for each in held if each.content.bytes <= size - at]
        found += [
            (at + each.content.after, at + each.content.bytes, each.who)
            for each in beginning(opened, at, fitting)
        ]
        if (reach := reach_of(found)) <= at:
            break
        at = reach
    return found


def reach_of(segments: Iterable[tuple[int, int, str]]) -> int:
    """Up to where all is held from the start."""
    at = 0
    for begin, end, _ in sorted(segments):
        if begin <= at:
            at = max(at, end)
    return at


def beginning(opened: Opened, at: int, held: Sequence[Held]) -> list[Held]:
    """The contents that a file has from a byte on."""
    if not held:
        return []
    with opened() as stream:
        _skip(stream, at)
        head = _read(stream, HEAD)
        heads = {
            size: hash_of(head[:size]) for size in {*(min(HEAD, h.content.bytes) for h in held)}
        }
        alike = [h for h in held if heads[min(HEAD, h.content.bytes)] == h.content.head]
        ends = sorted({each.content.bytes for each in alike})
        digests = dict(hashes_at(head, stream, ends))
    return [each for each in alike if digests.get(each.content.bytes) == each.digest]


def passed(stream: IO[bytes], size: int) -> tuple[int, bytes]:
    """How many lines end within so many bytes, and the last of those bytes, by whole lines."""
    lines, last = 0, b""
    while size and (block := stream.read(min(BLOCK, size))):
        size -= len(block)
        lines += block.count(b"\n")
        last += block
        last = last[last.rfind(b"\n", 0, -_AROUND) + 1 :]
    return lines, last


def _read(stream: IO[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (block := stream.read(size - len(found))):
        found += block
    return found


def _skip(stream: IO[bytes], size: int) -> None:
    if stream.seekable():
        stream.seek(size)
        return
    while size and (block := stream.read(min(BLOCK, size))):
        size -= len(block)
