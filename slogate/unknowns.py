"""What nobody has seen lets no budget pass: failures, rows and times that a source does not tell.

Some sources leave failed requests out, some rows cannot be read, some requests come without a
response time. Where they could break a budget that is kept by what is known, the verdict is
inconclusive and says so; a breach stays one. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from slogate.model.evidence import Evidence, Need
from slogate.model.run import Run
from slogate.objectives._base import Judgement, Objective
from slogate.units import format_count
from slogate.verdict import Outcome

# where no share can be reckoned with, so many may be without a time
MOST_UNTIMED = Fraction(1, 100)


def unless_unknown(
    objective: Objective, need: Need, run: Run, evidence: Evidence, found: Judgement
) -> Judgement:
    """The judgement, inconclusive instead of a pass that what is unknown could break."""
    if found.outcome is not Outcome.PASS:
        return found
    why = _untold(need, run) or _unread(objective, need, run, evidence)
    why = why or _untimed(objective, need, run, evidence)
    if why is None:
        return found
    reason = f"{why}; as far as is known: {found.reason}"
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=reason)


def _untold(need: Need, run: Run) -> str | None:
    if "failures" not in run.untold:
        return None
    told = f"{run.source} does not tell which requests failed"
    if need.measure == "errors":
        return f"{told}, take results that do"
    if need.measure in {"latency", "mean"} and need.failures == "slow":
        return f"{told}, `failures: drop` judges successes alone"
    return None


def _unread(objective: Objective, need: Need, run: Run, evidence: Evidence) -> str | None:
    unread = run.rows.unreadable
    allowed = _allowed(objective, need)
    if not unread or need.measure in {"throughput", "mean"}:
        return None
    if allowed and _kept(evidence.bad, evidence.total, unread, allowed):
        return None
    rows = f"{format_count(unread)} rows of the source could not be read"
    return f"{rows}, and what they held could break the budget"


def _untimed(objective: Objective, need: Need, run: Run, evidence: Evidence) -> str | None:
    untimed = evidence.untimed
    if need.measure not in {"latency", "mean"} or not untimed:
        return None
    allowed = _allowed(objective, need)
    if allowed is None:
        if untimed <= MOST_UNTIMED * (evidence.total + untimed):
            return None
    elif _kept(evidence.bad, evidence.total, untimed + run.rows.unreadable, allowed):
        return None
    count, total = format_count(untimed), format_count(evidence.total + untimed)
    return f"{count} of {total} requests have no response time, and could break the budget"


def _allowed(objective: Objective, need: Need) -> Fraction | None:
    """The share that may be bad; None where it is no share that is judged."""
    if need.measure == "errors":
        return objective.limit
    return None if need.quantile is None else 1 - need.quantile


def _kept(bad: int, total: int, unknown: int, allowed: Fraction) -> bool:
    """Whether the budget is kept even if all that is unknown is bad."""
    return bad + unknown <= allowed * (total + unknown)
