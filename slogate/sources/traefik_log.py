"""Access logs of Traefik, in its common format and as JSON.

Both tell when the request came: the common format by `StartUTC`, in whole seconds. Its response
time is cut to whole milliseconds, that of JSON is in nanoseconds. JSON without StartUTC and
StartLocal (fields can be dropped) has only `time`, when the line was written: the end. The
status is what the client got, where that is told. Versions 1.4 and 1.5 write what was not told
without quotes. Refuses logs without a time.
"""

from __future__ import annotations

from typing import Any

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._clf import clf_lines, commonest
from slogate.sources._clocks import clock_sql, duration_sql
from slogate.sources._json_log import json_keys, json_log_words
from slogate.sources._records import PATHS, Record, line_scan
from slogate.sources._template import expression_words, template_words

_TEMPLATE = (
    '{} - {} [{clf} {zone}] "{request}" {status} {bytes} "{}" "{}" {} "{router}" "{}" {duration}ms'
)
# of 1.4 and 1.5, which write a dash without quotes where they have nothing to tell
_QUOTED = r'(?:"(?:[^"\\]|\\.)*"|-)'
_DASHED = (
    r'^\S+ - .*? \[(?P<clf>\S+) (?P<zone>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\S+) '
    rf'(?P<bytes>\S+) {_QUOTED} {_QUOTED} \S+ (?:"(?P<router>[^"]*)"|-) {_QUOTED} '
    r"(?P<duration>-?\d+)ms$"
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
    "starts": ("StartUTC",),
    "starts_local": ("StartLocal",),
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
    begun = [name for name in ("starts", "starts_local") if name in picked]
    if "path" not in picked or not {*begun, *({"written"} & set(picked))}:
        hint = "its common format and JSON with RequestPath and StartUTC are read"
        raise origin.fail("it is no access log of Traefik", line=1, hint=hint)
    words = json_log_words(picked)
    has: dict[str, Any] = {
        name: name for name in ("method", "path", "status", "bytes", "trace_id") if name in picked
    }
    # of the fields that can be dropped, each line has its own
    start = clock_sql(f"coalesce({', '.join(begun)})", "iso") if begun else None
    written = clock_sql("written", "iso") if "written" in picked else None
    return line_scan(
        origin,
        words,
        Record(
            time=written or start or "",
            at_end=written is not None,
            start=start if written else None,
            took=duration_sql("duration", "ns") if "duration" in picked else None,
            untimed="duration IS NULL",
            labels={name: name for name in ("router", "service") if name in picked},
            **has,
        ),
    )


def _common(origin: Origin) -> Scan:
    names = frozenset({"request", "status", "bytes", "router", "duration", "clf", "zone"})
    dashed = any(line.of_traefik and not line.combined for line in clf_lines(origin.head))
    return line_scan(
        origin,
        expression_words(_DASHED, names) if dashed else template_words(_TEMPLATE, names),
        Record(
            fits="clf <> ''" if dashed else "TRUE",
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
