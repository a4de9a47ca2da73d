"""What a request message of OTLP holds, handed to the translator: the one step both need."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from slogate.sources._otlp.json import from_json
from slogate.sources._otlp.protobuf import from_protobuf, span_wire, wire
from slogate.sources._otlp.taker import Taker
from slogate.sources._otlp.telemetry import Malformed, Resource

OTHERS = "messages of logs or profiles"


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
        span_wire.scanner(taker.settings).take(taker, content)
        return
    wire.check(content, from_protobuf.check_metrics, wire.METRICS)
    for of, scopes in wire.entries(content, signal):
        resource = from_protobuf.resource(of)
        for scope in scopes:
            _take_metrics(taker, resource, content, scope)


def _take_metrics(taker: Taker, resource: Resource, content: bytes, scope: tuple[int, int]) -> None:
    named = b"".join(content[at:to] for at, to in wire.nested(content, *scope, 0x0A))
    name = from_protobuf.scope_name(named)
    for some in wire.runs(content, *scope):
        items = from_protobuf.metrics_of(some)
        taker.metrics(resource, name, from_protobuf.metrics(items, taker.losses))
