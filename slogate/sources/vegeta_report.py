"""vegeta's JSON report (`vegeta report -type=json`): buckets or percentiles of one run.

Buckets (`-buckets`) count exactly and are preferred; vegeta's percentiles are estimates of its
digest, taken as they are told. A status from 200 to 399 is a success, as vegeta has it; which
status took how long is not told: each gets the bounds that hold whichever its requests were.
Refuses reports whose counts do not add up, and those of programs that wrote vegeta's metrics
before they were closed: their percentiles are nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slogate.sources._base import Origin, Source, choice
from slogate.sources._histograms import Ranks
from slogate.sources._summaries import (
    ENDPOINT,
    ESTIMATES,
    Step,
    document,
    endpoint_of,
    json_count,
    json_us,
    moment,
    reads,
    start_of,
    step_us,
    table,
    within,
)

_SHARES = (50, 90, 95, 99)
_SINCE_2020 = 90


def sniff(head: bytes) -> float:
    """1 for the names of a report's latencies and statuses."""
    if not head.lstrip().startswith(b"{") or b'"latencies"' not in head:
        return 0.0
    return 1.0 if b'"50th"' in head and b'"status_codes"' in head else 0.0


def _parse(origin: Origin, text: str) -> Step:
    found = document(origin, text)
    requests = json_count(within(found, "requests"), "requests")
    if not requests:
        raise ValueError("it tells of no request")
    statuses = _statuses(found)
    if sum(statuses.values()) != requests:
        raise ValueError(
            f"its status_codes count {sum(statuses.values())} requests, its requests {requests}"
        )
    ranks = _ranks(origin, found, requests)
    length = sum(json_us(within(found, name), "ns", name) for name in ("duration", "wait"))
    # the oldest reports say how long the run was, but not when
    given = "start" in origin.options or "earliest" not in found
    step = Step(
        ts=start_of(origin) if given else moment(found["earliest"], "earliest"),
        step_us=step_us(length), endpoint=endpoint_of(origin),
    )  # fmt: skip
    if not _by_buckets(origin, found):
        step.notes.append(ESTIMATES)
    for status, count in statuses.items():
        step.timed(ranks.some(count), status=status or None, ok=200 <= status < 400)
    return step


def _statuses(found: Mapping[str, Any]) -> dict[int, int]:
    """How many requests had each status; 0 is none at all."""
    statuses: dict[int, int] = {}
    for name, count in table(found, "status_codes").items():
        if not (name.isascii() and name.isdigit() and len(name) <= 3):
            raise ValueError(f"its status {name[:40]} is none of HTTP")
        statuses[int(name)] = json_count(count, f"status_codes.{name}")
    return statuses


def _ranks(origin: Origin, found: Mapping[str, Any], requests: int) -> Ranks:
    told = table(found, "latencies")
    ranks = Ranks(requests)
    longest = json_us(within(told, "max"), "ns", "max")
    if longest and not json_us(told.get("mean", 1), "ns", "mean"):
        raise ValueError("its mean and percentiles were never reckoned: vegeta's Metrics.Close()")
    # older reports have no min
    ranks.between(json_us(told.get("min", 0), "ns", "min"), longest)
    if _by_buckets(origin, found):
        return _bucketed(origin, ranks, table(found, "buckets"))
    for share in _SHARES:
        # older reports have no 90th either
        if share == _SINCE_2020 and f"{share}th" not in told:
            continue
        # an estimate between the two ranks nearest to the share
        value = json_us(within(told, f"{share}th"), "ns", f"{share}th")
        below = share * requests // 100
        ranks.quantile(max(below, 1), min(below + 1, requests), value, value)
    return ranks


def _by_buckets(origin: Origin, found: Mapping[str, Any]) -> bool:
    chosen = choice(origin, "from", ("buckets", "percentiles"))
    return chosen == "buckets" and bool(found.get("buckets"))


def _bucketed(origin: Origin, ranks: Ranks, buckets: Mapping[str, Any]) -> Ranks:
    """The same with what exact buckets tell: each begins at its name, in ns."""
    counts = {
        json_us(int(name) if name.isdecimal() and len(name) < 19 else name, "ns", "bucket"):
        json_count(count, f"buckets.{name}")
        for name, count in buckets.items()
    }  # fmt: skip
    if sum(counts.values()) != ranks.count:
        raise origin.fail(
            f"its buckets count {sum(counts.values())} requests, its requests {ranks.count}",
            hint="take its percentiles instead: --option from=percentiles",
        )
    nanosecond = json_us(1, "ns", "bucket")
    below, marks = 0, sorted(counts)
    for begin, end in zip(marks, [*marks[1:], None], strict=True):
        ranks.at_least.append((below, begin))
        below += counts[begin]
        if end is not None:
            ranks.at_most.append((below, end - nanosecond))
    return ranks


_EXAMPLE = b"""\
{"latencies": {"total": 237119463, "mean": 2371194, "50th": 2254306, "90th": 2828223,
  "95th": 2978629, "99th": 3530000, "max": 3660505, "min": 1249582},
 "buckets": {"0": 0, "1000000": 40, "2000000": 54, "3000000": 6},
 "bytes_in": {"total": 606700, "mean": 6067}, "bytes_out": {"total": 0, "mean": 0},
 "earliest": "2026-11-24T10:00:00.645818631+02:00", "latest": "2026-11-24T10:00:01.635818575+02:00",
 "end": "2026-11-24T10:00:01.639325797+02:00", "duration": 989999944, "wait": 3507222,
 "requests": 100, "rate": 101.01, "throughput": 97.97, "success": 0.97,
 "status_codes": {"0": 1, "200": 97, "500": 2}, "errors": ["500 Internal Server Error"]}
"""

PLUGIN = Source(
    name="vegeta-report",
    help="vegeta's JSON report",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    options=ENDPOINT
    | {"start": "when the run began, where the report is too old to say it"}
    | {"from": "buckets (where the report has any) or percentiles"},
)
