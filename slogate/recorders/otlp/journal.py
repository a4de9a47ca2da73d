"""What was acknowledged and is not yet in a part, on disk: a file of records, synced together.

A record is its length, its checksum, and a body: a line of JSON that says which part of which
run its rows will be in, and the rows as an Arrow stream. A new journal begins whenever all that
the last one held is in parts. A journal is locked while its receiver lives; the next receiver
finds those of the dead and stores what they hold, unless the part is there already. A record
that was cut off, or is nothing but zeros as after a loss of power, was never acknowledged; one
that is whole and damaged may have been.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from slogate.errors import StoreError
from slogate.model.series import SERIES, Series
from slogate.store.layout import TMP, Store, make_folder, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = Struct(">II")
LONGEST = 1 << 30
SUFFIX, DAMAGED = ".journal", ".damaged"


class Record(NamedTuple):
    """Rows that belong to the part `sequence` of a run and series."""

    run: str
    series: Series
    sequence: int
    rows: pa.Table


class Journal:
    """The journals of one receiver, one after the other."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / "journal"
        self._file: Any = None
        self._path: Path | None = None
        self._runs: tuple[str, ...] = ()

    def begin(self, runs: Sequence[str]) -> None:
        """Begin a new journal for these runs; the one before is done with."""
        before, self._runs = (self._file, self._path), tuple(runs)
        make_folder(self._folder)
        path = self._folder / f"{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}"
        draft = path.with_suffix(TMP)
        self._file = draft.open("xb", buffering=0)
        self._path = path
        # nobody finds it before it is locked
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write(_packed({"runs": list(self._runs)}, b""))
        os.fsync(self._file.fileno())
        draft.rename(path)
        sync_folder(self._folder)
        _remove(*before)

    def announce(self, run: str) -> None:
        """Name a run that is about to begin, so that it is closed should we be killed."""
        self._write(_packed({"runs": [run]}, b""))

    def append(self, records: Sequence[Record]) -> None:
        """Write the records so that they survive; OSError, and none of them, if the disk refuses.

        What is refused is sent again: it must not be found by the next receiver as well.
        """
        begin = self._file.tell()
        try:
            for record in records:
                head = {"run": record.run, "series": record.series, "sequence": record.sequence}
                self._write(_packed(head, _encoded(record.rows)))
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):
                self._file.truncate(begin)
            raise

    def close(self) -> None:
        """All is in parts: nothing needs to be kept."""
        _remove(self._file, self._path)
        self._file = None

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


def _packed(head: dict[str, Any], rows: bytes) -> bytes:
    body = json.dumps(head).encode() + b"\n" + rows
    return HEAD.pack(len(body), zlib.crc32(body)) + body


def _remove(file: Any, path: Path | None) -> None:
    if file is not None and path is not None:
        path.unlink(missing_ok=True)
        file.close()


def _encoded(rows: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


class Left(NamedTuple):
    """What a dead receiver has left: its runs, and the rows that may not be in parts.

    It is `damaged` where it holds more that cannot be read.
    """

    path: Path
    runs: tuple[str, ...]
    records: tuple[Record, ...]
    damaged: bool
    lock: Any

    def forget(self) -> None:
        """Remove it; all it held is in parts. A damaged one stays, where nobody looks again."""
        if self.damaged:
            self.path.rename(self.path.with_suffix(DAMAGED))
            self.lock.close()
            return
        _remove(self.lock, self.path)


def left(store: Store) -> Iterator[Left]:
    """The journals of receivers that are no more; StoreError if one cannot be read."""
    for path in sorted((store.root / "journal").glob(f"*{SUFFIX}")):
        try:
            lock = _opened(path)
        except FileNotFoundError:  # its receiver has just stopped
            continue
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if not os.fstat(lock.fileno()).st_nlink:  # its receiver, which lives, has begun another
            lock.close()
            continue
        heads, damaged = _read(lock)
        runs = tuple(run for head, _ in heads for run in head.get("runs", ()))
        records = tuple(_record(head, rows) for head, rows in heads if "run" in head)
        yield Left(path, runs, records, damaged, lock)


def _opened(path: Path) -> Any:
    """A journal, to be read; a pipe, which would be waited for, and a device are none."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise StoreError(f"{path} is no journal: it is no regular file", hint="move it away")
    return os.fdopen(handle, "rb")


def _read(file: Any) -> tuple[list[tuple[dict[str, Any], bytes]], bool]:
    """The whole records, until the end or the first that is not; whether that one is damaged."""
    found: list[tuple[dict[str, Any], bytes]] = []
    while len(head := file.read(HEAD.size)) == HEAD.size:
        size, checksum = HEAD.unpack(head)
        body = file.read(size) if size <= LONGEST else b""
        if not any(head):
            return found, bool(file.read().strip(b"\0"))
        if len(body) < size <= LONGEST:
            break
        if size > LONGEST or zlib.crc32(body) != checksum:
            return found, True
        line, _, rows = body.partition(b"\n")
        found.append((json.loads(line), rows))
    return found, False


def _record(head: dict[str, Any], rows: bytes) -> Record:
    import pyarrow as pa

    series: Series = next(name for name in SERIES if name == head["series"])
    with pa.ipc.open_stream(rows) as stream:
        return Record(head["run"], series, head["sequence"], stream.read_all())
