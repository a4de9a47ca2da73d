"""Production as the subject of a verdict: which runs tell of it, up to when, and how well.

A service's production is all of its stored runs of that kind. The moment it is judged at holds no
wall clock: unless another is named it is the end of the newest data, to the whole minute. Data that
are incomplete can show a breach, they cannot show that there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slogate.model.run import Reconciliation, Run
from slogate.model.selection import Selection
from slogate.model.slots import Edges
from slogate.model.survey import Crowd, Survey, Surveyed
from slogate.promises.judge import Known, judge_sums
from slogate.promises.promise import MINUTE_US, Plan
from slogate.promises.surveys import survey_of
from slogate.units import format_count
from slogate.unseen import silent
from slogate.verdict import Finding, Subject, Verdict

EVERYTHING = "everything"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """The runs of a service that reach into the time that is counted, and the moment."""

    service: str
    at: int
    runs: tuple[Run, ...]

    @property
    def first_ts(self) -> int | None:
        """When the data begin."""
        return min((run.start_ts for run in self.runs if run.start_ts is not None), default=None)


def newest_end(runs: Sequence[Run]) -> int | None:
    """The end of the minute in which the newest data end; None without any."""
    ends = [_end(run) for run in runs if run.end_ts is not None]
    return max(ends, default=None)


def _end(run: Run) -> int:
    """The last start lies in a minute; the last step of a histogram ends with one."""
    last = run.end_ts or 0
    stepped = run.rolled_up is None and run.parts and not any("/requests/" in p for p in run.parts)
    return -(-last // MINUTE_US) * MINUTE_US if stepped else (last // MINUTE_US + 1) * MINUTE_US


def reaching(runs: Sequence[Run], plans: Sequence[Plan]) -> tuple[Run, ...]:
    """The runs that may hold what the plans count, oldest first."""
    since, until = min(plan.since for plan in plans), max(plan.at for plan in plans)
    found = [run for run in runs if _reaches(run, since, until)]
    return tuple(sorted(found, key=lambda run: (run.start_ts or 0, run.id)))


def _reaches(run: Run, since: int, until: int) -> bool:
    begun = run.start_ts is None or run.start_ts < until
    return begun and (run.end_ts is None or run.end_ts >= since)


def surveys(plans: Sequence[Plan]) -> list[Survey]:
    """What is to be summed up: for each promise, and all requests of the judged windows."""
    start, end = _stretch(plans)
    edges = Edges(at=(start, max(end, start + 1)))
    return [
        *(survey_of(plan) for plan in plans),
        Survey(id=EVERYTHING, selection=Selection(), edges=edges),
    ]


def _stretch(plans: Sequence[Plan]) -> tuple[int, int]:
    return min(plan.period.start_ts for plan in plans), max(plan.at for plan in plans)


def verdict_of(
    production: Production,
    plans: Sequence[Plan],
    surveyed: Mapping[str, Surveyed],
    *,
    specs: Mapping[str, str],
    version: str,
) -> Verdict:
    """The verdict on all plans; `specs` are the texts that they come from, by their hash."""
    findings = tuple(
        finding
        for plan in plans
        for finding in judge_sums(plan, surveyed[plan.promise.id], known_of(production, plan))
    )
    whole = surveyed[EVERYTHING]
    sums = [] if isinstance(whole, Crowd) else [*whole.values()]
    total = sum(tally.total for each in sums for tally in each.tallies)
    return Verdict(
        id=_identity(production, findings, specs),
        version=version,
        subject=_subject(production, plans, total),
        findings=findings,
        warnings=tuple(remarks_on(production.runs)),
        specs=specs,
    )


def known_of(production: Production, plan: Plan) -> Known:
    """What is known of the data that a plan counts."""
    inside = [run for run in production.runs if _reaches(run, plan.period.start_ts, plan.at)]
    return Known(
        first_ts=production.first_ts,
        distrust=_distrust(inside),
        untold=_untold(inside),
        unread=sum(run.rows.unreadable for run in inside),
        single=all(_is_single(run) for run in inside),
    )


def _is_single(run: Run) -> bool:
    return run.rolled_up is None and all("/requests/" in part for part in run.parts)


def _distrust(runs: Sequence[Run]) -> str | None:
    for run in runs:
        if run.state not in {"complete", "running"}:
            note = f": {run.note}" if run.note else ""
            return f"the production run {run.id} was not finished ({run.state}{note})"
        if run.rows.lost:
            lost = format_count(run.rows.lost)
            return f"{lost} requests of the production run {run.id} were counted, not stored"
    return None


def _untold(runs: Sequence[Run]) -> str | None:
    found = ((run, silent(run)) for run in runs)
    return next((f"{told} (production run {run.id})" for run, told in found if told), None)


def remarks_on(runs: Sequence[Run]) -> Iterator[str]:
    """What a reader should know of the runs: those that are open, and what may count twice."""
    for run in runs:
        if run.state == "running":
            yield f"open: the run {run.id} is still being taken in, or what took it in was killed"
    for first, second in _overlapping(runs):
        yield (
            f"overlap: {first.id} ({first.source}) and {second.id} ({second.source}) tell of the "
            "same time; if both tell of the same requests, these are counted twice"
        )
    for first, second, name in _taken_again(runs):
        yield (
            f"overlap: {first.id} and {second.id} tell of the same time, both from {name}; if one "
            "is a later state of the other, its requests are counted twice: delete the older run"
        )


def _overlapping(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    """The first pair of runs of each two sources that tell of the same time, oldest first."""
    told: set[frozenset[str]] = set()
    latest: dict[str, Run] = {}
    for run in runs:
        for source, earlier in latest.items():
            sources = frozenset({source, run.source})
            reaches = (earlier.end_ts or 0) > (run.start_ts or 0)
            if len(sources) == 2 and reaches and sources not in told:
                told.add(sources)
                yield earlier, run
        before = latest.get(run.source)
        if before is None or (before.end_ts or 0) < (run.end_ts or 0):
            latest[run.source] = run


def _taken_again(runs: Sequence[Run]) -> Iterator[tuple[Run, Run, str]]:
    """The first pair of runs of each source that share a file's name and a time."""
    told: set[str] = set()
    latest: dict[tuple[str, str], Run] = {}
    for run in runs:
        files = (name for name, of in run.origin.items() if of.startswith("sha256:"))
        for name in sorted(files):
            before = latest.get((run.source, name))
            if before is None:
                latest[run.source, name] = run
                continue
            if run.source not in told and (before.end_ts or 0) > (run.start_ts or 0):
                told.add(run.source)
                yield before, run, name
            if (before.end_ts or 0) < (run.end_ts or 0):
                latest[run.source, name] = run


def _subject(production: Production, plans: Sequence[Plan], total: int) -> Subject:
    stamp = (_EPOCH + timedelta(microseconds=production.at)).strftime("%Y%m%d-%H%M")
    run = Run(
        id=f"production-{stamp}",
        service=production.service,
        kind="production",
        state="complete",
        start_ts=production.first_ts,
        end_ts=production.at,
        source="production",
        rows=Reconciliation(seen=total, written=total),
    )
    return Subject(
        run=run, rows=total, warmup=0, judged=total, backfilled=0, window=_stretch(plans)
    )


def _identity(production: Production, findings: Sequence[Finding], specs: Mapping[str, str]) -> str:
    """Hash of spec, subject and windows."""
    parts = [
        sorted(specs),
        production.service,
        production.at,
        [(run.id, run.rows.written, run.rows.unreadable, run.rolled_up) for run in production.runs],
        [(finding.id, finding.window) for finding in findings],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
