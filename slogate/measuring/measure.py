"""Measures the indicators of plans: their tallies, and what the judge must know of them.

    plans ──by server──► counted, where the queries add up counters: raw samples, exactly
                         sampled, where the server has to reckon: its values step by step

A query of several promises is asked once. What a server cannot answer for sure, is in doubt about
or contradicts itself in is told, so that nothing passes by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from slogate.errors import SourceError
from slogate.measuring import values
from slogate.measuring.counters import Counts, Order, Taker, unreadable, zero_is_told
from slogate.measuring.servers import Addresses, client_of
from slogate.measuring.tallying import MS, Side, Tallying
from slogate.model.indicator import Indicator, Server
from slogate.model.slots import Tallies
from slogate.promises.judge import Known
from slogate.promises.promise import Plan, Promise, whole_minute
from slogate.sources._base import EARLIEST_TS, LATEST_TS
from slogate.sources._prometheus.client import Client, TooMuch
from slogate.sources._prometheus.counting import Term, counted
from slogate.sources._prometheus.promql import names_of
from slogate.units import format_count, format_duration

DELAY_US = 60_000_000
_OPTION = re.compile(r"--option (\w+)=(\w+)")
_COUNTS = re.compile("_(total|count|bucket)$")
_STYLES = {
    "bare": "a bare counter", "rate": "a rate", "increase": "an increase",
    "samples": "of samples",
}  # fmt: skip
_UNKNOWN = "events of times in which nothing was scraped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A plan with its tallies, and what is known beside them."""

    plan: Plan
    tallies: Tallies
    known: Known


@dataclass(slots=True, kw_only=True)
class Asking:
    """The servers that promises ask, each with its client, and what time it is there."""

    addresses: Addresses
    pause: Callable[[float], None] | None = None
    clients: dict[Server, Client] | None = None

    def client(self, server: Server) -> Client:
        """Whoever asks the server."""
        known = self.clients = self.clients if self.clients is not None else {}
        if server not in known:
            known[server] = client_of(self.addresses.remote(server), self.pause)
        return known[server]

    def now(self, promises: Sequence[Promise]) -> int:
        """The moment, by the slowest of the servers' clocks, in µs."""
        servers = dict.fromkeys(_server(promise) for promise in promises)
        return min(_time(self.client(server)) for server in servers)

    def measure(self, plans: Sequence[Plan]) -> list[Measured]:
        """What the servers have of each plan, in that order."""
        found: dict[str, Measured] = {}
        for server in dict.fromkeys(_server(plan.promise) for plan in plans):
            mine = [plan for plan in plans if _server(plan.promise) == server]
            for measured in _measure(self.client(server), mine):
                found[measured.plan.promise.id] = measured
        return [found[plan.promise.id] for plan in plans]


def latest(now: int) -> int:
    """The last whole minute of which all should have arrived."""
    return whole_minute(now - DELAY_US)


def _server(promise: Promise) -> Server:
    return _of(promise).query.server


def _of(promise: Promise) -> Indicator:
    assert promise.indicator is not None
    return promise.indicator


def _time(client: Client) -> int:
    try:
        answer = client.ask("query", [("query", "time()")])
        now = int(float(answer["result"][1]) * 1_000_000)
    except TooMuch as error:
        raise client.fail(str(error)) from None
    except (KeyError, TypeError, IndexError, ValueError, OverflowError):
        raise client.fail("it does not say what time it is") from None
    if not EARLIEST_TS <= now <= LATEST_TS:
        raise client.fail("its clock is not between 2001 and 2100", hint="set it right")
    return now


def _measure(client: Client, plans: Sequence[Plan]) -> Iterator[Measured]:
    orders: dict[tuple[str, str], Order] = {}
    counting: list[tuple[Plan, Tallying, dict[Side, tuple[Term, ...]]]] = []
    for plan in plans:
        with _about(plan):
            terms = _terms(client, plan)
        if terms is None:
            with _about(plan):
                yield _sampled(client, plan)
            continue
        tallying = Tallying(plan=plan, is_bad=_of(plan.promise).measure == "bad")
        counting.append((plan, tallying, terms))
        for side, some in terms.items():
            for term in some:
                key = (term.kind, str(term.selector))
                order = orders.setdefault(key, Order(selector=term.selector, kind=term.kind))
                order.takers.append(Taker(tallying=tallying, side=side, sign=term.sign))
    counts = Counts(client=client)
    with _about(*(plan for plan, _, _ in counting)):
        counts.read([*orders.values()])
    for plan, tallying, terms in counting:
        mine = [
            orders[term.kind, str(term.selector)]
            for term in dict.fromkeys((*terms["total"], *terms["mine"]))
        ]
        yield _counted(counts, plan, tallying, terms, mine)


@contextmanager
def _about(*plans: Plan) -> Iterator[None]:
    """Say of an error which SLO it is about."""
    try:
        yield
    except SourceError as error:
        promise = plans[0].promise
        at = f"{promise.place.file}:{promise.place.line}: {promise.id}"
        more = f" and {len(plans) - 1} more" if len(plans) > 1 else ""
        raise SourceError(f"{at}{more}: {error.message}", hint=error.hint) from None


def _terms(client: Client, plan: Plan) -> dict[Side, tuple[Term, ...]] | None:
    """The counters that both queries add up; None if the server has to reckon."""
    indicator = _of(plan.promise)
    if indicator.total is None:
        return None
    mine, total = counted(indicator.query.text), counted(indicator.total.text)
    if mine is None or total is None:
        return None
    styles = {term.style for term in (*mine, *total)}
    if len(styles) > 1:
        words = " and the other one ".join(_STYLES[style] for style in sorted(styles))
        said = f"of its two queries one is {words}, so that their ratio is no share of events"
        raise client.fail(said, hint="write both alike: sum(rate(…[5m]))")
    if styles == {"bare"} and not all(_counts(client, indicator, term) for term in (*mine, *total)):
        return None
    return {"total": total, "mine": mine}


def _counts(client: Client, indicator: Indicator, term: Term) -> bool:
    """Whether a bare metric counts up without end."""
    if indicator.counter is not None or _COUNTS.search(term.selector.name):
        return indicator.counter is not False
    told: Any = client.ask("metadata", [("metric", term.selector.name)], post=False)
    entries = told.get(term.selector.name, []) if isinstance(told, dict) else []
    return bool(entries) and all(
        isinstance(each, dict) and each.get("type") == "counter" for each in entries
    )


def _counted(
    counts: Counts,
    plan: Plan,
    tallying: Tallying,
    terms: dict[Side, tuple[Term, ...]],
    orders: Sequence[Order],
) -> Measured:
    names = [f"{order.kind} {order.selector}" for order in orders]
    samples, series = (sum(of[name] for name in names) for of in (counts.samples, counts.series))
    tallies = tallying.tallies()
    silent, missed = tallying.unknown(), tallying.missed_bad()
    said = f"counted from {format_count(samples)} samples of {format_count(series)} series"
    told = [f"source: {said} at {counts.client.access.url}"]
    if left := tallying.missed[0]:
        told.append(f"left out: {format_count(left)} events of before their target was scraped")
    if any(tallying.gaps()):
        told.append("gap: for some of the time nothing was scraped, and counters ended there")
    if resets := tallying.silent_resets:
        told.append(
            f"restarted: {format_count(resets)} series were reset while they were not scraped; "
            "what they had counted by then is not known"
        )
    distrust = unreadable(counts, orders) or tallying.contradiction()
    mine = [term.selector for term in terms["mine"]]

    def counts_of(some: Sequence[Term]) -> int:
        return sum(counts.series[f"{term.kind} {term.selector}"] for term in some)

    found = counts_of(terms["mine"])
    if tallies and not found and not zero_is_told(counts, mine):
        distrust = f"there is no series {mine[0]}, and nothing says that there would be one"
    if found and not counts_of(terms["total"]):
        distrust = f"there is no series {terms['total'][0].selector}, of which {mine[0]} is a part"
    if not tallies:
        distrust = distrust or _unheard(counts.client, plan)
    known = Known(
        first_ts=None if tallying.first is None else tallying.first * MS,
        distrust=distrust,
        unread=silent + missed,
        lost=_UNKNOWN if silent else "bad events of before their target was scraped",
        told=tuple(told),
        source={
            **_source(counts.client, plan), "method": "counted", "series": series,
            "samples": samples, "resets": sum(counts.resets[name] for name in names),
        },
    )  # fmt: skip
    return Measured(plan=plan, tallies={None: tallies}, known=known)


def _sampled(client: Client, plan: Plan) -> Measured:
    client.remarks.clear()
    found = values.sampled(client, plan)
    step = format_duration(found.step_us)
    said = f"{format_count(found.points)} values, one every {step}"
    told = [f"source: not counted, but reckoned by {client.access.url}: {said}"]
    if found.unknown:
        told.append(
            f"unknown: no value at {format_count(found.unknown)} of {format_count(found.points)} "
            "steps; where that means zero, say so in the query: or vector(0)"
        )
    remarks = [*client.remarks]
    distrust = values.odd(found)
    if remarks and not client.accept_warnings:
        distrust = distrust or f"the server remarks: {remarks[0]}"
    if not found.tallies:
        distrust = distrust or _unheard(client, plan)
    known = Known(
        first_ts=None if found.first is None else found.first * MS - found.step_us,
        distrust=distrust,
        unread=found.lost,
        lost=_UNKNOWN,
        told=tuple(told),
        source={
            **_source(client, plan), "method": "sampled", "step_seconds": found.step_us // 10**6,
            "values": found.points, "unknown": found.unknown, "empty": found.empty,
        },
    )  # fmt: skip
    scaled = replace(plan, scale=found.scale)
    return Measured(plan=scaled, tallies={None: tuple(found.tallies)}, known=known)


def _unheard(client: Client, plan: Plan) -> str | None:
    """What is said of queries that name metrics which the server has never had."""
    names = {name for _, query in _of(plan.promise).queries for name in names_of(query.text)}
    known: Any = client.ask("label/__name__/values", [], post=False) if names else []
    missing = sorted(names - set(known)) if isinstance(known, list) else []
    return f"the server has never had a metric {missing[0]}" if missing else None


def _source(client: Client, plan: Plan) -> dict[str, object]:
    queries = {side: query.text for side, query in _of(plan.promise).queries}
    return {"type": "prometheus", "server": client.access.url, "queries": queries}


def helped(error: SourceError) -> SourceError:
    """The error with what to do about a server that does not answer, or does not let us in."""
    hint = error.hint
    if hint is not None:
        hint = _OPTION.sub(r"\1: \2 in connectionDetails of its DataSource", hint)
    if hint is None and "cannot be reached" in error.message:
        hint = "is it running? Another address: --prometheus URL"
    if "HTTP 401" in error.message or "HTTP 403" in error.message:
        hint = (
            f"{hint or ''}; credentials go to servers only that --prometheus or the variable "
            "SLOGATE_PROMETHEUS_URL names"
        ).lstrip("; ")
    return SourceError(error.message, hint=hint)
