from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources._base import read_origin
from slogate.sources._records import NO_TIMES

AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
STAMP = "[24/Nov/2025:16:00:00 +0000]"
REQUEST = '"GET /a?b=1 HTTP/1.1"'
COMBINED = f'203.0.113.9 - - {STAMP} {REQUEST} 200 512 "-" "curl/8.5.0"'
ISTIO = (
    '[2025-11-24T16:00:00.310Z] "GET /a?b=1 HTTP/1.1" 200 - via_upstream - "-" 0 512 34 33 "-" '
    '"curl" "id" "shop.example" "10.0.0.1:80" outbound|80||shop 10.0.0.2:1 10.0.0.3:2 10.0.0.4:3 - '
    "default"
)
ISTIO_OLD = (
    '[2025-11-24T16:00:00.310Z] "GET /a?b=1 HTTP/1.1" 200 - "-" "-" 0 512 34 33 "-" "curl" "id" '
    '"shop.example" "10.0.0.1:80" outbound|80||shop 10.0.0.2:1 - -'
)
ALB = (
    "https 2025-11-24T16:00:01.000000Z app/shop/1 203.0.113.9:2817 10.0.0.1:80 {times} {status} "
    '34 512 "{request}" "curl" - - arn/shop/2 "{trace}"'
)
ALB_SINCE = ' "shop.example" "-" 1 2025-11-24T16:00:00.000000Z "forward" "-" "{fault}"'


def read(folder: Path, *lines: str, name: str, **options: str) -> Taken:
    """What a format makes of these lines."""
    content = "".join(f"{line}\n" for line in lines)
    return take(folder, content, source=plugins.find("sources", name), **options)


def alb(
    times: str = "0.001 0.030 0.003", status: str = "200 200", trace: str = "-", fault: str = "-",
    request: str = "GET https://shop.example:443/a?b=1 HTTP/1.1",
) -> str:  # fmt: skip
    """A line of a load balancer."""
    begin = ALB.format(times=times, status=status, trace=trace, request=request)
    return begin + ALB_SINCE.format(fault=fault)


def recognised(folder: Path, line: str) -> str:
    """The format that is surest of a file of this line."""
    path = folder / "log"
    path.write_text(f"{line}\n")
    head = read_origin("log", path).head
    scores = {name: plugins.find("sources", name).sniff(head) for name in plugins.names("sources")}
    best = max(scores.values())
    [name] = [name for name, score in scores.items() if score == best > 0]
    return name


@pytest.mark.parametrize(
    ("line", "name", "shift", "took"),
    [
        pytest.param(f"{COMBINED} 0.034", "nginx-log", -34, 34, id="nginx"),
        pytest.param(f'{COMBINED} "10.0.0.7" 0.034 -', "nginx-log", -34, 34, id="forwarded"),
        pytest.param(f"{COMBINED} rt=0.034 uct=0.001", "nginx-log", -34, 34, id="rt="),
        pytest.param(f"{COMBINED} 0.031 rt=0.034", "nginx-log", -34, 34, id="rt= behind another"),
        pytest.param(f'{COMBINED} request_time="0.034"', "nginx-log", -34, 34, id="quoted"),
        pytest.param(
            f"{COMBINED} 345 0.034 [shop-80] [] 10.0.0.7:80 512 0.033 200 0af7", "nginx-log",
            -34, 34, id="ingress",
        ),
        pytest.param(
            f'{COMBINED} "-" "shop.example" sn="_" rt=0.034 ua="10.0.0.7:80" us="200" ut="0.033"',
            "nginx-log", -34, 34, id="quotes behind names",
        ),
        pytest.param(f'{COMBINED} "-" "0.034"', "nginx-log", -34, 34, id="in quotes"),
        pytest.param(COMBINED, "nginx-log", 0, None, id="combined"),
        pytest.param(COMBINED[: COMBINED.index(' "-"')], "apache-log", 0, None, id="common"),
        pytest.param(f"shop.example:80 {COMBINED}", "apache-log", 0, None, id="virtual host"),
        pytest.param(
            COMBINED.replace("curl/8.5.0", r"a \"b\""), "apache-log", 0, None, id="escaped quote"
        ),
        pytest.param(
            f'{COMBINED} 17 "shop@docker" "http://10.0.0.4" 34ms', "traefik-log", 0, 34,
            id="traefik",
        ),
        pytest.param(
            '{"StartUTC":"2025-11-24T16:00:00.000000000Z","Duration":33999001,"RequestPath":"/a?b=1",'
            '"RequestMethod":"GET","DownstreamStatus":200,"OriginStatus":0,'
            '"DownstreamContentSize":512,"time":"2025-11-24T16:00:01Z"}',
            "traefik-log", 0, 34, id="traefik json",
        ),
        pytest.param(
            '{"msec":"1764000000.034","request":"GET /a?b=1 HTTP/1.1","status":"200",'
            '"request_time":"0.034","body_bytes_sent":"512"}',
            "nginx-log", 0, 34, id="nginx json",
        ),
        pytest.param(
            '{"time_local":"24/Nov/2025:18:00:00 +0200","request_uri":"/a?b=1","status":200,'
            '"request_method":"GET","request_time":0.034,"body_bytes_sent":512}',
            "nginx-log", -34, 34, id="nginx json with numbers",
        ),
        *(
            pytest.param(
                f'{{"{key}":{moment},"url":"/a?b=1","method":"GET","status":200,'
                '"request_time":0.034,"body_bytes_sent":512}',
                "nginx-log", shift, 34, id=f"nginx json, {key}",
            )
            for key, moment, shift in (
                ("@timestamp", '"2025-11-24T16:00:00+00:00"', -34),
                ("time", '"24/Nov/2025:18:00:00 +0200"', -34),
                ("ts", "1764000000.034", 0),
            )
        ),
        pytest.param(
            '{"start_time":"2025-11-24T16:00:00.310Z","method":"GET","x-envoy-origin-path":"/a?b=1",'
            '"response_code":"200","duration":"34","bytes_sent":"512",":authority":"h"}',
            "envoy-log", 310, 34, id="envoy gateway",
        ),
        pytest.param(
            '{"@timestamp":"2025-11-24T16:00:00.310Z","method":"GET","path":"/a?b=1",'
            '"response_code":200,"response_flags":"-","duration":34,"bytes_sent":512}',
            "envoy-log", 310, 34, id="contour",
        ),
        pytest.param(
            '[2025-11-24T16:00:00.310Z] "GET /a?b=1 HTTP/2" 200 - 0 512 34 33 "-" "curl" "id" '
            '"shop.example" "10.0.0.1:80"',
            "envoy-log", 310, 34, id="envoy",
        ),
        pytest.param(
            'ACCESS [2025-11-24T16:00:00.310Z] "GET /a?b=1 HTTP/1.1" 200 - 0 512 34 33 "-" "curl" '
            '"id" "shop.example" "10.0.0.1:80"',
            "envoy-log", 310, 34, id="emissary",
        ),
        pytest.param(ISTIO, "envoy-log", 310, 34, id="istio"),
        pytest.param(ISTIO_OLD, "envoy-log", 310, 34, id="old istio"),
        pytest.param(
            '{"start_time":"2025-11-24T16:00:00.310Z","method":"GET","path":"/a?b=1",'
            '"response_code":200,"duration":34,"bytes_sent":512,"response_flags":"-"}',
            "envoy-log", 310, 34, id="envoy json",
        ),
        pytest.param(alb(), "alb-log", 0, 34, id="alb"),
        pytest.param(
            alb()[: alb().index(' "shop.example"')], "alb-log", 966, 34, id="alb without its start"
        ),
    ],
)  # fmt: skip
def test_the_common_forms(tmp_path, line: str, name: str, shift: int, took: int | None):
    """Each is recognised, gives the request without its query, and its start, in the right unit."""
    assert recognised(tmp_path, line) == name

    rows, tally = read(tmp_path, line, line, name=name)

    assert (len(rows), tally.bad, tally.left_out) == (2, {}, {})
    row = rows[0]
    assert (row["method"], row["endpoint"], row["status"], row["bytes"], row["ok"]) == (
        "GET", "/a", 200, 512, None
    )  # fmt: skip
    assert row["ts"] == AT + timedelta(milliseconds=shift)
    assert row["duration_us"] == (None if took is None else took * 1000)
    assert tally.notes == ([NO_TIMES] if took is None else [])


@pytest.mark.parametrize(
    ("name", "line", "labels"),
    [
        pytest.param(
            "apache-log", f"shop.example:80 {COMBINED}", {"vhost": "shop.example:80"}, id="vhost"
        ),
        pytest.param(
            "envoy-log",
            ISTIO,
            {"host": "shop.example", "upstream": "outbound|80||shop"},
            id="istio",
        ),
        pytest.param("alb-log", alb(), {"host": "shop.example", "target_group": "shop"}, id="alb"),
        pytest.param(
            "nginx-log",
            f"{COMBINED} 345 0.034 [shop-80] [] 1 2",
            {"upstream": "shop-80"},
            id="ingress",
        ),
        pytest.param("nginx-log", f"{COMBINED} 345 0.034 [-] [] 1 2", None, id="none"),
        pytest.param("apache-log", f"203.0.113.9, {COMBINED}", None, id="addresses of proxies"),
    ],
)
def test_labels(tmp_path, name: str, line: str, labels: dict[str, str] | None):
    """Hosts and upstreams are labels where they are told."""
    row = read(tmp_path, line, name=name).rows[0]

    assert (dict(row["labels"]) if row["labels"] else None) == labels


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        pytest.param(
            "nginx-log", f'1 - - {STAMP} "-" 400 0 "-" "-"', ("", "-", 400, None), id="no request"
        ),
        pytest.param(
            "nginx-log", f'1 - - {STAMP} "" 400 0 "-" "-"', ("", "-", 400, None), id="empty"
        ),
        pytest.param(
            "nginx-log",
            rf'1 - - {STAMP} "\x16\x03\x01" 400 0 "-" "-"',
            ("", "-", 400, None),
            id="handshake",
        ),
        pytest.param(
            "nginx-log",
            f'1 - a b {STAMP} "PURGE /x HTTP/1.1" 204 0 "-" "-"',
            ("PURGE", "/x", 204, None),
            id="odd user",
        ),
        pytest.param(
            "nginx-log",
            f'1 - - {STAMP} "GET http://h:80/x?y HTTP/1.1" 200 - "-" "-"',
            ("GET", "/x", 200, None),
            id="proxied",
        ),
        pytest.param(
            "nginx-log",
            f'1 - - {STAMP} "OPTIONS * HTTP/1.1" 200 - "-" "-"',
            ("OPTIONS", "*", 200, None),
            id="star",
        ),
        pytest.param(
            "apache-log",
            f'1 - - {STAMP} "GET /x HTTP/1.1" - -',
            ("GET", "/x", None, False),
            id="no status",
        ),
        pytest.param(
            "envoy-log",
            '[2025-11-24T16:00:00Z] "GET /x HTTP/2" 0 DC 0 0 9 - "-" "-" "-" "h" "-"',
            ("GET", "/x", None, False),
            id="code 0",
        ),
        pytest.param(
            "alb-log",
            alb(request="- http://shop.example:80- -"),
            ("", "-", 200, None),
            id="malformed",
        ),
    ],
)
def test_odd_requests(tmp_path, name: str, line: str, expected: tuple[object, ...]):
    """What is no request line is `-`, what has no response failed, hosts are no part of a path."""
    [row] = read(tmp_path, line, name=name).rows

    assert (row["method"], row["endpoint"], row["status"], row["ok"]) == expected


def test_words_of_the_source_are_errors(tmp_path):
    """Envoy's flags and the load balancer's reasons are kept."""
    envoy = '[2025-11-24T16:00:00Z] "GET /x HTTP/2" 503 UF,URX 0 0 9 - "-" "-" "-" "h" "-"'

    assert read(tmp_path, envoy, name="envoy-log").rows[0]["error"] == "UF,URX"
    line = alb(status="502 -", fault="LambdaUnhandled")
    assert read(tmp_path, line, name="alb-log").rows[0]["error"] == "LambdaUnhandled"


def test_connections_are_no_requests(tmp_path):
    """A TCP connection through Envoy is left out and counted."""
    request = ISTIO_OLD
    connection = '[2025-11-24T16:00:00Z] "- - -" 0 - "-" "-" 9 9 9 - "-" "-" "-" "-" "-" tcp 1 2 -'

    rows, tally = read(tmp_path, request, connection, name="envoy-log")

    assert (len(rows), tally.left_out) == (1, {"connections without a request": 1})


def test_what_reached_no_target_has_no_response_time(tmp_path):
    """−1 is no time; the request, its status and its trace are kept."""
    line = alb("-1 -1 -1", "503 -", trace="Root=1-58337281-1d84f3d73c47ec4e58577259")

    [row] = read(tmp_path, line, name="alb-log").rows

    assert (row["duration_us"], row["status"]) == (None, 503)
    assert row["trace_id"] == "583372811d84f3d73c47ec4e58577259"


@pytest.mark.parametrize("created", ["1925-11-24T16:00:00.000000Z", "9025-11-24T16:00:00.000000Z"])
def test_a_request_that_was_created_at_no_time_is_bad(tmp_path, created: str):
    """Though the response was made at one."""
    odd = alb().replace("2025-11-24T16:00:00.000000Z", created)

    rows, tally = read(tmp_path, alb(), odd, name="alb-log")

    assert (len(rows), tally.bad) == (1, {"its time is no time between 2001 and 2100": 1})


@pytest.mark.parametrize(
    ("unit", "took"), [("us", 34), ("ms", 34_000), ("s", 34_000_000), ("none", None)]
)
def test_the_unit_of_apache_is_asked_for(tmp_path, unit: str, took: int | None):
    """A number behind the line is no time until its unit is said."""
    with pytest.raises(SourceError, match="what the number 34 behind the line means") as caught:
        read(tmp_path, f"{COMBINED} 34", name="apache-log")

    assert "--option unit=us for %D" in (caught.value.hint or "")
    [row] = read(tmp_path, f"{COMBINED} 34", name="apache-log", unit=unit).rows
    assert (row["duration_us"], row["ts"]) == (took, AT)


@pytest.mark.parametrize(
    ("name", "log_format", "line", "ts", "took"),
    [
        pytest.param(
            "nginx-log", "$msec|$request_method $uri|$status|$request_time",
            "1764000000.034|GET /a|200|0.034", AT, 34_000, id="nginx, no spaces",
        ),
        pytest.param(
            "nginx-log", "log_format x '$time_iso8601 $status ' '\"$request\" ${request_time}s';",
            '2025-11-24T17:00:00+01:00 200 "GET /a HTTP/1.1" 0.034s', None, 34_000,
            id="as configured",
        ),
        pytest.param(
            "nginx-log",
            '[$time_local] $msec "$request" $status $request_time $upstream_response_time',
            f'{STAMP} 1764000000.034 "GET /a HTTP/1.1" 200 0.034 0.010, 0.020', AT, 34_000,
            id="two clocks, upstreams",
        ),
        pytest.param(
            "apache-log", '%h %t \\"%r\\" %>s %T %D', f'1 {STAMP} "GET /a HTTP/1.1" 200 0 34001',
            AT, 34_001, id="apache, %D before %T",
        ),
        pytest.param(
            "apache-log", "%{msec}t %m %U %s %{ms}T", "1764000000000 GET /a 200 34", AT, 34_000,
            id="apache, milliseconds",
        ),
        pytest.param(
            "envoy-log", "%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DURATION%\\n",
            "2025-11-24T16:00:00.000Z GET /a?b 200 34", AT, 34_000, id="envoy",
        ),
    ],
)  # fmt: skip
def test_any_form_by_the_servers_own_words(tmp_path, name, log_format, line, ts, took):
    """The format of the server's configuration says where everything stands."""
    [row] = read(tmp_path, line, name=name, log_format=log_format).rows

    assert (row["method"], row["endpoint"], row["status"], row["duration_us"]) == (
        "GET", "/a", 200, took
    )  # fmt: skip
    assert row["ts"] == ts or (ts is None and row["ts"] == AT - timedelta(milliseconds=34))


@pytest.mark.parametrize(
    ("name", "log_format", "fault"),
    [
        pytest.param("nginx-log", "$request $status", "none of \\$msec", id="nginx without a time"),
        pytest.param("nginx-log", '{"t":"$msec"}', "holds braces", id="nginx json"),
        pytest.param("apache-log", "%r %s", "has no %t", id="apache without a time"),
        pytest.param("apache-log", "%{%H:%M}t %r", "which is not read", id="strftime"),
        pytest.param("apache-log", "%t %{min}T", "no unit of Apache's", id="odd unit"),
        pytest.param("apache-log", "{} %t", "holds braces", id="braces"),
        pytest.param("envoy-log", "%PROTOCOL%", "no plain %START_TIME%", id="envoy without a time"),
        pytest.param("envoy-log", "{%START_TIME%}", "holds braces", id="envoy json"),
    ],
)
def test_formats_that_cannot_be_used(tmp_path, name: str, log_format: str, fault: str):
    """A format without a time, or that is JSON, is refused with what is missing."""
    with pytest.raises(SourceError, match=fault):
        read(tmp_path, COMBINED, name=name, log_format=log_format)


@pytest.mark.parametrize("name", ["nginx-log", "apache-log", "envoy-log", "traefik-log", "alb-log"])
def test_other_files_are_refused(tmp_path, name: str):
    """Lines that are of no known form name the file, and what could be said."""
    with pytest.raises(SourceError, match=r"results\.jtl:1: it is "):
        read(tmp_path, "one two three", name=name)


def test_ids_in_paths(tmp_path):
    """Numbers and UUIDs are replaced on demand, neighbours too; words that hold numbers stay."""
    uuid = "0af76519-16cd-43dd-8448-eb211c80319c"
    line = COMBINED.replace("/a?b=1", f"/v2/1/2/{uuid}/x9/7?q=5")

    plain = read(tmp_path, line, name="nginx-log").rows[0]
    replaced = read(tmp_path, line, name="nginx-log", paths="numbers").rows[0]

    assert plain["endpoint"] == f"/v2/1/2/{uuid}/x9/7"
    assert replaced["endpoint"] == "/v2/:id/:id/:id/x9/:id"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(f"{COMBINED} 0.0x4", "its response time is no time", id="no number"),
        pytest.param(f"{COMBINED} -0.004", "its response time is no time", id="negative"),
        pytest.param(f"{COMBINED} 86400.001", "its response time is no time", id="over a day"),
        pytest.param(f"{COMBINED} ", "its response time is no time", id="cut"),
        pytest.param(COMBINED, "its response time is no time", id="cut before it"),
        pytest.param(COMBINED.replace("2025", "1925") + " 0.1", "its time is no time", id="1925"),
        pytest.param(COMBINED.replace("Nov", "Nev") + " 0.1", "its time is no time", id="month"),
        pytest.param(COMBINED.replace("+0000", "+0_00") + " 0.1", "its time is no time", id="zone"),
        pytest.param(
            COMBINED.replace(" 200 ", " 2000 ") + " 0.1", "its status is no HTTP", id="status"
        ),
        pytest.param(COMBINED.replace(" 200 ", " 099 ") + " 0.1", "its status is no HTTP", id="99"),
        pytest.param(COMBINED[:90], "it does not have the form", id="torn"),
        pytest.param("x" * 17_000_000, "it is longer than 16 MB", id="far too long"),
        pytest.param(f"{COMBINED}\udcff 0.1", "it is not UTF-8", id="encoding"),
    ],
)
def test_bad_lines_are_counted_and_named(tmp_path, line: str, reason: str):
    """The other lines are kept; blank ones are none."""
    good = f"{COMBINED} 0.034"
    content = f"{good}\n\n{line}\n{good}\n".encode("utf-8", "surrogateescape")

    rows, tally = take(tmp_path, content, source=plugins.find("sources", "nginx-log"))

    assert len(rows) == 2
    [shown] = tally.shown
    assert shown.startswith(f"results.jtl:3: {reason}")
    assert tally.bad.total() == 1


def test_nul_bytes_and_clocks_that_go_back(tmp_path):
    """Neither is a reason to leave a line out: the file's order is kept."""
    earlier = COMBINED.replace("curl", "cu\0rl").replace(":16:00:00", ":15:59:00")
    lines = [f"{COMBINED} 0.034", f"{earlier} 0.034"]

    rows, tally = read(tmp_path, *lines, name="nginx-log")

    assert (len(rows), tally.bad) == (2, {})
    assert rows[1]["ts"] < rows[0]["ts"]


def test_the_first_line_does_not_decide_alone(tmp_path):
    """Where most lines have a response time, one that has none is bad, and the form stays."""
    lines = [f"{COMBINED} -1", *[f"{COMBINED} 0.034"] * 3]

    rows, tally = read(tmp_path, *lines, name="nginx-log")

    assert ([row["duration_us"] for row in rows], tally.bad.total()) == ([34_000] * 3, 1)


def test_windows_line_ends_and_gzip(tmp_path):
    """Compressed logs, as rotation leaves them, and CRLF make no difference."""
    content = f"{COMBINED} 0.034\r\n" * 3

    rows = take(
        tmp_path, gzip.compress(content.encode()), source=plugins.find("sources", "nginx-log")
    ).rows

    assert [row["duration_us"] for row in rows] == [34_000] * 3


def test_a_big_log_keeps_its_order(tmp_path):
    """Over several threads too, the rows come out as the lines stand."""
    lines = [f"{COMBINED.replace('/a?b=1', f'/{at}')} 0.034" for at in range(45_000)]

    rows = read(tmp_path, *lines, name="nginx-log").rows

    assert [row["endpoint"] for row in rows] == [f"/{at}" for at in range(45_000)]


@pytest.mark.parametrize(
    ("behind", "notes"),
    [
        pytest.param("0.034", [], id="one"),
        pytest.param("rt=0.034 0.031", [], id="named"),
        pytest.param('443 0.034 "-" 0.031', ["of 0.034 and 0.031 in a line 0.034"], id="two"),
    ],
)
def test_nginx_says_which_number_it_takes(tmp_path, behind: str, notes: list[str]):
    """Of several that may be the response time none is taken in silence."""
    source = plugins.find("sources", "nginx-log")

    rows, tally = take(tmp_path, f"{COMBINED} {behind}\n", source=source)

    assert [row["duration_us"] for row in rows] == [34_000]
    assert [found.startswith(note) for found, note in zip(tally.notes, notes, strict=True)] == [
        True for _ in notes
    ]
