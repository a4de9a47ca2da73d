"""Shared by the two CSV files of Locust's statistics: their rows, and the requests of a row.

A percentile that Locust prints is the rounded response time of one request, whose rank follows
from the count: between two of them lies a known number of requests. Refuses rows whose columns
are not those of the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import IO

from slogate.sources._base import DAMAGED, Origin, damaged
from slogate.sources._histograms import Ranks
from slogate.sources._locust import Counted, count_of, duration_us, quantiles, spread_us

_LONGEST = 1_000_000
AGGREGATED = "Aggregated"
STOPPED = (
    "Locust does not write this file again when it stops: the last second of the run, or more, "
    "is missing (--json-file and csv_request_logger have all of it)"
)


def rows_of(origin: Origin) -> Iterator[tuple[int, list[str]]]:
    """The records of the file with their first lines, the header first; blank ones skipped."""
    try:
        with io.TextIOWrapper(origin.stream(), "utf-8-sig", newline="") as text:
            reader = csv.reader(_lines(origin, text))
            line = 1
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
    except UnicodeDecodeError:
        raise origin.fail("it is not UTF-8") from None
    except csv.Error as error:
        raise origin.fail(f"it is no CSV: {error}") from None
    except DAMAGED as error:
        raise damaged(origin, error) from None


def _lines(origin: Origin, text: IO[str]) -> Iterator[str]:
    """The lines, none read whole that could fill the memory."""
    for number in count(1):
        line = text.readline(_LONGEST)
        if len(line) == _LONGEST:
            raise origin.fail("the line is over a million characters", line=number)
        if not line:
            return
        yield line


def check_header(origin: Origin, header: list[str], wanted: Iterable[str]) -> None:
    """SourceError unless the header has these columns, and none twice."""
    missing = [name for name in wanted if name not in header]
    if missing:
        raise origin.fail(f"its header has no column {missing[0]}", line=1)
    if len(set(header)) < len(header):
        raise origin.fail("its header has a column twice", line=1)


def counted(row: Mapping[str, str], prefix: str = "", *, percentiles: bool) -> Counted:
    """The requests of a row; `prefix` stands before the columns that count the whole run.

    Without a response time that was ever over nought there was none: all were untimed.
    """
    requests = count_of(row[f"{prefix}Request Count"], "request count")
    longest = duration_us(row[f"{prefix}Max Response Time"], "max response time")
    average = duration_us(row[f"{prefix}Average Response Time"], "average response time")
    timed = requests if longest or average else 0
    ranks = Ranks(timed)
    if timed:
        ranks.between(duration_us(row[f"{prefix}Min Response Time"], "min response time"), longest)
        if percentiles:
            quantiles(ranks, row)
        else:
            _median(ranks, row, prefix)
    found = Counted(
        method=row["Type"], name=row["Name"], ranks=ranks, untimed=requests - timed,
        failed=count_of(row[f"{prefix}Failure Count"], "failure count"), longest=longest,
    )  # fmt: skip
    found.known()
    return found


def _median(ranks: Ranks, row: Mapping[str, str], prefix: str) -> None:
    """The median, unless Locust replaced it by the shortest or longest response time."""
    text, limits = row[f"{prefix}Median Response Time"], ("Min", "Max")
    if any(text == row[f"{prefix}{limit} Response Time"] for limit in limits):
        return
    # versions differ in which of the two in the middle they take
    first, last = (ranks.count - 1) // 2 + 1, ranks.count // 2 + 1
    ranks.quantile(first, last, *spread_us(text.removesuffix(".0")))
