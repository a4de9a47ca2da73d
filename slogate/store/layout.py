"""Where things lie in a store, and how a file appears there whole or not at all.

    .slogate/
      format                                   the layout's version
      series/<requests|counts|histograms>/kind=…/service=…/date=…/<run>-<part>.parquet
      runs/<run>.json    verdicts/<id>.json, <id>.sha256    slogate.duckdb
      aside/…                                  raw parts kept of runs that were rolled up
      journal/…                                see `recorders/otlp/journal.py`
      sent/…                                   see `sent.py`
      locks/…                                  see `locks.py`

Files are written under a name ending in `.tmp`, synced and renamed: a reader sees whole files
only, and many writers never block each other. Refuses ids that are no safe file names, and
stores of a newer layout.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from slogate.errors import StoreError
from slogate.model.series import Series
from slogate.units import is_utf8

FORMAT = 1
TMP = ".tmp"
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", re.ASCII)
_LONGEST_VERSION = 9
# as a path has it, with one slash of the two
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
DAMAGED = "put it back or move it away; `slogate store verify` names all that is damaged"
_RESERVED = frozenset({"latest", "previous"})


@dataclass(frozen=True, slots=True)
class Store:
    """An opened store; `root` is absolute."""

    root: Path

    @property
    def runs(self) -> Path:
        """The folder of the manifests."""
        return self.root / "runs"

    @property
    def verdicts(self) -> Path:
        """The folder of the verdicts."""
        return self.root / "verdicts"

    def series(self, name: Series) -> Path:
        """The folder of a series."""
        return self.root / "series" / name

    @property
    def aside(self) -> Path:
        """The folder of raw parts that were kept when their run was rolled up."""
        return self.root / "aside"

    @property
    def database(self) -> Path:
        """The convenience database for people."""
        return self.root / "slogate.duckdb"


def open_store(root: Path, *, create: bool = False) -> Store:
    """The store at `root`; StoreError if it is missing, no store, unreadable or newer."""
    if _URL.match(str(root)):
        raise StoreError(
            f"the store {str(root).replace(':/', '://', 1)} is a URL; stores are folders so far",
            hint="keep the folder between jobs as a cache: slogate docs in-ci",
        )
    root = Path(os.path.abspath(root))  # noqa: PTH100 (resolve would follow links)
    store = Store(root)
    if not is_utf8(str(root)):
        raise StoreError(
            f"the path of the store {str(root)!r} is not UTF-8, and DuckDB reads no other",
            hint="choose another folder: --store DIR",
        )
    try:
        if root.exists() and not root.is_dir():
            raise StoreError(f"{root} is a file, not a store's folder")
        if create:
            _create(store)
        elif not (store.runs.is_dir() or (root / "format").is_file()):
            raise _missing(root)
        else:
            next(root.iterdir(), None)
        _check_format(root / "format")
    except OSError as error:
        raise StoreError(f"the store {root} cannot be opened: {error.strerror or error}") from None
    return store


def _missing(root: Path) -> StoreError:
    what = "is not a store" if root.is_dir() else "does not exist"
    hint = "record something first: run `slogate run` or `slogate import`"
    return StoreError(f"the store {root} {what}", hint=hint)


def _create(store: Store) -> None:
    for folder in (store.runs, store.verdicts, store.series("requests")):
        make_folder(folder)
    for name, text in (("format", f"{FORMAT}\n"), (".gitignore", "*\n")):
        if not (store.root / name).exists():
            write_atomic(store.root / name, text.encode())


def _check_format(path: Path) -> None:
    if not path.exists():
        return
    check_regular(path)
    found = version_number(path.read_bytes().strip())
    if found is None:
        raise StoreError(f"{path} does not hold a format number")
    if found > FORMAT:
        raise newer(path, found, FORMAT)


def version_number(text: bytes) -> int | None:
    """The number of a format or schema; None if it is none, or longer than any version is."""
    return int(text) if len(text) <= _LONGEST_VERSION and text.isdigit() else None


def check_regular(path: Path) -> None:
    """StoreError unless it is a file that ends: a pipe or device would be read for ever."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    if not regular:
        raise StoreError(f"{path} cannot be read: it is no regular file")


def newer(path: Path, found: int, known: int) -> StoreError:
    """The error of a file that a later version has written."""
    return StoreError(
        f"{path} was written by a newer slogate (format {found}, this one reads up to {known})",
        hint="upgrade slogate to read this store",
    )


def check_id(kind: str, name: str) -> str:
    """The id of a run or verdict if it is a safe file name, else StoreError."""
    if not _SAFE_NAME.fullmatch(name) or name in _RESERVED:
        hint = "use 1-100 of A-Z a-z 0-9 . _ - and no leading dot; 'latest' is reserved"
        raise StoreError(f"{name!r} cannot be the id of a {kind}", hint=hint)
    return name


def service_folder(store: Store, series: Series, kind: str, service: str) -> Path:
    """The folder of a service's series; any name is safe, percent-encoded."""
    if not is_utf8(service):
        raise StoreError(f"the service name {service[:40]!r} is not UTF-8")
    encoded = quote(service, safe="")
    if len(encoded) > 200:
        raise StoreError(f"the service name {service[:40]!r}… is too long for a folder's name")
    return store.series(series) / f"kind={kind}" / f"service={encoded}"


def make_folder(folder: Path) -> None:
    """Make the folder and its parents so that they survive a crash of the machine."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def temporary(path: Path) -> Path:
    """A fresh name beside `path` that no reader takes for a finished file."""
    return path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{TMP}")


def write_atomic(path: Path, data: bytes) -> None:
    """Write the whole file or nothing; OSError if that is impossible."""
    draft = temporary(path)
    try:
        with draft.open("xb") as file:
            file.write(data)
        publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def publish(draft: Path, path: Path) -> None:
    """Sync a finished draft, give it its name, and sync the folder."""
    handle = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a crash of the machine, where the system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems cannot sync a folder
        pass
    finally:
        os.close(handle)


def read_json(path: Path) -> Any:
    """The JSON document of a file; StoreError if it cannot be read or is no JSON."""
    check_regular(path)
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is corrupt: {error}", hint=DAMAGED) from None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def json_bytes(document: object, *, sort_keys: bool = False) -> bytes:
    """The document as a store keeps it."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def write_json(path: Path, document: object, *, sort_keys: bool = False) -> None:
    """Write the document, whole or not at all; StoreError if the disk refuses."""
    data = json_bytes(document, sort_keys=sort_keys)
    try:
        make_folder(path.parent)
        write_atomic(path, data)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None


def json_files(folder: Path) -> list[Path]:
    """The finished JSON files of a folder, sorted by name; none if there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error.strerror or error}") from None
