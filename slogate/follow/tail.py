"""Reads the lines that are appended to a file, through rotation, truncation and restarts.

    Position (which file, how far) ──resume──► Tail ──pull──► whole lines ──► Position

A file is known by its inode and by its first bytes: a file that was renamed is found again beside
its old name, one that was cut and begun anew is seen to be another. What cannot be read any more
(a rotated file that is gone) is said, never passed over in silence. Whoever keeps the position
together with the lines has each of them once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from slogate.errors import SourceError
from slogate.sources._base import DAMAGED, read_origin

HEAD = 1024
PIECE = 4 << 20
LONGEST_LINE = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a file was read: whole lines up to `offset` (bytes), `lines` of them.

    `head` is the SHA-256 of its first `head_bytes` bytes, by which it is known again.
    """

    inode: int = 0
    offset: int = 0
    lines: int = 0
    head_bytes: int = 0
    head: str = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some whole lines, the first of which is `first_line` of the file, and where they end."""

    data: bytes
    first_line: int
    position: Position


class Tail:
    """The reader. `notes` says what people should know; it is theirs to empty."""

    def __init__(self, path: Path, position: Position | None = None) -> None:
        self.path = path
        self.notes: list[str] = []
        self._older: list[Path] = []
        self._reading = path
        self._idle = False
        self._file: IO[bytes] | None = None
        self._at = position or Position()
        if position is not None and position.offset:
            self._find_again(position)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def pull(self, *, last: bool = False) -> Piece | None:
        """The next whole lines, up to `PIECE` bytes and a line; None if there are none yet.

        A line without its end waits for it, unless its file has been rotated away, or `last` says
        that nobody will write any more.
        """
        while self._file is not None or self._open_next():
            self._check_not_cut()
            if self._file is None:
                continue
            done = self._is_left_behind() and (self._idle or last)
            piece = self._read(self._file, unended=last or done)
            self._idle = piece is None
            if piece is not None:
                return piece
            if not done:
                return None  # the writer may still be about to let go of a file that was renamed
            self.close()
            self._at = Position()
        return None

    def _open_next(self) -> bool:
        self._reading = self._older.pop(0) if self._older else self.path
        try:
            self._file = _plain(self._reading)
        except FileNotFoundError:  # between two files of a rotation
            return False
        except OSError as error:
            why = error.strerror or error
            raise SourceError(f"{self._reading} cannot be read: {why}") from None
        self._at = replace(self._at, inode=os.fstat(self._file.fileno()).st_ino)
        return True

    def _check_not_cut(self) -> None:
        """A file that is shorter than it was, or begins otherwise, was begun anew."""
        if self._file is None or self._reading != self.path:
            return
        size = os.fstat(self._file.fileno()).st_size
        if size < self._at.offset or _head(self._file, self._at.head_bytes) != self._at.head:
            self.close()
            self._find_again(self._at)

    def _read(self, file: IO[bytes], *, unended: bool) -> Piece | None:
        file.seek(self._at.offset)
        data = file.read(PIECE)
        if len(data) == PIECE and b"\n" not in data:
            data += file.readline(LONGEST_LINE)
        whole = data.rfind(b"\n") + 1
        end = len(data) if (unended and len(data) < PIECE) or len(data) > LONGEST_LINE else whole
        if not end:
            return None
        data, before = data[:end], self._at
        head_bytes = min(HEAD, before.offset + end)
        self._at = Position(
            inode=before.inode,
            offset=before.offset + end,
            lines=before.lines + data.count(b"\n") + (not data.endswith(b"\n")),
            head_bytes=head_bytes,
            head=_head(file, head_bytes),
        )
        return Piece(data=data, first_line=before.lines + 1, position=self._at)

    def _is_left_behind(self) -> bool:
        """Whether another file has our name by now, so that ours will not grow."""
        if self._file is None or self._reading != self.path:
            return self._file is not None
        try:
            found = self.path.stat()
        except OSError:
            return False
        return found.st_ino != os.fstat(self._file.fileno()).st_ino

    def _find_again(self, position: Position) -> None:
        """Go on where it was left: in the file itself, or in what it was moved or copied to."""
        if _is_same(self.path, position):
            return
        moved = [path for path in _beside(self.path) if _is_same(path, position)]
        if not moved:
            self.notes.append(
                f"the {self.path} that was read up to line {position.lines} is gone: what was "
                "written to it after that, if anything, is missing"
            )
            self._at = Position()
            return
        then = moved[-1].stat().st_mtime_ns
        newer = [path for path in _beside(self.path) if path.stat().st_mtime_ns > then]
        self._older = [moved[-1], *newer]


def _beside(path: Path) -> list[Path]:
    """The files that rotation has made of it: the same name and more, the oldest first."""
    found = (p for p in path.parent.glob(f"{_escaped(path.name)}?*") if p.is_file())
    return sorted(found, key=lambda p: (p.stat().st_mtime_ns, p.name))


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _is_same(path: Path, position: Position) -> bool:
    try:
        with _plain(path) as file:
            longer = file.seek(0, os.SEEK_END) >= position.offset
            return longer and _head(file, position.head_bytes) == position.head
    except OSError:
        return False


def _plain(path: Path) -> IO[bytes]:
    """The file, decompressed into a temporary one if rotation has compressed it."""
    file = path.open("rb")
    if file.read(2) != b"\x1f\x8b":
        file.seek(0)
        return file
    file.close()
    return _decompressed(path)


def _decompressed(path: Path) -> IO[bytes]:
    import tempfile

    whole = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked for it closes it)
    try:
        with read_origin(str(path), path).stream() as stream:
            for part in _parts(stream):
                whole.write(part)
    except DAMAGED as error:
        raise OSError(f"its compression is damaged: {error}") from None
    whole.seek(0)
    return whole


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(1 << 20):
        yield part


def _head(file: IO[bytes], size: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(size)).hexdigest()
