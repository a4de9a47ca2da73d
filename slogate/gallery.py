"""The door for pictures: (store, verdict, view) → exhibit, gathered for a report that asks for it.

A report never opens a store. What cannot be shown any more (a series that was pruned, a damaged
part) is told in a sentence, so that the verdict itself can always be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slogate import plugins
from slogate.burnt import burns_of, undrawn
from slogate.engines._base import Engine
from slogate.errors import Interrupted, SlogateError, StoreError
from slogate.gate import ENGINE
from slogate.history.entry import Entry, entries
from slogate.model.beside import NOTHING_BESIDE, Base, Beside, Burn, Past
from slogate.model.exhibit import Exhibit, View
from slogate.model.run import Run, Users
from slogate.model.window import Window
from slogate.reports._base import Report
from slogate.reports.json import parse
from slogate.store.layout import Store
from slogate.store.manifest import list_runs, read_run
from slogate.store.prune import PIN
from slogate.store.reading import with_parts
from slogate.store.verdicts import each_verdict
from slogate.verdict import Verdict

if TYPE_CHECKING:
    from slogate.measuring.measure import Asking


def shown(
    store: Store,
    report: Report,
    verdict: Verdict,
    threads: int | None = None,
    asking: Asking | None = None,
) -> str:
    """The report of a stored verdict, with what it needs of the run's series.

    Budgets that a server was asked about are shown as it answers now, by `asking`; without it not.
    """
    if report.needs is None or report.illustrate is None:
        return report.render(verdict)
    view = report.needs(verdict)
    seen = _seen(store, verdict, view, threads)
    return report.illustrate(verdict, seen, _beside(store, verdict, view, threads, asking))


def _seen(store: Store, verdict: Verdict, view: View, threads: int | None) -> Exhibit | str:
    subject = verdict.subject.run
    if _is_production(store, verdict):
        return "Promises are judged over windows of many runs, of which there are no pictures."
    try:
        exhibit = _look(store, read_run(store, subject.id), view, threads)
    except StoreError as error:
        return f"There are no pictures: {error.message}"
    return exhibit or "There are no pictures: the run has no requests in the store."


def _look(store: Store, run: Run, view: View, threads: int | None) -> Exhibit | None:
    engine: Engine = plugins.find("engines", ENGINE)

    def look(paths: list[Path]) -> Exhibit | None:
        parts = [str(path) for path in paths]
        with engine.reading(parts, threads, (run.start_ts, run.end_ts)) as series:
            return series.look(view)

    return with_parts(store, run, look)


def _is_production(store: Store, verdict: Verdict) -> bool:
    """Whether it is a verdict on all production, which is no run of the store."""
    run = verdict.subject.run
    return run.kind == "production" and not (store.runs / f"{run.id}.json").exists()


def _beside(
    store: Store, verdict: Verdict, view: View, threads: int | None, asking: Asking | None
) -> Beside:
    """What there is beside the pictures; what cannot be read is told, and left out."""
    found, notes = NOTHING_BESIDE, list[str]()
    past: Mapping[str, tuple[Past, ...]] = {}
    base: Base | None = None
    burns: Mapping[str, Burn] = {}
    users: tuple[Users, ...] = ()
    try:
        past = _past(store, verdict, view.past) if view.past else {}
        if _is_production(store, verdict):
            burns = burns_of(store, verdict, threads, asking) if view.burns else {}
            notes += undrawn(verdict, burns, asking) if view.burns else []
        else:
            users = _users(store, verdict)
            base = None if view.base is None else _base(store, verdict, view.base, threads)
    except Interrupted:
        raise
    except SlogateError as error:
        hint = f" ({error.hint})" if error.hint else ""
        notes.append(f"Some pictures are missing: {error.message}{hint}.")
    if not (past or base or burns or notes or users):
        return found
    return Beside(past=past, base=base, burns=burns, notes=tuple(notes), users=users)


def _users(store: Store, verdict: Verdict) -> tuple[Users, ...]:
    """How many users there were, as far as the run is still there to say so."""
    if not (store.runs / f"{verdict.subject.run.id}.json").exists():
        return ()
    return read_run(store, verdict.subject.run.id).users


def _past(store: Store, verdict: Verdict, most: int) -> dict[str, tuple[Past, ...]]:
    """What earlier runs of the same branch observed, counted in the same way; newest verdicts."""
    run = verdict.subject.run
    end = run.end_ts if run.kind == "production" else run.start_ts
    findings = {finding.id: finding for finding in verdict.findings}
    if end is None:
        return {}
    documents = each_verdict(store, service=run.service)
    found = entries(documents, wanted=lambda _, objective: objective["id"] in findings)
    mine = {each.objective: each.measure for each in found if each.verdict == verdict.id}
    kept: dict[str, dict[str, Entry]] = {}
    for each in found:
        same = each.kind == run.kind and each.branch == run.branch
        if same and each.ts < end and each.measure == mine.get(each.objective, each.measure):
            kept.setdefault(each.objective, {})[each.run] = each
    return {
        objective: tuple(map(_as_past, sorted(by_run.values(), key=_moment)[-most:]))
        for objective, by_run in kept.items()
    }


def _moment(entry: Entry) -> tuple[int, str]:
    return entry.ts, entry.run


def _as_past(entry: Entry) -> Past:
    # the entry's own value is in the unit of the document
    value = entry.finding().observed
    return Past(run=entry.run, ts=entry.ts, value=value, outcome=entry.outcome.value)


def _base(store: Store, verdict: Verdict, view: View, threads: int | None) -> Base | None:
    """The service's run that was pinned last, other than the one judged, and its pictures."""
    judged = verdict.subject.run
    pinned = [
        run
        for run in list_runs(store, service=judged.service, kind=judged.kind)
        if run.labels.get(PIN) and run.id != judged.id
    ]
    if not pinned:
        return None
    run = max(pinned, key=lambda each: (each.start_ts or 0, each.id))
    view = replace(view, window=_judged(store, run))
    exhibit = _look(store, run, view, threads)
    return None if exhibit is None else Base(run=run.id, pin=run.labels[PIN], exhibit=exhibit)


def _judged(store: Store, run: Run) -> Window | None:
    """The part of a run that its newest verdict judged; None: all of it."""
    found: tuple[int, int] | None = None
    for document in each_verdict(store, service=run.service):
        if document["run"].get("id") == run.id:
            found = parse(document).subject.window
    return None if found is None else Window(start_ts=found[0], end_ts=found[1])
