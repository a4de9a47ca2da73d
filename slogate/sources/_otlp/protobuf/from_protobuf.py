"""OTLP's protobuf messages → spans and metrics, with the classes of `opentelemetry-proto`.

They come with the extra `otlp`; without it a SourceError says how to install it. A message that
is none is Malformed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from slogate.errors import SourceError
from slogate.sources._otlp.json.from_json import OTHER_KINDS, thinned
from slogate.sources._otlp.semantics import LONGEST_WORD
from slogate.sources._otlp.telemetry import (
    ERROR,
    Attributes,
    Explicit,
    Exponential,
    Losses,
    Malformed,
    Metric,
    Point,
    Resource,
    Span,
    Value,
)

_MISSING = "reading OTLP's protobuf needs the package opentelemetry-proto"
_REMEMBERED = 4_096
_HINT = "install it: pip install 'slogate[otlp]'; or let the sender write JSON"


def available() -> None:
    """SourceError unless the classes of the messages are installed."""
    try:
        for name in ("metrics.v1.metrics_pb2", "trace.v1.trace_pb2"):
            importlib.import_module(f"opentelemetry.proto.{name}")
    except ImportError:
        raise SourceError(_MISSING, hint=_HINT) from None


def check_traces(content: bytes) -> None:
    """Malformed unless it is a message of traces."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    try:
        TracesData.FromString(content)
    except (DecodeError, RecursionError, ValueError):
        raise Malformed("it is no message of traces") from None


def check_metrics(content: bytes) -> None:
    """Malformed unless it is a message of metrics."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    try:
        MetricsData.FromString(content)
    except (DecodeError, RecursionError, ValueError):
        raise Malformed("it is no message of metrics") from None


def attributes_in(content: bytes, exponential: bool) -> Attributes:
    """All attributes among the fields of a point of a histogram, which are valid."""
    from opentelemetry.proto.metrics.v1 import metrics_pb2 as messages

    kind = messages.ExponentialHistogramDataPoint if exponential else messages.HistogramDataPoint
    return attributes(kind.FromString(content).attributes)


def counted_in(content: bytes) -> int:
    """How much was counted in exponential buckets, which are valid."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint as Message

    return sum(Message.Buckets.FromString(content).bucket_counts)


def resource(content: bytes) -> Resource:
    """A resource by its bytes, which are valid; shared by the messages that have the same."""
    return _shared(content) if len(content) <= _REMEMBERED else resource_of(content)


@lru_cache(maxsize=1_024)
def _shared(content: bytes) -> Resource:
    return resource_of(content)


def resource_of(content: bytes) -> Resource:
    """A resource by its bytes, which are valid."""
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource as Message

    return Resource(attributes(Message.FromString(content).attributes))


def spans_of(content: bytes) -> Any:
    """The spans among the fields of a scope, which are valid."""
    from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

    return ScopeSpans.FromString(content).spans


def a_span(content: bytes, wanted: frozenset[str]) -> Span:
    """A span by its bytes, which are valid."""
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

    return _span(Message.FromString(content), wanted)


def scope_name(content: bytes) -> str:
    """The name of a scope by its bytes, which are valid."""
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope

    name: str = InstrumentationScope.FromString(content).name
    return name


def metrics_of(content: bytes) -> Any:
    """The metrics among the fields of a scope, which are valid."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics

    return ScopeMetrics.FromString(content).metrics


def spans(
    items: Any, kinds: frozenset[int], wanted: frozenset[str], losses: Losses
) -> Iterator[Span]:
    """The spans of these kinds; those of others are left out."""
    others = 0
    for item in items:
        if item.kind in kinds:
            yield _span(item, wanted)
        else:
            others += 1
    if others:
        losses.left_out[OTHER_KINDS] += others


def _span(item: Any, wanted: frozenset[str]) -> Span:
    status = item.status
    code = status.code
    failed = code == ERROR
    trace_id, span_id = item.trace_id, item.span_id
    return Span(
        item.name,
        item.start_time_unix_nano,
        item.end_time_unix_nano,
        trace_id.hex() if len(trace_id) == 16 else "",
        span_id.hex() if len(span_id) == 8 else "",
        code,
        status.message if failed else "",
        _exception(item.events) if failed else "",
        thinned(item.trace_state),
        attributes(item.attributes, wanted),
    )


def metrics(items: Any, losses: Losses) -> Iterator[Metric]:
    """The histograms; points of metrics of other types are left out."""
    for item in items:
        which = item.WhichOneof("data")
        if which not in {"histogram", "exponential_histogram"}:
            count = len(getattr(item, which).data_points) if which else 0
            losses.left_out["data points of metrics that are no histograms"] += count
            continue
        body = getattr(item, which)
        read = _explicit if which == "histogram" else _exponential
        yield Metric(
            item.name,
            item.unit,
            body.aggregation_temporality,
            (_point(point, read(point)) for point in body.data_points),
        )


def _point(item: Any, buckets: Explicit | Exponential) -> Point:
    return Point(
        attributes(item.attributes),
        item.start_time_unix_nano,
        item.time_unix_nano,
        item.count,
        item.sum if item.HasField("sum") else None,
        item.max if item.HasField("max") else None,
        buckets,
        not item.flags & 1,
    )


def _explicit(item: Any) -> Explicit:
    return Explicit(tuple(item.explicit_bounds), list(item.bucket_counts))


def _exponential(item: Any) -> Exponential:
    return Exponential(
        item.scale,
        item.zero_count,
        item.zero_threshold,
        item.positive.offset,
        list(item.positive.bucket_counts),
        sum(item.negative.bucket_counts),
    )


def attributes(items: Any, wanted: frozenset[str] | None = None) -> Attributes:
    """The attributes that are wanted (None: all), as plain values."""
    return {item.key: _value(item.value) for item in items if wanted is None or item.key in wanted}


def _value(value: Any) -> Value:
    which = value.WhichOneof("value")
    if which is None:
        return ""
    content = getattr(value, which)
    if isinstance(content, str | bool | int | float):
        return content
    return repr(content)[:LONGEST_WORD]


def _exception(events: Any) -> str:
    for event in reversed(events):
        if event.name == "exception":
            told = attributes(event.attributes)
            return str(told.get("exception.message") or told.get("exception.type") or "")
    return ""
