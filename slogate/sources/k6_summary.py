"""k6's summary of a run as JSON (`--summary-export`, or `JSON.stringify` in `handleSummary`).

It counts the requests of all endpoints together and tells a few percentiles, between whose ranks
lies a known number of requests; those of the successes alone are used where k6 has them
(`expected_response:true`). A failed connection took 0 ms for k6: what failed gets bounds that
hold whichever it was. Without `http_req_failed` (k6 before 0.31) outcomes are unknown. The start
of the run is not in the file, unless it is the structured summary of k6 since 1.5, which tells
when it was written: when the run ended. Refuses summaries whose counts contradict each other.
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
    NO_OUTCOME,
    START,
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

_TIMES = "http_req_duration"
_SUCCESSES = f"{_TIMES}{{expected_response:true}}"
_PERCENTILE = re.compile(r"p\((\d{1,3}(?:\.\d{1,9})?)\)", re.ASCII)
_BESIDE = (b'"root_group"', b'"state"', b'"options"', b'"k6Version"', b'"k6_version"')
_WRITTEN = ("generatedAt", "generated_at")
_SINGLE = "single requests say more: k6 run --out json=FILE, or csv=FILE"


def sniff(head: bytes) -> float:
    """1 for the metrics of a whole run, less without what k6 writes beside them, or only that."""
    if not head.lstrip().startswith(b"{") or b'"type":"Poi' in head:
        return 0.0
    if b'"metrics"' in head and b'"http_req' in head:
        return 1.0 if any(name in head for name in _BESIDE) else 0.6
    # the checks of many groups may come first, and be longer than what is looked at
    return 0.8 * (b'"root_group"' in head and b'"checks"' in head)


def _parse(origin: Origin, text: str) -> Step:
    found = document(origin, text)
    structured = "results" in found
    metrics = (
        _structured(found)
        if structured
        else {name: _values(found, name) for name in table(found, "metrics")}
    )
    if missing := [name for name in (_TIMES, "http_reqs") if name not in metrics]:
        raise ValueError(f"it has no {' and '.join(missing)}: no request was made, or it was cut")
    requests = json_count(within(metrics["http_reqs"], "count"), "http_reqs.count")
    length = step_us(_length(found, metrics["http_reqs"], requests))
    step = Step(
        ts=_start(origin, found, length) if structured else start_of(origin),
        endpoint=endpoint_of(origin), step_us=length, notes=[_SINGLE],
    )  # fmt: skip
    if "http_req_failed" not in metrics:
        step.notes.append(NO_OUTCOME.partition(";")[0])
        step.timed(_ranks(metrics[_TIMES], requests))
        return step
    # of a rate, k6 calls passes what was true: here, what failed
    failed, fine = (
        json_count(within(metrics["http_req_failed"], name), f"http_req_failed.{name}")
        for name in ("passes", "fails")
    )
    if failed + fine > requests:
        raise ValueError(f"it tells of {failed + fine} outcomes of {requests} requests")
    if failed + fine == requests and fine and _SUCCESSES in metrics:
        step.timed(_ranks(metrics[_SUCCESSES], fine), ok=True)
        step.timed(_ranks(metrics[_TIMES], requests).some(failed), ok=False)
    else:
        step.split(_ranks(metrics[_TIMES], requests), failed, requests - failed - fine)
    return step


def _values(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What a metric says; one that is written for `handleSummary` has it one level below."""
    metric = table(found, "metrics", name)
    if str(metric.get("values")).startswith("@{"):
        raise ValueError("PowerShell wrote it, and cut it off: ConvertTo-Json -Depth 9")
    return table(found, "metrics", name, "values") if "values" in metric else metric


def _structured(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The metrics of a structured summary, with the names of before."""
    told = within(found, "results", "metrics")
    metrics: dict[str, Mapping[str, Any]] = {}
    for metric in told if isinstance(told, list) else []:
        values = dict(table(metric, "values"))
        if {"matches", "total"} <= values.keys():
            matches, total = (json_count(values[name], name) for name in ("matches", "total"))
            values |= {"passes": matches, "fails": total - matches}
        metrics[str(within(metric, "name"))] = values
    return metrics


def _start(origin: Origin, found: Mapping[str, Any], length: int) -> int:
    """When the run of a structured summary began: as given, else by when it was written."""
    metadata = found.get("metadata")
    written = [metadata[n] for n in _WRITTEN if isinstance(metadata, Mapping) and n in metadata]
    if "start" in origin.options or not written:
        return start_of(origin)
    return moment(written[0], "metadata.generatedAt") - length


def _length(found: Mapping[str, Any], counted: Mapping[str, Any], requests: int) -> Fraction:
    if "results" in found:
        return json_us(within(found, "config", "duration"), "s", "config.duration")
    state = found.get("state")
    if isinstance(state, Mapping) and "testRunDurationMs" in state:
        return json_us(state["testRunDurationMs"], "ms", "state.testRunDurationMs")
    rate = within(counted, "rate")
    if isinstance(rate, bool) or not isinstance(rate, int | Decimal) or not 0 < rate < 10**12:
        raise ValueError(f"its http_reqs.rate is {str(rate)[:40]!r}, no rate")
    if rate < Decimal("1e-6"):
        raise ValueError("it would be a run of over a week")
    return requests * 1_000_000 / Fraction(rate)


def _ranks(told: Mapping[str, Any], count: int) -> Ranks:
    """What a trend tells of so many durations, all of them ms."""
    ranks = Ranks(count)
    if not count:
        return ranks
    least = json_us(told["min"], "ms", "min") if "min" in told else Fraction(0)
    ranks.at_least.append((0, least))
    if "max" in told:
        ranks.at_most.append((count, json_us(told["max"], "ms", "max")))
    shares = {"med": Fraction(1, 2)}
    shares |= {name: Fraction(m[1]) / 100 for name in told if (m := _PERCENTILE.fullmatch(name))}
    for name, share in shares.items():
        if name not in told:
            continue
        if share > 1:
            raise ValueError(f"its percentile {name} is none")
        # k6 takes a value between the two next to the share
        place = share * (count - 1)
        first, last = place.numerator // place.denominator, -(-place.numerator // place.denominator)
        value = json_us(told[name], "ms", name)
        ranks.quantile(first + 1, last + 1, value, value)
    return ranks


_EXAMPLE = b"""\
{"root_group": {"name": "", "path": "", "groups": [], "checks": []},
 "state": {"isStdOutTTY": false, "testRunDurationMs": 10042.5},
 "metrics": {
  "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 200, "rate": 19.9}},
  "http_req_failed": {"type": "rate", "contains": "default",
   "values": {"rate": 0.02, "passes": 4, "fails": 196}},
  "http_req_duration": {"type": "trend", "contains": "time", "values": {"avg": 119.5, "min": 0,
   "med": 118.2, "max": 200.125, "p(90)": 130.25, "p(95)": 140.9}},
  "http_req_duration{expected_response:true}": {"type": "trend", "contains": "time", "values":
   {"avg": 121.5, "min": 110.25, "med": 118.4, "max": 200.125, "p(90)": 130.3, "p(95)": 141.25}}}}
"""

PLUGIN = Source(
    name="k6-summary",
    help="k6's summary as JSON (--summary-export, handleSummary)",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT,
)
