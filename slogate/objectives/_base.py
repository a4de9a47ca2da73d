"""What an objective is, and what a file in this room must provide.

A file ends in `PLUGIN = Kind(...)`. Adding a kind of objective is adding one file: the spec's
grammar, its JSON Schema, planning and judging ask the kinds that are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from slogate.model.definition import exact
from slogate.model.evidence import Evidence, Failures, Need
from slogate.model.selection import Selection
from slogate.model.window import Window
from slogate.units import parse_duration
from slogate.verdict import DesignEffect, GoodShare, Outcome, Place, Severity

Policy = Literal["block", "warn", "pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Until when (µs since the epoch, end of that day UTC) a breach does not block, and why."""

    until_ts: int
    until: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the objectives of one budget share."""

    service: str
    name: str
    selection: Selection = Selection()
    failures: Failures = "slow"
    warmup_us: int = 0
    confidence: Fraction = Fraction(95, 100)
    severity: Severity = "error"
    on_inconclusive: Policy = "block"
    on_no_data: Policy = "block"
    judge: Literal["interval", "observed"] = "interval"
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One line of a budget: `key: text`, for example `p95: 300ms`.

    `limit` is exact, in the kind's unit (µs, share, or a second); `quantile` is set for
    percentiles.
    """

    kind: str
    key: str
    text: str
    limit: Fraction
    scope: Scope
    place: Place
    quantile: Fraction | None = None

    @property
    def id(self) -> str:
        """Stable in the history: `service/budget/key`, of `p95.0` as of `p95`."""
        key = self.key
        if self.kind == "percentile" and self.quantile is not None:
            key = f"p{exact(self.quantile * 100)}"
        return f"{self.scope.service}/{self.scope.name}/{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a kind says of the evidence; the fields are those of `Finding`.

    `facts` is the reason without what follows from it: what was counted, not how it was judged.
    `inside`: the observed value keeps the limit, whatever the interval says. `settle` says what
    would give a verdict where there is none.
    """

    outcome: Outcome
    reason: str
    inside: bool
    facts: str
    observed: float | None = None
    interval: tuple[float | None, float | None] | None = None
    good: int | None = None
    total: int | None = None
    population: str = "all"
    uncorrected: float | None = None
    good_share: GoodShare | None = None
    design_effect: DesignEffect | None = None
    effective_n: float | None = None
    requests_needed: int | None = None
    seconds_needed: float | None = None
    settle: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One line of a `regression:`: by how much a run may be worse than its base.

    `budget` is exact, a share of the base's value or of all requests (`Contrast.scale`); None
    where a change is shown and not judged. `against` is the base as the spec names it.
    """

    kind: str
    key: str
    quantile: Fraction | None
    scope: Scope
    text: str = ""
    budget: Fraction | None = None
    against: str = ""
    place: Place | None = None

    @property
    def id(self) -> str:
        """Stable in the history: `service/budget/regression/key`."""
        key = self.key if self.quantile is None else f"p{exact(self.quantile * 100)}"
        return f"{self.scope.service}/{self.scope.name}/regression/{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run measured of an allowance, in the kind's unit; `value` None is unbounded.

    `variance` is what its requests alone give that on the scale of the comparison: of the
    logarithm, for one by ratio. `counts` are (bad, total) of a share of requests.
    """

    value: float | None
    variance: float = 0.0
    counts: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How a kind is compared between runs.

    `scale` says what a budget is a share of: the base's value (`ratio`), or requests, so that it
    is a difference (`points`). `needs` says what to count. Some kinds have to count once more, at
    what they found: `again`. `measure` is None where there are too few requests to compare;
    `in_pairs` is the same for pairs, which tell by themselves how much a value varies.
    """

    scale: Literal["ratio", "points"]
    measure: Callable[[Allowance, Evidence, Evidence | None, Window], Measured | None]
    needs: Callable[[Allowance, Window], Need]
    higher_is_worse: bool = True
    again: Callable[[Allowance, Evidence, Window], Need | None] | None = None
    quantile: Callable[[str], Fraction] | None = None
    in_pairs: Callable[[Allowance, Evidence, Evidence | None, Window], Measured | None] | None = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of objective.

    `keys` matches its keys in the spec in full. `parse` reads the value as written into
    (limit, quantile); it raises ValueError with a sentence. `needs` says what to count,
    `judge` decides; `floor` is the design-effect floor from history, None without.
    `schema` is the JSON Schema of the value; `example` a line of YAML. `contrast` compares it
    between runs; None for a kind that cannot be.
    """

    name: str
    keys: re.Pattern[str]
    unit: Literal["us", "share", "per_second"]
    help: str
    example: str
    schema: dict[str, object]
    parse: Callable[[str, str], tuple[Fraction, Fraction | None]]
    needs: Callable[[Objective, Window], Need]
    judge: Callable[[Objective, Evidence, Window, float | None], Judgement]
    contrast: Contrast | None = None


def duration_limit(text: str) -> Fraction:
    """`300ms` as a limit in microseconds; ValueError with a sentence."""
    limit = parse_duration(text)
    if limit == 0:
        raise ValueError("a limit of 0 can never be met")
    return Fraction(limit)
