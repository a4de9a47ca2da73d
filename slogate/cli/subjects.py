"""What `check` judges: the budgets of each service on a run, its slos on its production."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from slogate.cli.moments import given_moment
from slogate.cli.options import note
from slogate.errors import NoData, UsageError
from slogate.units import US_PER_SECOND, format_span

if TYPE_CHECKING:
    from slogate.measuring.servers import Addresses
    from slogate.model.run import Run
    from slogate.slo.spec import Spec
    from slogate.store.layout import Store
    from slogate.verdict import Verdict

T = TypeVar("T")
LATEST = "latest"
_SKEW_S = 600
# production that is older than this is judged as it was, and said to be old
STALE_US = 24 * 3_600 * US_PER_SECOND
# the calendar of windows ends with the year 9999; none that is judged may reach over it
LAST_TS = 221_845_392_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command was asked for."""

    run: str | None = None
    service: str | None = None
    at: str | None = None
    only: str | None = None
    threads: int | None = None
    quiet: bool = False
    addresses: Addresses | None = None

    def refuse_contradictions(self) -> None:
        """UsageError for options that exclude each other, and for words that are not known."""
        if self.only not in {None, "budgets", "slos"}:
            raise UsageError(f"--only {self.only} is not known", hint="known: budgets, slos")
        if self.only == "budgets" and self.at is not None:
            raise UsageError("--at is for slos, budgets are judged on a run", hint="say --run RUN")
        if self.run is not None and (self.only == "slos" or self.at is not None):
            raise UsageError(
                "slos are judged on all production of a service, not on a run",
                hint="leave --run out, or say --only budgets",
            )
        moment = self.moment
        if moment is not None and not US_PER_SECOND * 86_400 <= moment < LAST_TS:
            raise UsageError(f"--at: '{self.at}' is not between 1970-01-02 and 9000")

    @property
    def moment(self) -> int | None:
        """The moment that slos are judged at; None: the end of the newest data."""
        return given_moment("--at", self.at)

    @property
    def budgets(self) -> bool:
        """Whether budgets are wanted."""
        return self.only != "slos" and self.at is None

    @property
    def slos(self) -> bool:
        """Whether slos are wanted."""
        return self.only != "budgets" and self.run is None


def subjects(specs: Sequence[Spec], store: Store, wanted: Wanted) -> list[Callable[[], Verdict]]:
    """The judgements to make, in order; UsageError where there is nothing to judge."""
    from slogate.cli.judging import of_one_service
    from slogate.store.manifest import list_runs

    # read once: a store may have thousands of manifests, and the specs speak of many services
    production = _once(partial(list_runs, store, kind="production"))
    services = _services(specs, wanted)
    if not services:
        from slogate.store.manifest import find_run

        services = [find_run(store, wanted.run or LATEST).service]
    jobs: list[Callable[[], Verdict]] = []
    for service in services:
        _, chosen = of_one_service(specs, service)
        if wanted.budgets and any(spec.objectives or spec.regressions for spec in chosen):
            jobs.append(partial(_budgets, store, chosen, service, wanted))
        if wanted.slos and any(spec.promises for spec in chosen):
            jobs.append(partial(_slos, store, chosen, service, wanted, production))
        if wanted.slos and any(spec.composites for spec in chosen):
            jobs.append(partial(_composites, store, chosen, service, wanted, production))
        if wanted.slos and any(spec.queried for spec in chosen):
            jobs.append(partial(_queried, chosen, service, wanted))
    if not jobs:
        what = " or ".join(
            word for word, asked in (("budgets", wanted.budgets), ("slos", wanted.slos)) if asked
        )
        raise UsageError(f"the specs have no {what}, so there is nothing to judge")
    return jobs


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """What is made at the first call, also where two judgements ask at a time."""
    made, lock = cache(make), Lock()

    def get() -> T:
        with lock:
            return made()

    return get


def _services(specs: Sequence[Spec], wanted: Wanted) -> list[str]:
    """The services to judge; none yet if the run itself says which."""
    if wanted.service is not None:
        return [wanted.service]
    if wanted.run not in {None, LATEST}:
        return []
    return sorted({spec.service for spec in specs})


def _budgets(store: Store, specs: Sequence[Spec], service: str, wanted: Wanted) -> Verdict:
    from slogate import __version__
    from slogate.gate import check

    run = _run(store, service, wanted)
    return check(store, specs, run, version=__version__, threads=wanted.threads)


def _run(store: Store, service: str, wanted: Wanted) -> Run:
    """The run to judge: the one named, or the service's latest load run; NoData without any."""
    from slogate.cli.latest import latest_run
    from slogate.store.manifest import find_run

    if wanted.run is not None and wanted.run != LATEST:
        return find_run(store, wanted.run, service=service)
    return latest_run(store, service, quiet=wanted.quiet)


def _slos(
    store: Store,
    specs: Sequence[Spec],
    service: str,
    wanted: Wanted,
    production: Callable[[], list[Run]],
) -> Verdict:
    from slogate import __version__
    from slogate.gate import check_promises

    stored = [run for run in production() if run.service == service]
    now = int(time.time() * US_PER_SECOND)
    at = wanted.moment if wanted.at is not None else _now_at_most(stored, service, now, wanted)
    verdict = check_promises(
        store, specs, service, at=at, version=__version__, threads=wanted.threads, stored=stored
    )
    end = verdict.subject.run.end_ts or 0
    if wanted.at is None and now - end > STALE_US:
        old = format_span((now - end) / US_PER_SECOND)
        note(f"note: the newest production data of {service} are {old} old", quiet=wanted.quiet)
    return verdict


def _composites(
    store: Store,
    specs: Sequence[Spec],
    service: str,
    wanted: Wanted,
    production: Callable[[], list[Run]],
) -> Verdict:
    from slogate import __version__
    from slogate.composing import check_composites

    def stored(name: str) -> list[Run]:
        return [run for run in production() if run.service == name]

    names = {part.service for spec in specs for it in spec.composites for part in it.components}
    now = int(time.time() * US_PER_SECOND)
    mine = [run for run in production() if run.service in names]
    at = wanted.moment if wanted.at is not None else _now_at_most(mine, service, now, wanted)
    return check_composites(
        store, specs, service, at=at, version=__version__, threads=wanted.threads, stored=stored
    )


def _now_at_most(stored: Sequence[Run], service: str, now: int, wanted: Wanted) -> int | None:
    """Now, if data bear later times: a clock that is fast must not move the window.

    None to judge up to the end of the newest data; NoData where no clock is that fast.
    """
    from slogate.promises.production import newest_end
    from slogate.promises.promise import MINUTE_US

    end = newest_end(stored)
    if end is None or end <= now + MINUTE_US:
        return None
    ahead = format_span((end - now) / US_PER_SECOND)
    if end - now > STALE_US:
        raise NoData(
            f"no verdict: the newest production data of {service} lie "
            f"{ahead} in the future, so that a clock was wrong",
            hint="say up to when: --at TIME",
        )
    note(
        f"note: production data of {service} reach {ahead} into the future, so that a clock is "
        "fast; judged up to now, without what is later",
        quiet=wanted.quiet,
    )
    return now


def _queried(specs: Sequence[Spec], service: str, wanted: Wanted) -> Verdict:
    from slogate import __version__
    from slogate.gate import check_queried
    from slogate.measuring.measure import Asking
    from slogate.measuring.servers import Addresses

    asking = Asking(addresses=wanted.addresses or Addresses())
    verdict = check_queried(asking, specs, service, at=wanted.moment, version=__version__)
    ahead = (verdict.subject.run.end_ts or 0) / US_PER_SECOND - time.time()
    if wanted.at is None and abs(ahead) > _SKEW_S:
        told = f"{format_span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} this machine's"
        note(
            f"note: the server of {service} was asked up to its own clock's time, which is {told}",
            quiet=wanted.quiet,
        )
    return verdict
