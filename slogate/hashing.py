"""The SHA-256 of a file of any size, worked out beside the reading of it, or when asked for.

Hashing a gigabyte takes a second, in which the other core can look at the file already. Who
begins it ends it: by asking for the hash, or with `stop`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import IO

_BLOCK = 1 << 20
_SMALL = 4 << 20
END = 4096


class Hash:
    """The hash of one file, of so many bytes of it: it may be growing."""

    def __init__(self, path: Path, size: int) -> None:
        """Nothing is read yet."""
        self._path = path
        self._size = size
        self._found: str | OSError | None = None
        self._stopped = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Work it out from now on, beside what else is done; a small file can wait."""
        if self._size >= _SMALL:
            # an import that is given up must not wait for it
            self._thread = Thread(target=self._work_out, name="hash", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give it up, if it is not done."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    @property
    def value(self) -> str:
        """The hash in hexadecimal; OSError if the file cannot be read."""
        if self._thread:
            self._thread.join()
        if self._found is None:
            self._stopped.clear()
            self._work_out()
        if isinstance(self._found, str):
            return self._found
        raise self._found or OSError("it was given up")

    def _work_out(self) -> None:
        digest, buffer = hashlib.sha256(), bytearray(_BLOCK)
        view, left = memoryview(buffer), self._size
        try:
            with self._path.open("rb", buffering=0) as file:
                while size := file.readinto(view[:left]):
                    digest.update(view[:size])
                    left -= size
                    if self._stopped.is_set():
                        return
        except OSError as error:
            self._found = error
        else:
            self._found = digest.hexdigest()


def hash_of(data: bytes) -> str:
    """The hash of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def end_of(path: Path, size: int) -> bytes:
    """The last `END` bytes of a file of so many; fewer where they cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, size - END))
            return file.read(min(END, size))
    except OSError:
        return b""


def hashes_at(data: bytes, stream: IO[bytes], ends: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The hash of what comes up to each of the ascending ends; `data` has been read already."""
    digest, done = hashlib.sha256(), 0
    for end in ends:
        while done < end:
            data = data or stream.read(_BLOCK)
            if not data:
                return
            part = data[: end - done]
            digest.update(part)
            done, data = done + len(part), data[len(part) :]
        yield end, digest.hexdigest()
