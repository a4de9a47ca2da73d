"""What k6's points say about a request, whether they come as NDJSON or as CSV.

    points (a query with the columns of POINT) ──request_sql──► the columns of the series

`took_ms` is the duration, `end_us` and `rest_ns` the moment of its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slogate.errors import SourceError
from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US, Origin

LABELS = ("scenario", "group")
HTTP, RPC = "http_req_duration", "grpc_req_duration"
NO_TIME = "its time is none between 2001 and 2100"
NO_VALUE = "its value is no time between 0 and a day"
KEPT_TAGS = "tags to keep as labels, besides scenario and group: region,tier"
TAGS = (
    "name", "url", "method", "status", "expected_response", "error", "error_code", "scenario",
    "group",
)  # fmt: skip
_LABEL = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
_MOST_LABELS = 10
_METRICS_SHOWN = 8


def labels_of(origin: Origin) -> list[str]:
    """The tags that the option asks for as labels; SourceError for what cannot be one."""
    names = [name.strip() for name in origin.options.get("tags", "").split(",")]
    wanted = list(dict.fromkeys(filter(None, names)))
    for name in wanted:
        if not _LABEL.fullmatch(name):
            raise origin.fail(f"option tags: '{name[:40]}' is no name of a tag")
        if name in TAGS:
            raise origin.fail(f"option tags: {name} is read already")
    if len(wanted) > _MOST_LABELS:
        raise origin.fail(f"option tags: {len(wanted)} are more than {_MOST_LABELS} tags")
    return wanted


def label_values(own: Iterable[str]) -> str:
    """SQL for a list of the values of LABELS, and of `own` (SQL each); NULL for what is none.

    What k6 writes where nobody named anything is no label.
    """
    named = ("nullif(scenario, 'default')", "nullif(\"group\", '::')", *own)
    return "[" + ", ".join(f"nullif({value}, '')" for value in named) + "]"


def request_sql(points: str, labels: str, *, placed: bool) -> str:
    """The query of a scan over these points; `labels` is SQL for the list, `placed`: has `line`."""
    return _QUERY.format(points=points, labels=labels, line="line," if placed else "")


_QUERY = f"""
WITH point AS ({{points}}), timed AS (
    SELECT *, metric = '{RPC}' AS remote, TRY_CAST(status AS SMALLINT) AS code,
        CASE WHEN took_ms BETWEEN 0 AND {LONGEST_US // 1000}
            THEN round(took_ms * 1000000)::BIGINT END AS took_ns
    FROM point
), judged AS (
    SELECT *, CASE WHEN remote THEN status = '0'
        WHEN expected_response IN ('true', 'false') THEN expected_response = 'true'
        WHEN status = '0' OR error_code <> '' THEN FALSE
        ELSE code BETWEEN 200 AND 399 END AS ok
    FROM timed
)
SELECT {{line}}
    end_us - (took_ns - rest_ns + 999) // 1000 AS ts,
    CASE WHEN remote OR took_ns > 0 OR status <> '0' THEN (took_ns + 999) // 1000 END
        AS duration_us,
    coalesce(nullif(name, ''), url, '') AS endpoint,
    CASE WHEN remote THEN '' ELSE coalesce(method, '') END AS method,
    CASE WHEN NOT remote AND code BETWEEN 100 AND 999 THEN code END AS status,
    ok,
    CASE WHEN NOT ok THEN left(coalesce(nullif(error, ''), 'error_code ' || nullif(error_code, ''),
        CASE WHEN remote THEN 'gRPC status ' || status END), 2000) END AS error,
    nullif(trace_id, '') AS trace_id,
    {{labels}} AS labels,
    CASE WHEN fault IS NOT NULL THEN fault
        WHEN end_us NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS} OR end_us IS NULL THEN '{NO_TIME}'
        WHEN took_ns IS NULL THEN '{NO_VALUE}' END AS bad,
    left_out
FROM judged
"""  # noqa: S608 (our own words)


def no_requests(origin: Origin, metrics: set[str]) -> SourceError:
    """The error about a file that has points of these metrics only."""
    found = sorted(metrics)
    more = len(found) - _METRICS_SHOWN
    names = ", ".join(found[:_METRICS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return origin.fail(
        f"there is no point of {HTTP} or {RPC} in it, only of {names or 'no metric'}",
        hint="requests are read from those; did the test make any?",
    )
