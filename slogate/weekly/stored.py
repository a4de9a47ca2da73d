"""What stored verdicts tell of a week: the load runs that were judged, and promises without a spec.

A verdict that cannot be read is told as such and hides no other. Of several verdicts on one run the
last that was written counts. Verdicts on production whose service has a spec are left alone: what
they say is counted anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slogate.errors import StoreError
from slogate.model.calendar import Period
from slogate.model.run import Run
from slogate.reports import _base
from slogate.reports._weekly.week import LoadRun, Row
from slogate.reports.json import parse
from slogate.store.layout import Store, json_files
from slogate.store.verdicts import read_verdict
from slogate.verdict import Finding, Verdict

MOST_REASONS = 5
_UNENDED = {"interrupted", "aborted", "incomplete"}


def read_all(store: Store, since: int) -> tuple[list[Verdict], list[str]]:
    """The verdicts on runs that end since then, as they were written, and why others are not read.

    Verdicts of before are left alone, so that a report does not get slower with the years.
    """
    found: list[tuple[int, str, Verdict]] = []
    troubles = []
    for path in json_files(store.verdicts):
        try:
            document = read_verdict(path)
            if not _is_over(document, since):
                found.append((_written(path), path.name, parse(document)))
        except StoreError as error:
            if path.exists():
                troubles.append(f"a stored verdict cannot be read: {error.message}")
    return [verdict for *_, verdict in sorted(found, key=lambda each: each[:2])], troubles


def _is_over(document: Mapping[str, Any], since: int) -> bool:
    """Whether its run surely ended before; moments in ISO 8601 are in the order of their text."""
    end = document["run"].get("end")
    return isinstance(end, str) and end < _base.instant(since)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None


def load_runs(runs: Iterable[Run], verdicts: Iterable[Verdict], week: Period) -> list[LoadRun]:
    """The load runs that began in the week, oldest first; those without a verdict too."""
    judged = {each.subject.run.id: each for each in verdicts if each.subject.run.kind == "load"}
    known = {run.id: run for run in runs if run.kind == "load"}
    # a run that was pruned is known by its verdict
    known = {**{name: each.subject.run for name, each in judged.items()}, **known}
    # the base of a test in turns is part of its head's
    known = {
        name: run
        for name, run in known.items()
        if run.interleaved is None or run.interleaved.side == "head"
    }
    found = [
        _load_run(run, start, judged.get(run.id))
        for run in known.values()
        if (start := run.start_ts or run.created_ts) is not None
        and week.start_ts <= start < week.end_ts
    ]
    return sorted(found, key=lambda run: (run.ts, run.id))


def _load_run(run: Run, ts: int, verdict: Verdict | None) -> LoadRun:
    trouble = _base.unfinished(run) if run.state in _UNENDED else None
    if verdict is None:
        return LoadRun(id=run.id, service=run.service, ts=ts, outcome=None, trouble=trouble)
    blocking = [each for each in _base.worst_first(verdict.findings) if each.blocking]
    told = [f"{_base.label(each)}: {each.reason or _base.word(each.outcome)}" for each in blocking]
    if len(told) > MOST_REASONS:
        told[MOST_REASONS:] = [f"and {len(told) - MOST_REASONS} more objectives"]
    return LoadRun(
        id=run.id,
        service=run.service,
        ts=ts,
        outcome=verdict.outcome,
        reasons=tuple(told),
        trouble=trouble,
    )


def remembered(
    verdicts: Iterable[Verdict], weeks: Sequence[Period], specified: Iterable[str]
) -> list[Row]:
    """Promises of services without a spec, as verdicts of these weeks had them."""
    known = set(specified)
    found: dict[str, list[Finding | None]] = {}
    newest: dict[str, list[int]] = {}
    for verdict in verdicts:
        run = verdict.subject.run
        if run.kind != "production" or run.service in known or run.end_ts is None:
            continue
        at = _week_of(run.end_ts, weeks)
        for finding in verdict.findings if at is not None else ():
            if at is None or finding.kind != "slo":
                continue
            ends = found.setdefault(finding.id, [None] * len(weeks))
            when = newest.setdefault(finding.id, [0] * len(weeks))
            if run.end_ts >= when[at]:
                ends[at], when[at] = finding, run.end_ts
    return [_row(name, ends) for name, ends in sorted(found.items())]


def _week_of(ts: int, weeks: Sequence[Period]) -> int | None:
    for at, week in enumerate(weeks):
        if week.start_ts < ts <= week.end_ts:
            return at
    return None


def _row(name: str, ends: Sequence[Finding | None]) -> Row:
    last = next(each for each in reversed(ends) if each is not None)
    window = last.text.rpartition(" over ")[2]
    length = None if last.window is None else last.window[1] - last.window[0]
    return Row(
        id=name,
        service=last.service,
        promised=1 - last.limit,
        window=window,
        length_us=length,
        ends=tuple(ends),
        weeks=(None,) * len(ends),
        source="verdict",
        place=f"{last.place.file}:{last.place.line}",
    )
