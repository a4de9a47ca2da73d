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
from dataclasses import dataclass
from typing import Any

from slogate.errors import SourceError, UsageError
from slogate.measuring.counters import Counts, Order, Taker
from slogate.measuring.known import Measured, counted_of, indicator_of, sampled_of
from slogate.measuring.servers import Addresses, client_of
from slogate.measuring.tallying import Grouped, Side
from slogate.model.indicator import Indicator, Server
from slogate.promises.promise import MINUTE_US, Plan, Promise, whole_minute
from slogate.sources._base import EARLIEST_TS, LATEST_TS
from slogate.sources._prometheus.client import Client, TooMuch
from slogate.sources._prometheus.counting import Term, counted

DELAY_US = 60_000_000
_OPTION = re.compile(r"--option (\w+)=(\w+)")
_COUNTS = re.compile("_(total|count|bucket)$")
_STYLES = {
    "bare": "a bare counter", "rate": "a rate", "increase": "an increase",
    "samples": "of samples",
}  # fmt: skip


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
        found: dict[int, Measured] = {}
        for server in dict.fromkeys(_server(plan.promise) for plan in plans):
            mine = [plan for plan in plans if _server(plan.promise) == server]
            found |= {id(plan): it for plan, it in _measure(self.client(server), mine)}
        return [found[id(plan)] for plan in plans]

    def moment(self, promises: Sequence[Promise], at: int | None) -> int:
        """The whole minute that is named, or of which all should have arrived by now."""
        now = self.now(promises)
        moment = latest(now) if at is None else whole_minute(at)
        if moment > now + MINUTE_US:
            raise UsageError("the moment lies in the future, by the clock of the server")
        return moment


def latest(now: int) -> int:
    """The last whole minute of which all should have arrived."""
    return whole_minute(now - DELAY_US)


def _server(promise: Promise) -> Server:
    return indicator_of(promise).query.server


def _time(client: Client) -> int:
    try:
        clock = client.now()
    except TooMuch as error:
        raise client.fail(str(error)) from None
    if clock is None:
        raise client.fail("it does not say what time it is")
    if not EARLIEST_TS <= clock * 1e6 <= LATEST_TS:
        raise client.fail("its clock is not between 2001 and 2100", hint="set it right")
    return int(clock * 1_000_000)


def _measure(client: Client, plans: Sequence[Plan]) -> Iterator[tuple[Plan, Measured]]:
    orders: dict[tuple[str, str], Order] = {}
    counting: list[tuple[Plan, Grouped, dict[Side, tuple[Term, ...]]]] = []
    for plan in plans:
        with _about(plan):
            terms = _terms(client, plan)
        if terms is None:
            with _about(plan):
                yield plan, sampled_of(client, plan)
            continue
        grouped = Grouped(plan=plan, is_bad=indicator_of(plan.promise).measure == "bad")
        counting.append((plan, grouped, terms))
        for side, some in terms.items():
            for term in some:
                key = (term.kind, str(term.selector))
                order = orders.setdefault(key, Order(selector=term.selector, kind=term.kind))
                order.takers.append(Taker(grouped=grouped, side=side, sign=term.sign))
    counts = Counts(client=client)
    with _about(*(plan for plan, _, _ in counting)):
        counts.read([*orders.values()])
    for plan, grouped, terms in counting:
        keys = ((term.kind, str(term.selector)) for term in (*terms["total"], *terms["mine"]))
        mine = [orders[key] for key in dict.fromkeys(keys)]
        yield plan, counted_of(counts, grouped, terms, mine)


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
    indicator = indicator_of(plan.promise)
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
    for label in indicator.by:
        for side, query, terms in (("total", indicator.total, total),
                                   (indicator.measure, indicator.query, mine)):  # fmt: skip
            if not all(term.tells(label) for term in terms):
                said = (
                    f"the {side} query adds up over the label '{label}', which it is to be told by"
                )
                raise client.fail(f"{said}: {query.text}", hint=f"sum by ({label}) (…)")
    return {"total": total, "mine": mine}


def _counts(client: Client, indicator: Indicator, term: Term) -> bool:
    """Whether a bare metric counts up without end."""
    if indicator.counter is not None or _COUNTS.search(term.selector.name):
        return indicator.counter is not False
    try:
        told: Any = client.ask("metadata", [("metric", term.selector.name)], post=False)
    except TooMuch as error:
        why = f"nobody says whether {term.selector.name} is a counter: {error}"
        raise client.fail(why) from None
    entries = told.get(term.selector.name, []) if isinstance(told, dict) else []
    return bool(entries) and all(
        isinstance(each, dict) and each.get("type") == "counter" for each in entries
    )


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
