"""The values of OTLP's JSON one by one, as they are written and as other tools write them."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Any

from slogate.sources._otlp.telemetry import CUMULATIVE, DELTA, ERROR, KINDS, OK, Malformed

_ENUMS = {
    **{f"SPAN_KIND_{name.upper()}": number for name, number in KINDS.items()},
    "STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": OK, "STATUS_CODE_ERROR": ERROR,
    "AGGREGATION_TEMPORALITY_DELTA": DELTA, "AGGREGATION_TEMPORALITY_CUMULATIVE": CUMULATIVE,
}  # fmt: skip
_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)


def an_object(value: Any) -> Mapping[str, Any]:
    """An object; one that is not there is empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed("it is not as OTLP has it")
    return value


def a_list(value: Any) -> list[Any]:
    """A list; one that is not there is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed("it is not as OTLP has it")
    return value


def enum(value: Any) -> int:
    """A value of an enumeration, by number or name; an unknown one is 0."""
    if type(value) is int:
        return value
    if isinstance(value, str) and value in _ENUMS:
        return _ENUMS[value]
    return whole(value) if isinstance(value, str) and value.isdigit() else 0


def signed(value: Any) -> int:
    """A number of 64 bits with a sign, as text or number."""
    if isinstance(value, str) and value.startswith("-"):
        return -whole(value[1:])
    return -whole(-value) if type(value) is int and value < 0 else whole(value)


def small(value: Any) -> int:
    """A number of 32 bits with a sign."""
    found = signed(value)
    if not -(2**31) <= found < 2**31:
        raise Malformed("a number in it is too large")
    return found


def whole(value: Any) -> int:
    """A number of 64 bits without a sign, as text or number."""
    if isinstance(value, str):
        digits = len(value) <= 20 and value.isascii() and value.isdigit()
        found = int(value) if digits else -1
    elif isinstance(value, float):
        found = int(value) if value.is_integer() else -1
    else:
        found = value if type(value) is int else -1
    if not 0 <= found < 2**64:
        raise Malformed("a number in it is no whole number from 0")
    return found


def wholes(values: list[Any]) -> list[int]:
    """Such numbers; a list of nothing but texts of digits, as most are, is read at once."""
    try:
        digits = "".join(values)
        found = list(map(int, values)) if digits.isascii() and digits.isdigit() else []
    except (TypeError, ValueError):
        found = []
    if found and max(found) < 2**64 and max(map(len, values)) <= 20:
        return found
    return [whole(value) for value in values]


def finite(values: list[Any]) -> tuple[float, ...] | None:
    """Numbers that can be fractions; None where one of them is not told or not finite."""
    try:
        found = tuple(map(float, values)) if {*map(type, values)} <= {int, float} else ()
    except OverflowError:
        found = ()
    if found and all(map(math.isfinite, found)):
        return found
    slow = [number(value) for value in values]
    return None if None in slow else tuple(float(value or 0) for value in slow)


def number(value: Any) -> float | None:
    """A number that can be a fraction; None where it is not told or not finite."""
    if value is None or type(value) in {int, float}:
        found = value
    else:
        try:
            found = float(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None:
            raise Malformed("a number in it is no number")
    try:
        return float(found) if found is not None and math.isfinite(found) else None
    except OverflowError:
        return None


def hexadecimal(value: Any, size: int) -> str:
    """An id in lower-case hexadecimal; empty where there is none."""
    if type(value) is not str:
        raise Malformed("its id is no text")
    if len(value) == 2 * size and _HEX.fullmatch(value):
        return value.lower()
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    return found.hex() if len(found) == size else ""
