"""The sample shop as a process: what it answers, how it degrades, how it stops."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import pytest
from recording import wait_for

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "slogate.shop"]
PATIENCE_S = 60
pytestmark = pytest.mark.e2e


class Shop(NamedTuple):
    """A running shop and where it listens."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, object, float]:
        """Make one request; give its status, its JSON and the seconds it took."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        begun = time.monotonic()
        connection.request(method, path, json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text), time.monotonic() - begun

    def send(self, raw: bytes) -> bytes:
        """Send bytes, end the sending, and give all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as peer:
            received = b""
            with suppress(ConnectionError):
                peer.sendall(raw)
                peer.shutdown(socket.SHUT_WR)
                while chunk := peer.recv(65_536):
                    received += chunk
            return received


@contextmanager
def running(*switches: str) -> Iterator[Shop]:
    """Start a shop on a free port; stop it at the end, if nobody has."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--seed", "1", *switches],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("shop listening on http://127.0.0.1:"), process.stderr.read()
        yield Shop(process, int(line.rsplit(":", 1)[1]))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A quiet shop without failures, for the tests that degrade nothing."""
    with running("--errors", "*=0%") as quiet:
        yield quiet


@pytest.mark.parametrize(
    ("method", "path", "body", "key"),
    [
        pytest.param("GET", "/browse", None, "items", id="browse"),
        pytest.param("GET", "/search?q=tea", None, "query", id="search"),
        pytest.param("GET", "/cart", None, "total_cents", id="cart"),
        pytest.param("POST", "/cart", {"items": [1, 2]}, "total_cents", id="fill-cart"),
        pytest.param("POST", "/checkout", {"items": [1]}, "order", id="checkout"),
        pytest.param("POST", "/checkout", None, "order", id="checkout-without-body"),
        pytest.param("POST", "/login", {"user": "ann"}, "user", id="login"),
        pytest.param("GET", "/ready", None, "ready", id="ready"),
    ],
)
def test_every_endpoint_answers(shop, method, path, body, key):
    """Each endpoint answers 200 with a JSON object."""
    status, answer, _ = shop.ask(method, path, body)

    assert status == 200
    assert key in answer


def test_one_connection_serves_many_requests(shop):
    """Keep-alive holds over GET, HEAD, POST and errors, with exact lengths."""
    connection = HTTPConnection("127.0.0.1", shop.port, timeout=PATIENCE_S)
    connection.connect()
    peer = connection.sock
    statuses = []
    for method, path in [("GET", "/"), ("HEAD", "/browse"), ("PUT", "/cart"), ("GET", "/no")]:
        connection.request(method, path, b"{}" if method == "PUT" else None)
        response = connection.getresponse()
        body = response.read()
        assert (len(body) == int(response.headers["Content-Length"])) == (method != "HEAD")
        statuses.append(response.status)

    assert statuses == [200, 200, 405, 404]
    assert connection.sock is peer
    connection.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(b"\x00\xff\x16\x03\x01garbage\r\n\r\n", b"400", id="binary"),
        pytest.param(b"GET / HTTP/1.1\r\nHost", b"400", id="cut-head"),
        pytest.param(b"GET /\r\n\r\n", b"400", id="no-version"),
        pytest.param(b"GET http HTTP/1.1\r\n\r\n", b"400", id="no-path"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400", id="bad-header"),
        pytest.param(b"GET / HTTP/3.0\r\n\r\n", b"505", id="version"),
        pytest.param(b"POST /cart HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400", id="length"),
        pytest.param(b"POST /cart HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", b"400", id="cut-body"),
        pytest.param(b"POST /cart HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", b"413", id="big"),
        pytest.param(
            b"POST /cart HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411", id="te"
        ),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"431", id="long"),
    ],
)
def test_garbage_is_refused_and_does_not_kill_it(shop, raw, status):
    """What cannot be read is answered, where the client still listens, and the shop lives on."""
    received = shop.send(raw)

    assert received.split(b" ")[1:2] in ([status], [])
    assert received or len(raw) > 60_000
    assert shop.ask("GET", "/ready")[0] == 200


def test_a_body_larger_than_one_packet_is_read_after_100_continue(shop):
    """A client that asks first is told to go on, and its body is understood."""
    body = json.dumps({"items": [1], "note": "x" * 200_000}).encode()
    head = b"POST /cart HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    received = shop.send(head + body)

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert b"Connection: close" in received


def test_errors_at_100_percent_fail_that_endpoint_only():
    """A forced failure is HTTP 500 with a JSON error, and leaves the others alone."""
    with running("--errors", "POST /login=100%", "--access-log") as shop:
        failed = [shop.ask("POST", "/login")[:2] for _ in range(3)]
        fine = [shop.ask("GET", "/browse")[0] for _ in range(3)]
        shop.process.terminate()
        log = shop.process.communicate(timeout=PATIENCE_S)[1].splitlines()

    assert failed == [(500, {"error": "/login has failed"})] * 3
    assert fine == [200] * 3
    assert ['"POST /login HTTP/1.1" 500' in line for line in log] == [True] * 3 + [False] * 3


def test_a_slowed_endpoint_is_slower_and_the_others_are_not():
    """The addition reaches the endpoint's answers and no others."""
    with running("--slow", "POST /checkout=+400ms") as shop:
        checkout_s = shop.ask("POST", "/checkout")[2]
        # of several, for the machine may be busy
        browse_s = min(shop.ask("GET", "/browse")[2] for _ in range(5))

    assert checkout_s > 0.43
    assert browse_s < 0.4


def test_a_freeze_holds_everything_back():
    """During the stall even readiness waits; before it, all is quick."""
    with running("--freeze", "1400ms/1500ms") as shop:
        shop.ask("GET", "/browse")
        before_s = shop.ask("GET", "/ready")[2]
        time.sleep(1.55)
        during_s = shop.ask("GET", "/ready")[2]

    assert before_s < 1.2
    assert during_s > 0.3


def test_in_the_fail_window_everything_fails():
    """Total failure begins and ends by the clock of the first request."""
    with running("--errors", "*=0%", "--fail-window", "500ms+1s") as shop:
        ready = shop.ask("GET", "/ready")[0]
        begun, told = time.monotonic(), []
        while not told or told[-1][0] == 503 or told[-1][1] < 1.5:
            status = shop.ask("GET", "/browse")[0]
            told.append((status, time.monotonic() - begun))
            time.sleep(0.02)

    turns = [(status, [*times]) for status, times in groupby(told, key=itemgetter(0))]
    assert (ready, [status for status, _ in turns]) == (200, [200, 503, 200])
    assert turns[1][1][0][1] > 0.5
    assert turns[2][1][0][1] > 1.5


def test_readiness_can_be_delayed():
    """The shop says 503 until it is ready, then 200."""
    with running("--delay-ready", "1s") as shop:
        early = shop.ask("GET", "/ready")[:2]
        wait_for(lambda: shop.ask("GET", "/ready")[:2] != early)
        late = shop.ask("GET", "/ready")[:2]

    assert (early, late) == ((503, {"ready": False}), (200, {"ready": True}))


def refuses(shop: Shop) -> bool:
    """Whether it accepts no more connections."""
    with suppress(ConnectionError):  # accepted by the kernel just before
        try:
            shop.ask("GET", "/ready")
        except ConnectionRefusedError:
            return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_lets_the_request_in_flight_finish(number):
    """It stops accepting, says 503 to a probe on a kept connection, answers, and exits with 0."""
    with running("--slow", "*=+1500ms", "--errors", "*=0%") as shop:
        probe, slow = (HTTPConnection("127.0.0.1", shop.port, timeout=PATIENCE_S) for _ in range(2))
        slow.request("GET", "/browse")
        for _ in range(5):  # the shop has come to what was sent before, too
            probe.request("GET", "/ready")
            assert probe.getresponse().read() == b'{"ready": true}\n'
        shop.process.send_signal(number)
        wait_for(lambda: refuses(shop))
        probe.request("GET", "/ready")
        answer = slow.getresponse()
        finished = (probe.getresponse().status, answer.status, len(answer.read()) > 100)

        assert finished == (503, 200, True)
        assert answer.headers["Connection"] == "close"
        assert shop.process.wait(timeout=PATIENCE_S) == 0
        assert shop.process.stderr.read() == ""


def test_a_port_in_use_is_explained(shop):
    """A second shop on the same port ends with exit code 2 and one sentence."""
    second = subprocess.run(
        [*COMMAND, "--port", str(shop.port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert second.returncode == 2
    assert second.stdout == ""
    assert second.stderr == (
        f"shop: cannot listen on 127.0.0.1:{shop.port}: the port is in use; "
        "stop the other service, or choose another port with --port (0 takes any free one)\n"
    )
