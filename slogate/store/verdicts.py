"""Keeps the verdicts: `verdicts/<id>.json`, the document with the spec that it judged by.

Beside each lies `<id>.sha256`, the digest of the file as `sha256sum` writes it, so that the
document stays what was printed, byte for byte, and damage to it is found by `verify`.
The store knows of a document only which run and service it speaks of, and its rough shape: an
outcome, a list of objectives; what else is in it is not its business. A corrupt or newer
document is a StoreError that names the file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slogate.errors import StoreError
from slogate.store.layout import (
    Store,
    check_id,
    check_regular,
    json_bytes,
    json_files,
    make_folder,
    read_json,
    write_atomic,
)
from slogate.store.locks import manifests

SCHEMA = "slogate.verdict/v1"
SEALED = ".sha256"
TRIES = 3
_OUT = "put it back or move it away (`slogate store verify` names all); check anew to judge again"


def write_verdict(store: Store, verdict_id: str, document: dict[str, Any]) -> bool:
    """Write the document under its id, whole or not at all; False if it lay there already.

    Either way it is the last one written from now on.
    """
    path = store.verdicts / f"{check_id('verdict', verdict_id)}.json"
    data = json_bytes(document)
    # two who judge the same at once must not leave the digest of one beside the words of the other
    with manifests(store):
        try:
            if path.is_file() and path.read_bytes() == data and seal_of(path).is_file():
                # the system's own stamps can be milliseconds old, and tie with the write before
                os.utime(path, ns=(time.time_ns(),) * 2)
                return False
            make_folder(path.parent)
            seal_of(path).unlink(missing_ok=True)
            write_atomic(path, data)
            write_atomic(seal_of(path), _sealed(path, data))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None
    return True


def seal_of(path: Path) -> Path:
    """The file of a verdict's digest."""
    return path.with_suffix(SEALED)


def _sealed(path: Path, data: bytes) -> bytes:
    return f"{hashlib.sha256(data).hexdigest()}  {path.name}\n".encode()


def check_verdict(path: Path) -> None:
    """StoreError if the file is not what was written; one of before digests is taken as it is."""
    read_verdict(path)
    # it may be written anew just now, first the file and then its digest
    if not any(_is_as_written(path) for _ in range(TRIES)):
        raise StoreError(f"{path} is damaged, or was changed by hand: it is not what was written")


def _is_as_written(path: Path) -> bool:
    seal = seal_of(path)
    if not seal.exists():
        return True
    try:
        check_regular(seal)
        return seal.read_bytes() == _sealed(path, path.read_bytes())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{seal} cannot be read: {error.strerror or error}") from None


def missing_verdicts(store: Store) -> list[Path]:
    """The verdicts whose digest is there and they are not; a digest is the first to be deleted."""
    paths = [seal.with_suffix(".json") for seal in sorted(store.verdicts.glob(f"*{SEALED}"))]
    return [path for path in paths if not path.exists() and seal_of(path).exists()]


def read_verdicts(store: Store, *, service: str | None = None) -> list[dict[str, Any]]:
    """All verdict documents, of runs of one service if given, in the order they were written.

    One that is deleted meanwhile, with its run, is left out.
    """
    return list(each_verdict(store, service=service))


def each_verdict(store: Store, *, service: str | None = None) -> Iterator[dict[str, Any]]:
    """The same one after the other, for those who need not hold all of them at once."""
    for path in _oldest_first(json_files(store.verdicts)):
        document = _read_if_there(path)
        if document is None or (service is not None and document["run"].get("service") != service):
            continue
        yield document


def _read_if_there(path: Path) -> dict[str, Any] | None:
    """The document of a file; None if the file is gone. It may come and go at any moment."""
    for _ in range(TRIES):
        try:
            return read_verdict(path)
        except StoreError:
            if not path.exists() and not path.is_symlink():
                return None
    return read_verdict(path)


def verdicts_by_run(store: Store) -> dict[str, list[Path]]:
    """The files of all verdicts, by the run that they judge."""
    found: dict[str, list[Path]] = {}
    for path in json_files(store.verdicts):
        found.setdefault(read_verdict(path)["run"]["id"], []).append(path)
    return found


def _oldest_first(paths: list[Path]) -> list[Path]:
    written = []
    for path in paths:
        try:
            written.append((path.stat().st_mtime_ns, path.name, path))
        except FileNotFoundError:
            if path.is_symlink():
                raise StoreError(f"{path} cannot be read: it leads nowhere", hint=_OUT) from None
        except OSError as error:
            raise StoreError(f"the verdicts cannot be read: {error}") from None
    return [path for _, _, path in sorted(written)]


def read_verdict(path: Path) -> dict[str, Any]:
    """The document of a file; StoreError if it is corrupt or newer."""
    try:
        document = read_json(path)
    except StoreError as error:
        raise StoreError(error.message, hint=_OUT) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith("slogate.verdict/"):
        raise StoreError(f"{path} is corrupt: it is no verdict", hint=_OUT)
    if schema != SCHEMA:
        hint = "upgrade slogate to read this store"
        raise StoreError(f"{path} was written by a newer slogate ({schema})", hint=hint)
    found: dict[str, Any] = document
    if (fault := _fault(found)) is not None:
        raise StoreError(f"{path} is corrupt: {fault}", hint=_OUT)
    return found


def _fault(document: dict[str, Any]) -> str | None:
    run, objectives = document.get("run"), document.get("objectives", [])
    if not isinstance(run, dict) or not isinstance(run.get("id"), str):
        return "it names no run"
    if not isinstance(document.get("outcome", ""), str):
        return "its outcome is no text"
    if not isinstance(objectives, list) or not all(isinstance(each, dict) for each in objectives):
        return "its objectives are no list of objects"
    intervals = [each.get("interval") or [None, None] for each in objectives]
    if not all(isinstance(ends, list) and len(ends) == 2 for ends in intervals):
        return "an interval has no two ends"
    return None
