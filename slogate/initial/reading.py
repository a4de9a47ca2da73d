"""Reads a project's own YAML or JSON as plain data, whatever is in it.

YAML with the types of its 1.2 core schema: dates stay text, `<<` is a key like any other.
Aliases share what they stand for, so that a small file that unfolds into billions costs nothing
until somebody walks over it: who does so counts his steps (`bodies.py`). Refused, as a
SourceError with the place: what is too large, too deep, endless, or no UTF-8.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from slogate.errors import SourceError

LARGEST = {".json": 64_000_000, ".yaml": 8_000_000, ".yml": 8_000_000}
_CORE = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(?:[0-9]{1,17}\.[0-9]{0,17}|\.[0-9]{1,17})(?:[eE][-+]?[0-9]{1,3})?",
     list("-+.0123456789")),
)  # fmt: skip


# what a spec takes for an endpoint, and nobody finds too long
_NAME = re.compile("[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]{1,200}")


def is_nameable(text: str) -> bool:
    """Whether a spec can name an endpoint so."""
    return _NAME.fullmatch(text) is not None and bool(text.strip())


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """The safe loader with the types that JSON has."""


for _name, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})$", re.ASCII), _first
    )
_Loader.add_constructor("tag:yaml.org,2002:null", lambda _loader, _node: None)
_Loader.add_constructor(
    "tag:yaml.org,2002:bool", lambda _loader, node: str(node.value).lower() == "true"
)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _loader, node: float(node.value))


def read_text(path: Path, name: str, largest: int) -> str:
    """The text of a file; SourceError if it cannot be read, is too large or no UTF-8."""
    try:
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise SourceError(f"{name}: it cannot be read: {error.strerror or error}") from None
    if len(data) > largest:
        raise SourceError(f"{name}: it is larger than {largest // 1_000_000} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{name}:{line}: byte 0x{data[error.start]:02x} is not UTF-8") from None


def read_data(path: Path, name: str) -> Any:
    """The file's data; SourceError if it has none that can be read."""
    text = read_text(path, name, LARGEST.get(path.suffix.lower(), 8_000_000))
    try:
        if path.suffix.lower() == ".json":
            return json.loads(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it builds plain data only
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}"
        ) from None
    except yaml.YAMLError as error:
        raise SourceError(f"{_placed(name, error)}: {_said(error)}") from None
    except RecursionError:
        raise SourceError(f"{name}: it is nested too deep") from None
    except ValueError as error:
        raise SourceError(f"{name}: it cannot be read: {error}") from None


def _placed(name: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return name if mark is None else f"{name}:{mark.line + 1}:{mark.column + 1}"


def _said(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if "recursive" in problem:
        return "an alias stands for what it is part of, without end"
    if "nesting" in problem:
        return "it is nested too deep"
    return f"not valid YAML: {problem}"
