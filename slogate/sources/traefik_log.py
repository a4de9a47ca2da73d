"""Access logs of Traefik, in its common format and as JSON.

Both tell when the request came: the common format by `StartUTC`, in whole seconds. Its response
time is cut to whole milliseconds, that of JSON is in nanoseconds. JSON without StartUTC and
StartLocal (fields can be dropped) has only `time`, when the line was written: the end. The
status is what the client got, where that is told. Refuses logs without a time.
"""

from __future__ import annotations

from typing import Any

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._clf import clf_lines, commonest
from slogate.sources._clocks import clock_sql, duration_sql
from slogate.sources._json_log import json_keys, json_log_words
from slogate.sources._records import PATHS, Record, line_scan
from slogate.sources._template import template_words

_TEMPLATE = (
    '{} - {} [{clf} {zone}] "{request}" {status} {bytes} "{}" "{}" {} "{router}" "{}" {duration}ms'
)
_KEYS = {
    "method": ("RequestMethod",),
    "path": ("RequestPath",),
    "status": ("DownstreamStatus", "OriginStatus"),
    "bytes": ("DownstreamContentSize", "OriginContentSize"),
    "duration": ("Duration",),
    "router": ("RouterName",),
    "service": ("ServiceName",),
    "trace_id": ("TraceId",),
    "starts": ("StartUTC", "StartLocal"),
    "written": ("time",),
}
_OWN = {"DownstreamStatus", "OriginStatus", "RequestPath", "RouterName", "StartUTC", "Duration"}


def sniff(head: bytes) -> float:
    """Sure of what only Traefik appends, and of its names in JSON."""
    lines = clf_lines(head)
    if lines:
        return 0.95 if commonest(lines).of_traefik else 0.0
    return 0.95 if len(json_keys(head) & _OWN) >= 3 else 0.0


def open_traefik(origin: Origin) -> Scan:
    """The scan of an access log of Traefik; SourceError says why it cannot be one."""
    if clf_lines(origin.head):
        return _common(origin)
    keys = json_keys(origin.head)
    picked = {
        word: next((name for name in names if name in keys), "") for word, names in _KEYS.items()
    }
    picked = {word: name for word, name in picked.items() if name}
    if "path" not in picked or not {"starts", "written"} & set(picked):
        hint = "its common format and JSON with RequestPath and StartUTC are read"
        raise origin.fail("it is no access log of Traefik", line=1, hint=hint)
    words = json_log_words(picked)
    has: dict[str, Any] = {
        name: name for name in ("method", "path", "status", "bytes", "trace_id") if name in picked
    }
    started = "starts" in picked
    return line_scan(
        origin,
        words,
        Record(
            time=clock_sql("starts" if started else "written", "iso"),
            at_end=not started,
            took=duration_sql("duration", "ns") if "duration" in picked else None,
            untimed="duration IS NULL",
            labels={name: name for name in ("router", "service") if name in picked},
            **has,
        ),
    )


def _common(origin: Origin) -> Scan:
    names = ("request", "status", "bytes", "router", "duration", "clf", "zone")
    return line_scan(
        origin,
        template_words(_TEMPLATE, frozenset(names)),
        Record(
            time=clock_sql("clf", "clf", zone="zone"),
            took=duration_sql("duration", "ms"),
            request="request",
            status="status",
            bytes="bytes",
            labels={"router": "router"},
        ),
    )


_EXAMPLE = b"""\
203.0.113.9 - - [24/Nov/2025:16:00:00 +0000] "GET /browse?page=2 HTTP/1.1" 200 5316 "-" "-" 17 "shop@docker" "-" 34ms
203.0.113.9 - - [24/Nov/2025:16:00:01 +0000] "POST /cart HTTP/2.0" 502 11 "-" "-" 18 "shop@docker" "http://10.0.0.4" 8ms
"""  # noqa: E501

PLUGIN = Source(
    name="traefik-log",
    help="Traefik access logs: its common format and JSON",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_traefik,
    options={"paths": PATHS},
    lines=True,
)
