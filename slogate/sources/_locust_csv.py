"""Shared by the two CSV files of Locust's statistics: their rows, and the requests of a row.

A percentile that Locust prints is the rounded response time of one request, whose rank follows
from the count: between two of them lies a known number of requests. Columns of versions before
1.0 are called as they are now; those print whole ms, cut off, and before 0.12 they count
failures beside the requests. Refuses rows whose columns are not those of the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import IO

from slogate.sources._base import DAMAGED, NO_UTF8, TO_UTF8, Origin, damaged
from slogate.sources._histograms import Ranks
from slogate.sources._locust import Counted, count_of, duration_us, quantiles, spread_us

LONGEST = 1_000_000
_CUT_OFF_US = 999  # of what is printed as a whole ms
AGGREGATED = "Aggregated"
BEFORE_0_12 = "Total"
_TIMES = ("Median", "Average", "Min", "Max")
_CUT_OFF = ("Average", "Max")
_RENAMED = {
    "# requests": "Request Count",
    "# failures": "Failure Count",
    **{f"{which} response time": f"{which} Response Time" for which in _TIMES},
}
_NAMED_OTHERWISE = {"Method": "Type", "Requests Failed/s": "Failures/s", "99.999": "99.999%"}
STOPPED = (
    "Locust does not write this file again when it stops: the last second of the run, or more, "
    "is missing (--json-file and csv_request_logger have all of it)"
)


def rows_of(origin: Origin) -> Iterator[tuple[int, list[str]]]:
    """The records of the file with their first lines, the header first; blank ones skipped."""
    try:
        with io.TextIOWrapper(origin.stream(), "utf-8-sig", newline="") as text:
            reader = csv.reader(lines_of(origin, text))
            line = 1
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
    except UnicodeDecodeError:
        raise origin.fail(NO_UTF8, hint=TO_UTF8) from None
    except csv.Error as error:
        raise origin.fail(f"it is no CSV: {error}") from None
    except DAMAGED as error:
        raise damaged(origin, error) from None


def lines_of(origin: Origin, text: IO[str], first: int = 1) -> Iterator[str]:
    """The lines, of which `first` is the first; none is read whole that could fill the memory."""
    for number in count(first):
        line = text.readline(LONGEST)
        if len(line) == LONGEST:
            raise origin.fail("the line is over a million characters", line=number)
        if not line:
            return
        yield line


def as_now(header: list[str], prefix: str = "") -> list[str]:
    """The columns as they are called since 1.0; `prefix` stands before those that count all."""
    if not set(_RENAMED) & set(header):
        return header
    renamed = {old: f"{prefix}{new}" for old, new in _RENAMED.items()} | _NAMED_OTHERWISE
    return [renamed.get(name, name) for name in header]


def sums_up(row: Mapping[str, str]) -> bool:
    """Whether it is the row of all endpoints together."""
    return row["Type"] in {"", "None"} and row["Name"] in {AGGREGATED, BEFORE_0_12}


def check_header(origin: Origin, header: list[str], wanted: Iterable[str]) -> None:
    """SourceError unless the header has these columns, and none twice."""
    missing = [name for name in wanted if name not in header]
    if missing:
        raise origin.fail(f"its header has no column {missing[0]}", line=1)
    if len(set(header)) < len(header):
        raise origin.fail("its header has a column twice", line=1)


def counted(
    row: Mapping[str, str], prefix: str = "", *, percentiles: bool, beside: bool = False
) -> Counted:
    """The requests of a row; `prefix` stands before the columns that count the whole run.

    Without a response time that was ever over nought there was none: all were untimed. `beside`:
    failures are counted beside the requests.
    """
    requests = count_of(row[f"{prefix}Request Count"], "request count")
    longest = duration_us(row[f"{prefix}Max Response Time"], "max response time")
    average = duration_us(row[f"{prefix}Average Response Time"], "average response time")
    timed = requests if longest or average else 0
    ranks = Ranks(timed)
    if average and not any("." in row[f"{prefix}{which} Response Time"] for which in _CUT_OFF):
        longest += _CUT_OFF_US
    if timed:
        ranks.between(duration_us(row[f"{prefix}Min Response Time"], "min response time"), longest)
        if percentiles and any(name.endswith("%") for name in row):
            quantiles(ranks, row)
        else:
            _median(ranks, row, prefix)
    failed = count_of(row[f"{prefix}Failure Count"], "failure count")
    found = Counted(
        method=row["Type"].removeprefix("None"), name=row["Name"], ranks=ranks,
        untimed=requests - timed, failed=0 if beside else failed, beside=failed if beside else 0,
        longest=longest,
    )  # fmt: skip
    found.known()
    return found


def of_the_whole_run(row: Mapping[str, str], prefix: str) -> bool:
    """Whether the percentiles of a row can be those of all that it counts.

    None is nought if the shortest response time is over one, the highest has the longest's
    bucket. Those of the last ten seconds are nought at first, and once the traffic stops.
    """
    shares = [text for name, text in row.items() if name.endswith("%")]
    if not shares or row[f"{prefix}Min Response Time"].partition(".")[0] in {"", "0"}:
        return True
    if "0" in shares:
        return False
    try:
        longest = duration_us(row[f"{prefix}Max Response Time"], "max response time")
        low, high = spread_us(row["100%"]) if "100%" in row else (0, longest)
    except ValueError:
        return False
    return low <= longest + _CUT_OFF_US and longest <= high


def _median(ranks: Ranks, row: Mapping[str, str], prefix: str) -> None:
    """The median, unless Locust replaced it by the shortest or longest response time."""
    text, limits = row[f"{prefix}Median Response Time"], ("Min", "Max")
    if any(text == row[f"{prefix}{limit} Response Time"] for limit in limits):
        return
    # versions differ in which of the two in the middle they take
    first, last = (ranks.count - 1) // 2 + 1, ranks.count // 2 + 1
    ranks.quantile(first, last, *spread_us(text))
