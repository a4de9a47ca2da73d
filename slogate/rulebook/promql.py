"""PromQL as text: names checked, texts quoted, lengths of time and numbers in full precision.

Nothing that a person wrote is pasted: a text becomes a string in double quotes, what a regular
expression gives a meaning to is escaped, and what cannot be the name of a label is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Operator = Literal["=", "!=", "=~", "!~"]
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'|`[^`]*`|#[^\n]*")
_CLOSING = {")": "(", "]": "[", "}": "{"}
_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label that a series must have, or must not have."""

    label: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quoted(self.value)}"


def is_label(name: str) -> bool:
    """Whether every Prometheus takes it for the name of a label of one's own."""
    return _LABEL.fullmatch(name) is not None and not name.startswith("__")


def is_metric(name: str) -> bool:
    """Whether every Prometheus takes it for the name of a metric."""
    return _METRIC.fullmatch(name) is not None


def quoted(text: str) -> str:
    """A text as a string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def untemplated(text: str) -> str:
    """A text that the templates of alerting rules show as it is."""
    return text.replace("{{", '{{"{{"}}')


def regex_of(text: str) -> str:
    """A regular expression that matches this text alone."""
    return _META.sub(lambda found: f"\\{found[0]}", text)


def glob_matcher(label: str, pattern: str) -> Matcher:
    """The series whose label has a value like this; only `*` is special, empty is no value."""
    if "*" not in pattern:
        return Matcher(label, "=", pattern)
    if not pattern.strip("*"):
        return Matcher(label, "=~", ".+")
    return Matcher(label, "=~", ".*".join(map(regex_of, pattern.split("*"))))


def selector(metric: str, matchers: tuple[Matcher, ...] = ()) -> str:
    """The series of a metric."""
    return f"{metric}{{{', '.join(map(str, matchers))}}}" if matchers else metric


def length(us: Fraction | int) -> str:
    """A length of time in the largest unit that holds it in whole numbers: `90m`, `3d`."""
    whole_ms = max(1, int(Fraction(us) / 1000 + Fraction(1, 2)))
    return next(
        f"{whole_ms // size}{unit}" for unit, size in _UNITS_MS.items() if whole_ms % size == 0
    )


def number(value: Fraction | float) -> str:
    """A number to the last digit: the float that is nearest to it."""
    found = Fraction(value)
    return str(found.numerator) if found.denominator == 1 else repr(float(value))


def is_balanced(query: str) -> bool:
    """Whether each bracket and each text of a query ends in it: it can be part of another."""
    opened: list[str] = []
    rest = _TEXT.sub("", query)
    for sign in rest:
        if sign in _CLOSING.values():
            opened.append(sign)
        elif sign in _CLOSING and (not opened or opened.pop() != _CLOSING[sign]):
            return False
    return not opened and not set(rest) & set("\"'`")
