"""The events of an SLO in a metric: a counter, a classic histogram or a native one.

The SLO says whose requests and what is good; `Metric` says which labels tell it. A classic
histogram counts up to its bounds alone: a limit between two of them is rounded down to the safe
side and noted, one below all of them is refused. In a native one it is interpolated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from slogate.model.predicate import And, Predicate
from slogate.model.selection import Endpoint, Selection
from slogate.rulebook.good import Case, Inexpressible, cases_of, speaks_of_ok, status_regex
from slogate.rulebook.measure import Measure
from slogate.rulebook.promql import (
    Matcher,
    glob_matcher,
    is_label,
    length,
    number,
    regex_of,
    selector,
)
from slogate.units import format_duration

Kind = Literal["classic", "native", "counter"]
RATE_INTERVAL = "[$__rate_interval]"
_PERCENTILES = ("0.5", "0.95", "0.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of requests; `name` without `_bucket` and the like.

    `unit_us` are the microseconds of its unit. `endpoint`, `method` and `status` are the labels
    that tell it. `ok` are matchers of successes, empty where only these are counted, None where the
    status tells. `bounds` are those of a classic histogram in µs, None if they are not known.
    """

    name: str
    kind: Kind
    matchers: tuple[Matcher, ...] = ()
    unit_us: Fraction = Fraction(1_000_000)
    endpoint: str | None = None
    method: str | None = None
    status: str | None = None
    ok: tuple[Matcher, ...] | None = None
    bounds: tuple[int, ...] | None = None


Part = tuple[tuple[Matcher, ...], Fraction | None]


def measure_of(
    metric: Metric, selection: Selection, by: str | None, events: Predicate | None = None
) -> Measure:
    """The requests of the selection that are `events` (None: all), and the good ones of them.

    Inexpressible where the metric cannot tell them.
    """
    whose = (*metric.matchers, *_whose(metric, selection))
    notes: list[str] = []
    everything: list[Part] = [((), None)]
    all_parts = everything if events is None else _parts(metric, events, notes)
    condition = selection.success if events is None else And(events, selection.success)
    parts = _parts(metric, condition, notes)

    def counted(some: list[Part], us: int) -> str:
        every = [_counted(metric, (*whose, *more), limit, us, by) for more, limit in some]
        if len(every) == 1:
            return every[0]
        return _added(every, _counted(metric, whose, None, us, by))

    def total(us: int) -> str:
        return counted(all_parts, us)

    def good(us: int) -> str:
        return counted(parts, us)

    return Measure(
        total=total,
        good=good,
        latency=tuple(_latency(metric, whose)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _parts(metric: Metric, condition: Predicate, notes: list[str]) -> list[Part]:
    """The series of which the condition holds, each with its limit."""
    told = metric.ok if metric.ok and speaks_of_ok(condition) else ()
    found = [
        ((*told, *_statuses(metric, case)), _limit(metric, case, notes))
        for case in _cases(metric, condition)
    ]
    if not found:
        raise Inexpressible("no request of this metric can be good")
    return found


def _added(parts: list[str], total: str) -> str:
    """Their sum; a part that has no series adds nothing."""
    return "\n+\n".join(f"({part} or {total} * 0)" for part in parts)


def _cases(metric: Metric, condition: Predicate) -> tuple[Case, ...]:
    if metric.ok is None or not speaks_of_ok(condition):
        return cases_of(condition)
    if metric.ok and cases_of(condition, ok=False):
        raise Inexpressible(
            "some requests that are not ok are good, which --ok cannot tell apart",
            "say it by the status: status < 500",
        )
    return cases_of(condition, ok=True)


def _statuses(metric: Metric, case: Case) -> Iterator[Matcher]:
    """What the series of requests with these statuses have in common."""
    if case.statuses is None:
        return
    if metric.status is None:
        raise Inexpressible(
            "what is good depends on the status, and no label is named that tells it",
            "--status-label code; or --ok 'grpc_code=OK'; or --ok all, if only successes count",
        )
    yield Matcher(metric.status, "=~", status_regex(case.statuses))


def _limit(metric: Metric, case: Case, notes: list[str]) -> Fraction | None:
    """The limit in the metric's unit, None for none."""
    if case.limit_us is None:
        return None
    if metric.kind == "counter":
        raise Inexpressible(
            "what is good depends on the duration, which a counter does not tell",
            "name a histogram: --metric http_request_duration_seconds",
        )
    limit = format_duration(case.limit_us, 9)
    if metric.kind == "native":
        notes.append(
            f"the limit {limit} lies within a bucket of the native histogram, mostly: Prometheus "
            "interpolates there"
        )
        return case.limit_us / metric.unit_us
    if metric.bounds is None:
        bound = number(case.limit_us / metric.unit_us)
        notes.append(
            f'{limit} has to be a bucket bound (le="{bound}") of {metric.name}: if it is none, '
            "every request counts as bad; --bounds checks it"
        )
        return case.limit_us / metric.unit_us
    under = max((bound for bound in metric.bounds if bound <= case.limit_us), default=None)
    if under is None:
        least = format_duration(min(metric.bounds), 9)
        raise Inexpressible(
            f"the limit {limit} is below all bounds of the histogram, the least is {least}",
            "give the histogram a bound there",
        )
    if under != case.limit_us:
        notes.append(
            f"{limit} is no bucket bound: requests over {format_duration(under, 9)} count as bad, "
            "the next bound below"
        )
    return under / metric.unit_us


def _whose(metric: Metric, selection: Selection) -> Iterator[Matcher]:
    """The endpoint and the labels that the SLO speaks of."""
    if selection.endpoint is not None:
        yield from _endpoint(metric, selection.endpoint)
    for label, pattern in selection.where:
        if not is_label(label):
            raise Inexpressible(f"'{label}' cannot be the name of a label in Prometheus")
        yield glob_matcher(label, pattern)


def _endpoint(metric: Metric, endpoint: Endpoint) -> Iterator[Matcher]:
    if metric.endpoint is None:
        raise Inexpressible(
            f"it is about the endpoint '{endpoint}', and no label is named that tells endpoints",
            "--endpoint-label handler (http_route, path, uri, …)",
        )
    if metric.method is not None:
        if endpoint.method is not None:
            yield Matcher(metric.method, "=", endpoint.method)
        yield glob_matcher(metric.endpoint, endpoint.name)
    elif endpoint.method is not None:
        yield glob_matcher(metric.endpoint, str(endpoint))
    else:
        pattern = ".*".join(map(regex_of, endpoint.name.split("*")))
        yield Matcher(metric.endpoint, "=~", f"([A-Z]+ )?{pattern}")


def _counted(
    metric: Metric, matchers: tuple[Matcher, ...], limit: Fraction | None, us: int, by: str | None
) -> str:
    """How many events there were in the time up to now."""
    summed = f"sum by ({by})" if by is not None else "sum"
    window = f"[{length(us)}]"
    if metric.kind == "counter":
        return f"{summed} (increase({selector(metric.name, matchers)}{window}))"
    if metric.kind == "classic":
        if limit is None:
            return f"{summed} (increase({selector(f'{metric.name}_count', matchers)}{window}))"
        bucket = selector(f"{metric.name}_bucket", (*matchers, _le(limit)))
        return f"{summed} (increase({bucket}{window}))"
    histogram = f"{summed} (increase({selector(metric.name, matchers)}{window}))"
    if limit is None:
        return f"histogram_count({histogram})"
    inside = f"histogram_fraction(0, {number(limit)}, {histogram})"
    return f"{inside} * (histogram_count({histogram}) > 0)"


def _le(limit: Fraction) -> Matcher:
    """The bucket; a whole number is written `1` or `1.0`, as the client library likes."""
    text = number(limit)
    return (
        Matcher("le", "=~", rf"{text}(\.0)?")
        if limit.denominator == 1
        else Matcher("le", "=", text)
    )


def _latency(metric: Metric, matchers: tuple[Matcher, ...]) -> Iterator[tuple[str, str]]:
    """The percentiles of a dashboard, in seconds."""
    if metric.kind == "counter":
        return
    classic = metric.kind == "classic"
    name = f"{metric.name}_bucket" if classic else metric.name
    rates = f"rate({selector(name, matchers)}{RATE_INTERVAL})"
    summed = f"sum by (le) ({rates})" if classic else f"sum ({rates})"
    seconds = metric.unit_us / 1_000_000
    scale = "" if seconds == 1 else f" * {number(seconds)}"
    for share in _PERCENTILES:
        name = f"p{number(Fraction(share) * 100)}"
        yield name, f"histogram_quantile({share}, {summed}){scale}"
