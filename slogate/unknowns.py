"""What nobody has seen lets no budget pass: failures, rows and times that a source does not tell.

Where they could break a budget that is kept by what is known, the verdict is inconclusive and says
so, in the words of `unseen.py`; a breach stays one. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from slogate import unseen
from slogate.model.evidence import Evidence, Need
from slogate.model.run import Run
from slogate.objectives._base import Judgement, Objective
from slogate.trust import undercounts
from slogate.unseen import ROWS, could_break, silent
from slogate.verdict import Outcome

# where no share can be reckoned with, so many may be without a time
MOST_UNTIMED = Fraction(1, 100)


def distrusted(objective: Objective, run: Run, trouble: str, found: Judgement) -> Judgement:
    """The judgement on a run that is not to be trusted: it can fail, it cannot pass.

    Nor does a policy for missing data let it. Too few requests a second is what the trouble itself
    may have made.
    """
    proves = objective.kind != "throughput" or not undercounts(run, trouble)
    if found.outcome is Outcome.FAIL and proves:
        return replace(found, warnings=(*found.warnings, f"untrusted: {trouble}"))
    between = "" if found.outcome is Outcome.NO_DATA else "as measured: "
    reason = f"{trouble}; {between}{found.reason}"
    return replace(found, outcome=Outcome.INVALID, reason=reason)


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
    told = silent(run)
    if told is None:
        return None
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
    return could_break(unread, ROWS, "budget")


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
    told = unseen.untimed(untimed, evidence.total + untimed)
    return f"{told}, and could break the budget"


def _allowed(objective: Objective, need: Need) -> Fraction | None:
    """The share that may be bad; None where it is no share that is judged."""
    if need.measure == "errors":
        return objective.limit
    return None if need.quantile is None else 1 - need.quantile


def _kept(bad: int, total: int, unknown: int, allowed: Fraction) -> bool:
    """Whether the budget is kept even if all that is unknown is bad."""
    return bad + unknown <= allowed * (total + unknown)
