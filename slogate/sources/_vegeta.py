"""What vegeta's results say about a request, whether they come as JSON or as CSV.

    results (a query with the columns of a result) ──request_sql──► the columns of the series

`start_us` is the start, `latency` ns. Success is what vegeta counts as such: a code from 200 to
399, whatever stands in `error`; the code 0 says that no response came. The endpoint is the
path of the URL, its host and the attack's name are labels; query and credentials are dropped.
"""

from __future__ import annotations

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US

LABELS = ("attack", "host")
NO_TIME = "its timestamp is none between 2001 and 2100"
NO_LATENCY = "its latency is no time between 0 and a day"
NO_CODE = "its code is no status"


def request_sql(results: str, *, placed: bool) -> str:
    """The query of a scan over these results; `placed`: they have their `line`."""
    return _QUERY.format(results=results, line="line," if placed else "")


# plain functions take a URL apart faster than a pattern, and cutting it faster than split_part,
# which makes lists
_QUERY = f"""
WITH result AS ({{results}}), based AS (
    SELECT * EXCLUDE (latency),
        CASE WHEN latency BETWEEN 0 AND {1000 * LONGEST_US} THEN latency END AS latency,
        CASE WHEN contains(url, '#') THEN split_part(split_part(url, '?', 1), '#', 1)
            WHEN contains(url, '?') THEN left(url, strpos(url, '?') - 1)
            ELSE coalesce(url, '') END AS base
    FROM result
), parted AS (
    SELECT *, CASE WHEN starts_with(base, '/')
        THEN CASE WHEN starts_with(base, '//') THEN substr(base, 3) END
        WHEN contains(base, '://') THEN substr(base, strpos(base, '://') + 3) END AS rest
    FROM based
), slashed AS (
    SELECT *, strpos(rest, '/') AS slash FROM parted
), lodged AS (
    SELECT *, CASE WHEN slash > 0 THEN left(rest, slash - 1) ELSE rest END AS lodging FROM slashed
), hosted AS (
    SELECT *, CASE WHEN contains(lodging, '@') THEN split_part(lodging, '@', -1)
        ELSE lodging END AS host
    FROM lodged
)
SELECT {{line}}
    start_us AS ts,
    (latency + 999) // 1000 AS duration_us,
    CASE WHEN slash > 0 THEN substr(rest, slash) WHEN rest IS NULL THEN base ELSE '/' END
        AS endpoint,
    coalesce(method, '') AS method,
    CASE WHEN code BETWEEN 1 AND 999 THEN code::SMALLINT END AS status,
    code BETWEEN 200 AND 399 AS ok,
    CASE WHEN error <> '' THEN left(error, 2000) END AS error,
    CASE WHEN bytes_in >= 0 THEN bytes_in END AS bytes,
    [nullif(attack, ''), nullif(host, '')] AS labels,
    CASE WHEN fault IS NOT NULL THEN fault
        WHEN start_us NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS} OR start_us IS NULL
        THEN '{NO_TIME}'
        WHEN latency IS NULL THEN '{NO_LATENCY}'
        WHEN code NOT BETWEEN 0 AND 999 OR code IS NULL THEN '{NO_CODE}' END AS bad,
    NULL::VARCHAR AS left_out
FROM hosted
"""  # noqa: S608 (our own words)
