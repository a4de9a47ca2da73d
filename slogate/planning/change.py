"""The line of a `regression:` budget: how many runs, or how long side by side, decide it.

Pure. A head that did not change is planned for. From the store, a run is held against the last ten
of its base: the deviation between runs decides, which no longer run makes smaller than what deploys
and machines add. Side by side (`run --against`), only what requests of short slices scatter stays:
of a level measured over T seconds with variance v, pairs that take S seconds leave 4 v T / S.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import fsum, sqrt

from slogate.comparing.estimate import Scale
from slogate.comparing.taking import Taken, contrast_of
from slogate.evaluate import judged_window
from slogate.objectives._base import Allowance, Measured
from slogate.objectives._share import PRACTICAL_S
from slogate.planning.line import MARGIN, Aim, Line, empty_line
from slogate.stats.between_runs import LEAST_RUNS, MOST_RUNS, change
from slogate.stats.normal import normal_quantile
from slogate.stats.student import student_quantile
from slogate.units import format_share
from slogate.verdict import Outcome

BASES = 10
# side by side: pairs of slices, the least time for them, and what is left of it after settling
PAIRS, LEAST_S, SETTLED = 24, 120.0, 0.8


def line_of_change(allowance: Allowance, taken: Sequence[Taken], aim: Aim) -> Line:
    """The line of one budget; `taken` are the runs, newest first."""
    scope, budget = allowance.scope, allowance.budget
    line = empty_line(allowance, "change")
    measured = [(it, it.measured[allowance.id][0]) for it in taken if allowance.id in it.measured]
    usable = [(it, one) for it, one in measured if one.value is not None]
    if not usable or not budget:
        return replace(line, how="unknown", note="no run has enough requests of it to compare")
    scale = Scale.of(contrast_of(allowance))
    allowed, alpha = scale.budget(float(budget)), float(1 - scope.confidence)
    line = replace(
        line,
        allowed=float(budget),
        outcome=Outcome.PASS,
        seconds=_side_by_side(allowance, usable, allowed, alpha, aim),
    )
    if aim.judged_s is not None and line.seconds is not None:
        line = replace(line, in_time=1.0 if aim.judged_s >= line.seconds else 0.0)
    levels = [scale.level(one) for _, one in usable]
    if len(levels) < LEAST_RUNS:
        return replace(line, note=f"not known from fewer than {LEAST_RUNS} runs")
    found = change(levels[1:], levels[:1], levels)
    sees = scale.change(smallest(found.between, BASES, 1, alpha, aim.chance))
    told = f"one against ten sees {format_share(abs(sees), 2)}"
    needed = next(
        (
            f"{head} against {base}"
            for base, head in _designs()
            if smallest(found.between, base, head, alpha, aim.chance) <= allowed
        ),
        "never",
    )
    return replace(line, likely=found.between, note=f"{needed}; {told}")


def smallest(between: float, base: int, head: int, alpha: float, chance: float) -> float:
    """The smallest change that so many runs show with that chance, on the scale.

    `between` is the standard deviation between runs; as large a budget they decide if nothing
    changed.
    """
    t = student_quantile(1 - alpha, base + head - 2) + normal_quantile(chance)
    return t * between * sqrt(1 / base + 1 / head)


def _designs() -> Iterator[tuple[int, int]]:
    """(Base runs, head runs): more of the base as long as that is enough, then of both."""
    yield from ((base, 1) for base in range(LEAST_RUNS, 31))
    yield from ((each, each) for each in range(2, MOST_RUNS + 1))


def _side_by_side(
    allowance: Allowance,
    usable: Sequence[tuple[Taken, Measured]],
    allowed: float,
    alpha: float,
    aim: Aim,
) -> float | None:
    """Seconds of slices, of base and head together; None where no practical time is enough."""
    known = [
        one.variance * window.seconds
        for each, one in usable
        if (window := judged_window(each.run, allowance.scope.warmup_us)) and one.variance > 0
    ]
    if not known:
        return None
    spread = fsum(known) / len(known)
    t = student_quantile(1 - alpha, PAIRS - 1) + normal_quantile(aim.chance)
    seconds = MARGIN * 4 * spread * (t / allowed) ** 2 / aim.load / SETTLED
    seconds = max(LEAST_S, seconds)
    return seconds if seconds <= PRACTICAL_S else None
