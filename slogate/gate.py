"""The door out: (specs, store, run) → verdict. load · plan · gather · judge.

Only gathering touches the outside. The verdict holds no wall clock: the same series, history
and spec give the same verdict, on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slogate import plugins
from slogate.errors import SourceError, UnsupportedError, UsageError
from slogate.evaluate import Floor, judge, judged_window, objectives_of, plan
from slogate.history.floors import floors
from slogate.model.run import Run
from slogate.model.window import Window
from slogate.reports.json import document, parse
from slogate.sequential import in_looks, plan_looks
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.store.production import no_production
from slogate.store.reading import with_all_parts, with_parts
from slogate.store.verdicts import each_verdict, write_verdict
from slogate.trust import are_outside, omission_of
from slogate.verdict import Failure, Subject, Verdict

if TYPE_CHECKING:
    from slogate.engines._base import Engine, Reading
    from slogate.measuring.measure import Asking
    from slogate.model.evidence import Evidence
    from slogate.model.slots import Account, Tallies
    from slogate.model.survey import Survey, Surveyed

T = TypeVar("T")
ENGINE = "duckdb"
MOST_FAILURES = 5


def refuse_unsupported(specs: Sequence[Spec]) -> None:
    """UnsupportedError naming each place that this version cannot judge; nothing is ignored."""
    faults = [str(fault) for spec in specs for fault in spec.unsupported]
    if faults:
        raise UnsupportedError("\n".join(faults), hint="take it out of the spec for now")


def refuse_empty(specs: Sequence[Spec]) -> None:
    """UsageError where no spec has a budget to judge a run by."""
    if specs and not objectives_of(specs) and not any(spec.regressions for spec in specs):
        raise UsageError("the specs have no budgets, so there is nothing to judge")


def check(
    store: Store,
    specs: Sequence[Spec],
    run: Run,
    *,
    version: str,
    threads: int | None = None,
) -> Verdict:
    """Judge the specs' budgets on one stored run."""
    refuse_unsupported(specs)
    refuse_empty(specs)
    run, evidence, subject = counted(store, specs, run, threads=threads)
    documents = earlier_verdicts(store, specs)
    verdict = judge(specs, subject, evidence, floors_of(documents, specs, run), version)
    verdict = in_looks(
        specs, subject, evidence, lambda cut: floors_of(documents, specs, cut), verdict
    )
    if run.interleaved is None and not any(spec.regressions for spec in specs):
        return verdict
    from slogate.comparing.compare import regressions
    from slogate.comparing.findings import with_regressions
    from slogate.comparing.shown import shown
    from slogate.comparing.turns import in_turns

    turns = in_turns(store, specs, run, threads=threads)
    if turns is None:
        return with_regressions(verdict, regressions(store, specs, run, threads=threads))
    verdict = with_regressions(verdict, turns.judged)
    return replace(verdict, interleaved=shown(turns))


def counted(
    store: Store, specs: Sequence[Spec], run: Run, *, threads: int | None = None
) -> tuple[Run, dict[str, Evidence], Subject]:
    """The run as it ended, what its requests are for each objective, and how they divide."""
    engine: Engine = plugins.find("engines", ENGINE)

    def count(paths: list[Path]) -> tuple[Run, dict[str, Evidence], Subject]:
        parts = [str(path) for path in paths]
        with engine.reading(parts, threads, (run.start_ts, run.end_ts)) as series:
            closed = _closed(run, series)
            needs = [*plan(specs, closed), *plan_looks(specs, closed)]
            return closed, series.gather(needs), _subject(specs, closed, series)

    return with_parts(store, run, count)


def check_promises(
    store: Store,
    specs: Sequence[Spec],
    service: str,
    *,
    at: int | None = None,
    version: str,
    threads: int | None = None,
    stored: Sequence[Run] | None = None,
) -> Verdict:
    """Judge the specs' service level objectives on what is stored of a service's production.

    `at` is the moment (µs), down to the whole minute; without, the end of the newest data.
    `stored` are the service's production runs, where they are known.
    """
    from slogate.promises.production import (
        Production,
        newest_end,
        reaching,
        surveys,
        verdict_of,
    )
    from slogate.promises.promise import plan as plan_promise
    from slogate.promises.promise import whole_minute

    refuse_unsupported(specs)
    promises = [promise for spec in specs for promise in spec.promises]
    if not promises:
        raise UsageError("the specs have no slos, so there is nothing to judge")
    if stored is None:
        stored = list_runs(store, service=service, kind="production")
    moment = newest_end(stored) if at is None else whole_minute(at)
    if moment is None:
        raise no_production(store, [service], "no verdict")
    planned = [plan_promise(promise, moment) for promise in promises]
    runs = reaching(stored, planned)
    surveyed = survey(store, runs, surveys(planned), threads=threads)
    production = Production(service=service, at=moment, runs=runs)
    texts = {spec.sha256: spec.text for spec in specs}
    return verdict_of(production, planned, surveyed, specs=texts, version=version)


def check_queried(
    asking: Asking,
    specs: Sequence[Spec],
    service: str,
    *,
    at: int | None = None,
    version: str,
) -> Verdict:
    """Judge the specs' service level objectives on what servers answer.

    `at` is the moment (µs), down to the whole minute; without, what has surely arrived by now.
    SourceError if a server cannot be asked: that is never taken for no data.
    """
    from slogate.measuring.measure import helped
    from slogate.promises.promise import plan as plan_promise
    from slogate.promises.queried import verdict_of_queried

    refuse_unsupported(specs)
    promises = [promise for spec in specs for promise in spec.queried]
    if not promises:
        raise UsageError("the specs have no indicators, so there is no server to ask")
    try:
        moment = asking.moment(promises, at)
        measured = asking.measure([plan_promise(promise, moment) for promise in promises])
    except SourceError as error:
        raise helped(error) from None
    texts = {spec.sha256: spec.text for spec in specs}
    counted = [(each.plan, each.tallies, each.known) for each in measured]
    return verdict_of_queried(service, moment, counted, specs=texts, version=version)


def survey(
    store: Store, runs: Sequence[Run], asked: Sequence[Survey], *, threads: int | None = None
) -> dict[str, Surveyed]:
    """What the runs have of each survey, by its id: one pass over their parts."""
    return _read(store, runs, lambda series, numbers: series.survey(asked, numbers), threads)


def count_accounts(
    store: Store, runs: Sequence[Run], asked: Sequence[Account], *, threads: int | None = None
) -> dict[str, Tallies]:
    """What the runs have of each account, by its id: one pass over their parts."""
    return _read(store, runs, lambda series, numbers: series.count(asked, numbers), threads)


def _read(
    store: Store,
    runs: Sequence[Run],
    work: Callable[[Reading, Mapping[str, int]], T],
    threads: int | None,
) -> T:
    """What the work makes of all parts of the runs, and of the number of the run of each."""
    engine: Engine = plugins.find("engines", ENGINE)

    def read(parts: list[list[Path]]) -> T:
        numbers = {str(path): n for n, paths in enumerate(parts) for path in paths}
        with engine.reading([*numbers], threads) as series:
            return work(series, numbers)

    return with_all_parts(store, runs, read)


def keep(store: Store, verdict: Verdict) -> bool:
    """Store the verdict with the specs that it was judged by; False if it was there already."""
    return write_verdict(store, verdict.id, document(verdict))


def _closed(run: Run, series: Reading) -> Run:
    """A run whose recorder died has no end; its last row is where it is judged to."""
    return run if run.end_ts is not None else replace(run, end_ts=series.span()[2])


def _subject(specs: Sequence[Spec], run: Run, series: Reading) -> Subject:
    scopes = [each.scope for each in objectives_of(specs)]
    scopes += [each.scope for spec in specs for each in spec.regressions]
    windows = [
        window for scope in scopes if (window := judged_window(run, scope.warmup_us)) is not None
    ]
    rows, first, last = series.span()
    stray = are_outside(run, first, last)
    if not windows:
        whole = Window(start_ts=first or 0, end_ts=last or first or 0)
        stored = rows if rows == run.rows.written else series.tally(whole).stored
        return Subject(
            run=run, rows=rows, warmup=rows, judged=0, backfilled=0, stray=stray, stored=stored
        )
    window = Window(
        start_ts=min(w.start_ts for w in windows), end_ts=max(w.end_ts for w in windows)
    )
    tally = series.tally(window)
    return Subject(
        run=replace(run, health=replace(run.health, lockstep=tally.lockstep)),
        rows=tally.rows,
        warmup=tally.before,
        judged=tally.within,
        stored=tally.stored,
        backfilled=tally.backfilled,
        paced=tally.paced,
        omission=omission_of(run, tally.paced),
        window=(window.start_ts, window.end_ts),
        failures=tuple(
            Failure(endpoint=f"{method} {endpoint}".strip(), error=error, count=count)
            for method, endpoint, error, count in series.failures(window, MOST_FAILURES)
        ),
        stray=stray,
    )


def earlier_verdicts(store: Store, specs: Sequence[Spec]) -> list[Mapping[str, Any]]:
    """The stored verdicts of the specs' services."""
    services = sorted({it.service for it in specs})
    return list(chain.from_iterable(each_verdict(store, service=name) for name in services))


def floors_of(
    documents: Sequence[Mapping[str, Any]], specs: Sequence[Spec], run: Run
) -> dict[str, Floor]:
    """The design-effect floor of each objective, from earlier verdicts of its service."""
    windows = [
        (objective, judged_window(run, objective.scope.warmup_us))
        for objective in objectives_of(specs)
    ]
    judged = [(objective, window) for objective, window in windows if window is not None]
    return floors(documents, run, judged)


def last_verdict(store: Store, service: str) -> Verdict | None:
    """The verdict of the service's latest judged run; None if it has none."""
    judged = [
        document
        for document in each_verdict(store, service=service)
        if not any(each.get("kind") == "slo" for each in document.get("objectives", ()))
    ]
    newest = max(judged, key=_moment, default=None)
    return None if newest is None else parse(newest)


def _moment(document: Mapping[str, Any]) -> tuple[str, str, str]:
    """By what the latest verdict is told; moments in ISO 8601 are in the order of their text."""
    run = document["run"]
    return str(run.get("start") or ""), str(run["id"]), str(document.get("id"))
