"""Plans and judges: (specs, run) → needs, (specs, run, evidence) → verdict. Pure.

Two folds over the objectives. Each objective gets a finding, whatever happens to the others.
Absence and distrust come first: a run without data, too short, incomplete or invalid can fail,
it cannot pass. Policies (severity, downgrades, waivers) decide what blocks, never what was found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slogate import plugins
from slogate.model.evidence import Evidence, Need
from slogate.model.run import Run
from slogate.model.turns import SETTLED
from slogate.model.window import Window
from slogate.objectives._base import Judgement, Objective, Scope
from slogate.objectives._cases import stand
from slogate.objectives._definition import definition_of
from slogate.slo.spec import Spec
from slogate.trust import absence, distrust, remarks
from slogate.units import format_count, format_span
from slogate.unknowns import distrusted, unless_unknown
from slogate.verdict import DesignEffect, Finding, Outcome, Subject, Verdict

MIN_REQUESTS = 10
MIN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The design-effect floor of one objective and the runs that it comes from."""

    value: float
    runs: tuple[str, ...]


def judged_window(run: Run, warmup_us: int) -> Window | None:
    """From the end of the warm-up to the end of the run; None if nothing is left to judge."""
    if run.ramped_ts is None or run.end_ts is None:
        return None
    start = run.ramped_ts + warmup_us
    return Window(start_ts=start, end_ts=run.end_ts) if start < run.end_ts else None


def objectives_of(specs: Sequence[Spec]) -> list[Objective]:
    """All objectives of the specs, in the order as written."""
    return [objective for spec in specs for objective in spec.objectives]


def plan(specs: Sequence[Spec], run: Run) -> list[Need]:
    """What has to be counted to judge the specs on this run."""
    needs = []
    for objective in objectives_of(specs):
        window = judged_window(run, objective.scope.warmup_us)
        if window is not None:
            need = plugins.find("objectives", objective.kind).needs(objective, window)
            needs.append(settled(need) if run.interleaved else need)
    return needs


def settled(need: Need) -> Need:
    """The need without requests that started before their slice had settled."""
    where = tuple(sorted({*need.selection.where, SETTLED}))
    return replace(need, selection=replace(need.selection, where=where))


def judge(
    specs: Sequence[Spec],
    subject: Subject,
    evidence: Mapping[str, Evidence],
    floors: Mapping[str, Floor],
    version: str,
) -> Verdict:
    """Judge every objective of the specs on what was counted."""
    findings = tuple(
        finding_of(objective, subject, evidence.get(objective.id), floors.get(objective.id))
        for objective in objectives_of(specs)
    )
    used = tuple(sorted({run for floor in floors.values() for run in floor.runs}))
    return Verdict(
        id=_identity(specs, subject, findings, used),
        version=version,
        subject=subject,
        findings=findings,
        floor_runs=used,
        warnings=remarks(subject),
        specs={spec.sha256: spec.text for spec in specs},
    )


def finding_of(
    objective: Objective, subject: Subject, evidence: Evidence | None, floor: Floor | None
) -> Finding:
    """What is found of one objective."""
    window = judged_window(subject.run, objective.scope.warmup_us)
    judgement, evidence = _judgement(objective, subject, window, evidence, floor)
    cut = evidence.cut.requests if evidence and evidence.cut else 0
    present = evidence is not None and evidence.matched + cut >= MIN_REQUESTS
    scope = objective.scope
    blocking, waived, downgraded = blocks(
        scope, judgement.outcome, subject.run, inside=judgement.inside, present=present
    )
    kind = plugins.find("objectives", objective.kind)
    statistical = judgement.interval is not None
    return Finding(
        id=objective.id,
        service=scope.service,
        name=scope.name,
        kind=objective.kind,
        text=f"{objective.key}: {objective.text}",
        endpoint=str(scope.selection.endpoint) if scope.selection.endpoint else None,
        place=objective.place,
        outcome=judgement.outcome,
        severity=scope.severity,
        blocking=blocking,
        limit=float(objective.limit),
        unit=kind.unit,
        observed=judgement.observed,
        interval=judgement.interval,
        confidence=float(scope.confidence) if statistical else None,
        good=judgement.good,
        total=judgement.total,
        population=judgement.population,
        failed=evidence.failed if evidence else 0,
        untimed=evidence.untimed if evidence else 0,
        backfilled=evidence.backfilled if evidence else 0,
        uncorrected=judgement.uncorrected,
        good_share=judgement.good_share,
        design_effect=_told(judgement.design_effect, floor),
        effective_n=judgement.effective_n,
        requests_needed=judgement.requests_needed,
        seconds_needed=judgement.seconds_needed,
        window=(window.start_ts, window.end_ts) if window else None,
        reason=judgement.reason,
        warnings=judgement.warnings,
        waived=waived,
        downgraded=downgraded,
        definition=definition_of(objective),
    )


def _told(effect: DesignEffect | None, floor: Floor | None) -> DesignEffect | None:
    """The design effect with the runs that its floor comes from."""
    if effect is None or effect.floor is None or floor is None:
        return effect
    return replace(effect, runs=floor.runs)


def _judgement(
    objective: Objective,
    subject: Subject,
    window: Window | None,
    evidence: Evidence | None,
    floor: Floor | None,
) -> tuple[Judgement, Evidence | None]:
    """The judgement, and the evidence that it is made on."""
    trouble = distrust(subject)
    found, evidence = _best_founded(objective, subject, window, evidence, floor)
    if trouble is not None:
        found = distrusted(objective, subject.run, trouble, found)
        if found.outcome is Outcome.INVALID:
            return found, evidence
    if found.settle:
        found = replace(found, reason=f"{found.reason}; {found.settle}")
    if window is not None and evidence is not None:
        need = plugins.find("objectives", objective.kind).needs(objective, window)
        found = unless_unknown(objective, need, subject.run, evidence, found)
    return found, evidence


def _best_founded(
    objective: Objective,
    subject: Subject,
    window: Window | None,
    evidence: Evidence | None,
    floor: Floor | None,
) -> tuple[Judgement, Evidence | None]:
    """The judgement on the evidence, or on the other of the same requests if only that stands."""
    found, stands = _judged(objective, subject, window, evidence, floor)
    other = evidence.other if evidence else None
    if stands or other is None:
        return found, evidence
    second, stands = _judged(objective, subject, window, other, floor)
    return (second, other) if stands else (found, evidence)


def _judged(
    objective: Objective,
    subject: Subject,
    window: Window | None,
    evidence: Evidence | None,
    floor: Floor | None,
) -> tuple[Judgement, bool]:
    """The judgement on one evidence, and whether it stands."""
    nothing = _absent(objective, subject, window, evidence)
    if nothing is not None or window is None or evidence is None:
        across = evidence is not None and _is_across(evidence)
        outcome = Outcome.INCONCLUSIVE if across else Outcome.NO_DATA
        reason, total = str(nothing), evidence.total if evidence else None
        return Judgement(
            outcome=outcome, reason=reason, facts=reason, inside=False, total=total
        ), False
    kind = plugins.find("objectives", objective.kind)
    window = _own_time(objective, subject.run, window)
    return stand(kind, objective, evidence, window, floor.value if floor else None)


def _own_time(objective: Objective, run: Run, window: Window) -> Window:
    """The window; for a rate, of a run that took turns, as long as it was its turn."""
    if objective.kind != "throughput" or run.interleaved is None:
        return window
    mark = run.interleaved
    length = mark.turns.settled_of(mark.side, window)
    return replace(window, end_ts=window.start_ts + max(1, length))


def _is_across(evidence: Evidence) -> bool:
    """Whether there are requests enough, but in steps that lie across the ends of the window."""
    across = evidence.cut.requests if evidence.cut else 0
    return evidence.total < MIN_REQUESTS <= evidence.total + across


def _absent(
    objective: Objective, subject: Subject, window: Window | None, evidence: Evidence | None
) -> str | None:
    """Why there is nothing or too little to judge, as a sentence; None if there is enough."""
    if window is None or evidence is None:
        return absence(subject, objective.scope.warmup_us)
    what = str(objective.scope.selection)
    if _is_across(evidence) and evidence.cut is not None:
        return (
            f"{format_count(evidence.cut.requests)} requests of {what} are counted in steps across "
            f"the ends of the {format_span(window.seconds)} judged, {format_count(evidence.total)} "
            "in steps within it; judge from where a step begins, such as with warmup: 0s"
        )
    if evidence.matched == 0:
        return f"no request of {what} started in the {format_span(window.seconds)} judged"
    if evidence.total < MIN_REQUESTS <= evidence.matched:
        started, judged = format_count(evidence.matched), evidence.total
        return f"{started} requests of {what} started, only {judged} succeeded or have a duration"
    if evidence.total < MIN_REQUESTS:
        count = format_count(evidence.total)
        return f"only {count} requests of {what} to judge, at least {MIN_REQUESTS} needed"
    if window.seconds < MIN_SECONDS:
        return f"only {window.seconds:.1f} s judged, at least {MIN_SECONDS} s needed"
    return None


def blocks(
    scope: Scope, outcome: Outcome, run: Run, *, inside: bool, present: bool
) -> tuple[bool, str | None, str | None]:
    """Whether it blocks, the waiver in force, and the policy that lets it pass.

    `inside`: what was observed keeps the limit. `present`: there were requests enough, whether or
    not they could be judged; then data are not missing, and no policy for missing data applies.
    """
    if outcome is Outcome.PASS or scope.severity != "error":
        return False, None, None
    if outcome is Outcome.INVALID:
        return True, None, None
    if outcome is Outcome.NO_DATA:
        allowed = scope.on_no_data != "block" and not present
        return not allowed, None, f"on_no_data: {scope.on_no_data}" if allowed else None
    waiver = scope.waiver
    if waiver is not None and (run.end_ts is None or run.end_ts <= waiver.until_ts):
        return False, f"until {waiver.until}: {waiver.reason}", None
    lenient = scope.on_inconclusive != "block" and inside
    if outcome is Outcome.INCONCLUSIVE and lenient:
        return False, None, f"on_inconclusive: {scope.on_inconclusive}"
    return True, None, None


def _identity(
    specs: Sequence[Spec],
    subject: Subject,
    findings: Sequence[Finding],
    floor_runs: Sequence[str],
) -> str:
    """Hash of spec, subject, window and floor."""
    floors = {f.id: f.design_effect.floor for f in findings if f.design_effect}
    windows = sorted({f.window for f in findings if f.window})
    parts = [
        [(spec.file, spec.sha256) for spec in specs],
        subject.run.id,
        subject.rows,
        windows,
        list(floor_runs),
        floors,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
