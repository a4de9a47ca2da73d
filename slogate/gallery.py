"""The door for pictures: (store, run, view) → exhibit, gathered for a report that asks for it.

A report never opens a store. What cannot be shown any more (a series that was pruned, a damaged
part) is told in a sentence, so that the verdict itself can always be read.
"""

from __future__ import annotations

from pathlib import Path

from slogate import plugins
from slogate.engines._base import Engine
from slogate.errors import StoreError
from slogate.gate import ENGINE
from slogate.model.exhibit import Exhibit, View
from slogate.reports._base import Report
from slogate.store.layout import Store
from slogate.store.manifest import read_run, with_parts
from slogate.verdict import Verdict


def shown(store: Store, report: Report, verdict: Verdict, threads: int | None = None) -> str:
    """The report of a stored verdict, with what it needs of the run's series."""
    if report.needs is None or report.illustrate is None:
        return report.render(verdict)
    return report.illustrate(verdict, _seen(store, verdict, report.needs(verdict), threads))


def _seen(store: Store, verdict: Verdict, view: View, threads: int | None) -> Exhibit | str:
    engine: Engine = plugins.find("engines", ENGINE)
    subject = verdict.subject.run

    def look(paths: list[Path]) -> Exhibit | None:
        parts = [str(path) for path in paths]
        with engine.reading(parts, threads, (subject.start_ts, subject.end_ts)) as series:
            return series.look(view)

    if subject.kind == "production" and not (store.runs / f"{subject.id}.json").exists():
        return "Promises are judged over windows of many runs, of which there are no pictures."
    try:
        exhibit = with_parts(store, read_run(store, subject.id), look)
    except StoreError as error:
        return f"There are no pictures: {error.message}"
    return exhibit or "There are no pictures: the run has no requests in the store."
