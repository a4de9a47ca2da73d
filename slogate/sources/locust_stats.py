"""Locust's totals as CSV (`PREFIX_stats.csv`): one row an endpoint, its percentiles rounded.

Before 0.13 it was `PREFIX_requests.csv`, with no percentile but the median. The file holds no
time: when the run began is asked for, how long it took follows from its rate. Between two
percentiles lies a known number of requests, so that is what is stored. The last row must sum up
the others, or the file was read while Locust wrote it. Requests without a response time cannot be
told from others here. Refuses a file without its last row.
"""

from __future__ import annotations

from collections.abc import Iterator

from slogate.sources._base import MARK, Chunk, Origin, Source
from slogate.sources._histograms import Rows
from slogate.sources._locust import count_of, rate_of, run_us
from slogate.sources._locust_csv import (
    AGGREGATED,
    BEFORE_0_12,
    STOPPED,
    as_now,
    check_header,
    counted,
    rows_of,
    sums_up,
)
from slogate.sources._summaries import START, start_of

_BEGINS = (
    b"Type,Name,Request Count,Failure Count,", b"Type,Name,# requests,# failures,",
    b"Method,Name,# requests,# failures,",
)  # fmt: skip
_ERRORS = (b"Method,Name,Error,Occurrences", b"Count,Message,Traceback,Nodes")
_SHARES = b"Name,# requests,50%,66%,"
_COLUMNS = (
    "Type", "Name", "Request Count", "Failure Count", "Average Response Time", "Min Response Time",
    "Max Response Time", "Requests/s",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """1 for Locust's header, less for its lists of errors, to refuse them by name."""
    text = head.replace(b'"', b"")
    return 1.0 if text.startswith(_BEGINS) else 0.2 * text.startswith((*_ERRORS, _SHARES))


def open_locust(origin: Origin) -> Iterator[Chunk]:
    """The one chunk of the file; SourceError if it cannot be used."""
    if 0 < sniff(origin.head.removeprefix(MARK)) < 1:
        if _SHARES in origin.head.replace(b'"', b""):
            hint = "import PREFIX_requests.csv, which counts both"
            raise origin.fail("this is Locust's distribution, it counts no failures", hint=hint)
        hint = "import PREFIX_stats.csv, or better a file of --json-file"
        raise origin.fail("this is Locust's list of errors, it counts no requests", hint=hint)
    found = list(rows_of(origin))
    header = as_now(found[0][1]) if found else []
    told = any(name.endswith("%") for name in header)
    check_header(origin, header, (*_COLUMNS, *([] if told else ["Median Response Time"])))
    rows = []
    for line, row in found[1:]:
        if len(row) != len(header):
            raise origin.fail("its columns are not those of the header", line=line)
        rows.append((line, dict(zip(header, row, strict=True))))
    if not rows or not sums_up(rows[-1][1]):
        raise origin.fail(f"it does not end with Locust's row {AGGREGATED}: its end is missing")
    try:
        yield _chunk(origin, rows)
    except (ValueError, ArithmeticError) as error:
        raise origin.fail(str(error)) from None


def _chunk(origin: Origin, rows: list[tuple[int, dict[str, str]]]) -> Chunk:
    total = rows.pop()[1]
    requests = count_of(total["Request Count"], "request count")
    for column in ("Request Count", "Failure Count"):
        if sum(count_of(row[column], column) for _, row in rows) != count_of(total[column], column):
            raise origin.fail(f"the rows do not add up to the {column} of the last")
    if not requests:
        raise origin.fail("it tells of no request")
    begin = start_of(origin)
    rate = rate_of(total["Requests/s"], "Requests/s")
    # Locust writes no rate where all requests were at one moment
    step_us = run_us(requests / rate * 1_000_000) if rate else 1_000_000
    result, beside = Rows(), total["Name"] == BEFORE_0_12
    for line, row in rows:
        try:
            if row["Request Count"] != "0" or (beside and row["Failure Count"] != "0"):
                found = counted(row, percentiles=True, beside=beside)
                found.add_to(result, begin, step_us)
        except (ValueError, ArithmeticError) as error:
            raise origin.fail(str(error), line=line) from None
    return Chunk(rows=result.chunk().rows, series="histograms", notes=(STOPPED,))


_EXAMPLE = b"""\
Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,99%,100%
GET,/a,4,1,3,3.5,2.4,240.5,5.0,2.5,0.6,3,240,240
,Aggregated,4,1,3,3.5,2.4,240.5,5.0,2.5,0.6,3,240,240
"""

PLUGIN = Source(
    name="locust-stats",
    help="Locust totals as CSV (_stats.csv)",
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    sniff=sniff,
    open=open_locust,
    options=START,
)
