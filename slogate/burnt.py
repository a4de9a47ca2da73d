"""How the budgets of a stored verdict burnt: counted again between more edges, or asked again.

What was summed up again must be what was judged, or there is no picture of it: data that came
later, or went, would show another budget. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from slogate.composing import mixtures
from slogate.errors import SpecError
from slogate.gate import survey
from slogate.model.beside import Burn
from slogate.model.run import Run
from slogate.model.survey import Survey, Surveyed, condense
from slogate.promises.burndown import burn_from, burn_of, parted
from slogate.promises.judge import shown as shown_value
from slogate.promises.production import reaching
from slogate.promises.promise import Plan, Promise, plan
from slogate.reports._base import label
from slogate.reports.json import parse
from slogate.slo.every import load_every
from slogate.slo.load import load_specs
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.store.verdicts import each_verdict
from slogate.verdict import Finding, Verdict

if TYPE_CHECKING:
    from slogate.measuring.measure import Asking

_SAME = 1e-9
_NAMED = 5


def burns_of(
    store: Store, verdict: Verdict, threads: int | None, asking: Asking | None
) -> dict[str, Burn]:
    """The burn-down of each budget that is as it was judged."""
    moment = verdict.subject.run.end_ts
    judged = _budgets(verdict)
    if moment is None or not judged:
        return {}
    specs = [each for each in _specs(store, verdict) if each.service == verdict.subject.run.service]

    def parts(promises: Iterable[Promise]) -> list[tuple[Plan, Survey]]:
        mine = [each for each in promises if any(_is_of(name, each) for name in judged)]
        return [parted(plan(each, moment)) for each in mine]

    stored = parts(promise for spec in specs for promise in spec.promises)
    queried = parts(promise for spec in specs for promise in spec.queried)
    composed = parts(promise for spec in specs for promise in spec.composites)
    found = _counted(store, verdict, stored, threads) if stored else []
    found += _answered(asking, queried) if queried and asking else []
    burns = _composed(store, composed, threads) if composed else {}
    burns |= {
        name: burn_of(planned, survey, sums)
        for planned, survey, surveyed in found
        for value, sums in (surveyed.items() if isinstance(surveyed, Mapping) else ())
        if (name := _name(planned, value)) in judged
    }
    return {name: burn for name, burn in burns.items() if burn and _is_same(judged[name], burn)}


def _budgets(verdict: Verdict) -> dict[str, Finding]:
    return {each.id: each for each in verdict.findings if each.budget is not None}


def _is_of(name: str, promise: Promise) -> bool:
    return name == promise.id or name.startswith(f"{promise.id}/")


def _counted(
    store: Store, verdict: Verdict, asked: Sequence[tuple[Plan, Survey]], threads: int | None
) -> list[tuple[Plan, Survey, Surveyed]]:
    """What the store's production has."""
    stored = list_runs(store, service=verdict.subject.run.service, kind="production")
    runs = reaching(stored, [planned for planned, _ in asked])
    surveyed = survey(store, runs, [one for _, one in asked], threads=threads)
    return [(planned, one, surveyed[one.id]) for planned, one in asked]


def _answered(
    asking: Asking, asked: Sequence[tuple[Plan, Survey]]
) -> list[tuple[Plan, Survey, Surveyed]]:
    """What the servers answer, counted between the same edges."""
    measured = asking.measure([planned for planned, _ in asked])
    return [
        (each.plan, one, condense(one, each.tallies))
        for each, (_, one) in zip(measured, asked, strict=True)
    ]


def undrawn(verdict: Verdict, burns: Mapping[str, Burn], asking: Asking | None) -> list[str]:
    """Which budgets are drawn by nothing, and why: nobody was asked, or though others are."""
    missing = [
        each
        for name, each in _budgets(verdict).items()
        if name not in burns and (each.budget or {}).get("total")
    ]
    unasked = [each for each in missing if asking is None and (each.budget or {}).get("source")]
    others = [each for each in missing if each not in unasked] if burns else []
    return [
        f"Not drawn, since {why}: {', '.join(map(label, some[:_NAMED]))}"
        f"{f' and {len(some) - _NAMED} more' if len(some) > _NAMED else ''}."
        for some, why in (
            (unasked, "no Prometheus was asked (--prometheus URL)"),
            (others, "the data are others by now"),
        )
        if some
    ]


def _composed(
    store: Store, asked: Sequence[tuple[Plan, Survey]], threads: int | None
) -> dict[str, Burn | None]:
    """What composites used, by the production of all services that they are made of."""

    def stored(service: str) -> list[Run]:
        return list_runs(store, service=service, kind="production")

    plans = [planned for planned, _ in asked]
    found = zip(plans, mixtures(store, plans, stored, threads), strict=True)
    return {planned.promise.id: burn_from(planned, mixture) for planned, mixture in found}


def _specs(store: Store, verdict: Verdict) -> list[Spec]:
    """The specs that the verdict was judged by.

    Their composites may speak of SLOs of other files: if no verdict knows these, they are left out.
    """
    files = {each.place.sha256: each.place.file for each in verdict.findings}
    mine = [(files[sha], text) for sha, text in verdict.specs.items() if sha in files]
    with suppress(SpecError):
        return load_every(mine)
    with suppress(SpecError):
        return load_every([*mine, *_others(store, {file for file, _ in mine})])
    return [replace(spec, composites=()) for spec in load_specs(mine, join=False)]


def _others(store: Store, known: Collection[str]) -> list[tuple[str, str]]:
    """The newest text of each other file that production was judged by."""
    found: dict[str, str] = {}
    for document in each_verdict(store):
        verdict = parse(document)
        if verdict.subject.run.kind == "production":
            places = {each.place.sha256: each.place.file for each in verdict.findings}
            found |= {places[sha]: text for sha, text in verdict.specs.items() if sha in places}
    return [(file, text) for file, text in found.items() if file not in known]


def _name(planned: Plan, value: str | None) -> str:
    promise = planned.promise
    return promise.id if promise.by is None else f"{promise.id}/{shown_value(value)}"


def _is_same(finding: Finding, burn: Burn) -> bool:
    judged = (finding.budget or {}).get("remaining")
    last = burn.left[-1]
    return isinstance(judged, int | float) and last is not None and abs(judged - last) < _SAME
