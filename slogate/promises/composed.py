"""Judges a composite on what was counted of its SLOs: one finding, with the part of each.

An SLO of which nothing is known, or less than its `min_events`, lets the whole not pass: it is a
breach if the others break it even were that one good, else there is no data. So with rows that
could not be read, runs that were not finished, sources that tell no failures: of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from slogate.model.slots import Account, Tallies
from slogate.promises.events import accounts_of, tallies_of
from slogate.promises.judge import Known, blocks, finding_of
from slogate.promises.ledger import Ledger
from slogate.promises.mixture import Mixture, mean
from slogate.promises.promise import Component, Plan
from slogate.promises.sentences import stretch
from slogate.promises.standing import standing_verdict
from slogate.promises.statement import applying
from slogate.stats.error_budget import Budget, Use
from slogate.units import format_count, format_share
from slogate.verdict import Finding, Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One SLO of a composite: what is counted for it, and what is known of its production."""

    component: Component
    plan: Plan
    known: Known = Known()

    @property
    def accounts(self) -> list[Account]:
        """What is to be counted."""
        return accounts_of(self.plan)

    def ledger(self, counted: Mapping[str, Tallies]) -> Ledger:
        """What was counted."""
        return Ledger.of(self.plan, tallies_of(self.plan, counted).get(None, ()))


def parts_of(plan: Plan, mark: int = 0) -> list[Part]:
    """The SLOs of a composite over its own window, in its own slots; `mark` tells plans apart."""
    promise = plan.promise
    return [
        Part(
            component=each,
            plan=replace(
                plan,
                promise=replace(
                    promise, name=f"{promise.name}\0{mark}\0{number}", service=each.service,
                    selection=each.selection, events=each.events, budgeting="occurrences",
                    components=(),
                ),
            ),
        )
        for number, each in enumerate(promise.components)
    ]  # fmt: skip


def judge_composite(
    plan: Plan, parts: Sequence[Part], counted: Mapping[str, Tallies]
) -> Finding:  # fmt: skip
    """The finding on what was counted of its SLOs."""
    mixture = Mixture(plan=plan, ledgers=[part.ledger(counted) for part in parts])
    found = finding_of(plan.promise.id, mixture, _together(parts))
    uses = mixture.parts(plan.period.start_ts, plan.at)
    missing = [
        part for part, use in zip(parts, uses, strict=True)
        if not use.total or use.total < part.component.min_events
    ]  # fmt: skip
    if missing and found.outcome is not Outcome.NO_DATA:
        found = _without(found, mixture, parts, missing)
    elif found.outcome is Outcome.PASS and (why := _unread(mixture, parts)) is not None:
        found = _as(found, plan, Outcome.INCONCLUSIVE, f"{why}; as far as told: {found.reason}")
    shares = _shares(parts, uses)
    return replace(
        found,
        budget={**(found.budget or {}), "components": shares},
        warnings=(f"parts: {told_of(shares)}", *found.warnings),
    )


def _as(found: Finding, plan: Plan, outcome: Outcome, reason: str) -> Finding:
    blocking, downgraded = blocks(plan, outcome)
    return replace(
        found, outcome=outcome, reason=reason, blocking=blocking, downgraded=downgraded
    )  # fmt: skip


def _without(
    found: Finding, mixture: Mixture, parts: Sequence[Part], missing: Sequence[Part]
) -> Finding:
    plan = mixture.plan
    names = " and ".join(part.component.name for part in missing)
    if found.outcome is Outcome.FAIL and _is_gone(plan, _best(mixture, parts, missing)):
        reason = f"{found.reason}, were {names} good too, of which too little is known"
        return replace(found, reason=reason)
    few = "requests" if any(part.component.min_events > 1 for part in missing) else "request"
    be = "is" if few == "request" else "are"
    reason = (
        f"{'too few' if few == 'requests' else 'no'} {few} of {names} {be} known in "
        f"{stretch(plan)}: "
        f"without one of its SLOs a composite does not pass; of the others: {found.reason}"
    )
    return _as(found, plan, Outcome.NO_DATA, reason)


def _best(mixture: Mixture, parts: Sequence[Part], missing: Sequence[Part]) -> Use:
    """What is used if all of the missing ones were good, all the time."""
    plan = mixture.plan
    use = mixture.use(plan.period.start_ts, plan.at, best=True)
    if plan.promise.slice_us is not None:  # any slice may be good by them
        return replace(use, bad=Fraction(0))
    uses = mixture.parts(plan.period.start_ts, plan.at, best=True)
    shares = [
        (part.component.weight, Fraction(0) if part in missing else each.bad_share or Fraction(0))
        for part, each in zip(parts, uses, strict=True)
    ]
    return replace(use, bad=(mean(shares) or Fraction(0)) * use.total)


def _unread(mixture: Mixture, parts: Sequence[Part]) -> str | None:
    """What is said where rows that could not be read may hold what breaks the whole."""
    plan, unread = mixture.plan, sum(part.known.unread for part in parts)
    if not unread:
        return None
    use = mixture.use(plan.period.start_ts, plan.at).worsened(unread)
    if plan.promise.slice_us is None:
        uses = mixture.parts(plan.period.start_ts, plan.at)
        worse = [
            (part.component.weight, share)
            for part, each in zip(parts, uses, strict=True)
            if (share := each.worsened(part.known.unread).bad_share) is not None
        ]
        use = replace(use, bad=(mean(worse) or Fraction(0)) * use.total)
    if not _is_gone(plan, use):
        return None
    return f"{format_count(unread)} {parts[0].known.lost}, and could break it"


def _is_gone(plan: Plan, use: Use) -> bool:
    budget = Budget(objective=plan.promise.objective, use=use, length_us=plan.period.length_us)
    return budget.is_overspent or any(rule.freeze for rule in applying(plan, budget))


def _together(parts: Sequence[Part]) -> Known:
    """What is known of all of them; rows that could not be read are weighed apart."""
    known = [part.known for part in parts]
    return Known(
        first_ts=max((each.first_ts for each in known if each.first_ts is not None), default=None),
        distrust=next((each.distrust for each in known if each.distrust), None),
        untold=next((each.untold for each in known if each.untold), None),
        single=all(each.single for each in known),
        told=tuple(
            f"no production of {part.component.service} is stored"
            for part in parts
            if part.known.first_ts is None
        ),
    )


def _shares(parts: Sequence[Part], uses: Sequence[Use]) -> list[dict[str, object]]:
    whole = sum((part.component.weight for part in parts), Fraction(0))
    return [
        {
            "slo": part.component.name,
            "weight": float(part.component.weight / whole),
            "bad": int(use.bad),
            "total": use.total,
            "bad_share": None if use.bad_share is None else float(use.bad_share),
        }
        for part, use in zip(parts, uses, strict=True)
    ]


def told_of(parts: Sequence[Mapping[str, object]]) -> str:
    """The parts in words: `cart/ok 99.9% (weight 40%)`."""
    return ", ".join(
        f"{part['slo']} {_good(part['bad_share'])} (weight {format_share(_number(part['weight']))})"
        for part in parts
    )


def _good(bad: object) -> str:
    return "nothing known" if bad is None else f"{format_share(1 - _number(bad), 6)} good"


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value


def verdict_of_composites(
    service: str, at: int, findings: Sequence[Finding], plans: Sequence[Plan],
    *, specs: Mapping[str, str], version: str,
) -> Verdict:  # fmt: skip
    """The verdict on all composites of a service; `specs` are the texts by their hash."""
    return standing_verdict(
        findings,
        plans,
        service=service,
        at=at,
        name="composed",
        source="composites",
        start_ts=min(plan.period.start_ts for plan in plans),
        counted=[[(each.id, each.window, each.budget) for each in findings]],
        specs=specs,
        version=version,
    )
