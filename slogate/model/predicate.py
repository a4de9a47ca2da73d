"""What counts as a success: a small boolean expression as data.

`ok`, `status < 500`, `duration <= 400ms`, joined by `and`, `or`, `not`. The text is parsed in
`slo/expression.py`; engines turn the tree into their own language with every value bound;
`holds` is the reference semantics. A comparison with a value that is not known (a request
without status or response time) does not hold, and neither does its negation: unknown is
never a success.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
OPERATORS: dict[Operator, Callable[[int, int], bool]] = {
    "<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ok:
    """What the source said, else `status < 500`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A known `status` (a number) or `duration` (microseconds) compared with a literal."""

    field: Literal["status", "duration"]
    operator: Operator
    value: int


@dataclass(frozen=True, slots=True)
class Not:
    """Its operand is known and does not hold."""

    operand: Predicate


@dataclass(frozen=True, slots=True)
class And:
    """Both hold."""

    left: Predicate
    right: Predicate


@dataclass(frozen=True, slots=True)
class Or:
    """At least one holds."""

    left: Predicate
    right: Predicate


Predicate = Ok | Comparison | Not | And | Or


def holds(
    predicate: Predicate, *, ok: bool | None, status: int | None, duration_us: int | None
) -> bool | None:
    """Whether it holds of one request; None if unknown (three-valued logic, as SQL has it)."""
    match predicate:
        case Ok():
            return ok if ok is not None else (None if status is None else status < 500)
        case Comparison(field=field, operator=operator, value=value):
            known = status if field == "status" else duration_us
            return None if known is None else OPERATORS[operator](known, value)
        case Not(operand=operand):
            inner = holds(operand, ok=ok, status=status, duration_us=duration_us)
            return None if inner is None else not inner
        case And(left=left, right=right) | Or(left=left, right=right):
            sides = [holds(p, ok=ok, status=status, duration_us=duration_us) for p in (left, right)]
            decisive = isinstance(predicate, Or)
            if decisive in sides:
                return decisive
            return None if None in sides else not decisive
