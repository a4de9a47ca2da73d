"""Other servers' logs and tracers' traces: whose they are, and that the manual's words work."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from foreign import take

from slogate import plugins
from slogate.errors import SourceError
from slogate.recognition import recognise

AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
HAPROXY = (
    "Nov 24 17:00:00 lb haproxy[7]: 10.0.0.9:38 [24/Nov/2025:17:00:00.250] web~ shop/one {} "
    '0/0/1/30/34 {} 512 - - ---- 1/1/0/0/0 0/0 {{shop||}} "GET /a?b=1 HTTP/1.1"'
)
IIS = "2025-11-24 16:00:00 10.0.0.1 GET /a b=1 80 - 10.0.0.9 curl/8 - 200 0 0 34"
CLOUDFRONT = (
    "2025-11-24 16:00:00 LAX1 512 10.0.0.9 GET d1.example /a 200 - curl - - Hit id shop https "
    "23 0.034 - TLSv1.3"
)
SQUID = "1764000000.250     34 10.0.0.9 TCP_MISS/200 512 GET http://shop/a ann HIER_DIRECT/10.0.0.1"
CADDY = (
    '{"ts":1764000000.284,"duration":0.034,"size":512,"status":200,'
    '"request":{"method":"GET","uri":"/a?b=1"}}'
)
GOOGLE = (
    '{"timestamp":"2025-11-24T16:00:00.250Z","httpRequest":{"latency":"0.034s","requestMethod":'
    '"GET","requestUrl":"https://shop/a?b=1","status":200,"responseSize":"512"}}'
)
KONG = (
    '{"started_at":1764000000250,"latencies":{"request":34,"kong":2,"proxy":32},"request":{"uri":'
    '"/a?b=1","method":"GET"},"response":{"status":200}}'
)
HEROKU = (
    '2025-11-24T16:00:00.250000+00:00 heroku[router]: at=info method=GET path="/a?b=1" '
    'host=shop request_id=1 fwd="10.0.0.9" dyno=web.1 connect=0ms service=34ms status=200 bytes=5'
)
GIN = '[GIN] 2025/11/24 - 17:00:00 | 200 |      34.0005ms |       10.0.0.9 | GET      "/a?b=1"'
S3 = (
    f"{'79a59df9' * 8} shop-bucket [24/Nov/2025:16:00:00 +0000] 10.0.0.9 - 3E5 REST.GET.OBJECT a "
    '"GET /shop-bucket/a.png?x=\\"y HTTP/1.1" 200 - 512 512 34 11 "-" "curl/8" - a= SigV4 E A h TLS'
)
UWSGI = (
    "[pid: 7|app: 0|req: 1/1] 10.0.0.9 () {28 vars in 300 bytes} [Mon Nov 24 17:00:00 2025] GET "
    "/a?b=1 => generated 512 bytes in 34 msecs (HTTP/1.1 200) 2 headers in 80 bytes (1 switches)"
)
TEXT = 'http_requests_total{code="200"} 7\nhttp_requests_total{code="500"} 1\n'
JAEGER = (
    '{"data":[{"traceID":"0af7651916cd43dd8448eb211c80319c","spans":['
    '{"traceID":"0af7651916cd43dd8448eb211c80319c","operationName":"GET /a","startTime":'
    '1764000000250000,"duration":34000,"tags":[{"key":"span.kind","type":"string","value":"server"'
    '},{"key":"http.status_code","type":"int64","value":200}]},{"traceID":"0a","operationName":'
    '"query","startTime":1764000000250000,"duration":9,"tags":[]}],"processes":{}}]}'
)
ZIPKIN = (
    '[{"id":"35","traceId":"0af7651916cd43dd8448eb211c80319c","name":"GET /a","timestamp":'
    '1764000000250000,"duration":34000,"kind":"SERVER","localEndpoint":{"serviceName":"shop"},'
    '"tags":{"http.status_code":"200"}},{"id":"36","traceId":"0b","name":"x","kind":"CLIENT",'
    '"localEndpoint":{"serviceName":"shop"}}]'
)
PRINTED = '{\n    "context": {"trace_id": "0x0af7651916cd43dd8448eb211c80319c"}\n}\n'


def manual(page: str, opening: str) -> tuple[str, list[str]]:
    """The pattern that the page has behind these words, and the options below it."""
    text = files("slogate").joinpath("docs", page).read_text(encoding="utf-8")
    lines = re.findall(r"^    (.+)$", text.partition(f"\n{opening}")[2], re.MULTILINE)
    return lines[0], shlex.split(lines[1])[1::2]


@pytest.mark.parametrize(
    ("opening", "line", "start", "told"),
    [
        pytest.param("HAProxy", HAPROXY.format("", 200).replace("  ", " "), 250, 200, id="HAProxy"),
        pytest.param("HAProxy", HAPROXY.format("shop.example", -1), 250, None, id="its host, gone"),
        pytest.param(
            "HAProxy",
            HAPROXY.format("{} {}", 200)[32:].replace("{} {} ", ""),
            250,
            200,
            id="HAProxy in a container",
        ),
        pytest.param("uWSGI", UWSGI, 0, 200, id="uWSGI"),
        pytest.param("IIS", IIS, -34, 200, id="IIS"),
        pytest.param("CloudFront", CLOUDFRONT, -34, 200, id="CloudFront"),
        pytest.param("Squid", SQUID, 216, 200, id="Squid"),
        pytest.param("Heroku", HEROKU, 216, 200, id="Heroku"),
        pytest.param("Gin", GIN.replace("34.0005ms", "34000µs"), -34, 200, id="Gin"),
        pytest.param("Gin", GIN.replace("34.0005ms", "0.034s"), -34, 200, id="Gin, in s"),
    ],
)
def test_the_patterns_of_the_manual_work(tmp_path, opening, line, start, told):
    """Who has a log of that server can copy them."""
    pattern, given = manual("import-log-patterns.md", opening)
    options = dict(option.split("=", 1) for option in given)

    taken = take(
        tmp_path, f"{line}\n", source=plugins.find("sources", "pattern-log"), pattern=pattern,
        **options,
    )  # fmt: skip

    [row] = taken.rows
    assert row["ts"] == AT + timedelta(milliseconds=start)
    assert (row["method"], row["endpoint"], row["status"]) == ("GET", "/a", told)
    assert row["duration_us"] == 34_000
    assert row["ok"] is (None if told else False)


def test_the_pattern_of_s3(tmp_path):
    """Its endpoints are operations: names of objects would be as many as objects."""
    pattern, given = manual("import-log-patterns.md", "S3")
    options = dict(option.split("=", 1) for option in given)

    [row] = take(
        tmp_path, f"{S3}\n", source=plugins.find("sources", "pattern-log"), pattern=pattern,
        **options,
    ).rows  # fmt: skip

    assert (row["ts"], row["duration_us"], row["status"]) == (AT, 34_000, 200)
    assert (row["endpoint"], row["labels"]) == ("REST.GET.OBJECT", [("bucket", "shop-bucket")])


@pytest.mark.parametrize(
    ("at", "line"),
    [
        pytest.param(0, CADDY, id="Caddy"),
        pytest.param(1, GOOGLE, id="Google"),
        pytest.param(2, KONG, id="Kong"),
    ],
)
def test_the_mappings_of_the_manual_work(tmp_path: Path, at: int, line: str):
    """Those of Caddy and of Google's load balancers."""
    text = files("slogate").joinpath("docs", "import-exports.md").read_text(encoding="utf-8")
    mapping = re.findall(r"```yaml\n(.*?)```", text.partition("\nCaddy's")[2], re.DOTALL)[at]
    assert yaml.safe_load(mapping)
    (tmp_path / "mapping.yaml").write_text(mapping)

    [row] = take(
        tmp_path, line, source=plugins.find("sources", "export-ndjson"),
        mapping=str(tmp_path / "mapping.yaml"),
    ).rows  # fmt: skip

    told = ("ts", "duration_us", "method", "endpoint", "status")
    assert [row[name] for name in told] == [
        AT + timedelta(milliseconds=250), 34_000, "GET", "/a", 200
    ]  # fmt: skip


def test_durations_as_go_writes_them(tmp_path):
    """Each row tells its unit; one that tells none is bad."""
    lines = [GIN, GIN.replace("34.0005ms", "791ns"), GIN.replace("34.0005ms", "1m2.5s"),
             GIN.replace("34.0005ms", "34.0005")]  # fmt: skip
    pattern, given = manual("import-log-patterns.md", "Gin")
    options = dict(option.split("=", 1) for option in given)

    taken = take(
        tmp_path, "\n".join(lines), source=plugins.find("sources", "pattern-log"),
        pattern=pattern, **options,
    )  # fmt: skip

    assert [row["duration_us"] for row in taken.rows] == [34_001, 1, 62_500_000]
    assert taken.tally.bad.total() == 1


@pytest.mark.parametrize(
    ("content", "name", "hint"),
    [
        pytest.param("tls 2.0 2025-11-24T16:00:00 net/shop/1 2 10.0.0.9:1 10.0.0.1:443 5 2 98 246",
                     "network load balancer", "not of requests", id="NLB"),
        pytest.param("2025-11-24T16:00:00.5Z 10.0.0.9 36280 443 TLSv1.3 TLS_AES 4.036 -",
                     "connections", "not of requests", id="ALB's connections"),
        pytest.param(SQUID, "Squid", "pattern", id="Squid"),
        pytest.param(S3, "S3", "pattern", id="S3"),
        pytest.param(UWSGI, "uWSGI", "pattern", id="uWSGI"),
        pytest.param('#TYPE System.Object\n"time","path"\n', "PowerShell", "tail", id="PowerShell"),
        pytest.param('"sep=,"\n"Time","Route"\n', "delimiter", "tail", id="Grafana"),
        pytest.param("time:x\thost:a\treq:GET /\tstatus:200", "LTSV", "log_format", id="LTSV"),
        pytest.param("10.0.0.9:38 [24/Nov/2025:17:00:00.250] sql db/one 0/0/5 117 -- 1/1/0/0/0 0/0",
                     "TCP mode", "connections", id="HAProxy's connections"),
        pytest.param(HEROKU, "Heroku", "pattern", id="Heroku"),
        pytest.param("sep=;\nts;took;path\n1764000000;5;/a", "delimiter", "tail -n", id="sep"),
        pytest.param(HAPROXY.format("", 200).partition(": ")[2].replace("  ", " "), "HAProxy",
                     "pattern", id="HAProxy in a container"),
        pytest.param(f"2025-11-24T16:00:00.5+00:00 lb {HAPROXY[19:]}", "HAProxy", "pattern",
                     id="HAProxy by today's syslog"),
        pytest.param("2025-11-24T16:00:00.5+00:00 web nginx: 10.0.0.9 - - x", "syslog's words",
                     "{2}", id="today's syslog"),
        pytest.param(TEXT, "metrics of one moment", "import-prometheus", id="without HELP"),
        pytest.param('{"batches":[{"resource":{},"scopeSpans":[]}]}', "Tempo", "jq", id="Tempo"),
        pytest.param(PRINTED, "console", "OTLP", id="Python's console"),
        pytest.param("{\n  traceId: '0af7651916cd43dd8448eb211c80319c',\n", "console", "OTLP",
                     id="JavaScript's console"),
        pytest.param("'GET /a' : 0a 0b SERVER [tracer: t:1] AttributesMap{data={a=b}, x", "console",
                     "OTLP", id="Java's console"),
        pytest.param("2025-11-24T16:00:00Z\tinfo\tResourceSpans #0\n", "collector", "OTLP",
                     id="debug exporter"),
    ],
)  # fmt: skip
def test_whose_file_it_is_is_told(tmp_path, content: str, name: str, hint: str):
    """The error says what it is, and what to do with it."""
    (tmp_path / "odd").write_text(f"{content}\n")

    with pytest.raises(SourceError, match=name) as caught:
        recognise("odd", tmp_path / "odd", "auto", {})

    assert hint in (caught.value.hint or "")


@pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq")
@pytest.mark.parametrize("content", [JAEGER, ZIPKIN], ids=["Jaeger", "Zipkin"])
def test_traces_become_requests(tmp_path, content: str):
    """What the hint says gives one line a server's span, which needs no mapping."""
    (tmp_path / "odd").write_text(content)
    with pytest.raises(SourceError, match="traces of") as caught:
        recognise("odd", tmp_path / "odd", "auto", {})
    recipe = (caught.value.hint or "").partition(" > ")[0]
    words = [str(tmp_path / "odd") if word == "FILE" else word for word in shlex.split(recipe)]

    made = subprocess.run(words, check=True, capture_output=True, timeout=30).stdout

    (tmp_path / "made").write_bytes(made)
    source = recognise("made", tmp_path / "made", "auto", {}).source
    [row] = take(tmp_path, made, source=source).rows
    told = ("duration_us", "method", "endpoint", "status", "ok")
    assert [row[name] for name in told] == [34_000, "GET", "/a", 200, True]
    assert row["ts"] == AT + timedelta(milliseconds=250)
    assert row["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_classic_load_balancers(tmp_path):
    """Their time is the end, their three times are one; TCP has no requests."""
    began = "2025-11-24T16:00:00.034000Z shop 10.0.0.9:1"
    content = (
        f'{began} 10.0.0.1:80 0.000043 0.033900 0.000057 200 200 0 512 "GET http://shop:80/a '
        'HTTP/1.1" "curl" - -\n'
        f'{began} - -1 -1 -1 503 0 0 0 "GET http://shop:80/a HTTP/1.1" "curl" - -\n'
        f'{began} 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -\n'
    )
    (tmp_path / "log").write_text(content)
    source = recognise("log", tmp_path / "log", "auto", {}).source
    assert source.name == "alb-log"

    taken = take(tmp_path, content, source=source)

    assert [row["duration_us"] for row in taken.rows] == [34_000, None]
    assert taken.rows[0]["ts"] == AT
    assert [row["status"] for row in taken.rows] == [200, 503]
    assert dict(taken.tally.left_out) == {"connections without a request": 1}


def test_more_fields_of_iis_are_no_response_times(tmp_path):
    """Bytes before it would be taken for milliseconds, were the pattern not for all of the line."""
    pattern, given = manual("import-log-patterns.md", "IIS")
    options = dict(option.split("=", 1) for option in given)
    line = IIS.replace("200 0 0 34", "200 0 0 5120 300 34")

    with pytest.raises(SourceError, match="matches the pattern"):
        take(
            tmp_path, f"{line}\n", source=plugins.find("sources", "pattern-log"),
            pattern=pattern, **options,
        )  # fmt: skip


def test_envoys_lines_within_json_are_told(tmp_path):
    """As Emissary's pods write them, and a shipper keeps them."""
    kept = {"message": 'ACCESS [2025-11-24T16:00:00.250Z] "GET /a HTTP/1.1" 200', "stream": "out"}
    (tmp_path / "kept").write_text(json.dumps(kept) + "\n")

    with pytest.raises(SourceError, match="kept in JSON, as 'message'"):
        recognise("kept", tmp_path / "kept", "auto", {})


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize("key", ["log", "MESSAGE", "message", "line"])
@pytest.mark.parametrize(
    "line",
    [
        '10.0.0.9 - - [24/Nov/2025:16:00:00 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8" 0.034\n',
        '{"time_iso8601":"2025-11-24T16:00:00Z","request":"GET /a","request_time":"0.034"}',
    ],
)
def test_lines_within_json_come_out(tmp_path, key: str, line: str):
    """As containers, journals and shippers keep them: the error says how, and that works."""
    kept = [{"stream": "stdout", key: text} for text in ("begun", line, line)]
    (tmp_path / "FILE").write_text("".join(f"{json.dumps(each)}\n" for each in kept))

    with pytest.raises(SourceError, match=f"kept in JSON, as '{key}'") as caught:
        recognise("FILE", tmp_path / "FILE", "auto", {})
    command = str(caught.value.hint).partition(" | slogate")[0]
    content = subprocess.run(
        command, shell=True, cwd=tmp_path, check=True, capture_output=True, timeout=30
    ).stdout.replace(b"begun\n", b"")

    taken = take(tmp_path, content, source=plugins.find("sources", "nginx-log"))
    assert [row["duration_us"] for row in taken.rows] == [34_000] * 2
