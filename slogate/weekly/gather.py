"""Gathers a week: which services there are, what each promised and kept, which runs failed.

Nothing hides anything else: a service whose data are damaged, a server that does not answer and a
verdict that cannot be read are told, and the rest is gathered. The moment is the same for all
services: one whose data ended before is one without data, not one that is judged as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slogate import __version__
from slogate.errors import Interrupted, SlogateError, UsageError
from slogate.measuring.measure import Asking
from slogate.model.calendar import Period
from slogate.model.run import Run
from slogate.promises.production import newest_end, remarks_on
from slogate.promises.promise import MINUTE_US
from slogate.reports._weekly.week import Row, Week
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.weekly.promised import asked, composed, counted, course, rows, unread
from slogate.weekly.stored import load_runs, read_all, remembered

WEEKS = 8
# a server is not asked for the whole windows of long ago
ENDS_ASKED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the report is asked for; `troubles` are what of the specs could not be read."""

    length_us: int
    at: int | None
    compared: bool
    asking: Asking
    specs: Sequence[Spec] = ()
    troubles: Sequence[str] = ()
    service: str | None = None
    threads: int | None = None

    @property
    def chosen(self) -> list[Spec]:
        """The specs of the service that is asked for, or all."""
        return [each for each in self.specs if self.service in {None, each.service}]


def gather(store: Store, given: Given) -> Week:
    """All there is to tell; UsageError where the store says nothing of a moment."""
    runs = list_runs(store, service=given.service)
    if given.service is not None and not runs and not given.chosen:
        raise UsageError(f"neither a spec nor the store speaks of the service '{given.service}'")
    at = newest(runs) if given.at is None else given.at // MINUTE_US * MINUTE_US
    weeks = course(at, given.length_us, WEEKS)
    if not weeks:
        raise UsageError("--at: no whole window lies before that moment")
    verdicts, troubles = read_all(store, weeks[0].start_ts)
    if given.service is not None:
        verdicts = [each for each in verdicts if each.subject.run.service == given.service]
    production = [run for run in runs if run.kind == "production"]
    specified = {spec.service for spec in given.chosen}
    found = [
        *(
            row
            for service in sorted(specified)
            for row in _service(store, given, service, weeks, production)
        ),
        *remembered(verdicts, weeks, specified),
    ]
    before = weeks[-2] if len(weeks) > 1 else None
    compared = given.compared and before is not None
    return Week(
        version=__version__,
        weeks=weeks,
        compared=compared,
        rows=tuple(found),
        runs=tuple(load_runs(runs, verdicts, weeks[-1])),
        runs_before=tuple(load_runs(runs, verdicts, before)) if compared and before else (),
        specs=len(given.chosen),
        troubles=(*given.troubles, *troubles),
        notes=tuple(_notes(production, weeks[-1])),
        unpromised=tuple(sorted({run.service for run in runs} - {row.service for row in found})),
    )


def newest(runs: Sequence[Run]) -> int:
    """The end of the newest data of any service; UsageError without any."""
    ends = [newest_end([run for run in runs if run.kind == "production"])]
    ends += [run.end_ts // MINUTE_US * MINUTE_US + MINUTE_US for run in runs if run.end_ts]
    known = [end for end in ends if end is not None]
    if not known:
        raise UsageError(
            "the store holds no data, so that nothing says which week is meant",
            hint="say when it ends: --at 2026-11-02",
        )
    return max(known)


def _service(
    store: Store, given: Given, service: str, weeks: Sequence[Period], production: Sequence[Run]
) -> Iterator[Row]:
    specs = [spec for spec in given.chosen if spec.service == service]
    owners = {spec.file: spec.owner for spec in specs}
    stored = [promise for spec in specs for promise in spec.promises]
    queried = [promise for spec in specs for promise in spec.queried]
    composites = [promise for spec in specs for promise in spec.composites]

    def of(name: str) -> list[Run]:
        return [run for run in production if run.service == name]

    runs = of(service)
    for promises, judge_all, source, ends in (
        (stored, counted(store, runs, given.threads), "store", None),
        (composites, composed(store, of, given.threads), "store", None),
        (queried, asked(given.asking), "server", ENDS_ASKED),
    ):
        if not promises:
            continue
        try:
            yield from rows(promises, weeks, judge_all, source=source, owners=owners, ends=ends)
        except Interrupted:
            raise
        except SlogateError as error:
            yield from unread(promises, weeks, error.message, owners)


def _notes(runs: Sequence[Run], week: Period) -> Iterator[str]:
    """What a reader should know of the production of the week."""
    by_service: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.service, run.start_ts or 0, run.id)):
        if run.end_ts is None or run.end_ts >= week.start_ts:
            by_service.setdefault(run.service, []).append(run)
    for service, mine in by_service.items():
        yield from (f"{service}: {remark}" for remark in remarks_on(mine))
