"""Locust's requests as CSV (`locust.contrib.csv_request_logger`): one row a request, nothing lost.

`timestamp` is the start; what has an `exception` failed, and a status of 0 is none. A row of an
HTTP method with neither a status nor an exception says nothing of its success. Response times are
rounded to hundredths of a ms by Locust. Only the process that wrote the file is in it: a master
sees no requests, workers must write a file each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US, Origin, Scan, Source
from slogate.sources._csv import (
    Dialect,
    bad_rows,
    changed_line_end,
    head_text,
    reader_parameters,
    reader_sql,
    records,
)
from slogate.sources._quotes import check_quotes, row_start

_COLUMNS = (
    "timestamp", "request_type", "name", "response_time_ms", "response_length", "status_code",
    "exception",
)  # fmt: skip
_HEADER = re.compile(rb'"?timestamp"?,"?request_type"?,"?name"?,"?response_time_ms')

_START = {"timestamp": rb"\d{9,10}(?:\.\d*)?", "response_time_ms": rb"[\d.eE+-]*"}
_DIGITS = 30
_NO_TIME = "its timestamp is no time in seconds between 2001 and 2100"
_NO_DURATION = "its response_time_ms is no number of ms between 0 and a day"
_NO_STATUS = "its status_code is no whole number from 0 to 999"

_HTTP = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_QUERY = f"""
WITH raw AS ({{reader}}), typed AS (
    SELECT *, TRY_CAST(response_time_ms AS DOUBLE) AS took_ms,
        TRY_CAST(round(1000000 * TRY_CAST("timestamp" AS DOUBLE)) AS BIGINT) AS ts_us,
        -- exact for up to six decimals: what is less than half of the last is from the arithmetic
        TRY_CAST(ceil(1000 * took_ms - 0.0005) AS BIGINT) AS took_us,
        TRY_CAST(status_code AS SMALLINT) AS code, TRY_CAST(response_length AS BIGINT) AS size
    FROM raw
)
SELECT
    ts_us AS ts,
    took_us AS duration_us,
    coalesce("name", '') AS endpoint,
    coalesce(request_type, '') AS method,
    nullif(code, 0) AS status,
    CASE WHEN exception IS NOT NULL THEN FALSE
        WHEN code <> 0 OR coalesce(request_type, '') NOT IN {_HTTP} THEN TRUE END AS ok,
    left(exception, 2000) AS error,
    CASE WHEN size >= 0 THEN size END AS bytes,
    CASE WHEN ts_us IS NULL OR ts_us NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS} THEN '{_NO_TIME}'
        WHEN response_time_ms IS NOT NULL
            AND (took_us IS NULL OR took_ms < 0 OR took_us > {LONGEST_US}) THEN '{_NO_DURATION}'
        WHEN code IS NULL OR code NOT BETWEEN 0 AND 999 THEN '{_NO_STATUS}' END AS bad,
    NULL::VARCHAR AS left_out
FROM typed
"""  # noqa: S608 (our own words)


def sniff(head: bytes) -> float:
    """1 for the header that the logger writes."""
    return float(_HEADER.match(head) is not None)


def open_locust(origin: Origin) -> Scan:
    """The scan of a file of the logger; SourceError says why it cannot be one."""
    rows = list(islice(records(head_text(origin), ","), 2))
    columns = tuple(rows[0]) if rows else ()
    missing = [name for name in _COLUMNS if name not in columns]
    if missing or len(set(columns)) < len(columns):
        raise origin.fail(
            f"its first line is no header of csv_request_logger: no column {missing[0]}"
            if missing
            else "its header has a column twice",
            line=1,
        )
    if len(rows) < 2:
        raise origin.fail("there is no row after the header")
    check_quotes(origin, row_start(columns, _START, ","))
    dialect = Dialect(delimiter=",", columns=columns, header=True)
    return Scan(
        sql=_QUERY.format(reader=reader_sql(dialect, _COLUMNS)),
        parameters=reader_parameters(origin, dialect),
        locate=lambda: bad_rows(origin, dialect, _reason),
        explain=lambda: changed_line_end(origin),
    )


def _reason(row: Mapping[str, str]) -> str | None:
    """Why a row is bad, as the query has it; None if it is kept."""
    ts, took, code = (_number(row[n]) for n in ("timestamp", "response_time_ms", "status_code"))
    if ts is None or not EARLIEST_TS <= ts * 1_000_000 <= LATEST_TS:
        return _NO_TIME
    if row["response_time_ms"] and (took is None or not 0 <= took * 1_000 <= LONGEST_US):
        return _NO_DURATION
    return None if code is not None and 0 <= code <= 999 else _NO_STATUS


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    # an exponent of six digits is more than arithmetic takes
    if not found.is_finite() or (found and found.adjusted() > _DIGITS):
        return None
    return found if found and found.adjusted() > -_DIGITS else Decimal(0)


_EXAMPLE = b"""\
timestamp,request_type,name,response_time_ms,response_length,status_code,exception
1795544381.53,GET,/a,5.5,5,200,
1795544381.5,PUT,/b,4,5,500,no
"""

PLUGIN = Source(
    name="locust-requests",
    help="Locust requests as CSV (locust.contrib.csv_request_logger)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_locust,
)
