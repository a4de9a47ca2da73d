"""OpenTelemetry for tests: messages of OTLP as plain JSON values, as its specification has them."""

from __future__ import annotations

import base64
import json
from typing import Any

START_NS = 1_764_000_000_000_000_000
SECOND = 1_000_000_000
SHOP = {"service.name": "shop"}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them; whole numbers as text."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def span(number: int = 0, *, ms: float = 12.5, told: dict[str, Any] | None = None, **fields: Any):
    """A server's span that begins `number` ms after START_NS and takes `ms`."""
    start = START_NS + number * 1_000_000
    given = {"http.request.method": "GET", "http.route": "/cart", "http.response.status_code": 200}
    return {
        "traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}", "name": "GET /cart",
        "kind": 2, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + int(ms * 1e6)),
        "attributes": attributes(given if told is None else told), "status": {}, **fields,
    }  # fmt: skip


def traces(*spans: Any, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """A message of one resource with these spans."""
    of = {"attributes": attributes(SHOP if resource is None else resource)}
    return {"resourceSpans": [{"resource": of, "scopeSpans": [{"scope": {}, "spans": [*spans]}]}]}


def point(counts: list[int], *, at: float = 60, since: float = 0, **fields: Any) -> dict[str, Any]:
    """A data point with bounds 5, 10, 25 that counted from `since` to `at` seconds."""
    told = fields.pop("told", {"http.request.method": "GET", "http.route": "/cart"})
    return {
        "attributes": attributes(told),
        "startTimeUnixNano": str(START_NS + int(since * SECOND)),
        "timeUnixNano": str(START_NS + int(at * SECOND)),
        "count": str(sum(counts)), "bucketCounts": [str(count) for count in counts],
        "explicitBounds": [5, 10, 25], **fields,
    }  # fmt: skip


def exponential(offset: int, counts: list[int], *, at: float = 60, since: float = 0, **fields: Any):
    """A data point of an exponential histogram, of scale 3 unless told otherwise."""
    zeros = fields.get("zeroCount", 0)
    return {
        "attributes": attributes({"http.request.method": "GET", "http.route": "/cart"}),
        "startTimeUnixNano": str(START_NS + int(since * SECOND)),
        "timeUnixNano": str(START_NS + int(at * SECOND)),
        "count": str(sum(counts) + zeros), "scale": 3,
        "positive": {"offset": offset, "bucketCounts": [str(count) for count in counts]}, **fields,
    }  # fmt: skip


def metrics(*points: Any, delta: bool = False, resource: Any = None, **fields: Any):
    """A message of one histogram in milliseconds; exponential if its points are."""
    kind = "exponentialHistogram" if "scale" in points[0] else "histogram"
    body = {"aggregationTemporality": 1 if delta else 2, "dataPoints": [*points]}
    metric = {"name": "http.server.duration", "unit": "ms", kind: body, **fields}
    of = {"attributes": attributes(SHOP if resource is None else resource)}
    scope = {"scope": {"name": "tests"}, "metrics": [metric]}
    return {"resourceMetrics": [{"resource": of, "scopeMetrics": [scope]}]}


def lines(*messages: Any) -> str:
    """The messages as a file exporter writes them."""
    return "".join(f"{json.dumps(message)}\n" for message in messages)


def encoded(message: dict[str, Any]) -> bytes:
    """The message as protobuf, by the official classes."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    kind = TracesData if "resourceSpans" in message else MetricsData
    content: bytes = ParseDict(_with_base64(message), kind()).SerializeToString()
    return content


def _with_base64(value: Any) -> Any:
    """Ids as protobuf's own JSON has them."""
    if isinstance(value, list):
        return [_with_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(each)).decode()
        if key in {"traceId", "spanId"}
        else _with_base64(each)
        for key, each in value.items()
    }
