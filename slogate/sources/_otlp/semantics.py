"""What the attributes of a span or data point say about its request.

Reads the stable semantic conventions of HTTP and RPC and those before them. The endpoint is
the route, else the path without its query, else the called procedure, else the span's name.
A request failed if the span says so, has an error type, or answered with a status over 499.
Histograms of spans, which the collector makes, tell a span's name, kind and status.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from slogate.model.series import split_endpoint
from slogate.sources._otlp.telemetry import Attributes

LABELS = (
    "service.name", "service.namespace", "service.version", "deployment.environment.name",
    "deployment.environment", "cloud.region", "host.name",
)  # fmt: skip
ROUTE = "http.route"
PATHS = ("url.path", "http.target")
# of use only where there is no route
UNROUTED = frozenset({*PATHS, "url.full", "http.url"})
METHODS = ("http.request.method", "http.method")
STATUSES = ("http.response.status_code", "http.status_code")
GRPC = ("rpc.grpc.status_code", "rpc.response.status_code")
# what a gRPC server counts as its own failure, as numbers and as words
_GRPC_FAILED = {
    "2", "4", "12", "13", "14", "15",
    "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
}  # fmt: skip
_SPAN_FAILED = {"STATUS_CODE_ERROR", "ERROR", "Error"}
WANTED = frozenset(
    {
        *METHODS, *STATUSES, *GRPC, ROUTE, *UNROUTED, "rpc.service", "rpc.method", "error.type",
        "sampling.probability",
    }
)  # fmt: skip
# of a histogram of spans; it was called `operation` once
SPAN_NAMES = ("span.name", "operation")
SPAN_KIND, SPAN_STATUS = "span.kind", "status.code"
LONGEST_WORD = 1_000


class Facts(NamedTuple):
    """A request: `error` is the error type that was told; `told` whether any outcome was."""

    endpoint: str
    method: str
    status: int | None
    failed: bool
    error: str | None
    told: bool


def facts(attributes: Attributes, name: str = "") -> Facts:
    """What is known of the request; `name` is the span's."""
    of_spans = not name and SPAN_KIND in attributes
    if of_spans:
        name = next((str(attributes[key]) for key in SPAN_NAMES if key in attributes), "")
    method = str(attributes.get("http.request.method") or attributes.get("http.method") or "")
    endpoint = _endpoint(attributes)
    if endpoint is None:
        found, rest = split_endpoint(name)
        endpoint = rest if found and found == (method or found) else name
        method = method or found
    status = _status(attributes)
    error = attributes.get("error.type")
    failed = error is not None or (status or 0) >= 500 or _grpc_failed(attributes)
    told = failed or status is not None or any(key in attributes for key in GRPC)
    if of_spans and SPAN_STATUS in attributes:
        failed, told = failed or attributes[SPAN_STATUS] in _SPAN_FAILED, True
    error = None if error is None else word(str(error))
    return Facts(word(endpoint), word(method), status, failed, error, told)


def kind_of(attributes: Attributes) -> str | None:
    """The kind of the spans that a histogram is of, as `server`; None if it is of no spans."""
    kind = attributes.get(SPAN_KIND)
    return None if kind is None else str(kind).removeprefix("SPAN_KIND_").lower()


def endpoint_key(keys: Sequence[str], unrouted: Collection[str]) -> str | None:
    """Which of a span's keys is the endpoint if it has a text, whatever the others tell.

    `unrouted` are those that are of use for nothing else. None: it takes more than one to tell.
    """
    for key in (ROUTE, *PATHS):
        if key in keys:
            alone = keys.count(key) == 1 and (key == ROUTE or key in unrouted)
            return key if alone else None
    return None


def path_of(text: str) -> str:
    """A path without its query, as an endpoint."""
    return word(text.partition("?")[0].partition("#")[0])


def word(text: str) -> str:
    """The text as it can be stored: bounded, without halves of characters."""
    text = text[:LONGEST_WORD]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _endpoint(attributes: Attributes) -> str | None:
    get = attributes.get
    if route := get(ROUTE):
        return str(route)
    if path := get(PATHS[0]) or get(PATHS[1]):
        return path_of(str(path))
    if procedure := get("rpc.method"):
        service = get("rpc.service")
        return f"{service}/{procedure}" if service else str(procedure)
    if url := get("url.full") or get("http.url"):
        try:
            return urlsplit(str(url)).path or "/"
        except ValueError:
            return None
    return None


def _status(attributes: Attributes) -> int | None:
    for key in STATUSES:
        value = attributes.get(key)
        if value is None:
            continue
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) == 3:
            return int(text) or None
    return None


def _grpc_failed(attributes: Attributes) -> bool:
    for key in GRPC:
        if key in attributes:
            return str(attributes[key]) in _GRPC_FAILED
    return False
