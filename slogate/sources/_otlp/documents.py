"""What a request message of OTLP holds, handed to the translator: the one step both need."""

from __future__ import annotations

from typing import Any, Literal

from slogate.sources._otlp import from_json, from_protobuf
from slogate.sources._otlp.telemetry import Malformed
from slogate.sources._otlp.translate import Translator

OTHERS = "messages of logs or profiles"


def take_json(translator: Translator, document: Any) -> None:
    """Take a document that was read from JSON; Malformed if it is none of OTLP."""
    traces, metrics, others = from_json.kinds_of(document)
    if not (traces or metrics or others):
        raise Malformed("it is no OTLP")
    chosen, losses = translator.settings, translator.losses
    if traces:
        wanted = chosen.wanted
        for resource, _, items, keys in from_json.resources(document, from_json.SPANS):
            found = from_json.spans(items, keys, chosen.kinds, wanted, losses)
            translator.spans(resource, found)
    if metrics:
        for resource, scope, items, keys in from_json.resources(document, from_json.METRICS):
            translator.metrics(resource, scope, from_json.metrics(items, keys, losses))
    if others:
        losses.left_out[OTHERS] += 1


def take_protobuf(
    translator: Translator, content: bytes, signal: Literal["traces", "metrics"]
) -> None:
    """Take an encoded message of that signal; Malformed if it is none."""
    chosen, losses = translator.settings, translator.losses
    if signal == "traces":
        wanted = chosen.wanted
        for resource, items in from_protobuf.span_resources(from_protobuf.traces(content)):
            translator.spans(resource, from_protobuf.spans(items, chosen.kinds, wanted, losses))
        return
    message = from_protobuf.metrics_data(content)
    for resource, scope, metrics in from_protobuf.metric_resources(message):
        translator.metrics(resource, scope, from_protobuf.metrics(metrics, losses))
