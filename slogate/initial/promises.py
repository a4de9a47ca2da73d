"""What a first spec promises of production: what the data show was kept, with room, never more.

Only of data that come from production: access logs, or exports that span a day. An objective is one
of a few round ones, of which at least ten bad requests are allowed and twice as many as there
were: fewer data promise less, and too few nothing. Latencies are promised for the commonest
endpoints whose name is the same wherever it is imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slogate.initial.budgets import ERROR_ROOM, ROOM, duration_text, rounded_up, unique
from slogate.initial.measured import Measured
from slogate.reports._base import digits_apart, figure
from slogate.store.observed import Observed
from slogate.units import format_count, format_duration, format_share, format_span

_LADDER = tuple(Fraction(tenths, 1000) for tenths in (999, 995, 990, 980, 950, 900))
_LEAST_ALLOWED = 10
# of requests without a response time nobody knows how fast they were
_MOST_UNTIMED = Fraction(1, 10)
_MOST_LATENCIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One of `slos:`; `shown` is what the data say of it. `endpoint` None is the whole service."""

    name: str
    endpoint: str | None
    good: str
    objective: Fraction
    shown: str

    @property
    def allowed(self) -> Fraction:
        """The share of requests that may be bad."""
        return 1 - self.objective


def promises(measured: Measured | None) -> list[Promise]:
    """What production kept; nothing where nobody knows."""
    if measured is None or not measured.is_production or measured.whole is None:
        return []
    days = int(measured.seconds // 86_400)
    length = f"{days} d" if days > 1 else format_span(measured.seconds)
    time = f"over {length} in {measured.file}"
    found = []
    if measured.tells_failures and (kept := _availability(measured.whole)) is not None:
        good = float(1 - Fraction(measured.whole.failed, measured.whole.requests))
        share = figure(good, "share", digits_apart(good, 1.0, "share"))
        count = format_count(measured.whole.requests)
        found.append(
            Promise(
                name="availability",
                endpoint=None,
                good="ok",
                objective=kept,
                shown=f"{share} of {count} requests {time}",
            )
        )
    return [*found, *_latencies(measured, time)]


def _availability(whole: Observed) -> Fraction | None:
    """The strictest objective that was kept with room."""
    for objective in _LADDER:
        allowed = (1 - objective) * whole.requests
        if allowed >= max(_LEAST_ALLOWED, ERROR_ROOM * whole.failed):
            return objective
    return None


def _latencies(measured: Measured, time: str) -> Iterator[Promise]:
    known = [
        (endpoint, *found)
        for endpoint, each in measured.endpoints.items()
        if _is_a_name(endpoint) and (found := _percentile(each)) is not None
    ][:_MOST_LATENCIES]
    good = "ok and duration" if measured.tells_failures else "duration"
    taken = {"availability"}
    for endpoint, objective, took in known:
        limit = duration_text(rounded_up(took * ROOM))
        within = f"{format_share(objective)} within {format_duration(took)}"
        count = format_count(measured.endpoints[endpoint].requests)
        yield Promise(
            name=unique("latency" if len(known) == 1 else f"latency-{endpoint}", taken),
            endpoint=endpoint,
            good=f"{good} <= {limit}",
            objective=objective,
            shown=f"{within} of {count} requests {time}, half as much again",
        )


def _is_a_name(endpoint: str) -> bool:
    """Whether it is one that an import gives and a spec takes as it stands."""
    return re.search(r"[*{}]", endpoint) is None and endpoint.strip(" -") != ""


def _percentile(found: Observed) -> tuple[Fraction, int] | None:
    """(Objective, the duration that so many were within) of an endpoint with enough requests."""
    for objective, took in ((_LADDER[2], found.p99_us), (_LADDER[4], found.p95_us)):
        allowed = (1 - objective) * found.requests
        timed = found.untimed <= _MOST_UNTIMED * allowed
        if took is not None and allowed >= _LEAST_ALLOWED and timed:
            return objective, took
    return None


def strictest(made: Sequence[Promise]) -> Fraction | None:
    """The least share of failures that any of them allows the whole service."""
    return min((each.allowed for each in made if each.good.startswith("ok")), default=None)
