from __future__ import annotations

from http import HTTPStatus
from random import Random

import pytest

from slogate.shop.answer import Answer
from slogate.shop.catalogue import BadRequest
from slogate.shop.endpoints import ENDPOINTS, Endpoint, route
from slogate.shop.request import Request


def reply(method: str, path: str, *, query: str = "", body: bytes = b"") -> object:
    endpoint = route(ENDPOINTS, method, path)
    assert isinstance(endpoint, Endpoint)
    request = Request(
        line="", method=method, path=path, query=query, headers={}, body=body, keep_alive=True
    )
    return endpoint.reply(request)


def test_search_finds_by_every_word():
    """All words of the query must be in the name."""
    found = reply("GET", "/search", query="q=MUG+travel")

    assert found == {
        "query": "MUG travel",
        "items": [{"number": 10, "name": "travel mug", "price_cents": 2450}],
    }


def test_a_cart_is_priced_the_same_by_get_and_by_post():
    """The basket comes with the request, in the query or in the body."""
    by_get = reply("GET", "/cart", query="items=1,3,3")
    by_post = reply("POST", "/cart", body=b'{"items": [1, 3, 3]}')

    assert by_get == by_post
    assert by_get["total_cents"] == 1250 + 490 + 490


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/checkout", b"not json", id="no-json"),
        pytest.param("/checkout", b"[1]", id="no-object"),
        pytest.param("/checkout", b"[" * 100_000, id="deep"),
        pytest.param("/checkout", b'{"items": 3}', id="no-list"),
        pytest.param("/checkout", b'{"items": [99]}', id="unknown-item"),
        pytest.param("/checkout", b'{"items": [true]}', id="no-number"),
        pytest.param("/checkout", b'{"items": [%s]}' % (b"9" * 5000), id="huge-number"),
        pytest.param("/login", b'{"user": 3}', id="user-no-text"),
        pytest.param("/login", b"\xff\xfe\x00", id="no-text"),
    ],
)
def test_bodies_that_make_no_sense_are_bad_requests(path, body):
    """A client's mistake is refused, never a failure of the shop."""
    with pytest.raises(BadRequest):
        reply("POST", path, body=body)


@pytest.mark.parametrize("items", ["x", "1,99", "9" * 5000])
def test_carts_that_make_no_sense_are_bad_requests(items):
    """Item numbers in the query are checked like those in the body."""
    with pytest.raises(BadRequest):
        reply("GET", "/cart", query=f"items={items}")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        pytest.param("GET", "/nowhere", HTTPStatus.NOT_FOUND, "", id="404"),
        pytest.param("DELETE", "/cart", HTTPStatus.METHOD_NOT_ALLOWED, "GET, POST, HEAD", id="405"),
        pytest.param("HEAD", "/checkout", HTTPStatus.METHOD_NOT_ALLOWED, "POST", id="head-of-post"),
    ],
)
def test_requests_without_an_endpoint_are_told_why(method, path, status, allow):
    """An unknown path is 404; a known one with another method is 405 with those that would do."""
    answer = route(ENDPOINTS, method, path)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.allow) == (status, allow)


def test_failures_come_at_the_rate_of_the_endpoint():
    """Of 100,000 checkouts about 0.5% fail: within four standard deviations."""
    endpoint = route(ENDPOINTS, "POST", "/checkout")
    rng = Random(3)
    failed = sum(endpoint.fails(rng) for _ in range(100_000))

    assert abs(failed - 500) < 4 * (100_000 * 0.005 * 0.995) ** 0.5
