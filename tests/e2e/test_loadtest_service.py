from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from ports import free_port
from recording import wait_for

from slogate.errors import ServiceError
from slogate.loadtest import process
from slogate.loadtest.service import answers, await_ready, served

pytestmark = pytest.mark.e2e


def shop(*options):
    """(command, ready URL) of a sample shop on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "slogate.shop", "--port", str(port), *options]
    return " ".join(command), f"http://127.0.0.1:{port}/ready"


def test_a_service_is_served_while_the_block_runs(tmp_path, monkeypatch):
    """Ready inside, gone behind it; a proxy is not asked for what is on this machine."""
    command, ready = shop()
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with served(command, ready, 20_000_000, tmp_path / "log", lambda _: None) as death:
        inside = answers(ready), death()

    assert inside == (True, None)
    assert not answers(ready)


def test_without_ready_a_service_is_awaited_at_its_port(tmp_path):
    """The load starts when the host accepts connections, not before."""
    command, ready = shop()
    host = ready.removesuffix("/ready")

    with served(f"sleep 1; {command}", None, 20_000_000, tmp_path / "l", print, host=host):
        assert answers(f"{host}/browse")


def test_without_ready_and_host_the_load_starts_at_once_and_that_is_said(tmp_path):
    """There is nothing to wait for."""
    said = []

    with served("sleep 60", None, 20_000_000, tmp_path / "log", said.append):
        pass

    assert said[-1] == "note: neither `ready` nor `host` is set, so the load starts at once"


def test_a_service_that_never_gets_ready_is_told_with_its_last_answer(tmp_path):
    """503 until the time is over."""
    command, ready = shop("--delay-ready", "60s")

    with (
        pytest.raises(ServiceError, match=r"not ready within 1\.5 s") as caught,
        served(command, ready, 1_500_000, tmp_path / "log", lambda _: None),
    ):
        pass

    assert "status 503" in caught.value.message


def test_who_said_nothing_has_no_last_words(tmp_path):
    """Better than an empty quotation."""
    with (
        pytest.raises(ServiceError, match="not ready") as caught,
        served("sleep 60", "http://127.0.0.1:9/", 200_000, tmp_path / "log", lambda _: None),
    ):
        pass

    assert caught.value.message.endswith("Connection refused")


def test_a_service_that_dies_at_once_is_told_with_its_own_words(tmp_path):
    """Its log is the best explanation."""
    command, ready = f"echo cannot bind; exit 7 # {tmp_path}", f"http://127.0.0.1:{free_port()}/"

    with (
        pytest.raises(ServiceError, match=r"ended before it was ready \(exit 7\)") as caught,
        served(command, ready, 5_000_000, tmp_path / "log", lambda _: None),
    ):
        pass

    assert "cannot bind" in caught.value.message


def test_another_service_at_the_same_place_is_refused(tmp_path):
    """We never test what somebody else has started."""
    command, ready = shop()

    with (
        served(command, ready, 20_000_000, tmp_path / "a", lambda _: None),
        pytest.raises(ServiceError, match="before the service was started"),
        served(command, ready, 20_000_000, tmp_path / "b", lambda _: None),
    ):
        pass


class Other(BaseHTTPRequestHandler):
    """A service of somebody else that gets ready after it was first asked."""

    asked = 0

    def do_GET(self):
        """503 once, then 200."""
        Other.asked += 1
        self.send_response(503 if Other.asked == 1 else 200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_a_service_that_dies_as_another_answers_in_its_place_is_told(tmp_path, monkeypatch):
    """Two were started at once for one port: the one that came second tests nothing."""
    monkeypatch.setattr("slogate.loadtest.service.SETTLE_S", 1.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        ready = f"http://127.0.0.1:{other.server_port}/"
        with (
            pytest.raises(ServiceError, match=r"ended before it was ready \(exit 5\)"),
            served("exit 5", ready, 9_000_000, tmp_path / "log", lambda _: None),
        ):
            pass
        other.shutdown()


def test_a_service_that_dies_during_the_test_is_noticed(tmp_path):
    """The question answers with how it ended."""
    with served("sleep 0.6; exit 3", None, 1_000_000, tmp_path / "log", lambda _: None) as death:
        told = wait_for(death)

    assert told is not None
    assert "exit 3" in told


def test_children_of_a_service_are_ended_too(tmp_path):
    """A shell that leaves its server behind does not leave it running."""
    command, ready = shop()

    with served(f"{command} & wait", ready, 20_000_000, tmp_path / "log", lambda _: None):
        pass

    assert not answers(ready)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense"])
def test_ready_has_to_be_an_http_url(url):
    """Anything else could never answer."""
    with pytest.raises(ServiceError, match="http"):
        await_ready(url, 1_000_000)


def test_the_last_words_of_a_missing_log_are_none(tmp_path):
    """No log is no error."""
    assert process.tail(tmp_path / "none") == ""
