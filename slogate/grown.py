"""Finds what of a log is in the series already, and leaves it out: for logs that have grown since.

    content ──hashed to the length of each that is held──► segments that runs hold ──► the rest

A log that is imported every day holds all the days before, the whole of a log its halves. What runs
hold is in their manifests: of which content (the hash of so many bytes), and from which byte on.
The rest becomes a run of its own. Refuses, as requests would count twice, where the rest cannot be
read by itself: where lines do not stand alone, something within it is held, or the last line that
is held was cut off and counted all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from slogate import intake
from slogate.contents import (
    BLOCK,
    HEAD,
    Held,
    beginning,
    held_by,
    passed,
    reach_of,
    remedy,
    segments_of,
)
from slogate.errors import SourceError, StoreError
from slogate.hashing import hash_of
from slogate.model.run import Content, Run
from slogate.recognition import NAMED, File
from slogate.sources._base import DAMAGED, damaged
from slogate.store.layout import Store, temporary
from slogate.units import format_count

_PIECE_HEAD = 1 << 16
_LONGEST_LINE = 16 << 20
SHARED_US = 90_000_000


class Growing(SourceError):
    """A file was written to while it was read."""


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


def content_of(rest: Rest) -> Content:
    """What a manifest says of a file that was imported."""
    file = rest.given
    head = hash_of(file.origin.head[:HEAD])
    return Content(bytes=file.size, head=head, after=rest.after, end=file.end)


def rest_of(file: File, held: Sequence[Held], piece: Path) -> Rest:
    """What nobody holds of a file, which is written to `piece` if it is not the whole file.

    SourceError where that cannot be told apart.
    """
    try:
        segments = segments_of(file.origin.stream, file.size, held) if held else []
        whose = tuple(dict.fromkeys(who for *_, who in segments))
        reach = reach_of(segments)
        if reach == file.size:
            return Rest(given=file, file=None, whose=whose)
        _refuse_same_ends(file, [each for each in held if each.who not in whose])
        if not segments:
            return Rest(given=file, file=file)
        if not file.source.lines or any(end > reach for _, end, _ in segments):
            raise _refused(file, whose, "what else it holds cannot be read by itself")
        return _written(file, reach, whose, piece)
    except DAMAGED as error:
        raise damaged(file.origin, error) from None


def refuse_within(files: Sequence[File]) -> None:
    """SourceError where one of the files is the beginning, or the end, of another."""
    large = [file for file in files if file.size >= HEAD] if len(files) > 1 else []
    held = [
        (file, Held(file.origin.name, file.digest, content_of(Rest(given=file, file=file))))
        for file in large
    ]
    for file in large:
        shorter = [each for other, each in held if other.size < file.size]
        try:
            found = beginning(file.origin.stream, 0, shorter)
        except DAMAGED as error:
            raise damaged(file.origin, error) from None
        found += [each for each in shorter if file.source.lines and each.content.end == file.end]
        if found:
            raise SourceError(
                f"{file.origin.name} holds all of {found[0].who}: its requests would count twice",
                hint="give one of them",
            )


def covering_each_other(spans: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Whether files of one import cover the same time, as slices of a log that overlap do."""
    named: dict[str, None] = {}
    widest, since, reach = "", 0, 0
    for name, (start, end) in sorted(spans.items(), key=lambda each: each[1]):
        shorter = min(end - start, reach - since)
        # a request that began before a log was rotated is written to the next one
        if min(end, reach) - start > min(SHARED_US, shorter // 50):
            named |= {widest: None, name: None}
        if end > reach:
            widest, since, reach = name, start, end
    if named:
        some = ", ".join(list(named)[:NAMED]) + (", …" if len(named) > NAMED else "")
        yield (
            f"{format_count(len(named))} files cover the same time in part: {some}; "
            "requests in more than one of them are counted twice"
        )


def _refuse_same_ends(file: File, held: Sequence[Held]) -> None:
    """SourceError where something that is held ends alike, or is longer and begins alike."""
    if not file.source.lines or file.size < HEAD:
        return
    head = hash_of(file.origin.head[:HEAD])
    for each in held:
        begins = each.content.bytes > file.size and each.content.head == head
        if begins or each.content.end == file.end:
            how = "begins like a longer file that" if begins else "ends like what"
            raise SourceError(
                f"{file.origin.name} {how} was imported as {each.who}, "
                "and its requests would count twice",
                hint=remedy(each.who),
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


def _copy(stream: IO[bytes], sink: IO[bytes], size: int) -> None:
    while size > 0 and (block := stream.read(min(BLOCK, size))):
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
