"""By how much the head differs from the base on one line: a point, an interval, two p-values.

Pure. Values go onto a scale where more is worse: logarithms for what is compared by ratio, negated
where less is worse. Where only bounds are known (requests in buckets) there are two estimates: the
head at its worst against the base at its best, and the other way round. What stands must stand in
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, fsum, log, log1p

from slogate.comparing.taking import Taken, contrast_of
from slogate.objectives._base import Allowance, Contrast, Measured
from slogate.stats.between_runs import Change, Level, change
from slogate.stats.scarce import Scarce
from slogate.stats.sign_flip import SignFlip, sign_flip

WORST, BEST = 0, 1
# a budget of 100% less would allow everything
_NEARLY_ALL = 1 - 1e-9
Pairs = Sequence[tuple[Taken, Taken]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The change with the head at its worst and at its best; the same for single requests."""

    adverse: Change | SignFlip | Scarce
    lenient: Change | SignFlip | Scarce

    @property
    def exact(self) -> bool:
        """Whether the requests tell it, not only bounds."""
        return self.adverse == self.lenient


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Between the unit of a kind and the scale on which more is worse."""

    ratio: bool
    sign: int

    @classmethod
    def of(cls, contrast: Contrast) -> Scale:
        """That of a kind."""
        return cls(ratio=contrast.scale == "ratio", sign=1 if contrast.higher_is_worse else -1)

    def level(self, measured: Measured) -> Level:
        """A bounded value on the scale."""
        value = measured.value or 0.0
        return Level(value=self.sign * (log(value) if self.ratio else value),
                     variance=measured.variance)  # fmt: skip

    def budget(self, share: float) -> float:
        """So much worse on the scale."""
        if not self.ratio:
            return share
        return log1p(share) if self.sign > 0 else -log1p(-min(share, _NEARLY_ALL))

    def change(self, worse: float) -> float:
        """A change on the scale as people read it: +0.1 is 10% more, or 0.1 of all requests."""
        return expm1(self.sign * worse) if self.ratio else self.sign * worse

    def centre(self, values: Sequence[float]) -> float:
        """The mean on the scale, in the unit: of what is compared by ratio the geometric one."""
        if not self.ratio:
            return fsum(values) / len(values)
        return exp(fsum(map(log, values)) / len(values))


def between(
    line: Allowance, base: Sequence[Taken], head: Sequence[Taken], spread: Sequence[Taken] | None
) -> Estimate:
    """Runs that each ran at its own time; `spread` tells how runs differ, if the base cannot."""

    def one(of_head: int, of_base: int) -> Change:
        others = None if spread is None else _levels(line, spread, of_base)
        return change(_levels(line, base, of_base), _levels(line, head, of_head), others)

    return Estimate(adverse=one(WORST, BEST), lenient=one(BEST, WORST))


def paired(line: Allowance, pairs: Pairs) -> Estimate:
    """Pairs of base and head that ran side by side."""

    def one(of_head: int, of_base: int) -> SignFlip | Scarce:
        base, head = [base for base, _ in pairs], [head for _, head in pairs]
        levels = zip(_levels(line, base, of_base), _levels(line, head, of_head), strict=True)
        flips = sign_flip([h.value - b.value for b, h in levels])
        seen, counted = _counts(line, base, of_base), _counts(line, head, of_head)
        if seen is None or counted is None:
            return flips
        return Scarce(flips=flips, bad=counted[0], total=counted[1], base=seen[0] / seen[1])

    adverse = one(WORST, BEST)
    bounds_only = any(len(set(run.measured[line.id])) > 1 for pair in pairs for run in pair)
    return Estimate(adverse=adverse, lenient=one(BEST, WORST) if bounds_only else adverse)


def _counts(line: Allowance, runs: Sequence[Taken], case: int) -> tuple[int, int] | None:
    """(bad, total) of all of them; None of what is no share of requests."""
    found = [run.measured[line.id][case].counts for run in runs]
    known = [counts for counts in found if counts is not None]
    if len(known) < len(found):
        return None
    return sum(bad for bad, _ in known), sum(total for _, total in known)


def _levels(line: Allowance, runs: Sequence[Taken], case: int) -> list[Level]:
    scale = Scale.of(contrast_of(line))
    return [scale.level(run.measured[line.id][case]) for run in runs]
