"""Judges a run that could end early, look by look: group-sequential, at the same error as one look.

The looks are fixed before the load: shares of the longest time, each with its part of the error
agreed on (`stats/looks.py`). An objective is decided at the first look whose interval decides it,
and stays so; what comes later changes nothing. One that no look decides is inconclusive, with the
interval of the last. Facts of the run (max, throughput, `errors: 0`, the point rule) have no
interval to peek at: they are judged on the whole of what was recorded.

The same looks are taken while the test runs, to stop it, and again over all that was recorded, to
judge it; the second is the verdict, so that whoever judges the stored run finds the same. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from slogate import plugins
from slogate.evaluate import Floor, finding_of, judged_window, objectives_of
from slogate.model.evidence import Evidence, Need
from slogate.model.run import Run
from slogate.objectives._base import Objective
from slogate.objectives._definition import definition_of
from slogate.slo.spec import Spec
from slogate.stats.looks import SHARES, errors_of_looks
from slogate.units import US_PER_SECOND, format_share, format_span, significant
from slogate.verdict import Finding, Outcome, Subject, Verdict

_FACTS = frozenset({"maximum", "throughput"})
DECIDED = frozenset({Outcome.PASS, Outcome.FAIL})
FloorsAt = Callable[[Run], Mapping[str, Floor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A look: its number from 1, the share of the longest time, and the moment it reaches to."""

    number: int
    share: Fraction
    end_ts: int


def is_fact(objective: Objective) -> bool:
    """Whether it is judged on the whole run, however often that was looked at."""
    if objective.kind in _FACTS or objective.scope.judge == "observed":
        return True
    return objective.kind == "errors" and objective.limit == 0


def planned_looks(specs: Sequence[Spec], run: Run) -> list[Look]:
    """All looks of a run that may end early; none before its users are spawned."""
    early = run.early_stop
    if early is None or run.start_ts is None or run.ramped_ts is None:
        return []
    warmup = max((each.scope.warmup_us for each in objectives_of(specs)), default=0)
    begin, end = run.ramped_ts + warmup, run.start_ts + early.max_us
    if begin >= end:
        return []
    moments = [(share, begin + int(share * (end - begin))) for share in SHARES]
    kept = [
        (share, moment)
        for share, moment in moments
        if share == 1 or moment >= run.start_ts + early.min_us
    ]
    return [
        Look(number=at, share=share, end_ts=moment) for at, (share, moment) in enumerate(kept, 1)
    ]


def taken_looks(specs: Sequence[Spec], run: Run) -> list[Look]:
    """The looks that the run reached; one that ended by itself has the last at its end."""
    planned = planned_looks(specs, run)
    if not planned or run.early_stop is None or run.end_ts is None:
        return []
    if run.early_stop.stopped or run.state != "complete":
        return [look for look in planned if look.end_ts <= run.end_ts]
    *before, last = planned
    return [
        *(look for look in before if look.end_ts < run.end_ts),
        replace(last, end_ts=run.end_ts),
    ]


def plan_looks(specs: Sequence[Spec], run: Run) -> list[Need]:
    """What has to be counted beside the whole run; nothing for one that could not end early."""
    needs = []
    for look in taken_looks(specs, run):
        for objective in objectives_of(specs):
            window = judged_window(replace(run, end_ts=look.end_ts), objective.scope.warmup_us)
            if window is not None and not is_fact(objective):
                need = plugins.find("objectives", objective.kind).needs(objective, window)
                needs.append(replace(need, id=_tagged(objective, look)))
    return needs


def _tagged(objective: Objective, look: Look) -> str:
    return f"{objective.id}@{look.number}"


def all_decided(specs: Sequence[Spec], verdict: Verdict) -> bool:
    """Whether every objective that looks can decide is decided."""
    facts = {each.id for each in objectives_of(specs) if is_fact(each)}
    return all(each.outcome in DECIDED for each in verdict.findings if each.id not in facts)


def deciding_needs(verdict: Verdict) -> set[str]:
    """The ids of the needs of `plan_looks` that decided an objective."""
    looks: Any = (verdict.early_stop or {}).get("looks", ())
    return {
        f"{each['id']}@{look['look']}"
        for look in looks
        for each in look["objectives"]
        if each["outcome"] in DECIDED
    }


def in_looks(
    specs: Sequence[Spec],
    subject: Subject,
    evidence: Mapping[str, Evidence],
    floors_at: FloorsAt,
    whole: Verdict,
) -> Verdict:
    """The verdict on the whole run with what its looks decided in its place."""
    run = subject.run
    taken, planned = taken_looks(specs, run), planned_looks(specs, run)
    if run.early_stop is None:
        return whole
    shares = [look.share for look in planned]
    seen: dict[str, list[tuple[Look, float, Finding]]] = {}
    for look in taken:
        cut = replace(run, end_ts=look.end_ts)
        floors = floors_at(cut)
        for objective in objectives_of(specs):
            before = seen.setdefault(objective.id, [])
            if is_fact(objective) or (before and before[-1][2].outcome in DECIDED):
                continue
            agreed = float(1 - objective.scope.confidence)
            alpha = errors_of_looks(agreed, shares)[look.number - 1]
            counted = evidence.get(_tagged(objective, look))
            found = _at_look(objective, replace(subject, run=cut), counted, floors, alpha)
            before.append((look, alpha, found))
    findings = tuple(
        _concluded(finding, seen.get(finding.id, []), len(planned)) for finding in whole.findings
    )
    told = _told(run, seen, taken, findings)
    used = {name for each in findings if each.design_effect for name in each.design_effect.runs}
    basis = [whole.id, told]
    digest = hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()[:16]
    return replace(
        whole, id=digest, findings=findings, floor_runs=tuple(sorted(used)), early_stop=told
    )


def _at_look(
    objective: Objective,
    subject: Subject,
    counted: Evidence | None,
    floors: Mapping[str, Floor],
    alpha: float,
) -> Finding:
    """What the look finds at its own part of the error."""
    scope = replace(objective.scope, confidence=1 - Fraction(alpha))
    found = finding_of(replace(objective, scope=scope), subject, counted, floors.get(objective.id))
    own, agreed = format_share(Fraction(alpha)), format_share(1 - objective.scope.confidence)
    return replace(
        found,
        definition=definition_of(objective),
        warnings=tuple(
            text.replace(own, agreed) if text.startswith("short_run") else text
            for text in found.warnings
        ),
    )


def _concluded(
    whole: Finding, looks: Sequence[tuple[Look, float, Finding]], planned: int
) -> Finding:
    """The finding of the look that decided it, else of the last; a fact as it is."""
    if not looks:
        return whole
    look, alpha, found = looks[-1]
    done = "decided at" if found.outcome in DECIDED else "not decided by"
    note = (
        f"early_stop: {done} look {look.number} of {planned}, at {_small(alpha)} a side of the "
        "error agreed on"
    )
    return replace(found, warnings=(*found.warnings, note))


def _small(alpha: float) -> str:
    return format_share(alpha) if alpha >= 1e-5 else f"{significant(alpha * 100, 2)}%"


def _told(
    run: Run,
    seen: Mapping[str, Sequence[tuple[Look, float, Finding]]],
    taken: Sequence[Look],
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """Why the test ended when it did, and the bounds of every look."""
    early = run.early_stop
    start, stop = run.start_ts or 0, run.stop_ts or run.end_ts or 0
    longest, least = (early.max_us, early.min_us) if early else (0, 0)
    open_ones = [each.id for each in findings if each.outcome not in DECIDED and each.id in seen]
    stopped = early is not None and early.stopped
    return {
        "max_seconds": longest / US_PER_SECOND,
        "min_seconds": least / US_PER_SECOND,
        "stopped": stopped,
        "after_seconds": (stop - start) / US_PER_SECOND,
        "reason": _reason(run, open_ones, stopped=stopped),
        "looks": [
            {
                "look": look.number,
                "share": float(look.share),
                "after_seconds": (look.end_ts - start) / US_PER_SECOND,
                "objectives": [
                    _bounds(alpha, found)
                    for entries in seen.values()
                    for at, alpha, found in entries
                    if at.number == look.number
                ],
            }
            for look in taken
        ],
    }


def _reason(run: Run, open_ones: Sequence[str], *, stopped: bool) -> str:
    took = format_span(max(0, (run.stop_ts or 0) - (run.start_ts or 0)) / US_PER_SECOND)
    longest = format_span((run.early_stop.max_us if run.early_stop else 0) / US_PER_SECOND)
    if stopped and not open_ones:
        return f"stopped after {took} of {longest} at most: every budget was decided"
    if stopped:
        return (
            f"stopped after {took} of {longest} at most, when every budget seemed decided; "
            f"requests still on their way then leave open: {', '.join(open_ones)}"
        )
    if run.state != "complete":
        return f"cut short after {took} of {longest} at most"
    if open_ones:
        return f"ran its {longest} in full: undecided by then: {', '.join(open_ones)}"
    return f"ran its {longest} in full: the last budget was decided at the end"


def _bounds(alpha: float, found: Finding) -> dict[str, Any]:
    share = found.good_share
    return {
        "id": found.id,
        "outcome": found.outcome.value,
        "alpha": alpha,
        "observed": None if share is None else share.observed,
        "interval": None if share is None or share.interval is None else list(share.interval),
        "required": None if share is None else share.required,
    }
