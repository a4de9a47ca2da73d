"""Access logs of nginx: combined with what is appended to it, JSON, or any log_format.

nginx writes a line when the request is over, so that `$time_local`, `$time_iso8601` and `$msec`
are its end, and the start is that less `$request_time`, which runs from the first byte read
to the last byte sent. Only that is taken for the response time, never an upstream's. Logs
without it give requests without a response time. Refuses formats without a time, and asks for
the log_format where a log is not of a form that is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._clf import clf_lines, common_score
from slogate.sources._clocks import (
    TOLD,
    UNITS_NS,
    clock_kind,
    clock_sql,
    duration_sql,
    duration_steps,
)
from slogate.sources._json_log import json_keys, json_lines, json_log_words
from slogate.sources._nginx import doubt, template_of, timed_end, typical
from slogate.sources._records import PATHS, Record, line_scan
from slogate.sources._template import LISTED, Words, template_words

# what the variables of nginx are for us; all others are passed over
_VARIABLES = {
    "time_local": "clf", "time_iso8601": "iso", "msec": "msec", "request": "request",
    "request_method": "method", "request_uri": "path", "uri": "path", "document_uri": "path",
    "status": "status", "body_bytes_sent": "bytes", "bytes_sent": "bytes",
    "request_time": "duration", "host": "host", "http_host": "host", "server_name": "host",
    "proxy_upstream_name": "upstream", "otel_trace_id": "trace_id",
    "opentelemetry_trace_id": "trace_id",
}  # fmt: skip
_CLOCKS = ("msec", "iso", "clf")
# how people call them in JSON, beside nginx's own names
_CALLED = {
    "method": "method", "http_method": "method", "url": "path", "path": "path",
    "request_path": "path", "status_code": "status", "http_status": "status", "vhost": "host",
    "bytes": "bytes", "size": "bytes",
}  # fmt: skip
_MOMENTS = ("@timestamp", "timestamp", "time", "datetime", "date", "ts")
_LABELS = ("vhost", "host", "upstream")
_HINT = "say how it is written: --option log_format='$remote_addr … $request_time'"


def sniff(head: bytes) -> float:
    """Sure of what only nginx writes; combined alone may be Apache's too."""
    lines = clf_lines(head)
    if lines:
        line, _ = typical(lines)
        timed = timed_end(line)
        # with a virtual host before, only seconds with decimals are sure to be nginx's
        hosted = line.vhost and "{duration}" not in (timed or "")
        if hosted or any('\\"' in each.text for each in lines):
            return 0.5
        if timed:
            return 0.95 if line.vhost else 0.9
        return common_score(line, common=0.55, combined=0.7, other=0.55)
    keys = json_keys(head)
    known = keys & set(_VARIABLES)
    if "request_time" in known or "body_bytes_sent" in known:
        return 0.9 if len(known) >= 3 else 0.0
    return 0.0


def open_nginx(origin: Origin) -> Scan:
    """The scan of an nginx access log; SourceError says why it cannot be one."""
    given = origin.options.get("log_format")
    if given is not None:
        return _scan(origin, _given(origin, given))
    if lines := clf_lines(origin.head):
        line, others = typical(lines)
        scan = _scan(origin, template_of(line))
        return replace(scan, notes=(*scan.notes, *doubt(line, others, lines)))
    keys = json_keys(origin.head)
    if keys & set(_VARIABLES):
        return _from_json(origin, keys)
    raise origin.fail("it is neither combined nor JSON with nginx's names", line=1, hint=_HINT)


def _given(origin: Origin, log_format: str) -> str:
    """The template that a log_format, as nginx's configuration has it, is."""
    if pieces := re.findall(r"'((?:[^'\\]|\\.)*)'", log_format):
        log_format = "".join(pieces)
    log_format = log_format.replace("\\t", "\t")
    seen: set[str] = set()

    def word(match: re.Match[str]) -> str:
        variable = match[1] or match[2]
        if variable.startswith("upstream_"):
            return LISTED
        name = _VARIABLES.get(variable, "")
        if name in seen:
            return "{}"
        seen.add(name or " ")
        return f"{{{name}}}" if name != "clf" else "{clf} {zone}"

    if re.search(r"[{}]", re.sub(r"\$\{\w+\}", "", log_format)):
        raise origin.fail("option log_format holds braces", hint="escape=json is read without it")
    template = re.sub(r"\$(?:\{(\w+)\}|(\w+))", word, log_format)
    if not seen & set(_CLOCKS):
        names = "$msec, $time_iso8601 or $time_local"
        raise origin.fail(f"option log_format has none of {names}", hint=_HINT)
    return template


def _scan(origin: Origin, template: str) -> Scan:
    found = set(re.findall(r"\{(\w+)\}", template))
    words = template_words(template, frozenset(found & _WORDS))
    return line_scan(origin, words, _record(words.words, absent="{} = '-'"))


_WORDS = {
    *_VARIABLES.values(),
    "zone",
    "vhost",
    *(f"duration_{unit}" for unit in (TOLD, *UNITS_NS)),
}


def _from_json(origin: Origin, keys: set[str]) -> Scan:
    picked: dict[str, str] = {}
    for key, name in (_VARIABLES | _CALLED).items():
        if key in keys:
            picked.setdefault(name, key)
    if not set(picked) & set(_CLOCKS):
        picked |= _moment(origin)
    if "duration" in picked:
        _check_seconds(origin, picked["duration"])
    words: Words = json_log_words(picked)
    return line_scan(origin, words, _record(words.words, absent="coalesce({0}, '-') IN ('-', '')"))


def _check_seconds(origin: Origin, key: str) -> None:
    """Refuse durations that nginx would not write: whole numbers alone, as of ms."""
    told = [str(line[key]) for line in json_lines(origin.head) if key in line]
    whole = [text for text in told if text.isdecimal()]
    if len(whole) == len(told) and (longest := max(map(int, whole))):
        raise origin.fail(
            f"{key} is {longest}: nginx writes seconds with three decimals",
            hint="say which key is what, in which unit: --format export-ndjson "
            "(slogate docs import-exports)",
        )


def _moment(origin: Origin) -> dict[str, str]:
    """The clock that goes by another name, with its key."""
    lines = json_lines(origin.head)
    for key in _MOMENTS:
        told = [str(line[key]) for line in lines if key in line]
        kind = clock_kind(told)
        if kind == "s":
            return {"msec": key}
        if kind in _CLOCKS:
            return {kind: key}
    raise origin.fail(
        "it has none of msec, time_iso8601 and time_local",
        line=1,
        hint="say which key is what: --format export-ndjson (slogate docs import-exports)",
    )


def _record(words: Mapping[str, str], absent: str) -> Record:
    """What the words mean; the finest clock counts."""
    clock = next(name for name in _CLOCKS if name in words)
    kind = "s" if clock == "msec" else clock
    has: dict[str, Any] = {name: name for name in ("status", "bytes", "trace_id") if name in words}
    if "request" in words or "path" in words:
        has |= {"request": "request"} if "path" not in words else {"path": "path"}
        if "path" in words and "method" in words:
            has["method"] = "method"
    else:
        has["endpoint"] = "'-'"
    took = next((name for name in words if name.startswith("duration")), "")
    unit = took.partition("_")[2] or "s"
    if took:
        has |= {"took": duration_sql(took, unit), "steps": duration_steps(took, unit)}
    return Record(
        time=clock_sql(clock, kind, zone="zone" if "zone" in words else ""),
        at_end=True,
        untimed=absent.format(took) if took else "FALSE",
        labels={name: name for name in _LABELS if name in words},
        **has,
    )


_EXAMPLE = b"""\
203.0.113.9 - - [24/Nov/2025:16:00:00 +0000] "GET /browse?page=2 HTTP/1.1" 200 5316 "-" "curl/8.5.0" 0.034
203.0.113.9 - ann [24/Nov/2025:18:00:01 +0200] "POST /cart HTTP/2.0" 503 197 "-" "a \\x22quoted\\x22 agent" 0.008
"""  # noqa: E501

PLUGIN = Source(
    name="nginx-log",
    help="nginx access logs: combined, with $request_time, JSON, or any log_format",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_nginx,
    options={
        "log_format": "the log_format of nginx's configuration, where the log is of another form",
        "paths": PATHS,
    },
    lines=True,
)
