"""What a request message of OTLP holds, handed to the translator: the one step both need."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

from slogate.sources._otlp.json import from_json
from slogate.sources._otlp.protobuf import from_protobuf, span_wire, wire
from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.taker import Taker
from slogate.sources._otlp.telemetry import Malformed, Resource

OTHERS = "messages of logs or profiles"
_REMEMBERED = 4_096


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector: it would walk through each message, which has no cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def take_json(taker: Taker, document: Any) -> None:
    """Take a document that was read from JSON; Malformed if it is none of OTLP."""
    traces, metrics, others = from_json.kinds_of(document)
    if not (traces or metrics or others):
        raise Malformed("it is no OTLP")
    chosen, losses = taker.settings, taker.losses
    if traces:
        wanted = chosen.wanted
        for resource, _, items, keys in from_json.resources(document, from_json.SPANS):
            found = from_json.spans(items, keys, chosen.kinds, wanted, losses)
            taker.spans(resource, found)
    if metrics:
        for resource, scope, items, keys in from_json.resources(document, from_json.METRICS):
            taker.metrics(resource, scope, from_json.metrics(items, keys, losses))
    if others:
        losses.left_out[OTHERS] += 1


def take_protobuf(taker: Taker, content: bytes, signal: Literal["traces", "metrics"]) -> None:
    """Take an encoded message of that signal; Malformed if it is none."""
    if signal == "traces":
        wire.check(content, from_protobuf.check_traces, wire.TRACES)
    else:
        wire.check(content, from_protobuf.check_metrics, wire.METRICS)
    entries = wire.nested(content, 0, len(content), 0x0A)
    if content and not entries:
        raise Malformed(f"it is no message of {signal}")
    for begin, end in entries:
        # a message that is there twice is one of all their fields
        of = b"".join(content[at:to] for at, to in wire.nested(content, begin, end, 0x0A))
        short = len(of) <= _REMEMBERED
        resource = _resource(of) if short else from_protobuf.resource_of(of)
        for at, to in wire.nested(content, begin, end, 0x12):
            if signal == "traces":
                _take_spans(taker, resource, content, (at, to))
            else:
                _take_metrics(taker, resource, content, (at, to))


@lru_cache(maxsize=256)
def _resource(content: bytes) -> Resource:
    """A resource, which is shared by the messages that have the same."""
    return from_protobuf.resource_of(content)


def _take_metrics(taker: Taker, resource: Resource, content: bytes, scope: tuple[int, int]) -> None:
    named = b"".join(content[at:to] for at, to in wire.nested(content, *scope, 0x0A))
    name = from_protobuf.scope_name(named)
    for some in wire.runs(content, *scope):
        items = from_protobuf.metrics_of(some)
        taker.metrics(resource, name, from_protobuf.metrics(items, taker.losses))


def _take_spans(taker: Taker, resource: Resource, content: bytes, scope: tuple[int, int]) -> None:
    scanner = span_wire.scanner(taker.settings)
    if scope[0] == scope[1]:
        taker.spans(resource, ())
    for found in scanner.scan(content, *scope, taker.losses):
        if isinstance(found, Columns):
            taker.columns(resource, found)
        else:
            taker.spans(resource, found)
