"""What Locust's workers report to their master, one JSON document a line.

A report counts what one worker saw since its last one, so each entry is a step of its own, of
about three seconds. Failures are counted but not told apart; versions before 2019 count them
beside the requests and without response times. A line that is no report is a bad row.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from slogate.sources._base import DAMAGED, BadRow, Chunk, Origin, Source, damaged
from slogate.sources._histograms import ROWS_A_CHUNK, Rows
from slogate.sources._locust_entries import Entry, failures_beside, read_entry

_LONGEST = 16 << 20
_SHOWN = 5
_BEGINS = re.compile(rb'\s*\{\s*"(?:stats|stats_total|errors|user_count|client_id|user_classes)')

_EACH, _SINCE_2019 = b'"num_requests"', b'"num_none_requests":'

_NO_REPORT = "it is no report of a worker"


def sniff(head: bytes) -> float:
    """1 if the first line is a report."""
    first = head.split(b"\n", 1)[0]
    named = all(name in first for name in (b'"stats"', b'"num_requests"', b'"response_times"'))
    return float(named and _BEGINS.match(first) is not None)


def open_locust(origin: Origin) -> Iterator[Chunk]:
    """The chunks of the file; SourceError if there is no report in it."""
    beside = any(
        failures_beside(report["stats"]) for _, report in _reports(origin, old=True) if report
    )
    rows, bad, shown = Rows(), Counter[str](), list[BadRow]()
    reports = 0
    for number, report in _reports(origin):
        reason = _NO_REPORT
        if report:
            try:
                worker = str(report.get("client_id") or "") or None
                for entry in _entries(report, beside=beside):
                    counted, step_us = entry.counted, entry.end - entry.begin
                    counted.add_to(rows, entry.begin, step_us, worker)
                reports += 1
                reason = ""
            except (ValueError, OverflowError) as error:
                reason = str(error)
        if reason:
            bad[_NO_REPORT] += 1
            shown.append(BadRow(line=number, reason=reason))
        if len(rows) >= ROWS_A_CHUNK:
            yield rows.chunk(bad=bad, shown=shown[:_SHOWN])
            bad, shown = Counter(), []
    if not reports:
        raise origin.fail("there is no report of a worker in it")
    yield rows.chunk(bad=bad, shown=shown[:_SHOWN])


def _entries(report: dict[str, Any], *, beside: bool) -> list[Entry]:
    """All entries of a report, read before any is kept."""
    found = (read_entry(each, beside=beside) for each in report["stats"])
    return [entry for entry in found if entry]


def _reports(origin: Origin, *, old: bool = False) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line with its number; None where it is no report.

    `old`: only those of which some entry may be of before 2019.
    """
    try:
        with origin.stream() as stream:
            number = 1
            while line := stream.readline(_LONGEST):
                whole = line.endswith(b"\n") or len(line) < _LONGEST
                if line.strip() and not (old and _is_recent(line)):
                    yield number, _report(line) if whole else None
                while not whole and (more := stream.readline(_LONGEST)):
                    whole = more.endswith(b"\n")
                number += 1
    except DAMAGED as error:
        raise damaged(origin, error) from None


def _is_recent(line: bytes) -> bool:
    """Whether each of its entries is surely of 2019 or later."""
    return b"\\" not in line and line.count(_EACH) <= line.count(_SINCE_2019)


def _report(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(found, dict) and isinstance(found.get("stats"), list)
    return found if whole else None


_EXAMPLE = (
    b"""\
{"stats": [{"name": "/", "method": "GET", "num_requests": 2, "num_failures": 0,
""".replace(b"\n", b" ")
    + b"""\
"start_time": 1441222540.77, "last_request_timestamp": 1441222541, "response_times": {"44": 2}, \
"min_response_time": 44, "max_response_time": 44}], "errors": {}, "client_id": "a"}
"""
)

PLUGIN = Source(
    name="locust-workers",
    help="Reports of Locust's workers, one JSON document a line",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_locust,
)
