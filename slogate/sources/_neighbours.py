"""What other servers, balancers and tracers write that is not read as it is, and what to do.

Logs of a request a line can be read by a pattern: the manual has those of the usual servers.
Traces of Jaeger and Zipkin become lines that can be imported.
"""

from __future__ import annotations

from slogate.sources._relatives import Stranger

_PATTERN = "its pattern is in slogate docs import-log-patterns"
_CONNECTIONS = "it tells of connections, not of requests: import the log of what answers them"
_TAIL = "tail -n +2 FILE | slogate import - …"
_SEND = "let it write or send OTLP: slogate docs import-otlp, slogate docs receive"
_THEN = "> LINES, and import that"
_JAEGER = (
    "jq -c '.data[] as $trace | $trace.spans[] | ([.tags[] | {key, value}] | from_entries) as "
    '$tags | select($tags["span.kind"] == "server") | {time: .startTime, duration_us: '
    '.duration, endpoint: .operationName, status: ($tags["http.response.status_code"] // '
    f'$tags["http.status_code"]), ok: ($tags.error != true), trace_id: .traceID}}\' FILE {_THEN}'
)
_ZIPKIN = (
    'jq -c \'(if type == "array" then .[] else . end) | select(.kind == "SERVER") | {time: '
    '.timestamp, duration_us: .duration, endpoint: .name, status: .tags["http.status_code"], '
    f"ok: (.tags.error == null), trace_id: .traceId}}' FILE {_THEN}"
)
_TEMPO = "jq -c '{{resourceSpans: {}}}' FILE {}"
_SCRAPED = Stranger(
    "metrics of one moment, as Prometheus scrapes them",
    "import from the Prometheus server that does: slogate docs import-prometheus",
)
_HAPROXY = Stranger("a log of HAProxy", _PATTERN)
# how syslog begins: as it did, and as it does now
_DAY = rb"(?:<\d+>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
_MOMENT = rb"(?:<\d+>)?\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) "
_SYSLOG = rb"\S+ [\w./-]+(?:\[\d+\])?: "
_WHEN = rb"(?:<\d+>)?(?:1 )?\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) "
_METRIC = rb"[a-z]\w*_(?:bucket|total|count|sum)(?:\{[^\n]*\})? [\d.eE+-]+\n"


def _syslog(words: int) -> Stranger:
    """A log with so many words of a time and a host before the name of the program."""
    return Stranger(
        "a log with syslog's words before each line",
        "strip what stands before each line, and import that: "
        f"sed -E 's/^([^ ]+ +){{{words}}}[^ ]+ //' FILE",
    )


# a line of the Common Log Format, one of Envoy's, or one of JSON
_KEPT = rb'(?:[^"\s]+ \S+ \S+ \[\d\d/[A-Z]|(?:ACCESS )?\[\d{4}-\d\d-\d\dT|\{\\")'
BEGIN = {
    rb"tls \d\.\d \d{4}-\d\d-\d\dT[\d:]+ net/": Stranger(
        "a log of a network load balancer of AWS", _CONNECTIONS
    ),
    rb"\d{4}-\d\d-\d\dT[\d:.]+Z [\da-fA-F.:]+ \d+ \d+ (?:TLSv[\d.]+|-) \S+ (?:[\d.]+|-) ": Stranger(
        "a log of the connections of a load balancer of AWS", _CONNECTIONS
    ),
    rb"\d{9,10}\.\d{3} +\d+ [\da-fA-F.:]+ [A-Z_]+/\d{3} \d+ [A-Z]+ ": Stranger(
        "a log of Squid", _PATTERN
    ),
    rb"\S+:\d+ \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.]+\] \S+ \S+/\S+ -?\d+/-?\d+/-?\d+/-?\d+/": _HAPROXY,
    rb"\S+:\d+ \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.]+\] \S+ \S+/\S+ -?\d+/-?\d+/\+?\d+ \d+ ": Stranger(
        "a log of connections, as HAProxy writes it in TCP mode", _CONNECTIONS
    ),
    rb"[\da-f]{64} [\w.-]+ \[\d\d/[A-Z][a-z]{2}/\d{4}:": Stranger("an access log of S3", _PATTERN),
    rb"[\w-]+:[^\t\n]*(?:\t[\w-]+:[^\t\n]*){3,60}$": Stranger(
        "a log of words with labels (LTSV)",
        "say how it is written: --format nginx-log --option log_format='time:$time_local\\t…' (or "
        "apache-log), or a pattern: slogate docs import-access-logs",
    ),
    _WHEN + rb"heroku\[router\]: ": Stranger("a log of Heroku's router", _PATTERN),
    rb'"?sep=[,;|\t]"?\n': Stranger("a CSV whose first line tells the delimiter", _TAIL),
    rb"#TYPE [\w.+]+\n": Stranger("a CSV of PowerShell, whose first line tells a type", _TAIL),
    _WHEN + rb"\S+ haproxy\b": _HAPROXY,
    _DAY + rb"\S+ haproxy\[": _HAPROXY,
    _MOMENT + _SYSLOG: _syslog(2),
    _DAY + _SYSLOG: _syslog(4),
    _METRIC + rb"(?:#|[a-z]\w*(?:\{[^\n]*\})? [\d.eE+-]+\n)": _SCRAPED,
    rb"(?:#.*\n)*# (?:HELP|TYPE) [\w:]+ ": _SCRAPED,
    rb'\{\s*"batches"\s*:\s*\[\s*\{\s*"resource"': Stranger(
        "a trace as Tempo answers", _TEMPO.format(".batches", _THEN)
    ),
}
HOLD = {
    **{
        rb'^\{[^\n]{0,2000}"%b"\s?:\s?"%b' % (key.encode(), _KEPT): Stranger(
            f"a log whose lines are kept in JSON, as '{key}'",
            f"jq -r '.{key} | rtrimstr(\"\\n\")' FILE | slogate import - …",
        )
        for key in ("log", "message", "MESSAGE", "line", "msg", "textPayload", "raw", "_raw")
    },
    rb"\] [A-Z]+ \S+ => generated \d+ bytes in \d+ msecs ": Stranger("a log of uWSGI", _PATTERN),
    rb"^#Fields: ": Stranger("a log in the W3C's format", _PATTERN),
    rb'^\{\s*"data"\s*:\s*\[\s*\{\s*"traceID"\s*:': Stranger("traces of Jaeger", _JAEGER),
    rb'"localEndpoint"\s*:\s*\{': Stranger("traces of Zipkin", _ZIPKIN),
    rb'"trace_id"\s*:\s*"0x[0-9a-f]{32}"': Stranger(
        "what an exporter to the console prints", _SEND
    ),
    rb"AttributesMap\{data=\{": Stranger("what an exporter to the console prints", _SEND),
    rb"^ +traceId: '[0-9a-f]{32}',": Stranger("what an exporter to the console prints", _SEND),
    rb"\bResource(?:Spans|Metrics) #\d": Stranger("what the collector prints for debugging", _SEND),
}
