"""Turns a `Run` into the JSON of its manifest and back, every field, nested records too.

The types of the record are the rules: a wrong type, an unknown state, a moment before 1970 or
after 9999, a negative count, a number that does not fit 64 bits or a part outside the store is
a StoreError with file and key, when it is read and when it is written. Unknown keys of the same
format are left out silently: a later version may have added them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import LAST_TS, SERIES
from slogate.store.layout import newer

FORMAT = 1
_LARGEST = 2**63 - 1
DIGEST = "sha256"
KNOWN = {"format", *(field.name for field in dataclasses.fields(Run))}
_SIGNED = "generator_exit"
_SHA256 = re.compile("[0-9a-f]{64}")


def run_to_json(run: Run) -> dict[str, Any]:
    """The manifest of a run as plain JSON values."""
    document = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    document |= {
        "labels": dict(run.labels),
        "origin": dict(run.origin),
        "parts": list(run.parts),
        "untold": list(run.untold),
        "users": [dataclasses.asdict(each) for each in run.users],
    }
    document |= {"health": dataclasses.asdict(run.health), "rows": dataclasses.asdict(run.rows)}
    for name in ("seals", "contents"):
        document[name] = {k: dataclasses.asdict(v) for k, v in getattr(run, name).items()}
    for name in ("interleaved", "early_stop"):
        value = getattr(run, name)
        document[name] = value and dataclasses.asdict(value)
    return {"format": FORMAT, **document}


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of what a manifest says, however it is spaced; it is no part of it itself."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def run_from_json(document: object, path: Path, *, fault: str = "is corrupt") -> Run:
    """The run of a manifest; the errors say of `path` that it has the fault."""
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise StoreError(f"{path} {fault}: it is no object with a format")
    if document["format"] > FORMAT:
        raise newer(path, document["format"], FORMAT)
    try:
        run: Run = _record(Run, document, "")
    except ValueError as error:
        raise StoreError(f"{path} {fault}: {error}") from None
    known = [(name,) for name in SERIES]
    for part in run.parts:
        pure = PurePosixPath(part)
        if pure.parts[:1] != ("series",) or ".." in pure.parts or pure.parts[1:2] not in known:
            raise StoreError(f"{path} {fault}: parts names a file outside the series: {part!r}")
    for part, seal in run.seals.items():
        if not _SHA256.fullmatch(seal.sha256):
            raise StoreError(f"{path} {fault}: the seal of {part!r} holds no SHA-256")
    return run


@cache
def _types(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _record(record: type, document: Mapping[str, Any], at: str) -> Any:
    """A frozen record from an object; ValueError names the key that is missing or wrong."""
    for field in dataclasses.fields(record):
        optional = (field.default, field.default_factory) != (dataclasses.MISSING,) * 2
        if field.name not in document and not optional:
            raise ValueError(f"{at}{field.name} is missing")
    known = {key: kind for key, kind in _types(record).items() if key in document}
    return record(**{key: _value(kind, document[key], at + key) for key, kind in known.items()})


def _value(kind: Any, value: Any, at: str) -> Any:
    """One JSON value as its annotated type wants it."""
    if type(None) in get_args(kind):
        kinds = [k for k in get_args(kind) if k is not NoneType]
        return None if value is None else _value(kinds[0], value, at)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{at} is none of {', '.join(get_args(kind))}")
        return value
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise ValueError(f"{at} is not an object")
        return _record(kind, value, f"{at}.")
    return _plain(kind, value, at)


def _plain(kind: Any, value: Any, at: str) -> Any:
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0], value, at)
    if get_origin(kind) is Mapping:
        return _mapping(get_args(kind)[1], value, at)
    if kind in {str, bool} and isinstance(value, kind):
        return value
    if kind is float and type(value) in {int, float}:
        return _finite(value, at)
    if kind is int and type(value) is int:
        return _whole(value, at)
    raise ValueError(f"{at} is not a {_WORDS[kind]}")


def _list(kind: type, value: Any, at: str) -> Any:
    what = "texts" if kind is str else "objects"
    wanted = str if kind is str else dict
    if not isinstance(value, list) or not all(isinstance(item, wanted) for item in value):
        raise ValueError(f"{at} is not a list of {what}")
    if kind is str:
        return tuple(value)
    # a list may be long, and its index says which of them is wrong
    return tuple(_record(kind, item, f"{at}[{n}].") for n, item in enumerate(value))


def _mapping(kind: type, value: Any, at: str) -> Any:
    what = "texts" if kind is str else "objects"
    wanted = str if kind is str else dict
    if not isinstance(value, dict) or not all(isinstance(v, wanted) for v in value.values()):
        raise ValueError(f"{at} is not an object of {what}")
    if kind is str:
        return value
    return {key: _record(kind, item, f"{at}.{key}.") for key, item in value.items()}


_WORDS = {int: "whole number", float: "finite number", str: "text", bool: "yes or no"}


def _finite(value: float, at: str) -> float:
    # comparing is exact and cannot overflow, as converting a long integer can
    if not 0 <= value <= sys.float_info.max:
        raise ValueError(f"{at} is not a finite number from 0")
    return float(value)


def _whole(value: int, at: str) -> int:
    if at.endswith("_ts") and not 0 <= value <= LAST_TS:
        raise ValueError(f"{at} is no moment between 1970 and 9999")
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"{at} is larger than any count")
    if value < 0 and at != _SIGNED:
        raise ValueError(f"{at} is negative")
    return value
