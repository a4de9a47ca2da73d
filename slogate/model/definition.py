"""What an objective means, as plain data that is the same for every way to write it.

Its hash is the revision: as long as it stays, verdicts of different days speak of the same
objective. A definition has two halves: `measure`, what is counted and so decides the number that is
observed, and `terms`, what that number is held against. Where only terms change, the course of the
numbers goes on; where the measure changes, a new course begins.

Every field of a noun is in it unless its room says that it changes no outcome. What is left at its
default is left out, so that a new key with a default starts no revision of what is there already.
Exact: durations are whole µs, shares are decimals or fractions, never floats.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from slogate.model.predicate import And, Comparison, Not, Ok, Operator, Or, Predicate

_OPPOSITE: Mapping[Operator, Operator] = {
    "<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==",
}  # fmt: skip
_DIGITS = 16


def definition(measure: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, Any]:
    """The two halves as one document."""
    return {"measure": dict(measure), "terms": dict(terms)}


def revision(document: Mapping[str, Any]) -> str:
    """The hash of a definition, or of one half of it."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]


def fields_of(record: Any, *, without: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a noun that are not at their default, as plain data."""
    found = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name not in without and value != _default(field):
            found[field.name] = plain(value)
    return found


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def plain(value: Any) -> Any:
    """A value as JSON can say it, the same for equal values; TypeError for what has no such form.

    A float is refused: it is no exact value.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Ok | Comparison | Not | And | Or):
        return condition(value)
    if isinstance(value, Fraction):
        return exact(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        return fields_of(value)
    raise TypeError(f"{type(value).__name__} has no exact form")


def exact(value: Fraction) -> int | str:
    """A whole number as it is, else the decimal `0.995`, or `1/3` where there is none."""
    if value.denominator == 1:
        return value.numerator
    rest, digits = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        digits = max(digits, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    scaled = abs(value.numerator) * 10**digits // value.denominator
    whole, part = divmod(scaled, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{digits}}"


def condition(predicate: Predicate) -> str:
    """An expression in one spelling: operands in order and once, `not` only before `ok`.

    `status < 500` is `status <= 499`, since both fields are whole numbers; `not` goes into what it
    negates, which in the three-valued logic of `predicate.py` changes nothing.
    """
    return _spelled(predicate, negated=False)


def _spelled(predicate: Predicate, *, negated: bool) -> str:
    match predicate:
        case Ok():
            return "not ok" if negated else "ok"
        case Not(operand=operand):
            return _spelled(operand, negated=not negated)
        case Comparison(field=field, operator=operator, value=value):
            sign = _OPPOSITE[operator] if negated else operator
            if sign == "<":
                sign, value = "<=", value - 1
            elif sign == ">":
                sign, value = ">=", value + 1
            return f"{'duration_us' if field == 'duration' else field} {sign} {value}"
        case And() | Or():
            both = isinstance(predicate, And) is not negated
            operands = sorted(set(_operands(predicate, both=both, negated=negated)))
            joined = f" {'and' if both else 'or'} ".join(operands)
            return f"({joined})" if len(operands) > 1 else operands[0]


def _operands(predicate: Predicate, *, both: bool, negated: bool) -> list[str]:
    """The operands of a chain of the same kind, each spelled."""
    if isinstance(predicate, Not):
        return _operands(predicate.operand, both=both, negated=not negated)
    if isinstance(predicate, And | Or) and (isinstance(predicate, And) is not negated) is both:
        sides = (predicate.left, predicate.right)
        return [text for side in sides for text in _operands(side, both=both, negated=negated)]
    return [_spelled(predicate, negated=negated)]
