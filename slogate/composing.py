"""The door for composites: (specs, store) → verdict, counted from the production of each service.

They are judged as of the newest data of any of their services, or of a moment that is named, by one
pass over the production of each service for all of its SLOs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from slogate.errors import UsageError
from slogate.gate import count_accounts, refuse_unsupported
from slogate.model.run import Run
from slogate.model.slots import Tallies
from slogate.promises.composed import Part, judge_composite, parts_of, verdict_of_composites
from slogate.promises.judge import Known
from slogate.promises.mixture import Mixture
from slogate.promises.production import Production, known_of, newest_end, reaching
from slogate.promises.promise import Plan, plan, whole_minute
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.production import no_production
from slogate.verdict import Finding, Verdict


def check_composites(
    store: Store,
    specs: Sequence[Spec],
    service: str,
    *,
    at: int | None = None,
    version: str,
    threads: int | None = None,
    stored: Callable[[str], Sequence[Run]],
) -> Verdict:
    """Judge the composites of a service; `stored` has the production runs of any service."""
    refuse_unsupported(specs)
    promises = [promise for spec in specs for promise in spec.composites]
    if not promises:
        raise UsageError("the specs have no composites, so there is nothing to judge")
    services = sorted({part.service for each in promises for part in each.components})
    moment = newest_end([run for each in services for run in stored(each)])
    moment = moment if at is None else whole_minute(at)
    if moment is None:
        raise no_production(store, services, "no verdict")
    plans = [plan(promise, moment) for promise in promises]
    findings = judge_composites(store, plans, stored, threads)
    texts = {spec.sha256: spec.text for spec in specs}
    return verdict_of_composites(service, moment, findings, plans, specs=texts, version=version)


def judge_composites(
    store: Store,
    plans: Sequence[Plan],
    stored: Callable[[str], Sequence[Run]],
    threads: int | None,
) -> list[Finding]:
    """The findings of plans of composites, whatever their moments; in that order."""
    parts, counted, known = _counted(store, plans, stored, threads)

    def told(part: Part) -> Part:
        return replace(part, known=known[part.plan.promise.id])

    return [
        judge_composite(each, [told(part) for part in some], counted)
        for each, some in zip(plans, parts, strict=True)
    ]


def mixtures(
    store: Store,
    plans: Sequence[Plan],
    stored: Callable[[str], Sequence[Run]],
    threads: int | None,
) -> list[Mixture]:
    """What plans of composites use of their budgets, over any time; in that order."""
    parts, counted, _ = _counted(store, plans, stored, threads)
    return [
        Mixture(plan=each, ledgers=[part.ledger(counted) for part in some])
        for each, some in zip(plans, parts, strict=True)
    ]


def _counted(
    store: Store,
    plans: Sequence[Plan],
    stored: Callable[[str], Sequence[Run]],
    threads: int | None,
) -> tuple[list[list[Part]], dict[str, Tallies], dict[str, Known]]:
    """The SLOs of each plan, what was counted for all, and what is known of their production."""
    parts = [parts_of(each, number) for number, each in enumerate(plans)]
    counted: dict[str, Tallies] = {}
    known: dict[str, Known] = {}
    for name in sorted({part.component.service for some in parts for part in some}):
        mine = [part for some in parts for part in some if part.component.service == name]
        reached = reaching(stored(name), [part.plan for part in mine])
        accounts = [account for part in mine for account in part.accounts]
        counted |= count_accounts(store, reached, accounts, threads=threads)
        for part in mine:
            production = Production(
                service=name, at=part.plan.at, runs=reaching(reached, [part.plan])
            )
            known[part.plan.promise.id] = known_of(production, part.plan)
    return parts, counted, known
