"""The file that says which column of an export means what.

    time: {column: started, unit: ms}      # or format, timezone, at: end
    duration: {column: took, unit: ms}
    endpoint: route                        # or method and path, or request
    status: code
    labels: [region]

Refuses names that are not known, durations without a unit, and a mapping without a time or an
endpoint: each with the file's name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from slogate.errors import SourceError
from slogate.sources._clocks import KINDS, UNITS_NS

FIELDS = (
    "time", "duration", "endpoint", "request", "method", "path", "status", "ok", "error",
    "bytes", "worker", "trace_id",
)  # fmt: skip
_DOCS = "slogate docs import-exports"
_KEYS = {"time": {"unit", "format", "timezone", "at"}, "duration": {"unit", "decimal"}}
_DURATION = re.compile(
    r"(?:(?:http|request|req|response|resp|total|server)*(?:latency|duration|elapsed|took|"
    r"responsetime|requesttime|elapsedtime|timeelapsed|timetaken|time|rt)(?:in)?)"
    r"(ns|nanos|nanoseconds|us|µs|micros|microseconds|ms|millis|milliseconds|msec|s|sec|secs|"
    r"seconds)?"
)
_UNITS = {"n": "ns", "u": "us", "µ": "us", "mic": "us", "mil": "ms", "ms": "ms", "s": "s"}
_NOT_DURATIONS = frozenset({"time", "timems", "timeus", "timens", "times"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that means something: how its moments or durations are written."""

    name: str
    unit: str | None = None
    format: str | None = None
    timezone: str | None = None
    at_end: bool = False
    decimal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the columns of a file are, the columns of labels by the labels' names."""

    fields: Mapping[str, Column]
    labels: Mapping[str, str] = field(default_factory=dict)


def plain_name(name: str) -> str:
    """A name as it is compared: small letters and digits alone."""
    return re.sub(r"[^0-9a-zµ]", "", name.lower().replace("μ", "µ"))


def duration_unit(name: str) -> str | None:
    """The unit of a duration by its column's name; '' if it names none, None if it is none."""
    plain = plain_name(name)
    match = None if plain in _NOT_DURATIONS else _DURATION.fullmatch(plain)
    if not match:
        return None
    word = match[1] or ""
    return next((unit for start, unit in _UNITS.items() if word.startswith(start)), "")


def read_mapping(path: str) -> Meaning:
    """The mapping that a file holds; SourceError names its first fault."""
    content = _loaded(path)
    labels = content.pop("labels", None) or {}
    if isinstance(labels, list):
        labels = {name: name for name in labels}
    if not isinstance(labels, dict):
        raise _fault(path, "labels is no list of columns", "write labels: [region, tenant]")
    named = {str(name): str(column) for name, column in labels.items()}
    fields = {str(name): _column(path, str(name), value) for name, value in content.items()}
    if "time" not in fields:
        raise _fault(path, "it does not say which column is the time")
    if not {"endpoint", "path", "request"} & set(fields):
        raise _fault(path, "it says neither endpoint nor path")
    return Meaning(fields=fields, labels=named)


def _fault(path: str, fault: str, hint: str = _DOCS) -> SourceError:
    return SourceError(f"{path}: {fault}", hint=hint)


def _loaded(path: str) -> dict[object, object]:
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _fault(path, f"it cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else path
        problem = getattr(error, "problem", None) or "it holds odd characters"
        raise _fault(where, f"it is no YAML: {problem}") from None
    if not isinstance(content, dict):
        raise _fault(path, "it is no mapping of names to columns")
    return content


def _column(path: str, name: str, value: object) -> Column:
    if name not in FIELDS:
        near = difflib.get_close_matches(name, [*FIELDS, "labels"], n=1)
        hint = f"did you mean '{near[0]}'?" if near else _DOCS
        raise _fault(path, f"'{name}' is not known", hint)
    column, rest = _parts(path, name, value)
    unit, at = rest.get("unit"), rest.get("at", "start")
    allowed = KINDS if name == "time" else tuple(UNITS_NS)
    if unit is not None and unit not in allowed:
        raise _fault(path, f"the unit of {name} is '{unit}'", f"one of {', '.join(allowed)}")
    if at not in {"start", "end"}:
        raise _fault(path, f"at is '{at}'", "the time is that of the start or of the end")
    decimal = rest.get("decimal", "")
    if decimal not in {"", ".", ","}:
        raise _fault(path, f"decimal is '{decimal}'", "it is '.' or ','")
    found = Column(
        name=column, unit=unit, format=rest.get("format"), timezone=rest.get("timezone"),
        at_end=at == "end", decimal=decimal,
    )  # fmt: skip
    if name == "duration" and unit is None:
        unit = duration_unit(column)
        if not unit:
            hint = f"write duration: {{column: {column}, unit: ms}}, or s, us, ns"
            raise _fault(path, "duration has no unit", hint)
        return replace(found, unit=unit)
    return found


def _parts(path: str, name: str, value: object) -> tuple[str, dict[str, str]]:
    """A column's name, and what is said of it."""
    if isinstance(value, str):
        return value, {}
    if not isinstance(value, dict) or not isinstance(value.get("column"), str):
        raise _fault(path, f"{name} is no column")
    rest = {str(key): str(text) for key, text in value.items() if key != "column"}
    unknown = sorted(set(rest) - _KEYS.get(name, set()))
    if unknown:
        raise _fault(path, f"{name} knows no '{unknown[0]}'")
    return value["column"], rest
