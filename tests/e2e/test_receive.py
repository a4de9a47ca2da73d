from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from receiving import COMMAND, READY, Running, receiving, stored
from telemetry import START_NS, encoded, metrics, point, span, traces

from slogate.recorders.otlp.recovery import NOTE
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs

pytestmark = pytest.mark.e2e
PROTOBUF = {"content_type": "application/x-protobuf"}


def test_the_official_exporter_of_traces(tmp_path):
    """What the SDK's exporter sent is stored: each duration, trace id, name and status."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode

    sent = {}
    with receiving(tmp_path) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/v1/traces"
        exporter = OTLPSpanExporter(url, compression=Compression.Gzip)
        provider = TracerProvider(resource=Resource({"service.name": "checkout"}))
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=4_096))
        tracer = provider.get_tracer("tests")
        for number in range(1_500):
            told = {"http.request.method": "POST", "http.route": f"/r{number % 3}",
                    "http.response.status_code": 200}  # fmt: skip
            start = START_NS + number * 1_000
            made = tracer.start_span(f"POST /r{number % 3}", kind=SpanKind.SERVER,
                                     start_time=start, attributes=told)  # fmt: skip
            if number % 10 == 0:
                made.set_status(Status(StatusCode.ERROR, "refused"))
            made.end(start + number * 999)
            trace_id = f"{made.get_span_context().trace_id:032x}"
            sent[trace_id] = (-(-number * 999 // 1_000), f"/r{number % 3}", number % 10 != 0)
            tracer.start_span("call", kind=SpanKind.CLIENT).end()
        assert provider.force_flush()
        provider.shutdown()
        code, told, _ = receiver.stop()

    assert (code, told["requests"], told["rejected"]) == (0, 1_500, {})
    assert {
        row["trace_id"]: (row["duration_us"], row["endpoint"], row["ok"])
        for row in stored(tmp_path)
    } == sent
    [run] = list_runs(open_store(tmp_path / "st"))
    assert (run.state, run.kind, run.service, run.source) == (
        "complete", "production", "checkout", "otlp"
    )  # fmt: skip
    assert (run.rows.seen, run.rows.written) == (1_500, 1_500)
    assert set(run.seals) == set(run.parts)


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
@pytest.mark.parametrize("shape", ["explicit", "exponential"])
def test_the_official_exporter_of_metrics(tmp_path, temporality, shape):
    """Each recorded duration is counted once, within the bounds of its bucket."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import Histogram, MeterProvider
    from opentelemetry.sdk.metrics.export import AggregationTemporality
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader as Reader
    from opentelemetry.sdk.metrics.view import (
        ExplicitBucketHistogramAggregation,
        ExponentialBucketHistogramAggregation,
    )
    from opentelemetry.sdk.resources import Resource

    which = getattr(AggregationTemporality, temporality.upper())
    how = (ExplicitBucketHistogramAggregation((0.005, 0.01, 0.025, 0.1)) if shape == "explicit"
           else ExponentialBucketHistogramAggregation())  # fmt: skip
    durations = [[0.001, 0.005, 0.0051, 0.2], [0.009, 0.03, 0.03], [], [5.5, 0.0000015]]
    with receiving(tmp_path) as receiver:
        exporter = OTLPMetricExporter(
            f"http://127.0.0.1:{receiver.port}/v1/metrics",
            preferred_temporality={Histogram: which}, preferred_aggregation={Histogram: how},
        )  # fmt: skip
        reader = Reader(exporter, export_interval_millis=10**9)
        provider = MeterProvider([reader], resource=Resource({"service.name": "checkout"}))
        histogram = provider.get_meter("tests").create_histogram(
            "http.server.request.duration", unit="s"
        )
        told = {"http.request.method": "GET", "http.route": "/cart"}
        for batch in durations:
            for duration in batch:
                histogram.record(duration, told)
            assert provider.force_flush()
        provider.shutdown()
        code, document, _ = receiver.stop()

    rows = stored(tmp_path, "histograms")
    assert (code, document["rejected"], document["requests"]) == (0, {}, 9)
    # each export is a step of its own, and holds the durations recorded before it
    steps = sorted({row["ts"] for row in rows})
    told_by_step = [[row for row in rows if row["ts"] == step] for step in steps]
    for batch, found in zip([b for b in durations if b], told_by_step, strict=True):
        left = [duration * 1e6 for duration in batch]
        for row in found:
            inside = [d for d in left if row["lo_us"] < d <= (row["hi_us"] or 1e12)]
            assert len(inside) >= row["count"], row
        assert sum(row["count"] for row in found) == len(batch)
        assert max(row["hi_us"] or 0 for row in found) * 1.1 >= max(left)


def test_a_hundred_clients_at_once(tmp_path):
    """Everything acknowledged is stored once, however often it was told to come again."""
    batches = [
        traces(*(span(client * 1_000 + n * 10 + i) for i in range(10)))
        for client in range(100)
        for n in range(3)
    ]
    answers = []

    def deliver(client: int) -> None:
        for message in batches[client * 3 : client * 3 + 3]:
            while (status := receiver.send(message)[0]) != 200:
                answers.append(status)
                time.sleep(0.01)
            answers.append(status)

    with receiving(tmp_path, "--flush-every", "200ms") as receiver:
        with ThreadPoolExecutor(100) as pool:
            list(pool.map(deliver, range(100)))
        code, told, _ = receiver.stop(signal.SIGINT)

    assert answers.count(200) == 300
    assert set(answers) <= {200, 429, 503}
    assert (code, told["requests"]) == (0, 3_000)
    assert len({row["trace_id"] for row in stored(tmp_path)}) == 3_000 == len(stored(tmp_path))


def test_a_full_queue_refuses_and_recovers(tmp_path):
    """Where there is no room a request is told to wait; sent again, it is stored once."""
    message = json.dumps(traces(*(span(n) for n in range(1_500)))).encode()
    assert 600_000 < len(message) < 1_000_000
    with receiving(tmp_path, "--memory", "1", "--max-body", "1") as receiver:
        for _ in range(100):  # until the one is held when the other comes
            held = _announced(receiver.port, message)
            refused = receiver.post("/v1/traces", message[:500_000])
            held.sendall(message)
            answer = held.recv(1_000)
            held.close()
            if refused[0] == 429 and answer.startswith(b"HTTP/1.1 200"):
                break
        again = receiver.post("/v1/traces", json.dumps(traces(span(5_000))).encode())
        code, told, _ = receiver.stop()

    assert refused[0] == 429
    assert refused[2]["Retry-After"] == "1"
    assert json.loads(refused[1])["code"] == 8
    assert (again[0], code, told["requests"]) == (200, 0, 1_501)
    assert told["answers"]["429"] >= 1


def _announced(port, message):
    """A connection that has said how long its request is, and was told to go on."""
    held = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = ("POST /v1/traces HTTP/1.1", "Host: x", "Content-Type: application/json",
            f"Content-Length: {len(message)}", "Expect: 100-continue", "", "")  # fmt: skip
    held.sendall("\r\n".join(head).encode())
    assert held.recv(1_000).startswith(b"HTTP/1.1 100")
    return held


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "words"),
    [
        pytest.param("/v1/traces", b"{", {}, 400, "it is no JSON", id="broken JSON"),
        pytest.param("/v1/traces", b'{"a": 1}', {}, 400, "no message of traces", id="other JSON"),
        pytest.param("/v1/metrics", json.dumps(traces(span())).encode(), {}, 400,
                     "no message of metrics", id="wrong signal"),
        pytest.param("/v1/traces", b"\xff\xff\xff", PROTOBUF, 400,
                     "no message of traces", id="noise"),
        pytest.param("/v1/traces", b"abc", {"content_encoding": "gzip"}, 400,
                     "damaged", id="no gzip"),
        pytest.param("/v1/traces", gzip.compress(b"{}" * 999)[:-9], {"content_encoding": "gzip"},
                     400, "damaged", id="cut gzip"),
        pytest.param("/v1/traces", b"{}", {"content_encoding": "br"}, 415,
                     "send gzip", id="brotli"),
        pytest.param("/v1/traces", b"{}", {"content_type": "text/csv"}, 415,
                     "content type", id="CSV"),
        pytest.param("/v1/logs", b"{}", {}, 404, "/v1/traces, /v1/metrics", id="logs"),
        pytest.param("/v1/traces", b" " * (1 << 20) + b"{}", {}, 413, "1 MiB", id="too large"),
        pytest.param("/v1/traces", gzip.compress(b" " * (9 << 20)), {"content_encoding": "gzip"},
                     413, "1 MiB", id="bomb"),
        pytest.param("/v1/traces", gzip.compress(b"{}" * (999 << 9)), {"content_encoding": "gzip"},
                     400, "no JSON", id="packed"),
        pytest.param("/v1/traces", b"{}", {}, 200, "{}", id="empty"),
        pytest.param("/v1/traces", b"", PROTOBUF, 200, "", id="empty protobuf"),
        pytest.param("/v1/metrics", b"zz\r\n", {"transfer_encoding": "chunked"}, 400, "malformed",
                     id="no chunks"),
        pytest.param("/v1/metrics", b"2\r\n{}\r\n0\r\n\r\n", {"transfer_encoding": "chunked"}, 200,
                     "{}", id="chunks"),
        pytest.param("/v1/metrics", b"0x2\r\n{}\r\n0\r\n\r\n", {"transfer_encoding": "chunked"},
                     400, "malformed", id="signs in chunks"),
        pytest.param("/v1/metrics", b"2\r\n{}\r\n0\r\n\r\n",
                     {"transfer_encoding": "chunked", "content_length": "12"}, 400, "twice",
                     id="two lengths"),
        pytest.param("/v1/metrics", b"{}", {"transfer_encoding": "gzip"}, 501, "only chunked",
                     id="other transfer"),
        pytest.param("/v1/traces", gzip.compress(b"{}"), {"content_encoding": "x-gzip"}, 200,
                     "{}", id="old name of gzip"),
        pytest.param("/", b"{}", {}, 404, "nothing at /, but", id="no path"),
    ],
)  # fmt: skip
def test_answers(receiver, path, body, headers, status, words):
    """Each fault has the status of the specification, and a Status that says what it is."""
    code, content, told = receiver.post(path, body, **headers)

    kind = headers.get("content_type", "application/json")
    assert (code, told["Content-Type"]) == (
        status, "application/x-protobuf" if kind == "text/csv" else kind
    )  # fmt: skip
    assert words.encode() in content
    if kind != "application/json" and status != 200:
        assert content[content.index(b"\x12") + 2 :].decode()


@pytest.mark.parametrize(
    ("head", "code"),
    [
        pytest.param(b"\x16\x03\x01\x02\r\n\r\n", 400, id="TLS"),
        pytest.param(b"BREW /v1/traces HTTP/1.1\r\n\r\n", 501, id="another method"),
        # as much as is read, for what is left unread resets the connection
        pytest.param(b"POST /".ljust(65_537, b"a"), 414, id="long path"),
        pytest.param(b"POST / HTTP/1.1\r\n" + b"X: ".ljust(65_537, b"a"), 431, id="long header"),
    ],
)
def test_heads_that_are_refused(receiver, head, code):
    """What the library of HTTP refuses is answered as all else is: a Status, and the end."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=60) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))

    first, _, body = answer.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % code)
    assert json.loads(body)["code"] == 3


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    """A receiver with a small limit, for many questions."""
    options = ("--max-body", "1", "--memory", "4")
    with receiving(tmp_path_factory.mktemp("receiver"), *options) as running:
        yield running
        code, told, _ = running.stop()
        assert code == 0
        assert not [reason for reason in told["rejected"] if "internal" in reason]


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(
            b"POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 9\r\n\r\n{", id="half",
        ),
    ],
)  # fmt: skip
def test_connections_that_do_not_ask_make_room(receiver, begun):
    """However many stay open, with a request that never ends or without, others are answered."""
    with ExitStack() as idle:
        for _ in range(510):
            address = ("127.0.0.1", receiver.port)
            connection = idle.enter_context(socket.create_connection(address, timeout=60))
            connection.sendall(begun)

        assert receiver.post("/v1/traces", b"{}")[0] == 200


def test_partial_success(tmp_path):
    """What cannot be used is counted in the answer; the rest is kept and not sent again."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceResponse,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    spans = traces(span(0), span(1, endTimeUnixNano="0"), span(2))
    points = metrics(point([1, 0, 0, 0], count="7"), point([0, 1, 0, 0], since=1), delta=True)
    with receiving(tmp_path) as running:
        as_json = running.send(spans)
        of_spans = running.post(
            "/v1/traces", encoded(traces(span(9, endTimeUnixNano="0"))), **PROTOBUF
        )
        of_points = running.post("/v1/metrics", encoded(points), **PROTOBUF)
        _, told, _ = running.stop()

    assert json.loads(as_json[1]) == {
        "partialSuccess": {"rejectedSpans": "1", "errorMessage": "1 × it has no end"}
    }
    spans_told = ExportTraceServiceResponse.FromString(of_spans[1]).partial_success
    points_told = ExportMetricsServiceResponse.FromString(of_points[1]).partial_success
    assert (spans_told.rejected_spans, points_told.rejected_data_points) == (1, 1)
    assert points_told.error_message == "1 × its buckets do not add up to its count"
    assert told["requests"] == 3


def test_killed_and_started_again(tmp_path):
    """After SIGKILL the store can be read; the next receiver keeps all that was acknowledged."""
    with receiving(tmp_path, "--flush-every", "1s") as first:
        assert first.send(traces(span(0), span(1)))[0] == 200
        deadline = time.monotonic() + 60
        while not stored(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert first.send(traces(*(span(n) for n in range(2, 300))))[0] == 200
        assert first.send(metrics(point([0, 3, 0, 0]), delta=True))[0] == 200
        first.process.kill()
        first.process.wait()
    states = {run.id: run.state for run in list_runs(open_store(tmp_path / "st"))}
    assert list(states.values()) == ["running", "running"]
    assert 2 <= len(stored(tmp_path)) <= 300

    with receiving(tmp_path) as second:
        said = "".join(second.said)
        assert second.send(traces(span(1_000)))[0] == 200
        second.stop()

    runs = list_runs(open_store(tmp_path / "st"))
    assert {run.state for run in runs} == {"complete"}
    assert [run.note for run in runs if run.id in states] == [NOTE, NOTE]
    assert all(f"of run {killed} (shop)" in said for killed in states)
    assert sorted(row["trace_id"] for row in stored(tmp_path)) == [
        f"{n + 1:032x}" for n in [*range(300), 1_000]
    ]
    assert [row["count"] for row in stored(tmp_path, "histograms")] == [3]
    assert list((tmp_path / "st" / "journal").iterdir()) == []


def test_what_began_before_is_not_counted_twice(tmp_path):
    """A cumulative series that is older than the receiver counts from its first point on."""
    with receiving(tmp_path) as running:
        for number in (5, 7):
            running.send(metrics(point([number, 0, 0, 0], at=number * 60)))
        _, told, _ = running.stop()

    assert told["requests"] == 2
    assert told["left_out"] == {"first points of series that began before this": 1}


def test_services_have_runs_of_their_own(tmp_path):
    """A run for each service.name; or one for all, if a service is given."""
    message = traces(span(0)), traces(span(1), resource={"service.name": "pay"}), traces(
        span(2), resource={}
    )  # fmt: skip
    for options, services in (
        ((), ["pay", "shop", "unknown_service"]),
        (("--service", "all", "--label", "env=test"), ["all"]),
    ):
        folder = tmp_path / services[0]
        folder.mkdir()
        with receiving(folder, *options) as running:
            assert [running.send(each)[0] for each in message] == [200, 200, 200]
            running.stop()
        runs = list_runs(open_store(folder / "st"))
        assert sorted(run.service for run in runs) == services
        assert len(stored(folder)) == 3
    assert runs[0].labels == {"env": "test"}
    assert {dict(row["labels"])["env"] for row in stored(folder)} == {"test"}


def test_only_one_signal(tmp_path):
    """The other one has no place here."""
    with receiving(tmp_path, "--only", "metrics") as running:
        refused = running.send(traces(span()))
        assert running.send(metrics(point([1, 0, 0, 0], since=1), delta=True))[0] == 200
        _, _, told = running.stop()

    assert refused[0] == 404
    assert "note: 1 message refused (1 × 404)" in told


def test_it_may_be_stopped_at_once(tmp_path):
    """Whoever reads where it listens and stops it has ended it in order."""
    with receiving(tmp_path) as running:
        code, document, err = running.stop()

    assert (code, document["runs"], "error" in err) == (0, [], False)


def test_it_ends_by_itself(tmp_path):
    """After the time of `--for` it stops as if it were told to, though a client is still there."""
    with receiving(tmp_path, "--for", "3s") as running:
        idle = threading.Thread(target=running.send, args=(traces(span()),))
        idle.start()
        idle.join()
        out, _ = running.process.communicate(timeout=60)

    assert running.process.returncode == 0
    assert json.loads(out)["runs"][0]["state"] == "complete"


def test_a_terminal_sees_how_it_stands(tmp_path):
    """Each second a line says what is kept; it is gone at the end."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, "--store", "st", "--for", "4s"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=theirs, stdout=theirs) as process:
        os.close(theirs)
        told, sent = "", False
        while part := _read(ours):
            told += part
            if not sent and (found := READY.search(told)):
                sent = True
                running = Running(process, int(found[1]), [])
                assert running.send(traces(span()))[0] == 200
                assert running.post("/v1/traces", b"x")[0] == 400
    os.close(ours)

    assert "\r\x1b[K1 request of 1 service kept, 1 message refused" in told
    assert "\r\x1b[Kkept 1 request as run " in told
    assert process.returncode == 0


def _read(terminal: int) -> str:
    """What comes next on a terminal; empty at its end."""
    try:
        return os.read(terminal, 1_000).decode()
    except OSError:
        return ""


def test_without_the_classes_of_protobuf_it_says_so(tmp_path):
    """SDKs send protobuf unless told otherwise: that it will be refused is said at the start."""
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry/__init__.py").touch()  # in the way of the installed one
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [*COMMAND, "--store", "st", "--for", "100ms"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "nothing was received\n")
    assert "note: only JSON can be taken" in done.stderr
    assert "pip install 'slogate[otlp]'" in done.stderr
