"""A line of a comparison with its estimate, or with why there is none: absence never passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slogate.comparing import sentences
from slogate.comparing.contest import Contest
from slogate.comparing.estimate import BEST, Estimate, Scale, between, paired
from slogate.comparing.taking import Taken, contrast_of
from slogate.objectives._base import Allowance
from slogate.stats.between_runs import LEAST_RUNS
from slogate.stats.sign_flip import pairs_needed
from slogate.verdict import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line with its estimate, or with why there is none."""

    line: Allowance
    contest: Contest
    estimate: Estimate | None = None
    base: tuple[Taken, ...] = ()
    head: tuple[Taken, ...] = ()
    missing: tuple[Outcome, str] | None = None
    inside: bool = False

    @property
    def alpha(self) -> float:
        """The error agreed on, a side."""
        return float(1 - self.line.scope.confidence)

    @property
    def scale(self) -> Scale:
        """That of its kind."""
        return Scale.of(contrast_of(self.line))

    @property
    def budget(self) -> float | None:
        """The budget on the scale; None without."""
        return None if self.line.budget is None else self.scale.budget(float(self.line.budget))


def enter(contest: Contest, line: Allowance) -> Entry:
    """The estimate of one line, or why there is none."""
    base = tuple(run for run in contest.base if line.id in run.measured)
    head = tuple(run for run in contest.head if line.id in run.measured)
    entry = Entry(line=line, contest=contest, base=base, head=head)
    missing, inside = _missing(entry)
    if missing is not None:
        return replace(entry, missing=missing, inside=inside)
    if contest.pairs is not None:
        pairs = _pairs_of(contest, line)
        return replace(entry, estimate=paired(line, pairs))
    spread = contest.spread
    if spread is not None:
        spread = tuple(run for run in spread if _bounded(line, run))
    return replace(entry, estimate=between(line, base, head, spread))


def _pairs_of(contest: Contest, line: Allowance) -> list[tuple[Taken, Taken]]:
    return [pair for pair in contest.pairs or () if all(line.id in run.measured for run in pair)]


def _bounded(line: Allowance, run: Taken) -> bool:
    return line.id in run.measured and all(it.value is not None for it in run.measured[line.id])


def _missing(entry: Entry) -> tuple[tuple[Outcome, str] | None, bool]:
    """Why there is no estimate, and whether what is known keeps the budget."""
    contest, line = entry.contest, entry.line
    if line.id in contest.refused:
        return (Outcome.INVALID, contest.refused[line.id]), False
    if not entry.head:
        return (Outcome.NO_DATA, sentences.no_head(contest, line)), False
    if not entry.base:
        return (Outcome.NO_DATA, sentences.no_base(contest, line)), False
    if not all(_bounded(line, run) for run in entry.base):
        return (Outcome.INCONCLUSIVE, sentences.unbounded_base(contest, line)), False
    if not all(_bounded(line, run) for run in entry.head):
        sure = all(run.measured[line.id][BEST].value is None for run in entry.head)
        outcome = Outcome.FAIL if sure else Outcome.INCONCLUSIVE
        return (outcome, sentences.unbounded_head(line)), False
    if contest.pairs is not None:
        count, needed = len(_pairs_of(contest, line)), pairs_needed(entry.alpha)
        if count < needed:
            return (Outcome.INCONCLUSIVE, sentences.few_pairs(contest, line, count, needed)), False
        return None, False
    known = _spread_size(entry)
    if known < LEAST_RUNS:
        told = sentences.few_runs(contest, line, len(entry.base), LEAST_RUNS)
        return (Outcome.INCONCLUSIVE, told), _point_inside(entry)
    return None, False


def _spread_size(entry: Entry) -> int:
    """How many runs tell how runs differ."""
    if entry.contest.spread is not None:
        return sum(_bounded(entry.line, run) for run in entry.contest.spread)
    return max(len(entry.base), len(entry.head))


def values(entry: Entry) -> tuple[float | None, float | None]:
    """The centres of base and head in the unit, as far as they are bounded; worst case."""
    found = []
    for side in (entry.base, entry.head):
        values = [run.measured[entry.line.id][0].value for run in side]
        known = [value for value in values if value is not None]
        whole = bool(known) and len(known) == len(values)
        found.append(entry.scale.centre(known) if whole else None)
    return found[0], found[1]


def point(entry: Entry) -> float | None:
    """The change in the direction of the value."""
    base, head = values(entry)
    if base is None or head is None:
        return None
    return head / base - 1 if entry.scale.ratio else head - base


def _point_inside(entry: Entry) -> bool:
    found, budget = point(entry), entry.line.budget
    return found is not None and budget is not None and entry.scale.sign * found <= float(budget)
