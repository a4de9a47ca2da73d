"""What is good, said as a metric can say it: of which statuses, within which limit.

A condition is reduced status by status: with the status known, what is left speaks of the duration
alone, and a histogram can answer it where it is a limit, true up to it and false beyond. What is
not such a limit (`duration > 1s`) is refused, and so is a limit on something that has no durations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate, holds

STATUSES = range(100, 600)
NEVER: Final = -1
_BEYOND = 1 << 62


class Inexpressible(Exception):
    """No metric of this kind can say it; the text says why, `hint` what would do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Requests of these statuses (None: of any) are good within the limit (None: however slow)."""

    statuses: frozenset[int] | None
    limit_us: int | None


@lru_cache(maxsize=256)
def cases_of(condition: Predicate, *, ok: bool | None = None) -> tuple[Case, ...]:
    """The cases in which a request is good, each request in one at most.

    `ok` is what `ok` means where the metric does not say it by the status; None: status < 500.
    """
    untold = _limit(condition, None, ok)
    by_status = {status: _limit(condition, status, ok) for status in STATUSES}
    if set(by_status.values()) == {untold}:
        return () if untold == NEVER else (Case(statuses=None, limit_us=untold),)
    if untold != NEVER:
        raise Inexpressible(
            "it counts requests without a status as good, which no label can tell apart",
            "say of which statuses: status < 500 and …",
        )
    limits = dict.fromkeys(limit for limit in by_status.values() if limit != NEVER)
    return tuple(
        Case(statuses=frozenset(s for s, found in by_status.items() if found == limit),
             limit_us=limit)
        for limit in limits
    )  # fmt: skip


def speaks_of_ok(condition: Predicate) -> bool:
    """Whether the word `ok` is in it."""
    return any(isinstance(leaf, Ok) for leaf in _leaves(condition))


def _limit(condition: Predicate, status: int | None, ok: bool | None) -> int | None:
    """Up to which duration it holds: NEVER, None for any, or a limit."""
    known = ok if ok is not None else None if status is None else status < 500
    ends = sorted(
        leaf.value + step
        for leaf in _leaves(condition)
        if isinstance(leaf, Comparison) and leaf.field == "duration"
        for step in (-1, 0, 1)
    )
    durations = [*(end for end in ends if end >= 0), _BEYOND]

    def good(duration_us: int | None) -> bool:
        return holds(condition, ok=known, status=status, duration_us=duration_us) is True

    truths = [good(duration) for duration in durations]
    if truths != sorted(truths, reverse=True):
        raise Inexpressible(
            "what is good is no upper limit of the duration",
            "a histogram can tell durations within a limit alone: duration <= 400ms",
        )
    if all(truths):
        if good(None):
            return None
        raise Inexpressible("it takes a duration that is known, whatever it is; leave it out")
    return durations[truths.index(False) - 1] if truths[0] else NEVER


def _leaves(condition: Predicate) -> Iterator[Predicate]:
    match condition:
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case Not(operand=operand):
            yield from _leaves(operand)
        case _:
            yield condition


def status_regex(statuses: frozenset[int]) -> str:
    """The values of a label that say one of these; a whole class also as `2xx`."""
    parts: list[str] = []
    whole = [
        digit for digit in "12345" if {*range(int(digit) * 100, int(digit) * 100 + 100)} <= statuses
    ]
    if whole:
        digits = whole[0] if len(whole) == 1 else f"[{''.join(whole)}]"
        parts.append(f"{digits}([0-9]{{2}}|xx|XX)")
    parts += [str(status) for status in sorted(statuses) if str(status)[0] not in whole]
    return "|".join(parts)
