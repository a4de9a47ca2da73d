"""The shop's endpoints: what each answers, how long it takes, how often it fails.

One record an endpoint; `route` finds it, or says why there is none. The switches change copies
of these records (see switches.py), never the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from urllib.parse import parse_qs

from slogate.shop.answer import Answer, error_answer
from slogate.shop.catalogue import ITEMS, BadRequest, basket, matching
from slogate.shop.latency import BROWSE, CART, CHECKOUT, LOGIN, SEARCH, Mixture, draw_us
from slogate.shop.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint with its latencies (mixture x factor + extra_us) and its share of failures."""

    method: str
    path: str
    mixture: Mixture
    reply: Callable[[Request], object]
    error_share: float = 0.0
    factor: float = 1.0
    extra_us: int = 0

    def duration_us(self, rng: Random) -> int:
        """Draw how long the next answer takes, in whole µs."""
        return int(draw_us(self.mixture, rng) * self.factor) + self.extra_us

    def fails(self, rng: Random) -> bool:
        """Draw whether the next answer is a failure."""
        return rng.random() < self.error_share


def route(endpoints: tuple[Endpoint, ...], method: str, path: str) -> Endpoint | Answer:
    """Find the endpoint of a request (HEAD counts as GET), or the answer 404 or 405."""
    at_path = {endpoint.method: endpoint for endpoint in endpoints if endpoint.path == path}
    if not at_path:
        return error_answer(HTTPStatus.NOT_FOUND, f"there is no {path} here; GET / lists all")
    found = at_path.get("GET" if method == "HEAD" else method)
    return found or wrong_method(path, sorted(at_path))


def wrong_method(path: str, methods: list[str]) -> Answer:
    """Answer 405 with the methods that would do."""
    allow = ", ".join([*methods, "HEAD"] if "GET" in methods else methods)
    status = HTTPStatus.METHOD_NOT_ALLOWED
    return error_answer(status, f"{path} answers {allow} only", allow=allow)


def _browse(_request: Request) -> object:
    return {"items": [item.as_json() for item in ITEMS]}


def _search(request: Request) -> object:
    words = " ".join(parse_qs(request.query).get("q", []))
    return {"query": words, "items": [item.as_json() for item in matching(words)]}


def _show_cart(request: Request) -> object:
    numbers = parse_qs(request.query).get("items", [""])[0].split(",")
    return basket([int(n) if re.fullmatch("[0-9]{1,9}", n) else n for n in numbers if n])


def _fill_cart(request: Request) -> object:
    return basket(_fields(request).get("items", []))


def _check_out(request: Request) -> object:
    return {"order": "accepted", **basket(_fields(request).get("items", []))}


def _log_in(request: Request) -> object:
    user = _fields(request).get("user", "guest")
    if not isinstance(user, str):
        raise BadRequest("user must be a text")
    return {"user": user, "logged_in": True}


def _fields(request: Request) -> dict[str, object]:
    try:
        fields = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise BadRequest("the body must be a JSON object")
    return fields


ENDPOINTS = (
    Endpoint(method="GET", path="/browse", mixture=BROWSE, reply=_browse),
    Endpoint(method="GET", path="/search", mixture=SEARCH, reply=_search),
    Endpoint(method="GET", path="/cart", mixture=CART, reply=_show_cart),
    Endpoint(method="POST", path="/cart", mixture=CART, reply=_fill_cart),
    Endpoint(
        method="POST", path="/checkout", mixture=CHECKOUT, reply=_check_out, error_share=0.005
    ),
    Endpoint(method="POST", path="/login", mixture=LOGIN, reply=_log_in, error_share=0.005),
)
