"""`errors: 1%`: at most one request in a hundred may fail.

`errors: 0` is a fact of the run: a single failure breaches, no interval.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.model.evidence import Evidence, Need
from slogate.model.window import Window
from slogate.objectives import _levels
from slogate.objectives._base import Allowance, Contrast, Judgement, Kind, Objective
from slogate.objectives._share import judge_share, shown_share
from slogate.units import format_count, format_share, parse_share
from slogate.verdict import Outcome

_VERDICT = {
    Outcome.PASS: "within the {limit} allowed",
    Outcome.FAIL: "over the {limit} allowed",
    Outcome.INCONCLUSIVE: "too close to the {limit} allowed to call",
}
# that of a percentile, whose key has at most six decimals
_FINEST = Fraction(1, 10**8)
_TOO_FEW = "too few requests to be sure of the {limit} allowed"


def parse(key: str, text: str) -> tuple[Fraction, Fraction | None]:
    """`1%` or `0` as (allowed share, None)."""
    del key
    if text.strip() == "0":
        return Fraction(0), None
    share = parse_share(text)
    if share == 1:
        raise ValueError("'100%' allows every request to fail")
    if share != 0 and not _FINEST <= share <= 1 - _FINEST:
        least, most = format_share(_FINEST), format_share(1 - _FINEST, 8)
        raise ValueError(f"'{text}' is finer than can be judged; write 0, or {least} to {most}")
    return share, None


def needs(objective: Objective, window: Window) -> Need:
    """Count requests that were no success."""
    return Need(
        id=objective.id, selection=objective.scope.selection, window=window, measure="errors"
    )


def judge(
    objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> Judgement:
    """Compare the share of failed requests with the allowed one."""
    if objective.limit == 0:
        return _fact(objective, evidence)
    share = judge_share(objective, evidence, window, floor, objective.limit)
    few = share.outcome is Outcome.INCONCLUSIVE and evidence.bad == 0
    word = (_TOO_FEW if few else _VERDICT[share.outcome]).format(
        limit=format_share(objective.limit)
    )
    low, high = share.interval.lower, share.interval.upper
    of = f"{format_count(evidence.total)} requests of {objective.scope.selection} failed"
    allowed = format_share(objective.limit)
    shown = shown_share(evidence)
    if share.interval.n_eff > 0:
        shown += f" ({format_share(low)}–{format_share(high)})"
    return Judgement(
        outcome=share.outcome,
        reason=f"{shown} of {of}, {word}",
        facts=f"{shown_share(evidence)} of {of}, {allowed} allowed",
        inside=share.inside,
        observed=share.interval.observed,
        interval=(low, high),
        good=evidence.total - evidence.bad,
        total=evidence.total,
        good_share=share.good_share,
        design_effect=share.design_effect,
        effective_n=share.interval.n_eff,
        requests_needed=share.requests_needed,
        seconds_needed=share.seconds_needed,
        settle=share.settle,
        warnings=share.warnings,
    )


def _fact(objective: Objective, evidence: Evidence) -> Judgement:
    inside = evidence.bad == 0
    failed = format_count(evidence.bad) if evidence.bad else "none"
    if evidence.best is not None and evidence.best.bad < evidence.bad:
        failed = f"{format_count(evidence.best.bad)} to {failed}"
    facts = (
        f"{failed} of {format_count(evidence.total)} requests of "
        f"{objective.scope.selection} failed, none allowed"
    )
    return Judgement(
        outcome=Outcome.PASS if inside else Outcome.FAIL,
        reason=facts,
        facts=facts,
        inside=inside,
        observed=evidence.bad / evidence.total,
        good=evidence.total - evidence.bad,
        total=evidence.total,
    )


def compared(allowance: Allowance, window: Window) -> Need:
    """Count requests that were no success."""
    return Need(
        id=allowance.id, selection=allowance.scope.selection, window=window, measure="errors"
    )


PLUGIN = Kind(
    name="errors",
    keys=re.compile("errors"),
    unit="share",
    help="at most this share of the requests may fail",
    example="errors: 1%",
    schema={"anyOf": [{"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*%|0)\s*$"}, {"const": 0}]},
    parse=parse,
    needs=needs,
    judge=judge,
    contrast=Contrast(scale="points", measure=_levels.errors, needs=compared),
)
