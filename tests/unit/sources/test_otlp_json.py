from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from foreign import take
from telemetry import SHOP, START_NS, attributes, lines, metrics, point, span, traces

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources.otlp_json import PLUGIN, sniff

TS = START_NS // 1_000


def taken(folder, *messages: Any, **options: str):
    """What comes of a file of these messages."""
    return take(folder, lines(*messages), source=PLUGIN, name="otel.jsonl", **options)


def one(folder, *, told: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The row of a file with one span."""
    [row] = taken(folder, traces(span(told=told, **fields))).rows
    return row


def test_a_span_of_a_server_is_a_request(tmp_path):
    """Start, duration rounded up to µs, endpoint, method, status, trace id, labels."""
    resource = {**SHOP, "service.version": "1.4", "telemetry.sdk.name": "x", "cloud.region": "eu"}
    message = traces(span(ms=12.345_000_1, endTimeUnixNano=str(START_NS + 12_345_001)),
                     resource=resource)  # fmt: skip

    [row] = taken(tmp_path, message).rows

    assert row["ts"].timestamp() * 1_000_000 == TS
    assert (row["duration_us"], row["status"], row["ok"], row["error"]) == (12_346, 200, True, None)
    assert (row["method"], row["endpoint"]) == ("GET", "/cart")
    assert row["trace_id"] == f"{1:032x}"
    assert dict(row["labels"]) == {**SHOP, "service.version": "1.4", "cloud.region": "eu"}


@pytest.mark.parametrize(
    ("told", "name", "expected"),
    [
        pytest.param({"http.request.method": "GET", "http.route": "/a/{id}", "url.path": "/a/7"},
                     "GET /a/{id}", ("GET", "/a/{id}"), id="route"),
        pytest.param({"http.request.method": "GET", "url.path": "/a"}, "GET", ("GET", "/a"),
                     id="path"),
        pytest.param({"http.method": "POST", "http.target": "/a?b=1#c"}, "x", ("POST", "/a"),
                     id="old conventions"),
        pytest.param({"http.method": "POST", "http.url": "http://h:1/a/b?q"}, "x", ("POST", "/a/b"),
                     id="url"),
        pytest.param({"rpc.service": "shop.Cart", "rpc.method": "Add"}, "x",
                     ("", "shop.Cart/Add"), id="rpc"),
        pytest.param({"rpc.method": "shop.Cart/Add"}, "x", ("", "shop.Cart/Add"), id="new rpc"),
        pytest.param({}, "GET /b", ("GET", "/b"), id="name"),
        pytest.param({"http.request.method": "GET"}, "GET /b", ("GET", "/b"), id="method, name"),
        pytest.param({"http.request.method": "PUT"}, "GET /b", ("PUT", "GET /b"), id="other name"),
        pytest.param({}, "do something", ("", "do something"), id="free name"),
    ],
)  # fmt: skip
def test_endpoint(tmp_path, told, name, expected):
    """The route, else the path, else the procedure, else the span's name."""
    row = one(tmp_path, told=told, name=name)

    assert (row["method"], row["endpoint"]) == expected


@pytest.mark.parametrize(
    ("told", "fields", "expected"),
    [
        pytest.param({"http.response.status_code": 404}, {}, (404, True, None), id="404"),
        pytest.param({"http.response.status_code": 503}, {}, (503, False, None), id="503"),
        pytest.param({"http.status_code": "500"}, {}, (500, False, None), id="old, as text"),
        pytest.param({}, {"status": {"code": 2}}, (None, False, None), id="error"),
        pytest.param({}, {"status": {"code": "STATUS_CODE_ERROR"}}, (None, False, None), id="name"),
        pytest.param({}, {"status": {"code": 1}}, (None, True, None), id="ok"),
        pytest.param({"error.type": "timeout"}, {}, (None, False, "timeout"), id="error type"),
        pytest.param({}, {"status": {"code": 2, "message": "no stock"}}, (None, False, "no stock"),
                     id="message"),
        pytest.param({}, {"status": {"code": 2, "message": "m"}, "events": [
            {"name": "exception", "attributes": attributes({"exception.type": "KeyError",
                                                            "exception.message": "cart"})}]},
                     (None, False, "cart"), id="exception"),
        pytest.param({"rpc.grpc.status_code": 14}, {}, (None, False, None), id="unavailable"),
        pytest.param({"rpc.grpc.status_code": 5}, {}, (None, True, None), id="not found"),
        pytest.param({"http.response.status_code": 70_000}, {}, (None, True, None), id="no status"),
    ],
)  # fmt: skip
def test_success_and_failure(tmp_path, told, fields, expected):
    """The span's own status, an error type, a status over 499 and gRPC's own failures."""
    row = one(tmp_path, told=told, **fields)

    assert (row["status"], row["ok"], row["error"]) == expected


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"traceId": "0" * 31 + "A"}, id="upper case"),
        pytest.param({"traceId": "AAAAAAAAAAAAAAAAAAAACg=="}, id="base64"),
        pytest.param({"startTimeUnixNano": START_NS, "kind": "SPAN_KIND_SERVER"}, id="numbers"),
        pytest.param({"traceState": "a=1,ot=th:0", "unknownField": {"x": 1}}, id="unknown fields"),
    ],
)
def test_other_ways_to_write_it(tmp_path, change):
    """Ids, numbers and enumerations as tools write them mean the same."""
    row = one(tmp_path, **change)

    assert row["ts"].timestamp() * 1_000_000 == TS
    assert row["trace_id"] in {f"{1:032x}", f"{10:032x}"}
    assert "sampled" not in dict(row["labels"])


def test_snake_case(tmp_path):
    """A message whose keys are written as protobuf's own names is read likewise."""
    text = json.dumps(traces(span()))
    for camel in ("resourceSpans", "scopeSpans", "traceId", "spanId", "startTimeUnixNano",
                  "endTimeUnixNano", "stringValue", "intValue"):  # fmt: skip
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in camel)
        text = text.replace(f'"{camel}"', f'"{snake}"')

    rows = take(tmp_path, text, source=PLUGIN).rows

    assert rows == taken(tmp_path, traces(span())).rows


def test_thinned_out_traces_are_marked(tmp_path):
    """A sampling threshold in the trace state becomes a label: not every request is there."""
    [row], tally = taken(tmp_path, traces(span(traceState="vendor=1,ot=rv:abc;th:c")))

    assert dict(row["labels"])["sampled"] == "true"
    words = "not all requests are in it: the traces of 1 were sampled"
    assert tally.notes == [f"otel.jsonl: {words}"]


def test_spans_of_other_kinds_are_left_out(tmp_path):
    """Clients' spans are no requests of this service, unless they are asked for."""
    message = traces(span(0), span(1, kind=3), span(2, kind=5), span(3, kind=0))

    rows, tally = taken(tmp_path, message)
    both = taken(tmp_path, message, kinds="server,consumer").rows

    assert (len(rows), dict(tally.left_out)) == (1, {"spans of other kinds": 3})
    assert len(both) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"endTimeUnixNano": "0"}, "it has no end", id="unfinished"),
        pytest.param({"endTimeUnixNano": str(START_NS - 1)}, "it ends before its start",
                     id="negative"),
        pytest.param({"endTimeUnixNano": str(START_NS + 10**15)}, "over a day", id="absurd"),
        pytest.param({"startTimeUnixNano": str(START_NS // 1_000)}, "no time between", id="in µs"),
        pytest.param({"startTimeUnixNano": "yesterday"}, "no whole number", id="text"),
        pytest.param({"startTimeUnixNano": -5}, "no whole number", id="before 1970"),
        pytest.param({"startTimeUnixNano": 1.5}, "no whole number", id="fraction"),
        pytest.param({"attributes": [7]}, "attributes", id="attributes"),
        pytest.param({"status": []}, None, id="empty status"),
        pytest.param({"status": "bad"}, "it is no span", id="status"),
        pytest.param({"traceId": 7}, "id is no text", id="id"),
    ],
)  # fmt: skip
def test_a_bad_span_is_counted_and_shown(tmp_path, change, reason):
    """The other spans of the message are kept; the bad one is shown with its line."""
    message = traces(span(0), span(1, **change), span(2))

    rows, tally = taken(tmp_path, traces(span(9)), message)

    if reason is None:
        assert (len(rows), tally.bad.total()) == (4, 0)
        return
    assert (len(rows), tally.bad.total()) == (3, 1)
    assert tally.shown[0].startswith("otel.jsonl:2: ")
    assert reason in tally.shown[0]


def test_a_broken_line_counts_as_the_spans_that_it_held(tmp_path):
    """A line that breaks off is bad for each span that began in it."""
    whole = lines(traces(span(0)), traces(span(1), span(2), span(3)))

    rows, tally = take(tmp_path, whole[:-100], source=PLUGIN, name="o")

    assert len(rows) == 1
    assert (tally.bad.total(), tally.shown) == (3, ["o:2: it is no whole JSON"])


def test_a_message_over_many_lines(tmp_path):
    """One message, indented, or a list of messages, are read as the same on one line."""
    message = traces(span(0), span(1))
    expected = taken(tmp_path, message).rows
    texts = [json.dumps(message, indent=2), json.dumps([message]), json.dumps([message], indent=1),
             "\ufeff" + json.dumps(message), f"\n{json.dumps(message)}\n\n"]  # fmt: skip

    for text in texts:
        assert take(tmp_path, text, source=PLUGIN).rows == expected
        assert sniff(text.encode()) == 1


def test_a_broken_message_over_many_lines(tmp_path):
    """It is refused with the line at which it breaks."""
    text = json.dumps(traces(span()), indent=2)

    with pytest.raises(SourceError, match=r"^o:\d+: it is no JSON"):
        take(tmp_path, text[:-20], source=PLUGIN, name="o")


@pytest.mark.parametrize("compressed", [False, True])
def test_framed_messages(tmp_path, compressed):
    """The collector writes compressed JSON as four bytes of length and a message each."""
    messages = [json.dumps(traces(span(number))).encode() for number in range(3)]
    codec = pa.Codec("zstd")
    packed = [codec.compress(m, asbytes=True) if compressed else m for m in messages]
    content = b"".join(len(each).to_bytes(4, "big") + each for each in packed)

    rows, tally = take(tmp_path, content, source=PLUGIN)
    cut, lost = take(tmp_path, content[:-5], source=PLUGIN, name="o")

    assert (len(rows), tally.bad.total(), sniff(content)) == (3, 0, 0.9)
    assert len(cut) == 2
    place = f"{len(packed[0]) + len(packed[1]) + 8:,}"
    assert lost.shown == [f"o: it ends in the middle of a message (in the message at byte {place})"]


def test_several_services_are_not_mixed(tmp_path):
    """A file of two services is refused until it is said which to take, or that all are one."""
    messages = traces(span(0)), traces(span(1), span(2), resource={"service.name": "pay"})

    with pytest.raises(SourceError, match=r"otel.jsonl:2: it tells of several services: shop, pay"):
        taken(tmp_path, *messages)
    pay, tally = taken(tmp_path, *messages, service="pay")
    every = taken(tmp_path, *messages, service="*").rows

    assert (len(pay), dict(tally.left_out)) == (2, {"telemetry of other services": 1})
    assert [dict(row["labels"])["service.name"] for row in every] == ["shop", "pay", "pay"]


def test_spans_beside_histograms_are_refused(tmp_path):
    """They tell of the same requests: one of them is taken, when it is said which."""
    messages = traces(span()), metrics(point([1, 2, 0, 0]))

    with pytest.raises(SourceError, match="which tell of the same requests") as caught:
        taken(tmp_path, *messages)
    of_spans = taken(tmp_path, *messages, signal="traces").rows
    of_points = taken(tmp_path, *messages, signal="metrics").rows

    assert "--option signal=traces" in (caught.value.hint or "")
    assert (len(of_spans), len(of_points)) == (1, 2)


def test_more_labels(tmp_path):
    """Attributes of the resource and of the span become labels when they are asked for."""
    told = {"http.route": "/a", "tenant": "blue", "n": 7}
    message = traces(span(told=told), resource={**SHOP, "k8s.pod.name": "p1"})

    [row] = taken(tmp_path, message, attributes="tenant, k8s.pod.name,n").rows

    assert dict(row["labels"]) == {**SHOP, "tenant": "blue", "k8s.pod.name": "p1", "n": "7"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"kinds": "servr"}, "option kinds has 'servr'", id="kinds"),
        pytest.param({"unit": "min"}, "option unit is 'min'", id="unit"),
        pytest.param({"signal": "logs"}, "option signal is 'logs'", id="signal"),
        pytest.param({"first": "x"}, "option first is 'x'", id="first"),
    ],
)
def test_an_option_that_cannot_be(tmp_path, options, words):
    """A wrong value is refused with the right ones."""
    with pytest.raises(SourceError, match=words):
        taken(tmp_path, traces(span()), **options)


def test_logs_are_no_requests(tmp_path):
    """A file of logs is recognised, and there is nothing in it."""
    text = '{"resourceLogs":[{"scopeLogs":[]}]}\n'

    rows, tally = take(tmp_path, text, source=PLUGIN)

    assert (rows, sniff(text.encode())) == ([], 1)
    assert dict(tally.left_out) == {"messages of logs or profiles": 1}


@pytest.mark.parametrize("text", ['{"a": 1}\n', "[1, 2]\n", '"resourceSpans"\n', "{}\n", "null\n"])
def test_other_json_is_refused(tmp_path, text):
    """JSON without OTLP is no file of this format."""
    with pytest.raises(SourceError, match="there is no OTLP in it"):
        take(tmp_path, text, source=PLUGIN)


def test_odd_characters(tmp_path):
    """Half a character, NUL and very long names can be stored."""
    message = traces(span(0, name="\ud800x", told={}), span(1, name="a\0b", told={}),
                     span(2, name="n" * 5_000_000, told={}))  # fmt: skip

    rows = taken(tmp_path, message).rows

    assert [row["endpoint"] for row in rows] == ["?x", "a\0b", "n" * 1_000]


def test_only_its_own_files_are_claimed():
    """What other formats begin with is not taken for OTLP."""
    for name, source in plugins.every("sources").items():
        if not name.startswith("otlp"):
            assert sniff(source.example) == 0, name
