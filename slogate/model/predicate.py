"""What counts as a success: a small boolean expression as data.

`ok`, `status < 500`, `duration <= 400ms`, joined by `and`, `or`, `not`. The text is parsed in
`slo/expression.py`; engines turn the tree into their own language with every value bound;
`holds` is the reference semantics, `holds_between` that of a request whose duration is only known
to lie in a bucket. A comparison with a value that is not known (a request
without status or response time) does not hold, and neither does its negation: unknown is
never a success. What an unknown response time leaves open is `may_hold_untimed`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
# a duration of which nothing is known
ANY_TIME = (0, 2**63 - 1)
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


def is_of_time(predicate: Predicate) -> bool:
    """Whether it says anything of durations."""
    match predicate:
        case Comparison(field=field):
            return field == "duration"
        case Not(operand=operand):
            return is_of_time(operand)
        case And(left=left, right=right) | Or(left=left, right=right):
            return is_of_time(left) or is_of_time(right)
        case _:
            return False


def holds_between(
    predicate: Predicate, *, ok: bool | None, status: int | None, least_us: int, most_us: int
) -> tuple[bool | None, bool | None]:
    """Whether it surely holds, and whether it may hold, of durations `least_us` to `most_us`.

    False < unknown < true: no duration of the bucket makes it less than the first or more than
    the second. Both are `holds` where the bucket is a single duration.
    """
    match predicate:
        case Comparison(field="duration", operator=operator, value=value):
            return all_and_any(operator, least_us, most_us, value)
        case Not(operand=operand):
            sure, may = holds_between(
                operand, ok=ok, status=status, least_us=least_us, most_us=most_us
            )
            return None if may is None else not may, None if sure is None else not sure
        case And(left=left, right=right) | Or(left=left, right=right):
            sides = [
                holds_between(side, ok=ok, status=status, least_us=least_us, most_us=most_us)
                for side in (left, right)
            ]
            decisive = isinstance(predicate, Or)
            sure, may = (
                decisive if decisive in pair else None if None in pair else not decisive
                for pair in zip(*sides, strict=True)
            )
            return sure, may
        case _:
            known = holds(predicate, ok=ok, status=status, duration_us=None)
            return known, known


def may_hold_untimed(predicate: Predicate, *, ok: bool | None, status: int | None) -> bool:
    """Whether it may hold of a request whose duration nobody measured: it may be any."""
    least, most = ANY_TIME
    _, may = holds_between(predicate, ok=ok, status=status, least_us=least, most_us=most)
    return may is True


def all_and_any(operator: Operator, least: int, most: int, value: int) -> tuple[bool, bool]:
    """Whether the comparison holds of all the durations, and of any of them."""
    if operator in {"==", "!="}:
        inside, alone = least <= value <= most, least == value == most
        return (alone, inside) if operator == "==" else (not inside, not alone)
    ends = [OPERATORS[operator](end, value) for end in (least, most)]
    return all(ends), any(ends)
