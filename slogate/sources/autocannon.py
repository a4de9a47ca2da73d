"""autocannon's JSON (`autocannon --json`): percentiles in whole ms, statuses, errors of one run.

autocannon cuts times to whole ms, so that one told as 5 was from 5 up to 6. Which status took
how long is not told: each gets the bounds that hold whichever its requests were. Errors and
timeouts had no response. Refuses runs with a rate whose percentiles are over made-up samples,
which outnumber the real ones there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from slogate.sources._base import Origin, Source
from slogate.sources._histograms import Ranks
from slogate.sources._summaries import (
    ENDPOINT,
    Step,
    document,
    endpoint_of,
    json_count,
    json_us,
    moment,
    reads,
    step_us,
    table,
    within,
)

_PERCENTILE = re.compile(r"p(\d+)(?:_(\d+))?", re.ASCII)
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_FINEST_MS = 1 << 17
_LEAST = 0.5


def sniff(head: bytes) -> float:
    """1 for the names that autocannon gives to what it counts."""
    if not head.lstrip().startswith(b"{"):
        return 0.0
    named = (b'"sampleInt"', b'"pipelining"', b'"mismatches"', b'"latency"')
    found = sum(name in head for name in named) / len(named)
    return found if found >= _LEAST else 0.0


def _parse(origin: Origin, text: str) -> Step:
    found = document(origin, text)
    begun = moment(within(found, "start"), "start")
    length = moment(within(found, "finish"), "finish") - begun
    if length <= 0:
        raise ValueError("it finishes before it starts")
    url = found.get("url")
    step = Step(
        ts=begun, step_us=step_us(length),
        endpoint=endpoint_of(origin, url if isinstance(url, str) else ""),
    )  # fmt: skip
    classes = {name: json_count(within(found, name), name) for name in _CLASSES}
    # which older versions do not tell
    told = table(found, "latency").get("totalCount", sum(classes.values()))
    timed = json_count(told, "latency.totalCount")
    _responses(origin, step, found, classes, timed)
    step.untimed(json_count(within(found, "errors"), "errors"), ok=False)
    return step


def _responses(
    origin: Origin, step: Step, found: Mapping[str, Any], classes: Mapping[str, int], timed: int
) -> None:
    answered, successes = sum(classes.values()), classes["2xx"]
    if timed not in {answered, successes}:
        raise origin.fail(
            f"its percentiles are over {timed} samples, not its {answered} responses",
            hint="with a rate, samples are made up: run it with --ignoreCoordinatedOmission",
        )
    ranks = _ranks(found, timed)
    statuses = _statuses(found, classes)
    mismatches = json_count(found.get("mismatches", 0), "mismatches")
    if timed == answered and mismatches:
        failed = classes["5xx"]
        step.split(ranks, max(failed, mismatches), unclear=min(failed, mismatches))
        return
    if mismatches:
        # any of the responses, of which only those that are no 2xx are told apart
        surely = max(mismatches - (answered - successes), 0)
        step.split(ranks, surely, unclear=max(min(mismatches, timed) - surely, 0))
        statuses = [told for told in statuses if told[1] != "2xx"]
    for status, name, count in statuses:
        ok = None if status else name != "5xx"
        if timed == answered or name == "2xx":
            step.timed(ranks.some(count), status=status, ok=ok)
        else:
            step.untimed(count, status=status, ok=ok)


def _statuses(
    found: Mapping[str, Any], classes: Mapping[str, int]
) -> list[tuple[int | None, str, int]]:
    """(status, class, count); older versions told the classes only."""
    told = found.get("statusCodeStats")
    if not isinstance(told, Mapping):
        return [(None, name, count) for name, count in classes.items()]
    statuses: list[tuple[int | None, str, int]] = []
    for name, stats in told.items():
        if not re.fullmatch(r"[1-5]\d\d", name, re.ASCII):
            raise ValueError(f"its status {name[:40]} is none of HTTP")
        count = json_count(within(stats, "count"), f"statusCodeStats.{name}")
        statuses.append((int(name), f"{name[0]}xx", count))
    if any(sum(n for _, c, n in statuses if c == name) != classes[name] for name in _CLASSES):
        raise ValueError("its statusCodeStats are not the sum of its responses")
    return statuses


def _ranks(found: Mapping[str, Any], count: int) -> Ranks:
    ranks = Ranks(count)
    if not count:
        return ranks
    latency = table(found, "latency")
    ranks.between(0, _ms(within(latency, "max"), "max")[1])
    for name, value in latency.items():
        if not (match := _PERCENTILE.fullmatch(name)):
            continue
        whole, rest = match[1], match[2] or "0"
        if not match[2] and whole.startswith("99"):
            # in old versions p999 is what is p99_9 now
            whole, rest = "99", whole[2:] or "0"
        share = Fraction(Decimal(f"{whole[:3]}.{rest[:9]}"))
        if not 0 < share <= 100:
            raise ValueError(f"its percentile {name[:40]} is none")
        rank = max(-(-share.numerator * count // (share.denominator * 100)), 1)
        ranks.quantile(rank, rank, *_ms(value, name))
    return ranks


def _ms(value: object, name: str) -> tuple[Fraction, Fraction]:
    """Between which durations (µs) one lies that was cut to whole ms."""
    told = json_us(value, "ms", name)
    coarse = told * 1 // (1000 * _FINEST_MS)
    return max(told - coarse * 1000, Fraction(0)), told + 1000


_EXAMPLE = b"""\
{"url": "http://127.0.0.1:8080/cart", "connections": 4, "sampleInt": 1000, "pipelining": 1,
 "workers": 0, "duration": 2.02, "samples": 2, "start": "2026-11-24T10:00:00.467Z",
 "finish": "2026-11-24T10:00:02.491Z", "errors": 3, "timeouts": 1, "mismatches": 0, "non2xx": 17,
 "resets": 0, "1xx": 0, "2xx": 158, "3xx": 0, "4xx": 0, "5xx": 17,
 "statusCodeStats": {"200": {"count": 158}, "500": {"count": 17}},
 "latency": {"average": 44.79, "mean": 44.79, "stddev": 6.81, "min": 19, "max": 84, "p0_001": 19,
  "p1": 19, "p2_5": 42, "p10": 43, "p25": 43, "p50": 44, "p75": 46, "p90": 48, "p97_5": 52,
  "p99": 83, "p99_9": 84, "p99_99": 84, "p99_999": 84, "totalCount": 175},
 "requests": {"average": 87.5, "total": 175, "sent": 179}, "throughput": {"total": 20657}}
"""

PLUGIN = Source(
    name="autocannon",
    help="autocannon's JSON",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    options=ENDPOINT,
)
