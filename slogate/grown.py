"""Finds what of a log is in the series already, and leaves it out: for logs that have grown since.

    content ──hashed to the length of each that is held──► segments that runs hold ──► the rest

A log that is imported every day holds all the days before, the whole of a log its halves. What runs
hold is in their manifests: of which content (the hash of so many bytes), and from which byte on.
The rest becomes a run of its own. Refuses, as requests would count twice, where the rest cannot be
read by itself: where lines do not stand alone, something within it is held, or the last line that
is held was cut off and counted all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NamedTuple

from slogate import intake
from slogate.errors import SourceError, StoreError
from slogate.hashing import hash_of, hashes_at
from slogate.model.run import Content, Run
from slogate.recognition import File
from slogate.sources._base import DAMAGED, damaged
from slogate.store.layout import Store, temporary
from slogate.units import format_count

Opened = Callable[[], AbstractContextManager[IO[bytes]]]

HEAD = 4096
_BLOCK = 1 << 20
_PIECE_HEAD = _AROUND = 1 << 16
_LONGEST_LINE = 16 << 20


class Growing(SourceError):
    """A file was written to while it was read."""


class Held(NamedTuple):
    """Somebody holds a content of so many bytes, from the byte `after` on."""

    who: str
    digest: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is to be imported of a file, if anything, from which byte on, and whose is the other."""

    given: File
    file: File | None
    after: int = 0
    whose: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Who holds it, or what is before it."""
        some = ", ".join(self.whose)
        if self.file is None:
            return f"already imported as {some}"
        name, line = self.file.origin.name, format_count(self.file.origin.first_line)
        return f"{name} begins with what was imported as {some}: taken from line {line} on"


@contextmanager
def rests(
    store: Store, files: Sequence[File], runs: Iterable[Run], *, copied: bool
) -> Iterator[list[Rest]]:
    """What nobody holds of each file, in their order; drafts of it lie in the store meanwhile.

    `copied`: the files are still being written to, and are copied as they were when looked at.
    """
    with ExitStack() as drafts:
        found, held = [], held_by(runs)
        for file in files:
            piece = temporary(store.root / "rest")
            drafts.callback(piece.unlink, missing_ok=True)
            rest = rest_of(file, held, piece)
            if copied and rest.file is file:
                rest = replace(rest, file=_copied(file, piece))
            found.append(rest)
        yield found


def held_by(runs: Iterable[Run]) -> list[Held]:
    """The contents that runs say they hold."""
    return [
        Held(run.id, run.origin[name].removeprefix("sha256:"), content)
        for run in runs
        for name, content in run.contents.items()
        if name in run.origin
    ]


def content_of(rest: Rest) -> Content:
    """What a manifest says of a file that was imported."""
    file = rest.given
    return Content(bytes=file.size, head=hash_of(file.origin.head[:HEAD]), after=rest.after)


def rest_of(file: File, held: Sequence[Held], piece: Path) -> Rest:
    """What nobody holds of a file, which is written to `piece` if it is not the whole file.

    SourceError where that cannot be told apart.
    """
    try:
        segments = segments_of(file.origin.stream, file.size, held) if held else []
        if not segments:
            _refuse_beginning(file, held)
            return Rest(given=file, file=file)
        whose = tuple(dict.fromkeys(who for *_, who in segments))
        reach = reach_of(segments)
        if reach == file.size:
            return Rest(given=file, file=None, whose=whose)
        if not file.source.lines or any(end > reach for _, end, _ in segments):
            raise _refused(file, whose, "what else it holds cannot be read by itself")
        return _written(file, reach, whose, piece)
    except DAMAGED as error:
        raise damaged(file.origin, error) from None


def _refuse_beginning(file: File, held: Sequence[Held]) -> None:
    """SourceError where a longer file that is held begins alike: its requests are there already."""
    if not file.source.lines or file.size < HEAD:
        return
    head = hash_of(file.origin.head[:HEAD])
    for each in held:
        if each.content.bytes > file.size and each.content.head == head:
            raise SourceError(
                f"{file.origin.name} begins like a longer file that was imported as {each.who}, "
                "and its requests would count twice",
                hint="it is other traffic? give it a --label of its own",
            )


def unchanged(new: Iterable[Rest]) -> Iterator[intake.Rows]:
    """No rows; Growing if a file that was read where it lies has not the size that it had."""
    for file in (rest.given for rest in new if rest.file is rest.given):
        if file.origin.path.stat().st_size != file.stored_size:
            raise Growing(
                f"{file.origin.name} was written to while it was read",
                hint="import it when it is whole",
            )
    yield from ()


def _copied(file: File, piece: Path) -> File:
    with file.origin.stream() as stream, piece.open("wb", buffering=0) as sink:
        _copy(stream, sink, file.size)
    return replace(file, origin=replace(file.origin, path=piece, compression="none"))


def segments_of(opened: Opened, size: int, held: Sequence[Held]) -> list[tuple[int, int, str]]:
    """(from, to, who) of what is held of a file, as far as one is behind another from the start."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < size:
        fitting = [each for each in held if each.content.bytes <= size - at]
        found += [
            (at + each.content.after, at + each.content.bytes, each.who)
            for each in _beginning(opened, at, fitting)
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


def _beginning(opened: Opened, at: int, held: Sequence[Held]) -> list[Held]:
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


def _written(file: File, reach: int, whose: tuple[str, ...], piece: Path) -> Rest:
    """The rest from a byte on, by whole lines, as a file."""
    with file.origin.stream() as stream, piece.open("wb", buffering=0) as sink:
        lines, last = passed(stream, reach)
        before, newline, cut = last.rpartition(b"\n")
        begin, ahead = reach, b""
        if cut:
            ahead = stream.readline(_LONGEST_LINE)
            place = piece.with_name(f"lines-{piece.name}")
            none, now, then = (
                _rows(file, before + newline + line, place) for line in (b"", cut, cut + ahead)
            )
            if now == then:
                begin, ahead, lines = reach + len(ahead), b"", lines + 1
            elif now == none:
                begin, ahead = reach - len(cut), cut + ahead
            else:
                raise _refused(file, whose, "their last line was cut off, and is told wrongly")
        _put(sink, ahead)
        _copy(stream, sink, file.size - begin - len(ahead))
    if begin >= file.size:
        return Rest(given=file, file=None, whose=whose)
    with piece.open("rb") as written:
        head = written.read(_PIECE_HEAD)
    origin = replace(
        file.origin, path=piece, compression="none", head=head, first_line=lines + 1, memory={}
    )
    # the end of a line that was counted without it is nobody's
    after = min(begin, reach)
    return Rest(given=file, file=replace(file, origin=origin), after=after, whose=whose)


def passed(stream: IO[bytes], size: int) -> tuple[int, bytes]:
    """How many lines end within so many bytes, and the last of those bytes, by whole lines."""
    lines, last = 0, b""
    while size and (block := stream.read(min(_BLOCK, size))):
        size -= len(block)
        lines += block.count(b"\n")
        last += block
        last = last[last.rfind(b"\n", 0, -_AROUND) + 1 :]
    return lines, last


def _rows(file: File, lines: bytes, place: Path) -> list[Any]:
    """The rows that some lines are; none where they cannot be read."""
    try:
        place.write_bytes(lines)
        origin = replace(
            file.origin, path=place, compression="none", head=lines[:_PIECE_HEAD], memory={}
        )
        read = intake.read([(file.source, origin)], intake.Tally(), {}, lambda _rows, _all: None)
        return [row for _, table in read for row in table.to_pylist()]
    except SourceError:
        return []
    finally:
        place.unlink(missing_ok=True)


def _refused(file: File, whose: Sequence[str], why: str) -> SourceError:
    some = ", ".join(whose)
    runs = "run" if len(whose) == 1 else "runs"
    return SourceError(
        f"{file.origin.name} holds requests that {runs} {some} has already: {why}, and would count "
        "them twice",
        hint=f"delete what is there and import it whole: slogate runs delete {whose[0]}",
    )


def _read(stream: IO[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (block := stream.read(size - len(found))):
        found += block
    return found


def _skip(stream: IO[bytes], size: int) -> None:
    if stream.seekable():
        stream.seek(size)
        return
    while size and (block := stream.read(min(_BLOCK, size))):
        size -= len(block)


def _copy(stream: IO[bytes], sink: IO[bytes], size: int) -> None:
    while size > 0 and (block := stream.read(min(_BLOCK, size))):
        _put(sink, block)
        size -= len(block)


def _put(sink: IO[bytes], data: bytes) -> None:
    """Write to a draft; StoreError if the disk refuses, which is no fault of what is read."""
    left = memoryview(data)
    try:
        while left:
            left = left[sink.write(left) :]
    except OSError as error:
        raise StoreError(f"{sink.name} cannot be written: {error.strerror or error}") from None
