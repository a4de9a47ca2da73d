"""What was found of `regression:` budgets, as findings of a verdict like all others.

Shares: the limit is the budget, observed is by how much the run is worse than its base (less than
0: better), with its interval. The base, its runs and the p-values are in `comparison`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slogate import plugins
from slogate.comparing.contest import Compared
from slogate.comparing.taking import Taken
from slogate.evaluate import blocks, judged_window
from slogate.objectives._definition import definition_of_allowance
from slogate.verdict import Finding, Outcome, Verdict

KIND = "regression"


def with_regressions(verdict: Verdict, found: Sequence[Compared]) -> Verdict:
    """The verdict with these findings; another base is another verdict."""
    if not found:
        return verdict
    findings = [finding for each in found if (finding := finding_of(each)) is not None]
    basis = [verdict.id, [[each.id, each.comparison] for each in findings]]
    digest = hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()[:16]
    return replace(verdict, id=digest, findings=(*verdict.findings, *findings))


def finding_of(found: Compared) -> Finding | None:
    """The finding of a line with a budget and a place; None for one that is only shown."""
    line, scope, outcome = found.line, found.line.scope, found.outcome
    if line.budget is None or line.place is None or outcome is None:
        return None
    run = found.contest.head[0].run
    window = judged_window(run, scope.warmup_us)
    present = outcome is not Outcome.NO_DATA or bool(found.units[1] and found.contest.base)
    blocking, waived, downgraded = blocks(scope, outcome, run, inside=found.inside, present=present)
    interval = found.worse_interval if found.worse is not None else None
    return Finding(
        id=line.id,
        service=scope.service,
        name=scope.name,
        kind=KIND,
        text=f"regression {line.key}: {line.text} against {_base_of(found)}",
        endpoint=str(scope.selection.endpoint) if scope.selection.endpoint else None,
        place=line.place,
        outcome=outcome,
        severity=scope.severity,
        blocking=blocking,
        limit=float(line.budget),
        unit="share",
        observed=found.worse,
        interval=interval,
        confidence=float(scope.confidence) if interval is not None else None,
        population="all",
        window=(window.start_ts, window.end_ts) if window else None,
        reason=found.reason,
        warnings=found.warnings,
        waived=waived,
        downgraded=downgraded,
        definition=definition_of_allowance(line),
        comparison=comparison_of(found),
    )


def _base_of(found: Compared) -> str:
    """The base as the spec names it; of a test in turns the one that was tested beside."""
    return found.line.against if found.contest.mark is None else found.contest.base_words


def comparison_of(found: Compared) -> Mapping[str, Any]:
    """Base and head of a line for machines: values in the document's unit, runs, p-values."""
    contest, line = found.contest, found.line
    unit = plugins.find("objectives", line.kind).unit
    size = 1_000.0 if unit == "us" else 1.0

    def shown(value: float | None) -> float | None:
        return None if value is None else value / size

    return {
        "against": _base_of(found) or contest.base_words,
        "design": contest.design,
        "unit": "ms" if unit == "us" else unit,
        "base": shown(found.base),
        "head": shown(found.head),
        "change": found.change,
        "change_interval": list(found.interval),
        "base_runs": _ids(contest.base),
        "head_runs": _ids(contest.head),
        "pairs": found.units[0] if contest.pairs is not None else None,
        "spread_runs": None if contest.spread is None else [e.run.id for e in contest.spread],
        "between_runs_sd": found.between,
        "p_over": found.p_over,
        "p_over_holm": found.p_adjusted,
        "p_within": found.p_within,
        "moved": found.moved,
    }


def _ids(runs: Sequence[Taken]) -> list[str]:
    """Each run once; of a test in turns there is one of each side, taken slice by slice."""
    return list(dict.fromkeys(each.run.id for each in runs))
