"""ApacheBench's file for gnuplot (`ab -g`): one line a request, in whole ms, sorted by duration.

Starts are whole seconds and durations rounded to the nearest ms: both are taken as they are
written. What failed is not in the file, so that `ok` is unknown unless it is said; neither is
the URL. Refuses ab's percentages (`-e`) and files with another header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from slogate.sources._base import (
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    Origin,
    Scan,
    Source,
)
from slogate.sources._csv import (
    Dialect,
    bad_rows,
    changed_line_end,
    head_text,
    reader_parameters,
    reader_sql,
    records,
    whole_sql,
)
from slogate.sources._quotes import check_quotes, row_start
from slogate.sources._summaries import ENDPOINT, NO_OUTCOME, OUTCOME, endpoint_of, outcome_of

_COLUMNS = ("starttime", "seconds", "ctime", "dtime", "ttime", "wait")
_START = {"seconds": rb"\d{10}", "ctime": rb"-?\d+"}
_NO_TIME = "its seconds are no time between 2001 and 2100"
_NO_DURATION = "its ttime is no whole number of ms between 0 and a day"

# no float comes near: seconds and ms are whole
_QUERY = f"""
WITH read AS ({{reader}}), typed AS (
    SELECT CASE WHEN strlen(seconds) = 10 THEN 1000000 * {whole_sql("seconds")} END AS ts,
        1000 * {whole_sql("ttime")} AS duration_us
    FROM read
)
SELECT ts, duration_us, getvariable('endpoint') AS endpoint,
    getvariable('ok') AS ok,
    CASE WHEN ts NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS} OR ts IS NULL THEN '{_NO_TIME}'
        WHEN duration_us NOT BETWEEN 0 AND {LONGEST_US} OR duration_us IS NULL
        THEN '{_NO_DURATION}' END AS bad,
    NULL::VARCHAR AS left_out
FROM typed
"""  # noqa: S608 (our own words)


def sniff(head: bytes) -> float:
    """1 for the names of its columns."""
    line = head.partition(b"\n")[0]
    return float(line.rstrip(b"\r") == "\t".join(_COLUMNS).encode())


def open_plot(origin: Origin) -> Scan:
    """The scan of such a file; SourceError says why it cannot be one."""
    rows = records(head_text(origin), "\t")
    if tuple(next(rows, [])) != _COLUMNS:
        raise origin.fail("its first line is no header of ab's file for gnuplot", line=1)
    if next(rows, None) is None:
        raise origin.fail("there is no row after the header")
    check_quotes(origin, row_start(_COLUMNS, _START, "\t"), b"\t")
    ok = outcome_of(origin)
    dialect = Dialect(delimiter="\t", columns=_COLUMNS, header=True)
    return Scan(
        sql=_QUERY.format(reader=reader_sql(dialect, ("seconds", "ttime"))),
        parameters={
            **reader_parameters(origin, dialect), "endpoint": endpoint_of(origin), "ok": ok,
        },
        locate=lambda: bad_rows(origin, dialect, _reason),
        explain=lambda: changed_line_end(origin),
        notes=() if ok else (NO_OUTCOME,),
    )  # fmt: skip


def _reason(row: Mapping[str, str]) -> str | None:
    """Why a row is bad, as the query has it; None if it is kept."""
    if not _between(row["seconds"], 1_000_000, EARLIEST_TS, LATEST_TS):
        return _NO_TIME
    return None if _between(row["ttime"], 1_000, 0, LONGEST_US) else _NO_DURATION


def _between(text: str, unit_us: int, low_us: int, high_us: int) -> bool:
    plain = re.fullmatch(r"0|-?[1-9][0-9]{0,14}", text, re.ASCII)
    return plain is not None and low_us <= int(text) * unit_us <= high_us


_EXAMPLE = b"""\
starttime\tseconds\tctime\tdtime\tttime\twait
Thu Nov 26 14:45:59 2026\t1795704359\t0\t3\t3\t3
Thu Nov 26 14:45:58 2026\t1795704358\t1\t15\t16\t15
"""

PLUGIN = Source(
    name="ab-gnuplot",
    help="Requests of ApacheBench as written for gnuplot (ab -g)",
    sniff=sniff,
    open=open_plot,
    example=_EXAMPLE,
    options=ENDPOINT | OUTCOME,
)
