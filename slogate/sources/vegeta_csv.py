"""vegeta's results as CSV (`vegeta encode --to csv`): no header, one row a request.

There are twelve columns in vegeta's own order, fewer in old versions (the first six always):
timestamp (ns, the start), code, latency (ns), bytes out and in, error, body, attack, sequence,
method, URL, headers. What counts as failed is said in `_vegeta`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from slogate.sources._quotes import check_quotes
from slogate.sources._vegeta import LABELS, NO_CODE, NO_LATENCY, NO_TIME, request_sql

_COLUMNS = (
    "moment", "code", "latency", "bytes_out", "bytes_in", "error", "body", "attack", "seq",
    "method", "url", "headers",
)  # fmt: skip
_USED = (
    "moment", "code", "latency", "bytes_in", "error", "attack", "method", "url",
)  # fmt: skip
_FEWEST = 6
_LOOK = 20
_ROW = r"\d{19},\d{1,3},\d+,\d+,\d+,"
_START = re.compile(_ROW, re.ASCII)


def sniff(head: bytes) -> float:
    """0.9 for a first row that is one of vegeta's."""
    text = head.decode("utf-8", "replace")
    return 0.9 if _START.match(text) and _width(text) else 0.0


def _width(text: str) -> int:
    """How many columns the rows have; 0 where that is none of vegeta's."""
    rows = list(islice(records(text, ","), _LOOK))
    width = len(rows[0]) if rows else 0
    return width if _FEWEST <= width <= len(_COLUMNS) else 0


def open_vegeta(origin: Origin) -> Scan:
    """The scan of a file of results; SourceError says why it cannot be one."""
    text = head_text(origin)
    width = _width(text)
    if not width:
        raise origin.fail(
            f"its first row has not the {_FEWEST} to {len(_COLUMNS)} columns of vegeta", line=1
        )
    if not _START.match(text):
        raise origin.fail("its first row is no result of vegeta (ns, code, ns, …)", line=1)
    check_quotes(origin, _ROW.encode())
    dialect = Dialect(delimiter=",", columns=_COLUMNS[:width], header=False)
    return Scan(
        sql=request_sql(_RESULTS.format(reader=reader_sql(dialect, _USED)), placed=False),
        parameters=reader_parameters(origin, dialect),
        labels=LABELS,
        locate=lambda: bad_rows(origin, dialect, _reason),
        explain=lambda: changed_line_end(origin),
    )


_RESULTS = """
SELECT attack, error, method, url, TRY_CAST(code AS BIGINT) AS code,
    TRY_CAST(latency AS BIGINT) AS latency, TRY_CAST(bytes_in AS BIGINT) AS bytes_in,
    CASE WHEN strlen(moment) = 19 THEN TRY_CAST(moment AS BIGINT) END // 1000 AS start_us,
    NULL::VARCHAR AS fault
FROM ({reader})
"""


def _reason(row: Mapping[str, str]) -> str | None:
    """Why a row is bad, as the query has it; None if it is kept."""
    if len(row["moment"]) != 19 or not _between(row["moment"], EARLIEST_TS, LATEST_TS):
        return NO_TIME
    if not _between(row["latency"], 0, LONGEST_US):
        return NO_LATENCY
    return None if re.fullmatch(r"\d{1,3}", row["code"], re.ASCII) else NO_CODE


def _between(text: str, low_us: int, high_us: int) -> bool:
    """Whether the text is a whole number of ns within these bounds (µs)."""
    plain = re.fullmatch(r"\d{1,19}", text, re.ASCII)
    return plain is not None and low_us * 1000 <= int(text) <= high_us * 1000


_EXAMPLE = b"""\
1764000000645818631,200,3228223,0,6067,,,a,0,GET,http://h/a,
1764000001645818631,0,5,0,0,no route,,a,1,GET,http://h/a,
"""

PLUGIN = Source(
    name="vegeta-csv",
    help="vegeta results as CSV (vegeta encode --to csv)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_vegeta,
)
