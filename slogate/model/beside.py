"""What a report shows beside a run's own pictures: what was before, and what it is held against.

Like an exhibit it is bounded in size and decides nothing. Whoever gathers it looks at the stored
verdicts of earlier runs, at a run that people pinned, at production over an SLO's window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slogate.model.exhibit import Exhibit
from slogate.model.run import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an earlier run observed of an objective; `value` None: unbounded, or nothing."""

    run: str
    ts: int
    value: float | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A run to hold the distribution against, as people name it."""

    run: str
    pin: str
    exhibit: Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """An error budget over its window: what was left at each moment, how fast each part burnt.

    `left` has a value for each of `moments`, as a share of the budget of the whole window, `rates`
    one for each time between two; None where there was nothing to count.
    """

    moments: tuple[int, ...]
    left: tuple[float | None, ...]
    rates: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """By the id of an objective what earlier runs observed, oldest first, and burnt budgets.

    `users` are the changes of their number, where it was recorded.
    """

    past: Mapping[str, tuple[Past, ...]] = field(default_factory=dict)
    base: Base | None = None
    burns: Mapping[str, Burn] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    users: tuple[Users, ...] = ()


NOTHING_BESIDE = Beside()
