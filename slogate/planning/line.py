"""One line of a plan: what an objective needs to be decided, at the distance where it likely is.

Pure. A share of bad requests is planned with the exact binomial of the verdict's own interval; its
likely value and design effect are those of the runs on the commoner side of the limit, pooled, so
that one bad deploy among ten runs does not spoil the plan. Everything is taken half as long again
(`MARGIN`): the design effect of the run to come is itself uncertain. Facts of a run (max,
throughput, errors: 0, `judge: observed`) need only the least that is ever judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erfc, fsum, sqrt
from typing import Literal

from slogate.evaluate import MIN_REQUESTS, MIN_SECONDS
from slogate.objectives._base import Allowance, Objective
from slogate.objectives._share import PRACTICAL_S
from slogate.stats.normal import normal_quantile
from slogate.stats.run_length import (
    decidable,
    min_requests_to_fail,
    min_requests_to_pass,
    zero_bad_requests,
)
from slogate.stats.student import student_quantile
from slogate.units import US_PER_SECOND
from slogate.verdict import Finding, Outcome

MARGIN = 1.5
# where no run was long enough to see one bad request, so much of the allowed is supposed
SUPPOSED = 0.25
BATCHES = 10

How = Literal["share", "mean", "fact", "change", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is planned for: the chance of a verdict, load as a multiple of what was seen, a time.

    `judged_s` is the judged part of a given run time, None to find the time that is needed.
    """

    chance: float
    load: float = 1.0
    judged_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one objective needs, or a regression budget (`of_change`).

    `seen` and `bad` are requests of the runs pooled. `likely` is the share of bad requests to
    reckon with (of a mean µs, of a change the sd between runs), `supposed` where no run was long
    enough to tell. `least` is the fewest requests that can pass, `requests` and `seconds` (judged)
    what decides it; None where no practical length does. `in_time` is the chance in the time given.
    """

    id: str
    text: str
    endpoint: str | None
    how: How
    blocking: bool
    of_change: bool = False
    warmup_us: int = 0
    rate: float | None = None
    seen: int = 0
    bad: int | None = None
    allowed: float | None = None
    likely: float | None = None
    supposed: bool = False
    design_effect: float | None = None
    outcome: Outcome | None = None
    least: int | None = None
    requests: int | None = None
    seconds: float | None = None
    in_time: float | None = None
    requests_in_time: int | None = None
    passes_up_to: float | None = None
    fails_from: float | None = None
    note: str = ""

    @property
    def decidable(self) -> bool:
        """Whether any practical length decides it."""
        return self.seconds is not None


def empty_line(it: Objective | Allowance, how: How) -> Line:
    """The line of what nothing is known of yet."""
    scope = it.scope
    return Line(
        id=it.id,
        text=f"{it.key}: {it.text}",
        endpoint=str(scope.selection.endpoint) if scope.selection.endpoint else None,
        how=how,
        blocking=scope.severity == "error" and scope.on_inconclusive == "block",
        of_change=isinstance(it, Allowance),
        warmup_us=scope.warmup_us,
    )


def line_of(objective: Objective, found: Sequence[Finding], aim: Aim) -> Line:
    """The line of an objective; `found` is what runs showed of it, newest first."""
    scope = objective.scope
    empty = empty_line(objective, "unknown")
    allowed = _allowed(objective)
    if allowed is not None:
        least = zero_bad_requests(allowed, _alpha(objective))
        empty = replace(empty, allowed=allowed, least=least)
    judged = [each for each in found if each.total and each.window]
    if not judged:
        return replace(empty, note="no run has requests of it to judge")
    seconds = _seconds(judged[0])
    empty = replace(
        empty,
        rate=(judged[0].total or 0) / seconds * aim.load,
        seen=sum(each.total or 0 for each in judged),
    )
    if allowed is not None:
        return _share(objective, empty, judged, allowed, aim)
    if objective.kind == "mean" and scope.judge == "interval":
        return _mean(objective, empty, judged, aim)
    return _fact(objective, empty, judged, aim)


def _alpha(objective: Objective) -> float:
    return float(1 - objective.scope.confidence)


def _allowed(objective: Objective) -> float | None:
    """The allowed bad share; None for what is no share, or a fact."""
    if objective.scope.judge == "observed":
        return None
    if objective.quantile is not None:
        return float(1 - objective.quantile)
    if objective.kind == "errors" and objective.limit > 0:
        return float(objective.limit)
    return None


def _seconds(finding: Finding) -> float:
    start, end = finding.window or (0, 0)
    return max(1, end - start) / US_PER_SECOND


def _commoner(found: Sequence[Finding]) -> list[Finding]:
    """The findings on the side of the limit where most of them are."""
    kept = [each for each in found if each.outcome is not Outcome.FAIL]
    return kept if 2 * len(kept) >= len(found) else [it for it in found if it not in kept]


def _share(
    objective: Objective, line: Line, found: Sequence[Finding], allowed: float, aim: Aim
) -> Line:
    alpha, side = _alpha(objective), _commoner(found)
    total = sum(each.total or 0 for each in side)
    bad = total - sum(each.good or 0 for each in side)
    known = _design_effect(side)
    # bad spells take time: twice the load has twice the requests in each, not twice the spells
    deff = 1.0 + ((known or 1.0) - 1.0) * aim.load
    likely, supposed = _likely(bad, total, allowed)
    outcome = Outcome.PASS if likely < allowed else Outcome.FAIL
    fewest = min_requests_to_pass if outcome is Outcome.PASS else min_requests_to_fail
    needed = fewest(likely, allowed, alpha, deff=deff * MARGIN, chance=aim.chance)
    line = replace(
        line, how="share", bad=bad, likely=likely, supposed=supposed, design_effect=deff,
        outcome=outcome,
        note="rough: fewer requests seen than could decide it" if total < (line.least or 0) else "",
    )  # fmt: skip
    line = _settled(line, needed)
    if aim.judged_s is None or line.rate is None:
        return line
    count = aim.judged_s * line.rate
    up_to, from_ = decidable(count / deff / MARGIN, allowed, alpha, chance=aim.chance)
    sure = (up_to is not None and likely <= up_to) or (from_ is not None and likely >= from_)
    return replace(
        line, requests_in_time=int(count), passes_up_to=up_to, fails_from=from_,
        in_time=_chance(likely, allowed, alpha, count / deff / MARGIN, aim, sure=sure),
    )  # fmt: skip


def _chance(
    likely: float, allowed: float, alpha: float, n: float, aim: Aim, *, sure: bool
) -> float:
    """The chance of the likely verdict with so many independent requests, to within 1%."""
    low, high = (aim.chance, 0.9999) if sure else (0.0, aim.chance)
    while high - low > 0.005:
        middle = (low + high) / 2
        up_to, from_ = decidable(n, allowed, alpha, chance=middle) if middle > 0 else (None, None)
        end = up_to if likely < allowed else from_
        enough = end is not None and (likely <= end if likely < allowed else likely >= end)
        low, high = (middle, high) if enough else (low, middle)
    return low


def _likely(bad: int, total: int, allowed: float) -> tuple[float, bool]:
    """The share to reckon with, and whether it is supposed.

    Of none bad among n the share under which that is as likely as not.
    """
    if bad:
        return bad / total, False
    unseen: float = 1.0 - 0.5 ** (1.0 / total)
    return (unseen, False) if unseen <= SUPPOSED * allowed else (SUPPOSED * allowed, True)


def _design_effect(found: Sequence[Finding]) -> float | None:
    """Σv / Σv_iid of the runs, at least 1; None where no bad request tells of it."""
    v = v_iid = 0.0
    for each in found:
        share = 1.0 - (each.good or 0) / (each.total or 1)
        measured = each.design_effect.measured if each.design_effect else None
        if measured is not None:
            own = share * (1.0 - share) / (each.total or 1)
            v, v_iid = v + measured * own, v_iid + own
    return max(1.0, v / v_iid) if v_iid > 0.0 else None


def _settled(line: Line, requests: int | None) -> Line:
    """The line with the requests needed and the time that they take."""
    if requests is None or not line.rate:
        return replace(line, note="at its limit")
    requests = max(requests, MIN_REQUESTS)
    seconds = max(float(MIN_SECONDS), requests / line.rate)
    if seconds > PRACTICAL_S:
        return replace(line, requests=requests, note="too near its limit")
    return replace(line, requests=requests, seconds=seconds)


def _mean(objective: Objective, line: Line, found: Sequence[Finding], aim: Aim) -> Line:
    """By the t interval: the variance of the mean times the length, over the squared distance."""
    side = [each for each in _commoner(found) if each.interval and None not in each.interval]
    side = [each for each in side if each.observed is not None]
    if not side:
        return replace(line, note="no run tells the spread of its mean")
    t = student_quantile(1.0 - _alpha(objective), BATCHES - 1)
    spread = fsum(_half(each) ** 2 * _seconds(each) for each in side) / t**2 / len(side)
    likely = fsum(each.observed or 0.0 for each in side) / len(side)
    distance = abs(float(objective.limit) - likely)
    outcome = Outcome.PASS if likely <= objective.limit else Outcome.FAIL
    line = replace(line, how="mean", likely=likely, allowed=float(objective.limit), outcome=outcome)
    if distance == 0.0:
        return replace(line, note="at its limit")
    reach = (t + normal_quantile(aim.chance)) ** 2
    seconds = max(float(MIN_SECONDS), MARGIN * spread * reach / distance**2)
    if aim.judged_s is not None:
        error = sqrt(MARGIN * spread / aim.judged_s) if aim.judged_s > 0 else float("inf")
        sure = distance / error - t if error > 0 else float("inf")
        line = replace(line, in_time=_normal(sure) if aim.judged_s >= MIN_SECONDS else 0.0)
    if seconds > PRACTICAL_S:
        return replace(line, note="too near its limit")
    return replace(line, seconds=seconds, requests=int(seconds * (line.rate or 0.0)) + 1)


def _half(finding: Finding) -> float:
    low, high = finding.interval or (0.0, 0.0)
    return ((high or 0.0) - (low or 0.0)) / 2


def _normal(z: float) -> float:
    return erfc(-z / sqrt(2)) / 2


def _fact(objective: Objective, line: Line, found: Sequence[Finding], aim: Aim) -> Line:
    """A fact of the run: any run that can be judged at all tells it."""
    outcome = _commoner(found)[0].outcome
    if objective.kind == "throughput" and found[0].observed is not None:
        expected = found[0].observed * aim.load
        outcome = Outcome.PASS if expected >= objective.limit else Outcome.FAIL
    line = _settled(replace(line, how="fact", outcome=outcome, note="a fact of the run"), 1)
    if aim.judged_s is None or line.seconds is None:
        return line
    return replace(line, in_time=1.0 if aim.judged_s >= line.seconds else 0.0)
