"""OTLP's JSON → spans and metrics.

Numbers of 64 bits may be text or numbers, enumerations numbers or names, ids hexadecimal or
Base64; keys are in camel case, or all of a document's in snake case, as tools that did not read
the specification write them. Unknown keys are passed over. Whatever has the wrong shape is
Malformed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slogate.sources._otlp.json.scalars import (
    a_list,
    an_object,
    enum,
    finite,
    hexadecimal,
    number,
    signed,
    small,
    whole,
    wholes,
)
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

_UPPER = re.compile(r"(?=[A-Z])")
SPANS, METRICS = "resourceSpans", "resourceMetrics"
OTHERS = ("resourceLogs", "resourceProfiles")
OTHER_KINDS = "spans of other kinds"


class Keys(dict[str, str]):
    """The keys as a document writes them: the names of the specification, or in snake case."""

    def __init__(self, *, snake: bool) -> None:
        super().__init__()
        self._snake = snake

    def __missing__(self, key: str) -> str:
        written = _UPPER.sub("_", key).lower() if self._snake else key
        self[key] = written
        return written


CAMEL, SNAKE = Keys(snake=False), Keys(snake=True)
Documents = Iterator[tuple[Resource, str, Any, Keys]]


def resources(document: Any, top: str) -> Documents:
    """Each resource of a document with what it sent: (resource, scope, list, keys)."""
    if not isinstance(document, dict):
        raise Malformed("it is no object")
    keys = CAMEL if top in document else SNAKE
    scopes, items, old = (
        ("scopeSpans", "spans", "instrumentationLibrarySpans") if top == SPANS
        else ("scopeMetrics", "metrics", "instrumentationLibraryMetrics")
    )  # fmt: skip
    for one in a_list(document.get(keys[top])):
        entry = an_object(one)
        resource = Resource(attributes(an_object(entry.get("resource")).get("attributes")))
        for scope in a_list(entry.get(keys[scopes]) or entry.get(keys[old])):
            found = an_object(scope)
            name = str(an_object(found.get("scope")).get("name", ""))
            yield resource, name, a_list(found.get(items)), keys


def kinds_of(document: Any) -> tuple[bool, bool, bool]:
    """Whether a document has spans, metrics, or anything else of OTLP."""
    if not isinstance(document, dict):
        return False, False, False
    return (
        any(keys[SPANS] in document for keys in (CAMEL, SNAKE)),
        any(keys[METRICS] in document for keys in (CAMEL, SNAKE)),
        any(keys[name] in document for keys in (CAMEL, SNAKE) for name in OTHERS),
    )


def spans(
    items: list[Any], keys: Keys, kinds: frozenset[int], wanted: frozenset[str], losses: Losses
) -> Iterator[Span]:
    """The spans of these kinds; those of others are left out, malformed ones are bad."""
    others = 0
    for item in items:
        try:
            if kind_of(item) in kinds:
                yield a_span(item, keys, wanted)
            else:
                others += 1
        except Malformed as error:
            losses.bad[str(error)] += 1
        except (AttributeError, TypeError, KeyError):
            losses.bad["it is no span"] += 1
    if others:
        losses.left_out[OTHER_KINDS] += others


def kind_of(item: Any) -> int:
    """The kind of a span."""
    kind = item.get("kind", 0)
    return kind if type(kind) is int else enum(kind)


def a_span(item: Any, keys: Keys, wanted: frozenset[str]) -> Span:
    """A span; Malformed or what reading a wrong type raises if it is none."""
    status = item.get("status") or {}
    code = enum(status.get("code", 0))
    failed = code == ERROR
    return Span(
        str(item.get("name", "")),
        whole(item.get(keys["startTimeUnixNano"], 0)),
        whole(item.get(keys["endTimeUnixNano"], 0)),
        hexadecimal(item.get(keys["traceId"], ""), 16),
        hexadecimal(item.get(keys["spanId"], ""), 8),
        code,
        str(status.get("message", "")) if failed else "",
        exception(item.get("events")) if failed else "",
        thinned(item.get(keys["traceState"])),
        attributes(item.get("attributes"), wanted),
    )


def thinned(state: Any) -> bool:
    """Whether the trace state says that not every trace was kept: a threshold over zero."""
    if not state or "ot=" not in str(state):
        return False
    found = re.search(r"(?:^|,)\s*ot=[^,]*?\bth:([0-9a-f]+)", str(state))
    return bool(found and found[1].strip("0"))


def metrics(items: list[Any], keys: Keys, losses: Losses) -> Iterator[Metric]:
    """The histograms; points of metrics of other types are left out."""
    exponential = keys["exponentialHistogram"]
    temporality, data = keys["aggregationTemporality"], keys["dataPoints"]
    for item in items:
        metric = an_object(item)
        which = "histogram" if "histogram" in metric else exponential
        body = metric.get(which)
        if body is None:
            others = [an_object(v) for v in metric.values() if isinstance(v, dict)]
            count = sum(len(a_list(other.get(data))) for other in others)
            losses.left_out["data points of metrics that are no histograms"] += count
            continue
        found = an_object(body)
        yield Metric(
            str(metric.get("name", "")),
            str(metric.get("unit", "")),
            enum(found.get(temporality, 0)),
            _points(a_list(found.get(data)), keys, losses, explicit=which == "histogram"),
        )


def _points(items: list[Any], keys: Keys, losses: Losses, *, explicit: bool) -> Iterator[Point]:
    for item in items:
        try:
            yield _point(an_object(item), keys, explicit=explicit)
        except Malformed as error:
            losses.bad[str(error)] += 1


def _point(item: Mapping[str, Any], keys: Keys, *, explicit: bool) -> Point:
    read = _explicit if explicit else _exponential
    return Point(
        attributes(item.get("attributes")),
        whole(item.get(keys["startTimeUnixNano"], 0)),
        whole(item.get(keys["timeUnixNano"], 0)),
        whole(item.get("count", 0)),
        number(item.get("sum")),
        number(item.get("max")),
        read(item, keys),
        not whole(item.get("flags", 0)) & 1,
    )


def _explicit(item: Mapping[str, Any], keys: Keys) -> Explicit:
    bounds = finite(a_list(item.get(keys["explicitBounds"])))
    if bounds is None:
        raise Malformed("a bound of its buckets is no number")
    return Explicit(bounds, wholes(a_list(item.get(keys["bucketCounts"]))))


def _exponential(item: Mapping[str, Any], keys: Keys) -> Exponential:
    positive, negative = an_object(item.get("positive")), an_object(item.get("negative"))
    counts = keys["bucketCounts"]
    return Exponential(
        small(item.get("scale", 0)),
        whole(item.get(keys["zeroCount"], 0)),
        number(item.get(keys["zeroThreshold"])) or 0.0,
        small(positive.get("offset", 0)),
        wholes(a_list(positive.get(counts))),
        sum(wholes(a_list(negative.get(counts)))),
    )


def attributes(items: Any, wanted: frozenset[str] | None = None) -> Attributes:
    """The attributes that are wanted (None: all), as plain values."""
    found: dict[str, Value] = {}
    try:
        for item in items or ():
            key = item["key"]
            if wanted is None or key in wanted:
                value = item.get("value")
                text = value.get("stringValue") if value else ""
                found[key] = text if type(text) is str else _value(value)
    except (TypeError, KeyError, AttributeError):
        raise Malformed("its attributes are not as OTLP has them") from None
    return found


def _value(value: Any) -> Value:
    for kind, content in (value or {}).items():
        if kind in {"stringValue", "string_value"} and isinstance(content, str):
            return content
        if kind in {"intValue", "int_value"}:
            return signed(content)
        if isinstance(content, bool | float | int):
            return content
        return repr(content)
    return ""


def exception(events: Any) -> str:
    """The message of the last exception among the events, else its type."""
    for event in reversed(events or ()):
        if event.get("name") == "exception":
            told = attributes(event.get("attributes"))
            return str(told.get("exception.message") or told.get("exception.type") or "")
    return ""
