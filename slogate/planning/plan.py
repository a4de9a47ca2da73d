"""The plan of a spec: a line for each objective, and the run that decides all of them.

The power is that of the whole: with m objectives that need luck, each is planned for the chance
1 − (1 − power) / m, so that all of them together are decided as often as asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from slogate.errors import UsageError
from slogate.evaluate import objectives_of
from slogate.planning.change import line_of_change
from slogate.planning.line import Aim, Line, line_of
from slogate.planning.past import Past
from slogate.slo.spec import Spec
from slogate.units import US_PER_SECOND

POWER = Fraction(9, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for: the power, the whole service's requests a second, a given run time."""

    power: Fraction = POWER
    rate: float | None = None
    run_time_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What it takes to decide a spec.

    `rate` are requests a second of the whole service as planned, `seen_rate` as they were in the
    newest run. `chance` is what each objective is planned for.
    """

    service: str
    wish: Wish
    past: Past
    rate: float
    seen_rate: float
    chance: float
    ramp_us: int
    lines: tuple[Line, ...]

    @property
    def budgets(self) -> list[Line]:
        """The lines that a load test of some length can decide."""
        return [line for line in self.lines if not line.of_change]

    @property
    def changes(self) -> list[Line]:
        """Those of regression budgets."""
        return [line for line in self.lines if line.of_change]

    @property
    def never(self) -> list[Line]:
        """Those that no practical length decides, and those of which nothing is known."""
        return [line for line in self.lines if line.how != "change" and not line.decidable]

    def run_time_us(self, line: Line) -> int | None:
        """The run time, in whole seconds, after whose ramp and warm-up enough is judged."""
        if line.seconds is None:
            return None
        before_us = self.ramp_us + line.warmup_us
        return ceil(line.seconds + before_us / US_PER_SECOND) * US_PER_SECOND

    @property
    def longest(self) -> Line | None:
        """The line that takes longest of those that block; of all, if none does."""
        known = [line for line in self.budgets if line.decidable]
        blocking = [line for line in known if line.blocking] or known
        return max(blocking, key=lambda line: self.run_time_us(line) or 0, default=None)

    @property
    def whole_us(self) -> int | None:
        """The run time that decides every budget that blocks and can be decided."""
        return None if self.longest is None else self.run_time_us(self.longest)

    @property
    def is_enough(self) -> bool:
        """Whether every budget that blocks can be decided: ever, or in the time given."""
        blocking = [line for line in self.lines if line.how != "change" and line.blocking]
        if self.wish.run_time_us is None:
            return all(line.decidable for line in blocking)
        return all(in_time(line, self.chance) for line in blocking)


def in_time(line: Line, chance: float) -> bool:
    """Whether the time given decides the objective with the chance planned for."""
    return line.in_time is not None and line.in_time >= chance - 1e-9


def plan_of(service: str, specs: Sequence[Spec], past: Past, wish: Wish) -> Plan:
    """The plan; UsageError for a rate of nothing."""
    newest = past.shown[0]
    if wish.rate is not None and wish.rate <= 0:
        raise UsageError("--rate must be over 0")
    load = 1.0 if wish.rate is None else wish.rate / newest.rate
    objectives = objectives_of(specs)
    drafts = [line_of(it, past.of(it.id), Aim(chance=0.5, load=load)) for it in objectives]
    lucky = sum(line.how in {"share", "mean"} for line in drafts)
    chance = 1.0 - float(1 - wish.power) / max(1, lucky)
    lines = []
    for objective in objectives:
        aim = Aim(
            chance=chance,
            load=load,
            judged_s=_judged_s(wish, newest.ramp_us + objective.scope.warmup_us),
        )
        lines.append(line_of(objective, past.of(objective.id), aim))
    taken = [each.taken for each in past.shown if each.taken is not None and each.taken.usable]
    for allowance in (each for spec in specs for each in spec.regressions):
        before_us = newest.ramp_us + allowance.scope.warmup_us
        aim = Aim(chance=float(wish.power), load=load, judged_s=_judged_s(wish, before_us))
        lines.append(line_of_change(allowance, taken, aim))
    return Plan(
        service=service,
        wish=wish,
        past=past,
        rate=newest.rate * load,
        seen_rate=newest.rate,
        chance=chance,
        ramp_us=newest.ramp_us,
        lines=tuple(lines),
    )


def _judged_s(wish: Wish, before_us: int) -> float | None:
    if wish.run_time_us is None:
        return None
    return max(0, wish.run_time_us - before_us) / US_PER_SECOND
