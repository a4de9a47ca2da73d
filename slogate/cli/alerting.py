"""What `alerts check` and `alerts send` share: which alerts, as of when, and how that is told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slogate.alerting import Replay, Standing, alerting, replay, standing
from slogate.cli import complaints
from slogate.cli.alertstable import document, history, history_table, table
from slogate.cli.busy import waiting
from slogate.cli.judging import of_one_service, read, worst
from slogate.cli.moments import given_age, given_moment
from slogate.cli.subjects import LAST_TS, STALE_US
from slogate.errors import EXIT_PASS, Interrupted, NoData, SlogateError, UsageError
from slogate.promises.promise import Promise
from slogate.served import replay_served, standing_served
from slogate.slo.spec import Spec
from slogate.store.layout import Store, open_store
from slogate.units import US_PER_SECOND, format_span

if TYPE_CHECKING:
    from slogate.measuring.measure import Asking

_FIRST_TS = 86_400 * US_PER_SECOND
_FRESH_US = 3_600 * US_PER_SECOND

T = TypeVar("T")

Whose = tuple[str, bool]
"""A service, and whether a server keeps the events, not the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for."""

    files: Sequence[Path] = ()
    service: str | None = None
    at: str | None = None
    since: str | None = None
    until: str | None = None
    only: Sequence[str] = ()
    max_age: str | None = None
    threads: int | None = None
    store: Path | None = None
    prometheus: Sequence[str] = ()
    quiet: bool = False

    def moment(self, flag: str, word: str | None) -> int | None:
        """A moment of the command line; UsageError unless it is one that a calendar has."""
        found = given_moment(flag, word)
        if found is not None and not _FIRST_TS <= found < LAST_TS:
            raise UsageError(f"{flag}: '{word}' is not between 1970-01-02 and 9000")
        return found

    def opened(self) -> Opened:
        """The store, the specs, and the promises with alerts by their service."""
        from slogate.config import load_settings

        settings = load_settings(Path.cwd(), os.environ)
        specs = read(self.files or settings.specs)
        if self.service is not None:
            _, specs = of_one_service(specs, self.service)
        services: dict[Whose, list[Promise]] = {}
        for promise in sorted(alerting(specs, self.only), key=lambda each: each.service):
            whose = (promise.service, promise.indicator is not None)
            services.setdefault(whose, []).append(promise)
        # those of a server need no store
        some = any(not is_served for _, is_served in services)
        return Opened(
            store=open_store(self.store or settings.store, create=not some),
            specs=specs,
            services=services,
            asking=None if all(not is_served for _, is_served in services) else self._asking(),
        )

    def _asking(self) -> Asking:
        from slogate.config import load_settings
        from slogate.measuring.measure import Asking
        from slogate.measuring.servers import addresses

        project = load_settings(Path.cwd(), os.environ).prometheus_url
        return Asking(addresses=addresses(self.prometheus, project=project, environment=os.environ))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is asked, and of whom."""

    store: Store
    specs: Sequence[Spec]
    services: Mapping[Whose, list[Promise]]
    asking: Asking | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is to be printed, and the exit code; `reasons` are told however quiet it is to be."""

    document: dict[str, Any]
    table: Callable[[bool], str]
    exit_code: int
    notes: Sequence[str] = field(default_factory=list)
    reasons: Sequence[str] = field(default_factory=list)

    def json(self) -> str:
        """For machines."""
        return f"{json.dumps(self.document, indent=2, ensure_ascii=False)}\n"

    def text(self, *, no_color: bool) -> str:
        """For people."""
        return self.table(no_color)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How the alerts stand; `codes` are of services that could not be asked.

    `late` are services whose newest data are too old.
    """

    store: Store
    specs: Sequence[Spec]
    standings: Sequence[Standing]
    told: Told
    codes: Sequence[int]
    late: Sequence[str]


def look(asked: Asked) -> Told:
    """How the alerts of all services stand, as it is told."""
    return look_for(asked).told


def look_for(asked: Asked) -> Sight:
    """How the alerts of all services stand; what hinders one hides no other's."""
    at = asked.moment("--at", asked.at)
    oldest = None if asked.max_age is None else given_age("--max-age", asked.max_age, ("m", "h"))
    if at is not None and oldest is not None:
        raise UsageError("--max-age is for the newest data, not for another moment")
    opened = asked.opened()
    now = time.time_ns() // 1_000

    def stand(whose: Whose, promises: list[Promise]) -> Standing:
        service, _ = whose
        if opened.asking is not None and whose[1]:
            return standing_served(opened.asking, promises, service, at=at)
        return standing(opened.store, promises, service, at=at, now=now, threads=asked.threads)

    with waiting("counting what the alerts are about", quiet=asked.quiet):
        found, codes = each_service(opened.services, stand)
    notes, late = ages(found, oldest, now) if at is None else ([], {})
    made = document(found, too_old=bool(late))
    told = Told(
        document=made,
        table=lambda no_color: table(found, no_color=no_color),
        exit_code=worst([made["exit_code"], *codes]),
        notes=[*notes, *_warnings(found)],
        reasons=[*late.values()],
    )
    return Sight(
        store=opened.store,
        specs=opened.specs,
        standings=found,
        told=told,
        codes=codes,
        late=[*late],
    )


def look_back(asked: Asked) -> Told:
    """When the alerts of all services fired between two moments."""
    since, until = asked.moment("--from", asked.since), asked.moment("--to", asked.until)
    if since is None:
        raise UsageError("--to needs a --from")
    if asked.at is not None or asked.max_age is not None:
        raise UsageError("--at and --max-age are for one moment, --from and --to for a time")
    if until is not None and until < since:
        raise UsageError("--to is before --from")
    opened = asked.opened()

    def played(whose: Whose, promises: list[Promise]) -> Replay:
        service, _ = whose
        if opened.asking is not None and whose[1]:
            return replay_served(opened.asking, promises, service, since, until)
        return replay(opened.store, promises, service, since, until, threads=asked.threads)

    with waiting("following the alerts minute by minute", quiet=asked.quiet):
        found, codes = each_service(opened.services, played)
    return Told(
        document=history(found),
        table=lambda no_color: history_table(found, no_color=no_color),
        exit_code=worst(codes),
        notes=_warnings(found),
    )


def each_service(
    services: Mapping[Whose, list[Promise]], ask: Callable[[Whose, list[Promise]], T]
) -> tuple[list[T], list[int]]:
    """What is found for each service, and the exit codes of those that could not be asked."""
    found, codes = [], [EXIT_PASS]
    for whose, promises in services.items():
        try:
            found.append(ask(whose, promises))
        except Interrupted:
            raise
        except SlogateError as error:  # hides no other breach
            if len(services) == 1:
                raise
            codes.append(complaints.told(error))
    return found, codes


def ages(
    found: Sequence[Standing], oldest: int | None, now: int
) -> tuple[list[str], dict[str, str]]:
    """What is said of data that are not new, and, by service, that are older than they may be."""
    notes: list[str] = []
    late: dict[str, str] = {}
    for each in found:
        old = now - each.data_end
        span = format_span(abs(old) / US_PER_SECOND)
        if -old > STALE_US:
            raise NoData(
                f"nothing is known: the newest production data of {each.service} lie {span} in "
                "the future, so that a clock was wrong",
                hint="say up to when: --at TIME",
            )
        told = f"the newest production data of {each.source} are {span} old"
        if oldest is not None and old > oldest:
            late[each.source] = f"{told}, too old"
        elif old > _FRESH_US:
            notes.append(told)
        elif each.at < each.data_end:
            notes.append(
                f"production data of {each.source} reach {span} into the future, so that a clock "
                "is fast; as of now, without what is later"
            )
    return notes, late


def _warnings(found: Sequence[Standing] | Sequence[Replay]) -> list[str]:
    return [f"{each.service}: {warning}" for each in found for warning in each.warnings]
