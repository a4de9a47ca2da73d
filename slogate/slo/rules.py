"""What a lint rule is; the rules are in `limit_rules.py` and `policy_rules.py`.

`error` is a contradiction, `warning` what weakens a verdict or leaves it undecided, `info` what
a reader should know. A rule sees the spec and the facts handed in, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from slogate.objectives._base import Objective
from slogate.slo.spec import Spec

Level = Literal["error", "warning", "info"]
Found = tuple[Objective, str, str | None]
"""Where, the sentence, and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The load to come: how long from the first moment all users are there, at what rate."""

    run_us: int
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may know beside the spec; `now_ts` in µs since the epoch."""

    now_ts: int
    planned: Planned | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `check` yields what it finds."""

    id: str
    severity: Level
    help: str
    check: Callable[[Spec, Facts], Iterator[Found]]


def budgets_of(spec: Spec) -> Iterator[list[Objective]]:
    """The objectives of each budget."""
    for _, group in groupby(spec.objectives, key=lambda objective: objective.scope.name):
        yield list(group)


def firsts(spec: Spec) -> Iterator[Objective]:
    """The first objective of each budget, the place of what is said of all of it."""
    return (budget[0] for budget in budgets_of(spec))
