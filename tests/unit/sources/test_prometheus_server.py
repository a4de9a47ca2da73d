"""What is asked of a server, and what becomes of its answers: spans, refusals, credentials."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from replay import START_S, Replay, counter, histogram, native, serving

from slogate.errors import SourceError
from slogate.sources._base import Offer, Remote
from slogate.sources._prometheus import client, server, settings

LONG = counter(*range(0, 4000, 2), job="a")
QUERY = 'requests_total{job="a"}'


@pytest.fixture
def replay() -> Iterator[Replay]:
    """A server with some hours of one counter."""
    with serving(Replay([LONG])) as running:
        yield running


def offer(
    replay: Replay, *, paused: list[float] | None = None, environment: Any = None, **options: str
) -> Offer:
    """What the server offers of its series; pauses are written down, not waited for."""
    options = {"query": QUERY, "from": str(START_S), "to": str(START_S + 30_000), **options}
    remote = Remote(url=replay.url, options=options, environment=environment or {})
    asking = client.Client(
        access=settings.access(remote),
        accept_warnings=settings.flag(remote, "warnings", "accept"),
        pause=(paused if paused is not None else []).append,
    )
    return server.connect(remote, asking)


def rows(offered: Offer) -> list[dict[str, Any]]:
    """All rows of an offer."""
    chunks = offered.read(offered.start_us, offered.end_us)
    return [row for _, chunk in chunks for row in chunk.rows.to_pylist()]


def total(offered: Offer) -> int:
    """How many requests an offer has."""
    return sum(row["count"] for row in rows(offered))


def test_a_span_is_read_in_pieces_that_end_with_steps(replay):
    """Every growth is there once, and no step is cut by the end of a piece."""
    found = rows(offer(replay, step="5m"))

    asked = [float(form["time"][0]) for path, form, _ in replay.asked if "time" in form]
    assert sum(row["count"] for row in found) == 3998
    assert [at % 300 for at in asked] == [0] * len(asked)
    assert len(asked) > 5
    assert {row["step_us"] for row in found[:-1]} == {300_000_000}


def test_what_is_too_much_is_asked_for_in_halves(replay):
    """A server that refuses so many samples is asked for fewer, down to the last second."""
    whole = rows(offer(replay))
    replay.most = 70

    assert rows(offer(replay)) != []
    assert total(offer(replay)) == sum(row["count"] for row in whole)
    replay.most = 0
    with pytest.raises(SourceError, match="HTTP 422: too many samples"):
        rows(offer(replay))


@pytest.mark.parametrize(
    ("start", "end", "count"), [(0, 30, 4), (1, 30, 4), (15, 30, 2), (16, 29, 0), (14, 15, 2)]
)
def test_a_growth_belongs_to_its_later_scrape(replay, start, end, count):
    """After the start, up to and with the end; what was before is looked at, not counted."""
    found = offer(replay, **{"from": str(START_S + start), "to": str(START_S + end)})

    assert total(found) == count


def test_the_gap_limits_how_far_back_is_looked(replay):
    """The first growth needs a scrape before it."""
    assert total(offer(replay, **{"from": str(START_S + 3000), "gap": "10s"})) == 0


@pytest.mark.parametrize(
    ("status", "headers", "pauses"),
    [
        pytest.param(429, {"Retry-After": "7"}, [7.0, 1.0], id="too many requests"),
        pytest.param(503, {}, [0.5, 1.0], id="unavailable"),
        pytest.param(502, {"Retry-After": "900"}, [30.0, 1.0], id="at most half a minute"),
    ],
)
def test_what_passes_is_tried_again(replay, status, headers, pauses):
    """Later each time, and as late as the server says."""
    paused: list[float] = []
    replay.first = [(status, headers, b"later"), (500, {}, b"")]

    assert total(offer(replay, paused=paused)) == 3998
    assert paused == pauses


def test_what_does_not_pass_is_an_error_with_the_servers_words(replay):
    """After five tries, and with its address."""
    replay.first = [(500, {}, b'{"status": "error", "error": "disk on fire"}')] * 5

    with pytest.raises(SourceError) as caught:
        offer(replay)

    assert str(caught.value) == f"{replay.url}: HTTP 500: disk on fire"


def test_an_answer_that_breaks_off_is_asked_for_again(replay):
    """A body shorter than was said is no answer."""
    paused: list[float] = []
    replay.first = [(200, {"Content-Length": "999"}, b'{"status": "success"')]

    assert total(offer(replay, paused=paused)) == 3998
    assert paused == [0.5]


def test_a_server_that_is_not_there():
    """Refused connections are tried again too, then told."""
    with serving(Replay([LONG])) as gone:
        pass
    paused: list[float] = []

    with pytest.raises(SourceError, match="it cannot be reached: Connection refused"):
        offer(gone, paused=paused)
    assert len(paused) == 4


@pytest.mark.parametrize(
    ("answer", "told", "hint"),
    [
        pytest.param((401, {}, b"who?"), "HTTP 401: who?", "SLOGATE_PROMETHEUS_TOKEN", id="401"),
        pytest.param((403, {}, b"<html>"), "HTTP 403: Forbidden", "SLOGATE_PROM", id="403"),
        pytest.param((404, {}, b"no page"), "HTTP 404: no page", "base address", id="404"),
        pytest.param(
            (400, {}, b'{"status":"error","errorType":"bad_data","error":"parse error"}'),
            "HTTP 400: parse error", None, id="400",
        ),
        pytest.param((200, {}, b"<html>"), "no answer of Prometheus's", "base address", id="HTML"),
        pytest.param((200, {}, b"[1"), "no answer of Prometheus's", "base address", id="cut"),
        pytest.param((200, {}, b"[" * 99_999), "no answer of Prom", "base address", id="deep"),
        pytest.param((200, {}, b"{}"), "no answer of Prometheus's", "base address", id="other"),
        pytest.param(
            (200, {}, b'{"status":"error","error":"no"}'), "the server says: no", "base", id="error"
        ),
        pytest.param(
            (200, {}, b'{"status":"success","data":{"result":[]}}'),
            "it does not say what time it is", None, id="no time",
        ),
        pytest.param(
            (200, {}, b'{"status":"success","data":{"result":[0,1%s]}}' % (b"0" * 400)),
            "it does not say what time it is", None, id="time beyond floats",
        ),
        *(
            pytest.param(
                (200, {}, b'{"status":"success","data":{"result":[0,"%s"]}}' % time),
                "it does not say what time it is", None, id=f"time {time.decode()}",
            )
            for time in (b"Inf", b"1e300", b"0")
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_told_at_once(replay, answer, told, hint):
    """In the server's words, with what would help, and without trying again."""
    paused: list[float] = []
    replay.first = [answer]

    with pytest.raises(SourceError) as caught:
        offer(replay, paused=paused)

    assert told in str(caught.value)
    assert (hint or "") in (caught.value.hint or "")
    assert paused == []


def test_an_answer_that_does_not_end_is_given_up(replay):
    """Each piece of it comes in time, but all of it takes longer than an answer may."""
    ticks = count(step=30)
    asker = client.Client(
        access=settings.access(Remote(url=replay.url, options={"timeout": "10s"})),
        pause=lambda _: None,
        clock=lambda: float(next(ticks)),
    )

    with pytest.raises(client.TooMuch, match="no answer within 10 s"):
        asker.ask("query", [("query", "time()")])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x1f\x8b\x08" + b"\xff" * 40, id="damaged"),
        pytest.param(gzip.compress(b"{}" * 99)[:-9], id="cut short"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_an_error(replay, body):
    """It is asked for again, and then told."""
    replay.first = [(200, {"Content-Encoding": "gzip"}, body)] * 5
    asker = client.Client(access=settings.access(Remote(url=replay.url)), pause=lambda _: None)

    with pytest.raises(SourceError, match="it cannot be reached"):
        asker.ask("query", [("query", "time()")])

    assert replay.first == []


def test_redirects_are_not_followed(replay):
    """Credentials are for the address that was given; where it leads is told."""
    with serving(Replay([LONG])) as other:
        location = f"{other.url}/api/v1/query?token=x".replace("//", "//ann:secret@")
        replay.first = [(302, {"Location": location}, b"")]
        with pytest.raises(SourceError) as caught:
            offer(replay, environment={"SLOGATE_PROMETHEUS_TOKEN": "s3cret"})

    assert f"it redirects to {other.url}/api/v1/query" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert other.asked == []


def test_warnings_of_a_success_are_a_refusal(replay):
    """What a store behind it could not be asked is not zero; remarks (3.x) are no warnings."""
    replay.told = {"infos": ["metric might not be a counter"]}
    assert total(offer(replay)) == 3998
    replay.told = {"warnings": ["store-2 did not answer"]}

    with pytest.raises(SourceError, match="may not be whole: store-2 did not answer"):
        offer(replay)
    assert total(offer(replay, warnings="accept")) == 3998


def test_mimir_is_asked_under_its_path_and_for_a_tenant():
    """The path stays before the API's, the tenant is part of what is imported once."""
    with serving(Replay([LONG], path="/prometheus")) as mimir:
        found = offer(mimir, tenant="shop")
        assert total(found) == 3998

    assert dict(found.identity) == {"url": mimir.url, "query": QUERY, "tenant": "shop"}
    assert {headers.get("X-Scope-Orgid") for *_, headers in mimir.asked} == {"shop"}
    assert {headers.get("Authorization") for *_, headers in mimir.asked} == {None}


def test_thanos_is_asked_for_whole_answers_only(replay):
    """Half of an answer would be counted as zero."""
    rows(offer(replay))

    forms = [form for path, form, _ in replay.asked if "time" in form]
    assert {form["partial_response"][0] for form in forms} == {"false"}
    assert {form["max_source_resolution"][0] for form in forms} == {"0s"}


BASIC = base64.b64encode(b"ann:pa:ss").decode()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"TOKEN": "abc\n"}, "Bearer abc", id="bearer"),
        pytest.param({"USER": "ann", "PASSWORD": "pa:ss"}, f"Basic {BASIC}", id="basic"),
        pytest.param({"HEADERS": "Authorization: AWS x\n\nX-A: b"}, "AWS x", id="header"),
    ],
)
def test_credentials_come_from_the_environment(replay, environment, expected):
    """And are sent with each question."""
    named = {f"SLOGATE_PROMETHEUS_{key}": value for key, value in environment.items()}

    assert total(offer(replay, environment=named)) == 3998
    assert {headers.get("Authorization") for *_, headers in replay.asked} == {expected}


@pytest.mark.parametrize(
    ("url", "options", "environment", "told"),
    [
        ("http://ann:pa@h", {}, {}, "http://h: the address holds a password"),
        ("http://h/graph?token=pa@", {}, {}, "http://h/graph: the address holds a query"),
        ("ftp://h", {}, {}, "an address begins with http"),
        ("http://h:x", {}, {}, "the address is malformed"),
        ("http://ann@h", {}, {"TOKEN": "t"}, "both a user and SLOGATE_PROMETHEUS_TOKEN"),
        ("http://h", {}, {"TOKEN": "t\nX: y"}, "the header Authorization holds characters"),
        ("http://h", {}, {"HEADERS": "nonsense"}, "a line that is not `Name: value`"),
        ("https://h", {"ca": "/none"}, {}, "option ca: /none: No such file"),
        ("https://h", {"insecure": "no"}, {}, "option insecure is 'no', it can only be yes"),
        ("http://h", {"timeout": "5"}, {}, "option timeout: '5' has no unit"),
    ],
)
def test_what_is_said_of_the_server_is_checked(url, options, environment, told):
    """Before it is asked; no secret is in what is told."""
    named = {f"SLOGATE_PROMETHEUS_{key}": value for key, value in environment.items()}

    with pytest.raises(SourceError) as caught:
        settings.access(Remote(url=url, options=options, environment=named))

    assert told in str(caught.value)
    assert not {"pa@", "X: y"} & set(str(caught.value).split())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://h:9090/", "http://h:9090"),
        ("http://h/prometheus/graph", "http://h/prometheus"),
        ("https://[::1]:9090/api/v1/", "https://[::1]:9090"),
        ("http://ann@H/x//", "http://h/x"),
    ],
)
def test_the_base_address_is_found(given, expected):
    """Whatever page of the server people have before them."""
    assert settings.access(Remote(url=given)).url == expected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"query": ""}, "No query is given"),
        ({"query": "a / b"}, "the query a / b: it speaks of several metrics (a, b)"),
        ({"query": "nothing"}, "there are no series nothing between 2025-11-24"),
        ({"query": "nothing", "delay": "5m"}, "what is younger than 5m is left"),
        ({"from": ""}, "from when on? No time is given"),
        ({"from": "2025-11-24T16:00"}, "'2025-11-24T16:00': it has no time zone"),
        ({"from": "yesterday"}, "--from 'yesterday': 'yesterday' is not a duration"),
        ({"from": "1970-01-01T00:00Z"}, "is before 2001"),
        ({"to": "2025-11-24T15:00Z"}, "there is no time between"),
        ({"type": "gauge"}, "option type is 'gauge', it must be"),
        ({"drop": "pod"}, "there is no label pod"),
    ],
)
def test_what_is_asked_is_checked(replay, options, told):
    """Each with the server's address."""
    with pytest.raises(SourceError) as caught:
        offer(replay, **options)

    assert told in f"{caught.value} {caught.value.hint}"
    assert str(caught.value).startswith(replay.url)


def test_victoriametrics_tells_the_time_in_a_vector():
    """What `time()` says there is the value of a series without labels; ends of series are NaN."""
    said = [{"metric": {}, "value": [START_S, str(START_S + 600)]}]
    data = {"resultType": "vector", "result": said}
    first = [(200, {}, json.dumps({"status": "success", "data": data}).encode())]

    with serving(Replay([counter(3, 6, "NaN", 2, 5, job="a")], first=first)) as running:
        found = offer(running)
        chunks = [chunk for _, chunk in found.read(found.start_us, found.end_us)]

    assert found.end_us == (START_S + 540) * 1_000_000
    assert sum(row["count"] for chunk in chunks for row in chunk.rows.to_pylist()) == 3 + 2 + 3
    assert not any(chunk.bad for chunk in chunks)


def test_what_is_younger_than_the_delay_is_left(replay):
    """It may still be arriving; the end is that of the server's clock."""
    replay.now_s = START_S + 100

    found = offer(replay, delay="30s")

    assert found.end_us == (START_S + 70) * 1_000_000
    assert "still be arriving" in found.notes[1]
    assert offer(replay, to="", delay="0s").end_us == (START_S + 100) * 1_000_000
    assert offer(replay, to="10s", delay="0s").end_us == (START_S + 90) * 1_000_000


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("gauge", {}, "requests is a gauge, not a counter"),
        ("summary", {}, "requests is a summary, not a counter"),
        (None, {}, "requests is a metric of unknown type, not a counter"),
        ("counter", {}, None),
        ("gauge", {"type": "counter"}, None),
    ],
)
def test_only_counters_are_counted(kind, options, told):
    """The server is asked where the name does not say it."""
    labels, points = counter(1, 5)
    one = ({**labels, "__name__": "requests"}, points)
    with serving(Replay([one], types={"requests": kind} if kind else {})) as running:
        if told is None:
            assert total(offer(running, query="requests", **options)) == 4
            return
        with pytest.raises(SourceError, match=told):
            rows(offer(running, query="requests", **options))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((422, {}, b'{"status": "error", "error": "too many"}'), id="too much"),
        pytest.param((404, {}, b"404 page not found"), id="nowhere"),
        pytest.param((200, {}, b'{"status": "success", "data": {"requests": null}}'), id="null"),
        pytest.param((200, {}, b'{"status": "success", "data": {"requests": 7}}'), id="number"),
        pytest.param((200, {}, b'{"status": "success", "data": []}'), id="list"),
    ],
)
def test_a_server_that_knows_no_kinds_of_metrics(answer):
    """An option says it instead."""

    class Ignorant(Replay):
        def answer(self, path, form):
            return answer if path.endswith("/metadata") else super().answer(path, form)

    labels, points = counter(1, 5)
    with serving(Ignorant([({**labels, "__name__": "requests"}, points)])) as running:
        with pytest.raises(SourceError, match="requests") as caught:
            rows(offer(running, query="requests"))
        assert "type=counter" in (caught.value.hint or "")
        assert total(offer(running, query="requests", type="counter")) == 4


@pytest.mark.parametrize("hung_after", [0, 4])
def test_a_server_that_hangs_is_given_up_soon(hung_after):
    """It is asked for less a few times, and not until next morning."""
    asked = count()
    free = threading.Event()

    class Hung(Replay):
        def answer(self, path, form):
            if next(asked) >= hung_after:
                free.wait(20)
            return super().answer(path, form)

    with serving(Hung([LONG])) as running:
        with pytest.raises(SourceError, match=r"no answer within 0\.05 s"):
            rows(offer(running, timeout="50ms"))
        free.set()

    assert next(asked) - hung_after <= 5


def test_a_metric_that_is_there_twice_is_asked_about():
    """As classic and as native histogram it would be counted twice, or half of it lost."""
    one, two = native((0, "0.1", "0.2", "4")), native((0, "0.1", "0.2", "9"))
    ends = [
        ({"__name__": "x_seconds_bucket", "le": le}, counter(1, count)[1])
        for le, count in (("0.1", 2), ("+Inf", 4))
    ]
    with serving(Replay([histogram("x_seconds", [one, two]), *ends])) as running:
        with pytest.raises(SourceError) as caught:
            offer(running, query="x_seconds_count")
        found = [
            total(offer(running, query="x_seconds", **options))
            for options in ({"type": "native"}, {"type": "classic"})
        ]
        found.append(total(offer(running, query="x_seconds_bucket")))

    assert "--option type=classic" in (caught.value.hint or "")
    assert found == [5, 3, 3]


def test_tls_is_checked_against_the_authority(tmp_path, system_program):
    """A certificate of one's own is refused, unless its authority is named or checks are off."""
    openssl = system_program("openssl", package="openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=h",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(Replay([LONG]), tls=context) as running:
        with pytest.raises(SourceError, match="its certificate is not trusted") as caught:
            offer(running)
        assert total(offer(running, ca=str(certificate))) == 3998
        assert total(offer(running, insecure="yes")) == 3998

    assert "ca=FILE" in (caught.value.hint or "")


def test_a_server_that_asks_for_a_certificate(tmp_path, system_program):
    """Ours is shown, with the key beside it or in the same file; without one there is no answer."""
    openssl = system_program("openssl", package="openssl")
    key, certificate, both = (tmp_path / name for name in ("key.pem", "cert.pem", "both.pem"))
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=h",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_text(key.read_text() + certificate.read_text())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(Replay([LONG]), tls=context) as running:
        known = {"ca": str(certificate)}
        with pytest.raises(SourceError, match="cannot be reached"):
            offer(running, **known)
        assert total(offer(running, cert=str(certificate), key=str(key), **known)) == 3998
        assert total(offer(running, cert=str(both), **known)) == 3998
        with pytest.raises(SourceError, match="no certificate with its key"):
            offer(running, cert=str(certificate), **known)
        with pytest.raises(SourceError, match="No such file"):
            offer(running, cert="gone.pem", **known)
        with pytest.raises(SourceError, match="needs the option cert"):
            offer(running, key=str(key), **known)


def test_an_answer_that_is_too_large_is_asked_for_in_halves(replay, monkeypatch):
    """No answer is kept that could fill the memory."""
    monkeypatch.setattr(client, "LARGEST_ANSWER", 4_000)

    assert total(offer(replay)) == 3998


def test_answers_are_not_trusted(replay):
    """Whatever a server answers to a range, there is nothing but an error that names it."""
    for result in (None, 3, [], {"resultType": "vector", "result": []}, *_odd_results()):
        body = json.dumps({"status": "success", "data": result}).encode()
        replay.before = lambda body=body: (200, {}, body)
        with pytest.raises(SourceError, match=replay.url):
            rows(offer(replay))


def _odd_results() -> list[Any]:
    series: list[Any] = [
        None, {}, {"metric": []}, {"metric": {"a": 1}}, {"metric": {}, "values": 3},
        {"metric": {}, "values": [3]}, {"metric": {}, "values": [["1764000000", "3"]]},
        {"metric": {}, "values": [[1764000000, 3]]}, {"metric": {}, "values": [[-1, "3"]]},
        {"metric": {}, "values": [[10**400, "3"]]}, {"metric": {}, "values": [[True, "3"]]},
    ]  # fmt: skip
    return [{"resultType": "matrix", "result": [each]} for each in series]
