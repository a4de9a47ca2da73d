"""Checks that a verdict read from a document holds what its annotations say, nested ones too.

A verdict's document may be damaged or forged, and later verdicts count on it: text where a
number belongs, a negative or fractional count, a number that is infinite or fits no 64 bits is
a TypeError or ValueError that names the field, before anything is computed from it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from slogate.verdict import Finding, Verdict

_LARGEST = 2**63 - 1
_LARGEST_EFFECT = 10**12
_SIGNED = "generator_exit"


def as_float(value: Any) -> float:
    """A JSON number as a float; TypeError for anything else."""
    if type(value) not in {int, float}:
        raise TypeError(f"{value!r:.60} is no number")
    return float(value)


def as_texts(value: Any) -> tuple[Any, ...]:
    """A JSON array as a tuple; TypeError for anything else, such as a text."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.60} is no list")
    return tuple(value)


def as_map(value: Any) -> dict[str, Any]:
    """A JSON object as a dict; TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r:.60} is no object")
    return dict(value)


def as_definition(value: Any) -> dict[str, Any]:
    """The two halves of a definition; TypeError for anything else."""
    found = as_map(value)
    if found.keys() != {"measure", "terms"}:
        raise TypeError("a definition has a measure and terms, nothing else")
    return {half: as_map(found[half]) for half in ("measure", "terms")}


def check_verdict(verdict: Verdict) -> None:
    """ValueError for values that are none of their types, or that no judgement finds."""
    _check_record(verdict, "")
    for finding in verdict.findings:
        _check_counts(finding)


def _check_counts(finding: Finding) -> None:
    good, total, effect = finding.good, finding.total, finding.design_effect
    if good is not None and total is not None and good > total:
        raise ValueError(f"{good} of {total} requests of {finding.id} are good")
    effects = (effect.measured, effect.floor, effect.used) if effect else ()
    if not all(value is None or 0 <= value <= _LARGEST_EFFECT for value in effects):
        raise ValueError(f"the design effect of {finding.id} is out of range")


@cache
def _kinds(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _check_record(record: Any, at: str) -> None:
    own: type = type(record)
    for name, kind in _kinds(own).items():
        _check(kind, getattr(record, name), at + name)


def _check(kind: Any, value: Any, at: str) -> None:
    """ValueError names the field if the value is none of its annotated type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {UnionType, Union}:
        if value is not None:
            _check(next(each for each in inner if each is not NoneType), value, at)
    elif origin is Literal:
        if value not in inner:
            raise ValueError(f"{at} is none of {', '.join(inner)}")
    elif origin is tuple:
        _check_items(inner, value, at)
    elif origin is Mapping:
        _check_items((inner[0], ...), tuple(value), f"a key of {at}")
        _check_items((inner[1], ...), tuple(value.values()), at)
    elif dataclasses.is_dataclass(kind) and type(value) is kind:
        _check_record(value, f"{at}.")
    else:
        _check_plain(kind, value, at)


def _check_items(kinds: tuple[Any, ...], values: tuple[Any, ...], at: str) -> None:
    each = kinds[:1] * len(values) if kinds[-1] is Ellipsis else kinds
    for number, (kind, value) in enumerate(zip(each, values, strict=True)):
        _check(kind, value, f"{at}[{number}]")


def _check_plain(kind: Any, value: Any, at: str) -> None:
    fits = _NUMBERS.get(kind, lambda plain: isinstance(plain, kind))
    if not fits(value):
        raise ValueError(f"{at} is no {_WORDS.get(kind, 'value of its kind')}")
    if kind is int and value < 0 and not at.endswith(_SIGNED):
        raise ValueError(f"{at} is negative")


_NUMBERS: Mapping[Any, Callable[[Any], bool]] = {
    int: lambda value: type(value) is int and abs(value) <= _LARGEST,
    float: lambda value: type(value) is float and math.isfinite(value),
}
_WORDS = {int: "whole number of 64 bits", float: "finite number", str: "text", bool: "boolean"}
