"""The durations that specs judge by: what a rollup must count exactly to answer them later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slogate import plugins
from slogate.model.predicate import And, Comparison, Not, Or, Predicate
from slogate.slo.spec import Spec


def cuts_of(specs: Sequence[Spec]) -> tuple[int, ...]:
    """Every limit of a budget and of an expression in µs, ascending: how many took at most that.

    `duration < 400ms` asks how many took at most 399,999 µs, since durations are whole.
    """
    found: set[int] = set()
    for spec in specs:
        for objective in spec.objectives:
            if plugins.find("objectives", objective.kind).unit == "us":
                found.add(int(objective.limit))
        for condition in spec.conditions:
            found.update(_cuts(condition))
    return tuple(sorted(cut for cut in found if cut >= 0))


def _cuts(predicate: Predicate) -> Iterator[int]:
    match predicate:
        case Comparison(field="duration", operator=operator, value=value):
            if operator in {"<=", ">", "==", "!="}:
                yield value
            if operator in {"<", ">=", "==", "!="}:
                yield value - 1
        case Not(operand=operand):
            yield from _cuts(operand)
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _cuts(left)
            yield from _cuts(right)
        case _:
            return
