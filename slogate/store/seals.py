"""Seals: what each part of a run was when the run was closed, to tell damage from data.

A seal is the size, the rows and the SHA-256 of a file. Whoever completes a manifest seals its
parts; whoever rewrites parts checks the seals of the old ones first, so that damage is never
sealed anew; whoever judges by rows checks them too, as no engine minds a page's checksum. Parts
without a seal (of runs from before, or that died) are read as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run, Seal
from slogate.store.layout import Store, check_regular

BLOCK = 1 << 20
AT_ONCE, REMEMBERED = 2, 10_000


def sealed(store: Store, run: Run) -> Run:
    """The run with a seal for each part that it names and none besides; those it has stay."""
    seals = {part: run.seals.get(part) or seal(store.root / part) for part in run.parts}
    return replace(run, seals=seals)


def seal(path: Path) -> Seal:
    """What the part is now; StoreError if it cannot be read."""
    rows = rows_of(path)
    size, digest = digest_of(path)
    return Seal(bytes=size, rows=rows, sha256=digest)


def rows_of(path: Path) -> int:
    """The rows of a part, from its footer; StoreError if that cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: int = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    return rows


def digest_of(path: Path, read: Callable[[int], None] = lambda _bytes: None) -> tuple[int, str]:
    """Size and SHA-256 of a file; `read` is told how many bytes more have been read."""
    check_regular(path)
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
                read(len(block))
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    return size, digest.hexdigest()


def check_seal(
    path: Path,
    expected: Seal,
    read: Callable[[int], None] = lambda _bytes: None,
    *,
    quick: bool = False,
) -> None:
    """StoreError unless the part is, byte for byte, what was sealed; `quick`: its size only."""
    size = size_of(path)
    if size != expected.bytes:
        raise StoreError(f"{path} is damaged: it has {size} bytes, {expected.bytes} were written")
    if not quick and digest_of(path, read)[1] != expected.sha256:
        raise StoreError(f"{path} is damaged: its content is not what was written (SHA-256)")


def check_content(sealed_parts: Iterable[tuple[Path, Seal]]) -> None:
    """StoreError unless each part is what was sealed; told once by this process of a file.

    A gigabyte, a hundred million requests, takes under a second of one core.
    """
    parts = list(sealed_parts)
    if len(parts) == 1:
        _check_once(*parts[0])
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in [pool.submit(_check_once, *pair) for pair in parts]:
            found.result()


def _check_once(path: Path, expected: Seal) -> None:
    try:
        told = path.stat()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    _check_as_told(path, expected, told.st_ino, told.st_mtime_ns)


@lru_cache(REMEMBERED)
def _check_as_told(path: Path, expected: Seal, _inode: int, _written_ns: int) -> None:
    check_seal(path, expected)


def size_of(path: Path) -> int:
    """The bytes of a file; StoreError if it is not there."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
