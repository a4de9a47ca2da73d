"""The request series: one row a request, the columns that every source and engine agrees on.

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
"""

from __future__ import annotations

SCHEMA_VERSION = 1
# 9999-12-31T23:59:59.999999Z: the calendar of ISO 8601, and of Python, ends there
LAST_TS = 253_402_300_799_999_999
COLUMNS = (
    "ts", "duration_us", "late_us", "pace_us", "endpoint", "method", "status", "ok",
    "error", "bytes", "worker", "trace_id", "labels",
)  # fmt: skip


def split_endpoint(name: str) -> tuple[str, str]:
    """`POST /checkout` as (`POST`, `/checkout`); a name alone keeps an empty method."""
    head, separator, rest = name.partition(" ")
    if separator and head.isascii() and head.isalpha() and head.isupper() and rest:
        return head, rest
    return "", name
