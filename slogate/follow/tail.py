"""Reads the lines that are appended to a file, through rotation, truncation and restarts.

    Position (which file, how far) ──resume──► Tail ──pull──► whole lines ──► Position

A file is known by its inode and by its first bytes: a file that was renamed is found again beside
its old name, one that was cut and begun anew is seen to be another. What cannot be read any more
(a rotated file that is gone) is said, never passed over in silence. Whoever keeps the position
together with the lines has each of them once.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from slogate.errors import SourceError
from slogate.follow.rotated import rotated

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
    """The reader. `notes` says what people should know; it is theirs to empty.

    `_at` is where it stands in the open file. `_left` are the files that were read to their end
    and last written at `_since` (ns since the epoch): what was rotated away after them is next.
    `begin` says where to begin in a file that is new, with a sentence on why; None: at its start.
    """

    def __init__(
        self,
        path: Path,
        position: Position | None = None,
        *,
        begin: Callable[[Path, IO[bytes]], tuple[Position, str] | None] = lambda _path, _file: None,
    ) -> None:
        self.path = path
        self.notes: list[str] = []
        self._begin = begin
        self._at = position or Position()
        self._lost = position is not None
        self._since = 0
        self._left: list[Position] = []
        self._rotated = False
        self._idle = False
        self._file: IO[bytes] | None = None

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
        if self._at.offset == 0:  # an empty file may have been filled and rotated away meanwhile
            self.close()
        while self._file is not None or self._open():
            if self._file is None or self._was_cut(self._file):
                self._lost = True
                self.close()
                continue
            behind = self._is_left_behind(self._file)
            done = self._rotated or (behind and (self._idle or last))
            piece = self._read(self._file, unended=last or done)
            self._idle = piece is None
            if piece is not None:
                return piece
            if not done:
                return None  # the writer may still be about to let go of a file that was renamed
            self._leave(self._file)
        return None

    def _open(self) -> bool:
        """Open what is next: the file that was lost, else the oldest not yet read, else ours."""
        path = self._found() if self._lost else self._next()
        self._lost, self._idle = False, False
        try:
            self._file, self._written = _opened(path)
        except FileNotFoundError:  # between two files of a rotation
            return False
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
        self._rotated = path != self.path
        if self._at.offset == 0 and (begun := self._begin(path, self._file)) is not None:
            self._at, note = begun
            self.notes.append(note)
        self._at = replace(self._at, inode=os.fstat(self._file.fileno()).st_ino)
        return True

    def _found(self) -> Path:
        """The file in which it stood: itself, or what it was moved or copied to."""
        if _is_same(self.path, self._at):
            return self.path
        for each in reversed(rotated(self.path)):
            if _is_same(each.path, self._at):
                return each.path
        self.notes.append(
            f"the {self.path} that was read up to line {self._at.lines} is gone: what was "
            "written to it after that, if anything, is missing"
        )
        self._at = Position()
        return self.path

    def _next(self) -> Path:
        ours = _number(self.path)
        # what our name links to is written to still
        files = [
            each for each in (rotated(self.path) if self._left else [])
            if each.told.st_mtime_ns >= self._since and _number(each.path) != ours
        ]  # fmt: skip
        styles = {each.style for each in files if not each.sure and self._was_left(each.path)}
        for each in files:
            if (each.sure or each.style in styles) and self._is_new(each.path):
                return each.path
        return self.path

    def _is_new(self, path: Path) -> bool:
        return not _is_empty(path) and not self._was_left(path)

    def _was_left(self, path: Path) -> bool:
        return any(_is_same(path, left) for left in self._left)

    def _leave(self, file: IO[bytes]) -> None:
        """On to what was begun since."""
        written = os.fstat(file.fileno()).st_mtime_ns if not self._rotated else self._written
        if self._at.offset:
            self._left = [*self._left, self._at] if written <= self._since else [self._at]
            self._since = max(written, self._since)
        self.close()
        self._at = Position()

    def _was_cut(self, file: IO[bytes]) -> bool:
        """Whether it is shorter than it was, or begins otherwise: it was begun anew."""
        size = file.seek(0, os.SEEK_END)
        return size < self._at.offset or _head(file, self._at.head_bytes) != self._at.head

    def _is_left_behind(self, file: IO[bytes]) -> bool:
        """Whether another file has our name by now, so that ours will not grow."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return found.st_ino != os.fstat(file.fileno()).st_ino

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


def _number(path: Path) -> tuple[int, int] | None:
    """What the system knows a file by; None where there is none."""
    with suppress(OSError):
        told = path.stat()
        return told.st_dev, told.st_ino
    return None


def _is_same(path: Path, position: Position) -> bool:
    try:
        file, _ = _opened(path)
        with file:
            longer = file.seek(0, os.SEEK_END) >= position.offset > 0
            return longer and _head(file, position.head_bytes) == position.head
    except OSError:
        return False


def _is_empty(path: Path) -> bool:
    try:
        file, _ = _opened(path)
        with file:
            return file.seek(0, os.SEEK_END) == 0
    except OSError:
        return True


def _opened(path: Path) -> tuple[IO[bytes], int]:
    """The file, decompressed into a temporary one if it must be, and when it was last written."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        raise OSError("it is no regular file")
    file = path.open("rb")
    written = os.fstat(file.fileno()).st_mtime_ns
    begins = file.read(10)
    for magic, opened in _PACKED.items():
        if begins.startswith(magic):
            with file:
                return _decompressed(file, opened), written
    return file, written


def _zstd(file: IO[bytes]) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


_PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"\xfd7zXZ\0": lzma.open,
    **{f"BZh{level}1AY&SY".encode(): bz2.open for level in range(1, 10)},
}


def _decompressed(file: IO[bytes], opened: Callable[[IO[bytes]], Any]) -> IO[bytes]:
    file.seek(0)
    whole = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked for it closes it)
    try:
        with opened(file) as stream:
            shutil.copyfileobj(stream, whole)
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise OSError(f"its compression is damaged: {error}") from None
    return whole


def _head(file: IO[bytes], size: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(size)).hexdigest()
