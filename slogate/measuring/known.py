"""What is known of what a server told: its tallies by group, and what makes them doubtful.

What a server cannot answer for sure, is in doubt about or contradicts itself in is told here, so
that nothing passes by it; of one value of a label or of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slogate.measuring import values
from slogate.measuring.counters import Counts, Order, unreadable, zero_is_told
from slogate.measuring.tallying import MS, Grouped, Side, Tallying
from slogate.model.indicator import Indicator
from slogate.model.slots import Tallies
from slogate.promises.judge import Known
from slogate.promises.promise import MINUTE_US, Plan, Promise
from slogate.sources._prometheus.client import Client
from slogate.sources._prometheus.counting import Term
from slogate.sources._prometheus.promql import names_of
from slogate.units import format_count, format_duration

_UNKNOWN = "events of times in which nothing was scraped"

Terms = Mapping[Side, tuple[Term, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A plan with its tallies, and what is known beside them."""

    plan: Plan
    tallies: Tallies
    known: Known


def counted_of(counts: Counts, grouped: Grouped, terms: Terms, orders: Sequence[Order]) -> Measured:
    """What was counted of one plan, by group, from the samples of its selectors."""
    plan = grouped.plan
    names = [f"{order.kind} {order.selector}" for order in orders]
    samples, series = (sum(of[name] for name in names) for of in (counts.samples, counts.series))
    said = f"counted from {format_count(samples)} samples of {format_count(series)} series"
    tallies = {value: tallying.tallies() for value, tallying in grouped.groups.items()}
    some = any(tallies.values())
    common = Known(
        distrust=_misread(counts, grouped, terms, orders, some=some),
        told=(f"source: {said} at {counts.client.access.url}",),
        source={
            **_source(counts.client, plan), "method": "counted", "series": series,
            "samples": samples, "resets": sum(counts.resets[name] for name in names),
        },
    )  # fmt: skip
    if not some:
        common = replace(common, distrust=common.distrust or _unheard(counts.client, plan))
    each = {value: _known_of(tallying, common) for value, tallying in grouped.groups.items()}
    return Measured(plan=plan, tallies=tallies, known=replace(common, values=each))


def _known_of(tallying: Tallying, common: Known) -> Known:
    """What is known of one group, beside what is known of all."""
    silent, missed = tallying.unknown(), tallying.missed_bad()
    last = max(tallying.minutes, default=None)
    told = [*common.told]
    if left := tallying.missed[0]:
        told.append(f"left out: {format_count(left)} events of before their target was scraped")
    if any(tallying.gaps()):
        told.append("gap: for some of the time nothing was scraped, and counters ended there")
    if resets := tallying.silent_resets:
        told.append(
            f"restarted: {format_count(resets)} series were reset while they were not scraped; "
            "what they had counted by then is not known"
        )
    return replace(
        common,
        first_ts=None if tallying.first is None else tallying.first * MS,
        last_ts=None if last is None else (last + 1) * MINUTE_US,
        distrust=common.distrust or tallying.contradiction(),
        unread=silent + missed,
        lost=_UNKNOWN if silent else "bad events of before their target was scraped",
        told=tuple(told),
    )


def _misread(
    counts: Counts, grouped: Grouped, terms: Terms, orders: Sequence[Order], *, some: bool
) -> str | None:
    """Why what was read of the queries cannot be relied on, in whatever group."""
    distrust = unreadable(counts, orders)
    mine = [term.selector for term in terms["mine"]]

    def counts_of(some: Sequence[Term]) -> int:
        return sum(counts.series[f"{term.kind} {term.selector}"] for term in some)

    found, every = counts_of(terms["mine"]), counts_of(terms["total"])
    if some and not found and not zero_is_told(counts, mine):
        distrust = f"there is no series {mine[0]}, and nothing says that there would be one"
    if found and not every:
        distrust = f"there is no series {terms['total'][0].selector}, of which {mine[0]} is a part"
    if grouped.by and every and not any(value is not None for value in grouped.groups):
        label = grouped.plan.promise.by
        distrust = f"no series of {terms['total'][0].selector} has the label {label}"
    return distrust


def sampled_of(client: Client, plan: Plan) -> Measured:
    """What the server reckons of one plan, by group, step by step."""
    client.remarks.clear()
    groups = values.sampled(client, plan)
    remarks = [*client.remarks]
    warned = None
    if remarks and not client.accept_warnings:
        warned = f"the server remarks: {remarks[0]}"
    found = {value: _known_values(client, plan, each) for value, each in groups.items()}
    if not any(each.tallies for each in groups.values()):
        warned = warned or _unheard(client, plan)
    known = {
        value: replace(each, distrust=each.distrust or warned) for value, each in found.items()
    }
    return Measured(
        plan=replace(plan, scale=next(iter(groups.values())).scale),
        tallies={value: tuple(each.tallies) for value, each in groups.items()},
        known=replace(next(iter(known.values())), values=known),
    )


def _known_values(client: Client, plan: Plan, found: values.Values) -> Known:
    step = format_duration(found.step_us)
    said = f"{format_count(found.points)} values, one every {step}"
    told = [f"source: not counted, but reckoned by {client.access.url}: {said}"]
    if found.unknown:
        zero = "or 0 * (the query of all)" if plan.promise.by else "or vector(0)"
        told.append(
            f"unknown: no value at {format_count(found.unknown)} of {format_count(found.points)} "
            f"steps; where that means zero, say so in the query: {zero}"
        )
    return Known(
        first_ts=None if found.first is None else found.first * MS - found.step_us,
        last_ts=None if found.last is None else found.last * MS,
        distrust=values.odd(found),
        unread=found.lost,
        lost=_UNKNOWN,
        told=tuple(told),
        source={
            **_source(client, plan), "method": "sampled", "step_seconds": found.step_us // 10**6,
            "values": found.points, "unknown": found.unknown, "empty": found.empty,
        },
    )  # fmt: skip


def _unheard(client: Client, plan: Plan) -> str | None:
    """What is said of queries that name metrics which the server has never had."""
    names = {
        name for _, query in indicator_of(plan.promise).queries for name in names_of(query.text)
    }
    known: Any = client.ask("label/__name__/values", [], post=False) if names else []
    missing = sorted(names - set(known)) if isinstance(known, list) else []
    return f"the server has never had a metric {missing[0]}" if missing else None


def _source(client: Client, plan: Plan) -> dict[str, object]:
    queries = {side: query.text for side, query in indicator_of(plan.promise).queries}
    return {"type": "prometheus", "server": client.access.url, "queries": queries}


def indicator_of(promise: Promise) -> Indicator:
    """The indicator of a promise that has one."""
    assert promise.indicator is not None
    return promise.indicator
