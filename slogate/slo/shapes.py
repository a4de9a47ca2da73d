"""The shapes of single values in a spec: texts, choices, durations, shares, dates, expressions.

Text is text: numbers and booleans where a name belongs are refused with a hint to quote them,
a number where a unit belongs with the unit. The schemas accept what the readers accept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from slogate.model.selection import Endpoint
from slogate.slo.document import Node, Scalar, Table
from slogate.slo.expression import ExpressionError, parse_expression
from slogate.slo.fields import At, Shape, described, near, printable
from slogate.units import US_PER_SECOND, format_share, parse_duration, parse_share

LONGEST_NAME = 200
_DAY_US = 86_400 * US_PER_SECOND
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PRINTED = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
_CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
_ZONE = "(Z|[+-][0-9]{2}:[0-9]{2})"
_UNIT = "us|µs|ms|s|m|h|d|w"
DURATION_SCHEMA = {"type": "string", "pattern": rf"^\s*(\d+(\.\d+)?\s*({_UNIT})\s*)+$"}
PERCENT_SCHEMA = {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$"}


def written(node: Node, at: At, expected: str, *, free: bool = False) -> Any:
    """The text of a string; WRONG for anything else, with a hint to quote it if it is free."""
    if isinstance(node, Scalar) and node.kind == "string":
        return node.text
    if isinstance(node, Scalar) and node.kind == "null":
        return at.wrong(node, f"there is no value; {expected} is expected")
    hint = f'quote it: "{node.text}"' if free and isinstance(node, Scalar) else None
    return at.wrong(node, f"{expected} is expected, not {described(node)}", hint)


def text(expected: str = "a text", *, longest: int = 1_000, spaced: bool = False) -> Shape:
    """A text of one line: not empty, no control characters, its ends no spaces unless `spaced`."""

    def read(node: Node, at: At) -> Any:
        value = written(node, at, expected, free=True)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return at.wrong(node, f"{expected} is expected, not an empty text")
        if (control := _CONTROL.search(value)) is not None:
            character = f"U+{ord(control[0]):04X}"
            return at.wrong(node, f"{expected} cannot hold the control character {character}")
        if not spaced and value != value.strip():
            return at.wrong(node, f"{expected} cannot begin or end with a space")
        if len(value) > longest:
            return at.wrong(node, f"{expected} is longer than {longest:,} characters")
        return value

    schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": _PRINTED}
    return Shape(read=read, schema=schema)


class WholeError(ValueError):
    """All of something is asked for, where something must be left."""


def times() -> Shape:
    """A number over 0 of at most 9 digits, read exactly: `14.4`."""

    def parse(value: str) -> Fraction:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value, re.ASCII) or not Fraction(value):
            raise ValueError(f"'{value}' is not a number over 0; write one like 14.4")
        return Fraction(value)

    return parsed(parse, {"type": "number", "exclusiveMinimum": 0})


def name(expected: str = "a name") -> Shape:
    """A text of at most 200 characters."""
    return text(expected, longest=LONGEST_NAME)


def choice(*words: str) -> Shape:
    """One of these words, or a fault with the nearest."""

    def read(node: Node, at: At) -> Any:
        value = written(node, at, f"one of {', '.join(words)}")
        if not isinstance(value, str) or value in words:
            return value
        said = f"'{printable(value, 60)}' is none of these words"
        return at.wrong(node, said, near(value, [*words]), rule="unknown-word")

    return Shape(read=read, schema={"enum": list(words)})


def parsed(parse: Callable[[str], Any], schema: dict[str, Any]) -> Shape:
    """A text or number whose written text is parsed; a ValueError's sentence is the fault."""

    def read(node: Node, at: At) -> Any:
        return parse_written(parse, node, at)

    return Shape(read=read, schema=schema)


def parse_written(parse: Callable[[str], Any], node: Node, at: At) -> Any:
    """What `parse` makes of the text as written; its sentence is split into fault and hint."""
    if not isinstance(node, Scalar):
        return at.wrong(node, f"a single value is expected, not {described(node)}")
    if node.kind in {"null", "bool"}:
        found = "there is no value" if node.kind == "null" else f"{node.text} is no quantity"
        return at.wrong(node, found)
    try:
        return parse(printable(node.text, LONGEST_NAME))
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        rule = "missing-unit" if node.kind == "number" and hint.startswith("write") else "spec"
        whole = isinstance(error, WholeError)
        return at.wrong(node, message, hint or None, rule="whole-objective" if whole else rule)


def duration(*, least: str = "0s") -> Shape:
    """A duration in whole microseconds, at least so long."""

    def parse(value: str) -> int:
        us = parse_duration(value)
        if us < parse_duration(least):
            raise ValueError(f"'{value}' is shorter than {least}")
        return us

    return parsed(parse, DURATION_SCHEMA)


def share(
    *,
    over: Fraction | None = None,
    under: Fraction | None = None,
    most: Fraction | None = None,
    why: str = "",
) -> Shape:
    """A percentage as an exact share: strictly between `over` and `under`, at most `most`."""

    def parse(value: str) -> Fraction:
        found = parse_share(value)
        if over is not None and found <= over:
            raise ValueError(f"'{value}' is not over {format_share(over)}")
        if under is not None and found >= under:
            refused = WholeError if under == 1 else ValueError
            raise refused(f"'{value}' is not under {format_share(under)}{why}")
        if most is not None and found > most:
            raise ValueError(f"'{value}' is over {format_share(most, 9)}{why}")
        return found

    return parsed(parse, PERCENT_SCHEMA)


def endpoint() -> Shape:
    """An endpoint pattern: `POST /checkout`, `/health`, `GET /items/*`; its spaces count."""
    plain = text("an endpoint", longest=LONGEST_NAME, spaced=True)

    def read(node: Node, at: At) -> Any:
        value = plain.read(node, at)
        return Endpoint.parse(value) if isinstance(value, str) else value

    return Shape(read=read, schema=plain.schema)


def expression() -> Shape:
    """A predicate, see `expression.py`; a fault points at the character."""

    def read(node: Node, at: At) -> Any:
        value = written(node, at, "a condition such as `status < 500`")
        if not isinstance(value, str):
            return value
        try:
            return parse_expression(value)
        except ExpressionError as error:
            return at.wrong(node, str(error), error.hint, offset=error.offset)

    return Shape(read=read, schema={"type": "string", "minLength": 1, "maxLength": 1_000})


def flag() -> Shape:
    """A boolean, `true` or `false`."""

    def read(node: Node, at: At) -> Any:
        if isinstance(node, Scalar) and node.kind == "bool":
            return node.text.lower() == "true"
        return at.wrong(node, f"true or false is expected, not {described(node)}")

    return Shape(read=read, schema={"type": "boolean"})


def whole(*, least: int) -> Shape:
    """A whole number, at least so large."""

    def read(node: Node, at: At) -> Any:
        number = node.text if isinstance(node, Scalar) and node.kind == "number" else ""
        if re.fullmatch("[0-9]{1,12}", number) and int(number) >= least:
            return int(number)
        return at.wrong(node, f"a whole number from {least} is expected, not {described(node)}")

    return Shape(read=read, schema={"type": "integer", "minimum": least, "maximum": 10**12 - 1})


def texts_by_name(expected: str) -> Shape:
    """Free keys with one value each; numbers and booleans are taken as written."""

    def read(node: Node, at: At) -> Any:
        if not isinstance(node, Table):
            return at.wrong(node, f"{expected} are expected, not {described(node)}")
        found: dict[str, str] = {}
        for key, value in node.pairs:
            here = at.key(key.text)
            if not key.text.strip() or len(key.text) > LONGEST_NAME or _CONTROL.search(key.text):
                here.wrong(key, "a label's name is empty, too long or holds control characters")
            elif not isinstance(value, Scalar) or value.kind == "null":
                here.wrong(value, f"a single value is expected, not {described(value)}")
            elif len(value.text) > LONGEST_NAME or _CONTROL.search(value.text):
                here.wrong(value, "the value is too long or holds control characters")
            else:
                found[key.text] = value.text
        return found

    scalar = {"type": ["string", "number", "boolean"]}
    return Shape(read=read, schema={"type": "object", "additionalProperties": scalar})


def _end_of_day(value: str) -> tuple[str, int]:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError(f"'{value}' is not a date; write one like 2026-12-01")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is not in the calendar") from None
    days = day.toordinal() - date(1970, 1, 1).toordinal() + 1
    return value, days * _DAY_US - 1


def day() -> Shape:
    """A date, read as (text, last µs of that day in UTC since the epoch)."""
    return parsed(_end_of_day, {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})


def _instant(value: str) -> datetime:
    if re.fullmatch(_CLOCK, value):
        raise ValueError(f"'{value}' has no time zone; write {value}Z for UTC")
    if not re.fullmatch(_CLOCK + _ZONE, value):
        raise ValueError(f"'{value}' is not a time; write one like 2026-11-01T02:00Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is not in the calendar") from None


def instant() -> Shape:
    """A moment with its time zone."""
    return parsed(_instant, {"type": "string", "pattern": f"^{_CLOCK}{_ZONE}$"})
