from __future__ import annotations

import socket

import pytest

from slogate.errors import ServiceError, UsageError
from slogate.loadtest.reach import (
    are_same,
    await_connection,
    connection_trouble,
    is_known,
    port_is_free,
    refuse_silent,
    refuse_unusable,
)


@pytest.fixture(name="listener")
def _listener():
    """A socket that accepts connections; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(name="nobody")
def _nobody():
    """The URL of a port that is taken and where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        pytest.param("localhost:8000", "has no scheme", id="scheme"),
        pytest.param("example.com", "has no scheme", id="name"),
        pytest.param("http://", "names no machine", id="machine"),
        pytest.param("http://a:port", "is no URL", id="port"),
        pytest.param("http://[::1", "is no URL", id="bracket"),
    ],
)
def test_a_host_that_is_no_url_is_refused(host, words):
    """Before Locust fails every request with it."""
    with pytest.raises(UsageError, match=words):
        refuse_unusable(host)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://127.0.0.1:80", "http://localhost/", True),
        ("http://Base.example.com", "http://base.example.com:80", True),
        ("http://a.example.com", "https://a.example.com", False),
        ("http://a.example.com/v1", "http://a.example.com/v2", False),
        ("unix://a", "unix://a", False),
    ],
)
def test_two_urls_of_one_place_are_the_same(one, other, same):
    """However they are written; what is not known is no reason to refuse."""
    assert are_same(one, other) is same


def test_a_host_without_a_scheme_is_told_how_to_write_it():
    """The hint can be copied."""
    with pytest.raises(UsageError) as caught:
        refuse_unusable("localhost:8000")

    assert caught.value.hint == "write http://localhost:8000"


def test_where_somebody_listens_something_answers(listener):
    """A connection is enough; what it says is the test's business."""
    assert connection_trouble(f"http://127.0.0.1:{listener}/base") is None


def test_where_nobody_listens_nothing_answers(nobody):
    """Refused at once, with the system's reason."""
    with pytest.raises(ServiceError, match=f"nothing answers at {nobody}: Connection refused"):
        refuse_silent(nobody)


def test_a_name_that_nobody_knows_is_told():
    """A typing mistake in the host."""
    assert connection_trouble("http://nowhere.invalid") is not None


@pytest.mark.parametrize(
    ("host", "known"),
    [
        pytest.param("http://a", True, id="http"),
        pytest.param("HTTPS://a", True, id="https"),
        pytest.param("grpc://a:50051", True, id="port"),
        pytest.param("kafka://a", False, id="no-port"),
    ],
)
def test_a_host_is_asked_only_if_its_port_is_known(host, known):
    """Other schemes have ports of their own."""
    assert is_known(host) is known


def test_a_service_that_dies_while_it_is_awaited_is_told(nobody):
    """Its end is the reason, not the time that is over."""
    with pytest.raises(ServiceError, match="it died"):
        await_connection(nobody, 5_000_000, lambda: "it died")


def test_a_service_that_never_listens_is_not_awaited_for_ever(nobody):
    """The time that is allowed is named."""
    with pytest.raises(ServiceError, match=r"within 200 ms: Connection refused"):
        await_connection(nobody, 200_000, lambda: None)


def test_a_port_is_free_unless_somebody_listens(listener):
    """Whichever address the other one listens on."""
    assert not port_is_free(listener)
    assert port_is_free(0)
