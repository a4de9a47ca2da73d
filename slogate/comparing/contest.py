"""What is compared, and what was found: base and head of a comparison, and a finding a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slogate.comparing.taking import Taken
from slogate.model.turns import Interleaved
from slogate.objectives._base import Allowance
from slogate.verdict import Outcome

Design = Literal["sequential", "paired", "interleaved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Base and head of one comparison, all that was measured of them, and how they belong together.

    `spread` are the runs that tell how runs differ; None where base and head tell it themselves.
    `pairs` are of runs side by side, with a `mark` of slices of one test in which both took turns.
    `left_out` are runs that cannot be used, and why; `refused` says it of lines, by their id.
    """

    service: str
    base_words: str
    head_words: str
    base: tuple[Taken, ...]
    head: tuple[Taken, ...]
    spread: tuple[Taken, ...] | None = None
    pairs: tuple[tuple[Taken, Taken], ...] | None = None
    pair_label: str | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    mark: Interleaved | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def design(self) -> Design:
        """How base and head belong together."""
        if self.mark is not None:
            return "interleaved"
        return "sequential" if self.pairs is None else "paired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was found of one line; `outcome` None where there is no budget.

    `base` and `head` are values in the kind's unit, None unbounded or unknown. `change` and
    `interval` are shares of the base's value, or of requests, in the direction of the value.
    `moved` tells what is certain whatever the budget. `worse` is the change with more being worse.
    """

    line: Allowance
    contest: Contest
    outcome: Outcome | None
    reason: str
    base: float | None = None
    head: float | None = None
    change: float | None = None
    interval: tuple[float | None, float | None] = (None, None)
    worse: float | None = None
    worse_interval: tuple[float | None, float | None] = (None, None)
    p_over: float | None = None
    p_adjusted: float | None = None
    p_within: float | None = None
    moved: Literal["better", "worse"] | None = None
    inside: bool = False
    between: float | None = None
    units: tuple[int, int] = (0, 0)
    warnings: tuple[str, ...] = ()
