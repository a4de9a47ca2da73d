"""The three series, and the columns that every source and engine agrees on.

`requests`: one row a request.

| column      | type            | meaning                                                       |
|-------------|-----------------|---------------------------------------------------------------|
| ts          | timestamp µs UTC| start of the request, 1970 to 9999                            |
| duration_us | int64, null     | whole µs >= 0, rounded up; null: no response time was told    |
| late_us     | int64, null     | start − the moment its user's wait was due                    |
| pace_us     | int64, null     | the expected time between two starts of this user's endpoint  |
| endpoint    | string          | name, without the method                                      |
| method      | string          | empty where the source has none                               |
| status      | int16, null     | null where there was no response                              |
| ok          | bool, null      | what the source said; null: it said nothing                   |
| error       | string, null    | what went wrong, in the source's words                        |
| bytes       | int64, null     | size of the response body                                     |
| worker      | string, null    | which generator process                                       |
| trace_id    | string, null    | W3C trace id                                                  |
| labels      | map, null       | string to string                                              |

`histograms` and `counts`: one row says that `count` requests took over `lo_us` and at most
`hi_us`. Merging is adding up. Both have the same columns: in `histograms` the bounds are those of a
grid or of the source's own buckets, in `counts` the limits that someone judges by ("cuts"), so
that few rows answer exactly how many kept a limit. A row lies in its step as a whole.

| column      | type            | meaning                                                       |
|-------------|-----------------|---------------------------------------------------------------|
| ts          | timestamp µs UTC| start of the step in which the requests were counted          |
| step_us     | int64           | length of the step, over 0                                    |
| endpoint, method, status, ok, worker, labels | | as above; null where the source did not say |
| lo_us       | int64, null     | all took longer than this; −1: any time at all                |
| hi_us       | int64, null     | none took longer than this; null: no upper bound              |
| count       | int64           | how many requests, over 0                                     |
| sum_us      | int64, null     | their durations, summed; null: not told                       |
| max_us      | int64, null     | the longest of them; null: not told                           |

`lo_us` null means that no response time was told (and `hi_us` is null too).
"""

from __future__ import annotations

from typing import Literal

Series = Literal["requests", "counts", "histograms"]
SERIES: tuple[Series, ...] = ("requests", "counts", "histograms")
SCHEMA_VERSION = 1
# 9999-12-31T23:59:59.999999Z: the calendar of ISO 8601, and of Python, ends there
LAST_TS = 253_402_300_799_999_999
COLUMNS = (
    "ts", "duration_us", "late_us", "pace_us", "endpoint", "method", "status", "ok",
    "error", "bytes", "worker", "trace_id", "labels",
)  # fmt: skip
HISTOGRAM_COLUMNS = (
    "ts", "step_us", "endpoint", "method", "status", "ok", "lo_us", "hi_us", "count", "sum_us",
    "max_us", "worker", "labels",
)  # fmt: skip


def split_endpoint(name: str) -> tuple[str, str]:
    """`POST /checkout` as (`POST`, `/checkout`); a name alone keeps an empty method."""
    head, separator, rest = name.partition(" ")
    if separator and head.isascii() and head.isalpha() and head.isupper() and rest:
        return head, rest
    return "", name
