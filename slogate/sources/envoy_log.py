"""Access logs of Envoy: its default format, those of Istio, JSON of Istio, Envoy Gateway, Contour.

START_TIME is when the request came, DURATION the whole milliseconds until its last byte was
sent. Code 0 means that no response was begun, mostly for a client that went: a failure without
a status; the response flags are its error, or gRPC's status, by which it may have failed where
HTTP's is 200. Connections without a request are left out. What
is written by another format string is read where that is given.
"""

from __future__ import annotations

import re
from typing import Any

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._clocks import clock_sql, duration_sql
from slogate.sources._json_log import json_keys, json_log_words
from slogate.sources._records import PATHS, Record, line_scan, lines_of
from slogate.sources._template import Words, template_expression, template_words

_START = '[{time}] "{method} {path} {}" {status} {flags} '
_END = '{bytes} {duration} {} "{}" "{}" "{}" "{host}" "{}"'
# by what stands between the flags and the bytes received
_TEMPLATES = (
    f"{_START}{{}} {_END}",
    f'{_START}{{}} {{}} "{{}}" {{}} {_END} {{upstream}} ',
    f'{_START}{{}} "{{}}" {{}} {_END} {{upstream}} ',
    f'{_START}"{{}}" "{{}}" {{}} {_END} {{upstream}} ',
    f'{_START}"{{}}" {{}} {_END} {{upstream}} ',
)
_OPERATORS = {
    "START_TIME": "time", "RESPONSE_CODE": "status", "RESPONSE_FLAGS": "flags",
    "BYTES_SENT": "bytes", "DURATION": "duration", "UPSTREAM_CLUSTER": "upstream",
    "REQ(:METHOD)": "method", "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)": "path", "REQ(:PATH)": "path",
    "REQ(:AUTHORITY)": "host", "TRACE_ID": "trace_id", "GRPC_STATUS_NUMBER": "grpc",
    "GRPC_STATUS": "grpc", "GRPC_STATUS(CAMEL_STRING)": "grpc",
    "GRPC_STATUS(SNAKE_STRING)": "grpc", "GRPC_STATUS(NUMBER)": "grpc",
}  # fmt: skip
_KEYS = {
    "time": ("start_time", "@timestamp"), "method": ("method",),
    "path": ("path", "x_envoy_original_path", "x-envoy-origin-path"),
    "status": ("response_code",), "flags": ("response_flags",), "bytes": ("bytes_sent",),
    "duration": ("duration",), "host": ("authority", ":authority"),
    "upstream": ("upstream_cluster",),
    "trace_id": ("trace_id",), "grpc": ("grpc_status_number", "grpc_status"),
}  # fmt: skip
# those that are the server's fault, whose HTTP status is 200 all the same
_GRPC = (
    "2", "4", "12", "13", "14", "15", "unknown", "deadlineexceeded", "unimplemented", "internal",
    "unavailable", "dataloss",
)  # fmt: skip
_NO_REQUEST = "connections without a request"
_HINT = "say how it is written: --option log_format='[%START_TIME%] …'"


def sniff(head: bytes) -> float:
    """Sure of the format strings that are known, and of JSON with its names."""
    if _template(lines_of(head, 50)):
        return 0.95
    return 0.95 * _is_json(json_keys(head))


def open_envoy(origin: Origin) -> Scan:
    """The scan of an access log of Envoy; SourceError says why it cannot be one."""
    given = origin.options.get("log_format")
    template = _given(origin, given) if given else _template(lines_of(origin.head, 50))
    if template:
        found = frozenset(re.findall(r"\{(\w+)\}", template))
        return _scan(origin, template_words(template, found), "{} = '-'")
    keys = json_keys(origin.head)
    if not _is_json(keys):
        raise origin.fail("it is of no format of Envoy that is known", line=1, hint=_HINT)
    picked = {word: next((n for n in names if n in keys), "") for word, names in _KEYS.items()}
    words = json_log_words({word: name for word, name in picked.items() if name})
    return _scan(origin, words, "coalesce({0}, '-') = '-'")


def _is_json(keys: set[str]) -> bool:
    """Whether JSON with these keys has Istio's names, Envoy Gateway's or Contour's."""
    timed = "start_time" in keys or {"@timestamp", "response_flags"} <= keys
    return timed and "response_code" in keys


def _template(lines: list[str]) -> str | None:
    """The template that most of the first lines are of; Emissary writes a word before each."""
    # ten expressions less for the files of all other formats
    if not any(line.startswith(("[", "ACCESS [")) for line in lines):
        return None
    for template in (f"{before}{each}" for each in _TEMPLATES for before in ("", "ACCESS ")):
        # numbers and words without quotes, so that no two of them fit the same line
        expression = template_expression(template.replace(" {} {bytes} {duration} ", " ~ "))
        expression = expression.replace(r"[^\ ]*", '[^ "]*')
        numbers = re.compile(expression.replace("\\ \\~\\ ", r" (?:\d+ \d+ \d+|- - -) "))
        fitting = sum(1 for line in lines if numbers.match(line))
        if fitting and 2 * fitting >= len(lines):
            return template
    return None


def _given(origin: Origin, log_format: str) -> str:
    """The template that a format string of Envoy's is."""
    log_format = log_format.replace("\\n", "").strip("\n")
    seen: set[str] = set()

    def word(match: re.Match[str]) -> str:
        operator = match[1].replace("REQUEST_HEADER(", "REQ(")
        name = _OPERATORS.get(operator, "")
        if name in seen:
            name = ""
        seen.add(name)
        return f"{{{name}}}"

    if "{" in log_format or "}" in log_format:
        raise origin.fail("option log_format holds braces; JSON is read without it")
    template = re.sub(r"%([A-Z_]+(?:\([^)]*\))?)(?::\d+)?%", word, log_format)
    if "time" not in seen:
        raise origin.fail("option log_format has no plain %START_TIME%", hint=_HINT)
    return template


def _scan(origin: Origin, words: Words, absent: str) -> Scan:
    found = words.words
    has: dict[str, Any] = {
        name: name for name in ("method", "path", "status", "bytes", "trace_id") if name in found
    }
    if "path" not in found:
        has = {name: has[name] for name in has if name != "method"} | {"endpoint": "'-'"}
    errors = ["CASE WHEN flags NOT IN ('-', '') THEN flags END"] if "flags" in found else []
    steps: list[tuple[str, str]] = []
    if "grpc" in found:
        listed = ", ".join(f"'{status}'" for status in _GRPC)
        steps = [("rpc_failed", f"lower(replace(coalesce(grpc, ''), '_', '')) IN ({listed})")]
        gone = " OR code = 0" if "status" in found else ""
        has["ok"] = f"CASE WHEN rpc_failed{gone} THEN FALSE END"
        errors.append("CASE WHEN rpc_failed THEN concat('gRPC ', grpc) END")
    no_request = ""
    if {"method", "path", "status"} <= set(found):
        nothing = [absent.format(name) for name in ("method", "path")]
        no_request = " AND ".join([*nothing, "code = 0"])
    return line_scan(
        origin,
        words,
        Record(
            time=clock_sql("time", "iso"),
            took=duration_sql("duration", "ms") if "duration" in found else None,
            untimed=absent.format("duration"),
            error=f"coalesce({', '.join(errors)})" if errors else None,
            steps=steps,
            labels={name: name for name in ("host", "upstream") if name in found},
            left_out=f"CASE WHEN {no_request} THEN '{_NO_REQUEST}' END" if no_request else None,
            **has,
        ),
    )


_EXAMPLE = b"""\
[2025-11-24T16:00:00.310Z] "GET /browse?page=2 HTTP/2" 200 - 0 5316 34 33 "203.0.113.9" "-" "cc21d9b0" "shop.example" "10.0.2.1:80"
[2025-11-24T16:00:01.004Z] "POST /cart HTTP/2" 503 UF 154 91 8 - "-" "-" "-" "shop.example" "-"
"""  # noqa: E501

PLUGIN = Source(
    name="envoy-log",
    help="Envoy access logs: the default format, Istio's, JSON, or any format string",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_envoy,
    options={
        "log_format": "Envoy's format string, where the log is of another form",
        "paths": PATHS,
    },
    lines=True,
)
