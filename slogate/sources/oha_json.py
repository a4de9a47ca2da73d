"""oha's JSON (`--output-format json`): percentiles, statuses and errors of one run.

The percentiles are exact order statistics; the histogram's bounds are not those that oha counted
by, so it is not used. Which status took how long is told only by `--stats-success-breakdown`;
otherwise each status gets the bounds that hold whichever its requests were. Errors had no
response; those that oha's own deadline cut off are left out. The start of the run is not in
the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slogate.sources._base import Origin, Source
from slogate.sources._histograms import Ranks
from slogate.sources._summaries import (
    ENDPOINT,
    START,
    Step,
    document,
    endpoint_of,
    json_count,
    json_us,
    reads,
    start_of,
    step_us,
    table,
    within,
)

_DEADLINE = "aborted due to deadline"
_CUT_OFF = "requests that oha cut off at the end of the run"
_PARTS = (("Successful", True), ("NotSuccessful", False))


def sniff(head: bytes) -> float:
    """1 for the names of oha's percentiles and statuses, less for the first of them alone."""
    if not head.lstrip().startswith(b"{") or b'"latencyPercentiles"' not in head:
        return 0.0
    return 1.0 if b'"statusCodeDistribution"' in head else 0.8


def _parse(origin: Origin, text: str) -> Step:
    found = document(origin, text)
    statuses = {
        _status(name): json_count(count, f"statusCodeDistribution.{name}")
        for name, count in table(found, "statusCodeDistribution").items()
    }
    step = Step(
        ts=start_of(origin), endpoint=endpoint_of(origin),
        step_us=step_us(json_us(within(found, "summary", "total"), "s", "summary.total")),
    )  # fmt: skip
    for ranks, part in _populations(found, statuses):
        for status, count in part.items():
            step.timed(ranks.some(count), status=status)
    for error, count in table(found, "errorDistribution").items():
        number = json_count(count, "errorDistribution")
        if error == _DEADLINE:
            step.left_out[_CUT_OFF] = number
        else:
            step.untimed(number, ok=False)
    return step


def _status(name: str) -> int:
    if not (len(name) == 3 and name.isascii() and name.isdigit()):
        raise ValueError(f"its status {name[:40]} is none of HTTP")
    return int(name)


def _populations(
    found: Mapping[str, Any], statuses: Mapping[int, int]
) -> list[tuple[Ranks, dict[int, int]]]:
    """The requests as oha told of them: all together, or those with a status 2xx apart."""
    parts: list[tuple[Ranks, dict[int, int]]] = []
    for name, successful in _PARTS:
        # the published schema has the singular, the program the plural
        part = {s: n for s, n in statuses.items() if (200 <= s < 300) == successful}
        keys = {f"latencyPercentiles{name}", f"latencyPercentile{name}"} & found.keys()
        if keys:
            parts.append((_ranks(found, table(found, min(keys)), sum(part.values())), part))
    if len(parts) == len(_PARTS):
        return parts
    told = table(found, "latencyPercentiles")
    return [(_ranks(found, told, sum(statuses.values())), dict(statuses))]


def _ranks(found: Mapping[str, Any], percentiles: Mapping[str, Any], count: int) -> Ranks:
    ranks = Ranks(count)
    if not count:
        return ranks
    ranks.between(
        *(json_us(within(found, "summary", name), "s", name) for name in ("fastest", "slowest"))
    )
    for name, value in percentiles.items():
        # the arithmetic is oha's own: what floats make of it is the rank that was printed
        rank = int(_share(name) / 100.0 * count) + 1
        if rank <= count:
            seconds = json_us(value, "s", name)
            ranks.quantile(rank, rank, seconds, seconds)
    return ranks


def _share(name: str) -> float:
    try:
        share = float(name.removeprefix("p"))
    except ValueError:
        share = -1.0
    if not (name.startswith("p") and 0 <= share <= 100):
        raise ValueError(f"its percentile {name[:40]} is none")
    return share


_EXAMPLE = b"""\
{
  "summary": {"successRate": 0.985, "total": 2.0041, "slowest": 0.0123, "fastest": 0.000513,
    "average": 0.0021, "requestsPerSec": 99.8, "totalData": 1000, "sizePerRequest": 5,
    "sizePerSec": 499.0},
  "responseTimeHistogram": {"0.001": 120, "0.002": 77},
  "latencyPercentiles": {"p10": 0.0006, "p25": 0.0011, "p50": 0.0019, "p75": 0.0031, "p90": 0.0052,
    "p95": 0.0071, "p99": 0.0118, "p99.9": 0.0123, "p99.99": 0.0123},
  "firstByteHistogram": {}, "firstBytePercentiles": {}, "rps": {}, "details": {},
  "statusCodeDistribution": {"200": 190, "500": 7},
  "errorDistribution": {"aborted due to deadline": 2, "connection refused": 3}
}
"""

PLUGIN = Source(
    name="oha-json",
    help="oha's JSON (--output-format json)",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT,
)
