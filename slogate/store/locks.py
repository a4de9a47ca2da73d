"""Locks between processes that change what is stored already; the system lets go of a dead one's.

`care` is held by one compaction or pruning at a time, as long as it takes. `manifests` is held
for moments by whoever reads a manifest, changes it and writes it again, so that nobody's change
undoes another's. Readers, and writers of new runs, hold neither; those who take something in hold
a lock of their own (`alone`), so that nothing is taken in twice at once.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from slogate.errors import StoreError
from slogate.store.layout import Store, make_folder

ASKED, ASKED_S = 10, 0.01
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextmanager
def caring(store: Store) -> Iterator[None]:
    """Be the only one who rewrites or removes parts; StoreError if somebody else does already."""
    with _opened(store.root / "locks" / "care") as file:
        try:
            _lock_now(file)
        except BlockingIOError:
            who = file.read().strip()[:20] or "unknown"
            raise StoreError(
                f"the store {store.root} is being compacted or pruned already (process {who})",
                hint="wait for its end; a process that died holds nothing",
            ) from None
        except OSError as error:
            raise StoreError(f"{file.name} cannot be locked: {error.strerror}") from None
        with suppress(OSError):  # a full disk must not keep anybody from pruning it
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"{os.getpid()}\n".encode())
        yield


def _lock_now(file: IO[str]) -> None:
    """Lock or raise BlockingIOError; one who only asks (`cared_for`) is waited for."""
    for _ in range(ASKED):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(ASKED_S)
        else:
            return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def cared_for(store: Store) -> bool:
    """Whether somebody is compacting or pruning the store right now."""
    try:
        with (store.root / "locks" / "care").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there has never been a lock
        return False
    return False


@contextmanager
def manifests(store: Store) -> Iterator[None]:
    """Wait until nobody else is changing a manifest, and keep others from it meanwhile.

    On a file system without locks it goes on without: the moment is short.
    """
    with _held(store.root / "locks" / "manifests"):
        yield


@contextmanager
def alone(store: Store, words: object, busy: str | None = None) -> Iterator[None]:
    """Be the only one who does what the words say; waits, or StoreError of the `busy` given."""
    name = hashlib.sha256(repr(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    with _held(store.root / "locks" / name, busy):
        yield


@contextmanager
def _held(path: Path, busy: str | None = None) -> Iterator[None]:
    """Hold a lock; where there are none go on without."""
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise StoreError(str(busy)) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise StoreError(f"{path} cannot be locked: {error.strerror}") from None
        yield


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        make_folder(path.parent)
        file = path.open("a+", encoding="ascii", errors="replace")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None
    with file:
        file.seek(0)
        yield file
