"""What runs of one and the same service say of the gate on this machine: an A/A test.

Pure. Nothing changed between the runs, so whatever is reported as changed is a false alarm: each
run is held against the others, as a build is against its base, with Holm over all lines, and by the
point rule of other tools. From how much the runs differ follows the smallest change that a build
can show. The alarms of one calibration share runs, so the interval of their rate is a rough one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log1p

from slogate.comparing.estimate import Scale
from slogate.comparing.taking import Taken, contrast_of
from slogate.objectives._base import Allowance
from slogate.planning.change import BASES, smallest
from slogate.planning.past import Past
from slogate.stats.between_runs import LEAST_RUNS, Change, Level, change
from slogate.stats.holm import holm
from slogate.stats.proportion import clopper_pearson
from slogate.verdict import Outcome

POINT = 0.10
ALPHA = 0.05
POWER = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something happened: so many of so many, with an interval (95%, two-sided)."""

    alarms: int
    tries: int

    @property
    def share(self) -> float:
        """The share observed."""
        return self.alarms / self.tries

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's."""
        return clopper_pearson(self.alarms, self.tries, 0.025)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One line: how much runs differ, what a build can see of it, and how often it was wrong.

    `between` is the standard deviation between runs, `sees` the smallest change to the worse that
    one run against ten shows nine times in ten: both shares of the value, or of requests. `worse`
    counts runs that the test of any change calls worse, without Holm; `point` those that were over
    10% worse than the run before.
    """

    line: Allowance
    runs: int
    between: float
    sees: float
    worse: Rate
    point: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What so many runs of the same service say.

    `outcomes` are those of each budget, run by run. `any_worse` are runs of which any line was
    called worse, with Holm over all of them; `over_budget` likewise over its regression budget,
    None without such a budget; `point` by the point rule on any line.
    """

    service: str
    past: Past
    outcomes: Mapping[str, Counter[Outcome]]
    trials: tuple[Trial, ...]
    any_worse: Rate | None
    over_budget: Rate | None
    point: Rate | None


def calibration_of(service: str, past: Past, lines: Sequence[Allowance]) -> Calibration:
    """What the runs say; of fewer than four nothing about changes."""
    taken = [each.taken for each in reversed(past.shown) if each.taken is not None]
    contests = {line: _levels(line, taken) for line in lines}
    known = {line: found for line, found in contests.items() if len(found) > LEAST_RUNS}
    outcomes: dict[str, Counter[Outcome]] = {}
    for shown in past.shown:
        for name, finding in shown.findings.items():
            outcomes.setdefault(name, Counter())[finding.outcome] += 1
    point = {line: _jumps(line, levels) for line, levels in known.items()}
    return Calibration(
        service=service,
        past=past,
        outcomes=dict(sorted(outcomes.items())),
        trials=tuple(_trial(line, levels, point[line]) for line, levels in known.items()),
        any_worse=_alarms(known, lambda _, found: found.p_over(0.0)),
        over_budget=_alarms({it: known[it] for it in known if it.budget}, _over_budget),
        point=_any(list(point.values())),
    )


def _levels(line: Allowance, taken: Sequence[Taken]) -> list[Level]:
    """What the runs measured of a line, oldest first; nothing where one of them lacks it."""
    scale = Scale.of(contrast_of(line))
    found = [each.measured[line.id][0] for each in taken if line.id in each.measured]
    if len(found) < len(taken) or any(each.value is None for each in found):
        return []
    return [scale.level(each) for each in found]


def _left_out(levels: Sequence[Level], at: int) -> Change:
    """Run number `at` against the others."""
    return change([*levels[:at], *levels[at + 1 :]], [levels[at]])


def _over_budget(line: Allowance, found: Change) -> float:
    return found.p_over(Scale.of(contrast_of(line)).budget(float(line.budget or 0)))


def _alarms(
    known: Mapping[Allowance, Sequence[Level]], p_of: Callable[[Allowance, Change], float]
) -> Rate | None:
    """In how many runs any line alarms, with Holm over those of the run."""
    if not known:
        return None
    tries = min(len(levels) for levels in known.values())
    alarms = 0
    for at in range(tries):
        p_values = holm([p_of(line, _left_out(levels, at)) for line, levels in known.items()])
        alarms += any(p <= float(1 - line.scope.confidence)
                      for line, p in zip(known, p_values, strict=True))  # fmt: skip
    return Rate(alarms=alarms, tries=tries)


def _jumps(line: Allowance, levels: Sequence[Level]) -> list[bool]:
    """Whether a run was over 10% worse than the one before; of shares: over a hundredth."""
    scale = Scale.of(contrast_of(line))
    most = log1p(POINT) if scale.ratio else POINT / 10
    return [new.value - old.value > most for old, new in pairwise(levels)]


def _any(jumps: Sequence[Sequence[bool]]) -> Rate | None:
    tries = min((len(each) for each in jumps), default=0)
    if not tries:
        return None
    return Rate(alarms=sum(any(each[at] for each in jumps) for at in range(tries)), tries=tries)


def _trial(line: Allowance, levels: Sequence[Level], jumps: Sequence[bool]) -> Trial:
    scale, alpha = Scale.of(contrast_of(line)), float(1 - line.scope.confidence)
    spread = change(levels[1:], levels[:1], levels).between
    worse = [_left_out(levels, at).p_over(0.0) <= alpha for at in range(len(levels))]
    return Trial(
        line=line,
        runs=len(levels),
        between=abs(scale.change(spread)),
        sees=abs(scale.change(smallest(spread, BASES, 1, alpha, POWER))),
        worse=Rate(alarms=sum(worse), tries=len(worse)),
        point=Rate(alarms=sum(jumps), tries=len(jumps)) if jumps else None,
    )
