"""Turns a `Run` into the JSON of its manifest and back, every field, nested records too.

The types of the record are the rules: a wrong type, an unknown state or a part outside the
store is a StoreError with file and key. Unknown keys of the same format are left out silently:
a later version may have added them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import newer

FORMAT = 1


def run_to_json(run: Run) -> dict[str, Any]:
    """The manifest of a run as plain JSON values."""
    document = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    document |= {"labels": dict(run.labels), "origin": dict(run.origin), "parts": list(run.parts)}
    document |= {"health": dataclasses.asdict(run.health), "rows": dataclasses.asdict(run.rows)}
    return {"format": FORMAT, **document}


def run_from_json(document: object, path: Path) -> Run:
    """The run of a manifest; `path` is named in the errors."""
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise StoreError(f"{path} is corrupt: it is no object with a format")
    if document["format"] > FORMAT:
        raise newer(path, document["format"], FORMAT)
    try:
        run: Run = _record(Run, document, "")
    except ValueError as error:
        raise StoreError(f"{path} is corrupt: {error}") from None
    for part in run.parts:
        pure = PurePosixPath(part)
        if pure.is_absolute() or ".." in pure.parts or pure.parts[:2] != ("series", "requests"):
            raise StoreError(f"{path} is corrupt: parts names a file outside the series: {part!r}")
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
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{at} is not a list of texts")
        return tuple(value)
    if get_origin(kind) is Mapping:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise ValueError(f"{at} is not an object of texts")
        return value
    if kind is float and type(value) in {int, float} and math.isfinite(value):
        return float(value)
    if kind in {int, str} and type(value) is kind:
        return value
    raise ValueError(f"{at} is not a {_WORDS[kind]}")


_WORDS = {int: "whole number", float: "finite number", str: "text"}
