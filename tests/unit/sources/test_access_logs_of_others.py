"""Access logs as their owners write them: quotes before the line, versions, shippers' times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources._records import NO_NAME, NO_OUTCOME

AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
STAMP = "[24/Nov/2025:16:00:00 +0000]"
COMBINED = f'203.0.113.9 - - {STAMP} "GET /a?b=1 HTTP/1.1" 200 512 "-" "curl/8.5.0"'


def read(folder: Path, *lines: str, name: str, **options: str) -> Taken:
    """What a format makes of these lines."""
    content = "".join(f"{line}\n" for line in lines)
    return take(folder, content, source=plugins.find("sources", name), **options)


@pytest.mark.parametrize(
    ("behind", "note"),
    [
        pytest.param(["0.010, 0.020 0.034", "0.030 0.034", "0.010 : 0.020 0.034"], "", id="lists"),
        pytest.param(['"-" "0.034"', '"0.030" "0.034"'], "", id="no upstream"),
        pytest.param(
            ["0.030 0.034", "0.002 0.034"], "of 0.034 and 0.030 in a line 0.034", id="the larger"
        ),
        pytest.param(["0.034 0.035", "0.034 0.033"], "of 0.034 and 0.035", id="by rounding"),
        pytest.param(["1764000000.034 0.034"], "", id="a moment"),
        pytest.param(["10.0.0.1:80, 10.0.0.2:80 0.034 0.010, 0.020"], "", id="addresses"),
    ],
)
def test_upstreams_times_are_no_response_times(tmp_path, behind: list[str], note: str):
    """Wherever they stand: several upstreams have several, none has none, all have less."""
    taken = read(tmp_path, *(f"{COMBINED} {each}" for each in behind), name="nginx-log")

    assert {row["duration_us"] for row in taken.rows} == {34_000}
    assert len(taken.rows) == len(behind)
    assert all(told.startswith(note) for told in taken.tally.notes)
    assert bool(taken.tally.notes) == bool(note)


@pytest.mark.parametrize(
    ("name", "log_format", "line"),
    [
        ("nginx-log", "$time_iso8601 $request $status $request_time", "{iso} {request} 200 0.034"),
        ("nginx-log", "$status $request_time $msec $request", "200 0.034 {s} {request}"),
        ("nginx-log", r"$msec\t$request | $status\t$request_time", "{s}\t{request} | 200\t0.034"),
        (
            "nginx-log",
            "$time_iso8601 $upstream_response_time $request_time $status $request",
            "{iso} 0.010, 0.020 0.034 200 {request}",
        ),
        (
            "nginx-log",
            "$time_iso8601 $request $status $request_time uct=$upstream_connect_time",
            "{iso} {request} 200 0.034 uct=0.001, 0.002",
        ),
        ("apache-log", "%t %r %>s %D", "{clf} {request} 200 34000"),
        ("pattern-log", "%{time} %{request} %{status} %{duration_ms}", "{iso} {request} 200 34"),
    ],
)
def test_a_request_line_without_quotes(tmp_path, name: str, log_format: str, line: str):
    """It is three words, or as many as a client sent, or one."""
    places = {"iso": "2025-11-24T16:00:00Z", "s": "1764000000.000", "clf": STAMP}
    asked = ("GET /a?b HTTP/1.1", "GET /a b HTTP/2.0", "GET /a", r"\x16\x03")
    option = "pattern" if name == "pattern-log" else "log_format"

    taken = read(
        tmp_path,
        *(line.format(request=request, **places) for request in asked),
        name=name,
        **{option: log_format},
    )

    assert [row["endpoint"] for row in taken.rows] == ["/a", "/a", "/a", "-"]
    assert {(row["status"], row["duration_us"]) for row in taken.rows} == {(200, 34_000)}


@pytest.mark.parametrize(
    ("log_format", "behind"),
    [
        ('"$upstream_status" $request_time uct=$upstream_connect_time', '"-" 0.034 uct=-'),
        ("uct=$upstream_connect_time rt=$request_time", "uct=0.001, 0.002 rt=0.034"),
        ("<$upstream_addr> $request_time", "<10.0.0.1:80, 10.0.0.2:80> 0.034"),
        ("$upstream_addr|$request_time", "10.0.0.1:80, 10.0.0.2:80|0.034"),
    ],
)
def test_what_is_told_of_upstreams_moves_nothing(tmp_path, log_format: str, behind: str):
    """By themselves, with a name before, within other marks: they may be several, and none."""
    given = f'$remote_addr - - [$time_local] "$request" $status {log_format}'
    line = f'203.0.113.9 - - {STAMP} "GET /a HTTP/1.1" 200 {behind}'

    [row] = read(tmp_path, line, name="nginx-log", log_format=given).rows

    assert (row["endpoint"], row["status"], row["duration_us"]) == ("/a", 200, 34_000)


def test_virtual_hosts_of_nginx(tmp_path):
    """Seconds with decimals are nginx's; an address of IPv6 in brackets is no time."""
    hosts = ("shop.example", "[::1]:8080")
    content = "".join(f"{host} {COMBINED} 0.034\n" for host in hosts)

    assert plugins.find("sources", "nginx-log").sniff(content.encode()) > plugins.find(
        "sources", "apache-log"
    ).sniff(content.encode())
    other = content.replace("0.034", "34ms").encode()
    assert plugins.find("sources", "nginx-log").sniff(other) < plugins.find(
        "sources", "apache-log"
    ).sniff(other)
    rows = take(tmp_path, content, source=plugins.find("sources", "nginx-log")).rows
    assert [dict(row["labels"]) for row in rows] == [{"vhost": host} for host in hosts]
    assert {row["duration_us"] for row in rows} == {34_000}


@pytest.mark.parametrize("name", ["nginx-log", "apache-log"])
@pytest.mark.parametrize(
    "before", ['"{}" 203.0.113.9 - -', '"{}" - -', 'shop:443 "{}" 10.0.0.1 - -']
)
def test_addresses_in_quotes_before_the_line(tmp_path, name: str, before: str):
    """Behind a balancer people log whom it answered first, one address, several or none."""
    rest = COMBINED.partition(" - - ")[2]
    lines = [f"{before.format(told)} {rest}" for told in ("203.0.113.9, 10.0.0.7", "-", "::1")]

    taken = read(tmp_path, *lines, name=name)

    assert taken.tally.bad.total() == 0
    assert {(row["endpoint"], row["status"]) for row in taken.rows} == {("/a", 200)}
    assert {row["ts"] for row in taken.rows} == {AT}
    found = {dict(row["labels"] or {}).get("vhost") for row in taken.rows}
    assert found == ({"shop:443"} if before.startswith("shop") else {None})


def test_traefik_without_quotes(tmp_path):
    """Old versions write no quotes around what they do not know, line by line."""
    began = f'203.0.113.9 - - {STAMP} "GET /a HTTP/1.1" 200 512'
    lines = [
        f'{began} - "curl" 17 "shop" "http://10.0.0.4" 34ms',
        f'{began} "http://shop/" "curl" 18 "shop" "http://10.0.0.4" 35ms',
        f"{began} - - 19 - - 36ms",
        f"{began} - - 19 - - soon",
    ]
    assert plugins.find("sources", "traefik-log").sniff("\n".join(lines).encode()) == 0.95

    taken = read(tmp_path, *lines, name="traefik-log")

    assert [row["duration_us"] for row in taken.rows] == [34_000, 35_000, 36_000]
    assert [dict(row["labels"] or {}).get("router") for row in taken.rows] == ["shop", "shop", None]
    assert dict(taken.tally.bad) == {"it does not have the form of the format": 1}


def test_traefik_takes_the_start_that_a_line_has(tmp_path):
    """A file may hold lines from before and after a field was dropped."""
    line = (
        '{{{}"Duration":34000000,"RequestPath":"/a","RequestMethod":"GET","DownstreamStatus":200,'
        '"time":"2025-11-24T16:00:01Z"}}'
    )
    starts = [
        '"StartUTC":"2025-11-24T16:00:00.5Z",',
        '"StartLocal":"2025-11-24T18:00:00.5+02:00",',
        "",
    ]

    rows = read(tmp_path, *(line.format(start) for start in starts), name="traefik-log").rows

    half, written = AT + timedelta(seconds=0.5), AT + timedelta(seconds=0.966)
    assert [row["ts"] for row in rows] == [half, half, written]


def test_a_name_right_behind_the_agent(tmp_path):
    """A log_format of several strings lacks a space where its owner forgot it."""
    behind = '{}rt=0.034 uct="0.001" urt="0.033, 0.001"'

    glued = read(tmp_path, COMBINED + behind.format(""), name="nginx-log").rows
    apart = read(tmp_path, COMBINED + behind.format(" "), name="nginx-log").rows

    assert glued == apart
    assert glued[0]["duration_us"] == 34_000


@pytest.mark.parametrize(
    ("behind", "took"),
    [
        pytest.param("- 34.021 ms", 34_021, id="morgan"),
        pytest.param("34 us", 34, id="whole"),
        pytest.param("34.021ms", 34_021, id="together"),
        pytest.param("1m2.5s", 62_500_000, id="Go"),
        pytest.param("- - ms", None, id="without a response"),
        pytest.param("0.034 ms", 34, id="as nginx, but for its unit"),
    ],
)
def test_response_times_with_their_unit(tmp_path, behind: str, took: int | None):
    """Other servers write the line of nginx too, and behind it a time that tells its unit."""
    first = f"{COMBINED} {behind.replace('- - ms', '- 5 ms')}"
    content = f"{first}\n{first}\n{COMBINED} {behind}\n".encode()
    sure = {
        name: plugins.find("sources", name).sniff(content) for name in ("nginx-log", "apache-log")
    }
    assert sure["nginx-log"] > sure["apache-log"]

    taken = read(tmp_path, *content.decode().splitlines(), name="nginx-log")

    assert taken.rows[-1]["duration_us"] == took
    assert taken.tally.bad.total() == 0
    assert taken.rows[-1]["ts"] == AT - timedelta(microseconds=took or 0)


@pytest.mark.parametrize("name", ["nginx-log", "apache-log"])
@pytest.mark.parametrize("behind", ["0/34021", "hit 0.000034", '"0.0341"'])
def test_what_may_be_a_time_is_not_passed_over_in_silence(tmp_path, name: str, behind: str):
    """Forms that are no server's own are not read, and the import says so."""
    taken = read(tmp_path, f"{COMBINED} {behind}", name=name)

    assert taken.rows[0]["duration_us"] is None
    assert taken.tally.notes[-1].startswith(
        f"{behind.rpartition(' ')[2]} behind a line is not read"
    )


def test_a_dash_behind_the_agent(tmp_path):
    """It is a word as others, which moves no other."""
    [row] = read(tmp_path, f"{COMBINED} - 0.034", name="nginx-log").rows
    assert row["duration_us"] == 34_000


@pytest.mark.parametrize(
    ("status", "ok", "error"),
    [
        pytest.param("0", None, None, id="OK"),
        pytest.param("5", None, None, id="the client's fault"),
        pytest.param("14", False, "gRPC 14", id="number"),
        pytest.param('"Unavailable"', False, "gRPC Unavailable", id="name"),
        pytest.param('"DEADLINE_EXCEEDED"', False, "gRPC DEADLINE_EXCEEDED", id="snake"),
        pytest.param("null", None, None, id="no gRPC"),
    ],
)
def test_what_failed_by_grpc(tmp_path, status: str, ok: bool | None, error: str | None):
    """HTTP's status is 200 whatever became of a call."""
    line = (
        '{"@timestamp":"2025-11-24T16:00:00.310Z","method":"POST","path":"/shop.Cart/Add",'
        f'"response_code":200,"response_flags":"-","duration":4,"grpc_status":{status}}}'
    )
    given = "[%START_TIME%] %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %GRPC_STATUS%"
    plain = f"[2025-11-24T16:00:00.310Z] POST /shop.Cart/Add 200 {status.strip(chr(34))}"

    [row] = read(tmp_path, line, name="envoy-log").rows
    [other] = read(tmp_path, plain, name="envoy-log", log_format=given).rows

    assert (row["ok"], row["error"], row["status"]) == (ok, error, 200)
    assert (other["ok"], other["error"], other["status"]) == (ok, error, 200)


def test_calls_whose_client_went(tmp_path):
    """A call without a response is a failure, whatever its gRPC status."""
    line = (
        '{"@timestamp":"2025-11-24T16:00:00.310Z","method":"POST","path":"/shop.Cart/Add",'
        '"response_code":0,"response_flags":"DC","duration":4,"grpc_status":"-"}'
    )
    [row] = read(tmp_path, line, name="envoy-log").rows
    assert (row["ok"], row["error"], row["status"]) == (False, "DC", None)


@pytest.mark.parametrize("took", ["34", '"34"'])
def test_durations_that_nginx_would_not_write(tmp_path, took: str):
    """Others use its names for milliseconds: no guess, but a question."""
    line = (
        '{{"time":"2025-11-24T16:00:00Z","request_uri":"/a","status":200,'
        '"request_method":"GET","request_time":{}}}'
    )

    with pytest.raises(SourceError, match="request_time is 34: nginx writes seconds"):
        read(tmp_path, line.format(0), line.format(took), name="nginx-log")
    rows = read(tmp_path, line.format(0), line.format("0.034"), name="nginx-log").rows
    assert [row["duration_us"] for row in rows] == [0, 34_000]


def test_nginx_as_the_ingress_manual_has_it_written(tmp_path):
    """Its names are the manual's, not those of the variables."""
    line = (
        '{"time": "2025-11-24T16:00:00+00:00", "bytes_sent": 512, "request_time": 0.034, '
        '"status": 200, "vhost": "shop.example", "path": "/a", "request_query": "b=1", '
        '"duration": 0.034, "method": "GET"}'
    )
    assert plugins.find("sources", "nginx-log").sniff(line.encode()) > 0.5

    [row] = read(tmp_path, line, name="nginx-log").rows

    assert (row["method"], row["endpoint"], row["status"]) == ("GET", "/a", 200)
    assert (row["duration_us"], row["labels"]) == (34_000, [("host", "shop.example")])


@pytest.mark.parametrize(
    ("keys", "notes"),
    [
        pytest.param('"request":"GET /a HTTP/1.1","status":"200"', [], id="all"),
        pytest.param('"request":"GET /a HTTP/1.1"', [NO_OUTCOME], id="no status"),
        pytest.param('"status":"200"', [NO_NAME], id="no request"),
    ],
)
def test_what_a_log_does_not_tell_is_said(tmp_path, keys: str, notes: list[str]):
    """Or all would be failures, or one endpoint, and nobody would know why."""
    line = f'{{"msec":"1764000000.034","request_time":"0.034","body_bytes_sent":"5",{keys}}}'
    assert read(tmp_path, line, name="nginx-log").tally.notes == notes


def test_the_time_that_a_shipper_adds(tmp_path):
    """Fluent Bit writes seconds with as many decimals as there are."""
    line = '{{"date":{},"request":"GET /a HTTP/1.1","status":"200","request_time":"0.034"}}'
    moments = ("1764000000.0", "1764000000.123456", "1764000000")

    rows = read(tmp_path, *map(line.format, moments), name="nginx-log").rows

    took = timedelta(milliseconds=34)
    since = [row["ts"] + took - AT for row in rows]
    assert since == [timedelta(0), timedelta(microseconds=123_456), timedelta(0)]


@pytest.mark.parametrize(
    ("behind", "log_format", "took_us"),
    [
        pytest.param("13ms", "%{ms}Tms", 13_000, id="its unit behind it"),
        pytest.param("0/13406", "%T/%D", 13_406, id="two in one"),
        pytest.param("**0/13406**", "**%T/%D**", 13_406, id="between stars"),
        pytest.param("took=13406", "took=%D", 13_406, id="by a name"),
    ],
)
def test_apaches_times_in_other_words(tmp_path, behind: str, log_format: str, took_us: int):
    """Text may stand right behind a directive, and quotes within what a client sent."""
    line = COMBINED.replace("curl", r"a \"quoted\" agent, curl")
    written = r'%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" '

    taken = read(
        tmp_path, f"{line} {behind}", name="apache-log", log_format=f"{written}{log_format}"
    )

    [row] = taken.rows
    assert (row["duration_us"], row["endpoint"], row["status"]) == (took_us, "/a", 200)
    [row] = (without := read(tmp_path, f"{line} {behind}", name="apache-log")).rows
    assert row["duration_us"] == (13_000 if behind == "13ms" else None)
    assert any("behind a line is not read" in note for note in without.tally.notes) == (
        behind != "13ms"
    )


def test_times_that_only_some_lines_have_are_told(tmp_path):
    """Their owner added them some day: nothing says so but the lines."""
    taken = read(tmp_path, *[COMBINED] * 6, *[f"{COMBINED} 0.034"] * 4, name="nginx-log")

    assert len(taken.rows) == 10
    assert any(note.startswith("4 of its first 10 lines have") for note in taken.tally.notes)


def test_a_user_of_two_words_is_no_virtual_host(tmp_path):
    """Whatever the first line looks like, the others decide."""
    line = f"{COMBINED} 0.034"
    odd = line.replace("- - [", "- ann lee [")

    taken = read(tmp_path, odd, line, line, name="nginx-log")

    assert [row["duration_us"] for row in taken.rows] == [34_000] * 3
    assert {str(row.get("labels")) for row in taken.rows} == {"None"}
