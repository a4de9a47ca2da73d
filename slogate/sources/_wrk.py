"""Shared by wrk and wrk2: the totals at the end of what they print.

Requests that got a response, those of them with a status from 400 on, and what went wrong on
sockets, which is no part of them. The run's length is requests by their rate, which is finer
than the rounded length beside it and must agree with it. Two runs in one file are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from slogate.sources._base import Origin
from slogate.sources._summaries import (
    Step,
    count_of,
    endpoint_of,
    spread,
    spread_us,
    start_of,
    step_us,
)

TIME = r"([\d.]+)(us|ms|s|m|h)"
TAIL = r"""
^[ ]*(?P<requests>\d+)\ requests\ in\ (?P<length>[\d.]+)(?P<unit>us|ms|s|m|h),\ \S+\ read\n
(?:[ ]*Socket\ errors:\ connect\ (?P<connect>\d+),\ read\ (?P<read>\d+),
   \ write\ (?P<write>\d+),\ timeout\ (?P<timeout>\d+)\n)?
(?:[ ]*Non-2xx\ or\ 3xx\ responses:\ (?P<failed>\d+)\n)?
[ ]*Requests/sec:[ ]+(?P<rate>[\d.]+)\n
[ ]*Transfer/sec:[ ]+[\d.]+[A-Z]*B\b
"""
_COUNTS = ("requests", "failed", "connect", "read", "write", "timeout")
_URL = re.compile(r"^[ \t]*Running \S+ test @ (\S+)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run of wrk or wrk2 counted."""

    step: Step
    requests: int
    failed: int
    broken: int
    timeouts: int


def totals(origin: Origin, text: str, found: re.Match[str]) -> Totals:
    """The totals of the end that was found."""
    told = {name: count_of(found[name] or "0", name) for name in _COUNTS}
    url = _URL.search(text)
    return Totals(
        step=Step(
            ts=start_of(origin), step_us=step_us(_length(found)),
            endpoint=endpoint_of(origin, url[1] if url else ""),
        ),
        requests=told["requests"], failed=told["failed"], timeouts=told["timeout"],
        broken=told["connect"] + told["read"] + told["write"],
    )  # fmt: skip


def _length(found: re.Match[str]) -> Fraction:
    """How long the run was, in µs."""
    least, most = spread_us(found["length"], found["unit"], "length")
    slowest, fastest = (rate / 1_000_000 for rate in spread(found["rate"], "rate"))
    requests = count_of(found["requests"], "requests")
    if not requests or not slowest:
        return most
    if requests / slowest < least or requests / fastest > most:
        raise ValueError(
            f"{requests} requests in {found['length']}{found['unit']} are not "
            f"{found['rate']} requests a second"
        )
    return max(least, min(most, requests * 2 / (slowest + fastest)))
