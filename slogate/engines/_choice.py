"""Joins what several counts of the same requests say into one evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from slogate.model.evidence import Evidence, Need


@dataclass(frozen=True, slots=True)
class Answer:
    """The evidence of one need by one of the series, and how many requests that series has."""

    evidence: Evidence
    size: int = 0


def settled(worst: Evidence, best: Evidence) -> Evidence:
    """The worst case with the best, if that is another."""
    alone = replace(worst, best=None, doubt=None, other=None)
    best = replace(best, best=None, doubt=None, other=None)
    return alone if best == alone else replace(worst, best=best)


def choose(need: Need, answers: Sequence[Answer]) -> Evidence:
    """The evidence of the series that leaves less doubt, with that of the `other`.

    `answers` are of the counts and of the histograms, or of the one there is. A series that has
    fewer requests than the other has lost some, and is not asked. Percentiles are shown from
    histograms, whose buckets are the finer ones.
    """
    most = max(answer.size for answer in answers)
    found = [answer.evidence for answer in answers if answer.size == most]
    if len(found) == 1:
        return found[0]
    fine = found[-1]
    shown = [with_ladder(found[0], fine) if fine.ladder else found[0], fine]
    first, second = sorted(shown, key=lambda evidence: _doubt(need, evidence))
    return replace(first, other=second)


def with_ladder(evidence: Evidence, fine: Evidence) -> Evidence:
    """The evidence with the order statistics of another count."""
    worst = replace(evidence, ladder=fine.ladder)
    best = replace(evidence.best or evidence, ladder=(fine.best or fine).ladder)
    return settled(worst, best)


def _doubt(need: Need, evidence: Evidence) -> tuple[int, int, int]:
    """How much is left open: requests, or µs of a sum or a maximum; then the length of steps."""
    best, cut = evidence.best or evidence, evidence.cut.requests if evidence.cut else 0
    match need.measure:
        case "mean":
            return cut, evidence.sum_us - best.sum_us, evidence.step_us
        case "max":
            return cut, (evidence.max_us or 0) - (best.max_us or 0), evidence.step_us
        case _:
            doubtful = evidence.doubt.requests if evidence.doubt else 0
            return cut + doubtful, 0, evidence.step_us
