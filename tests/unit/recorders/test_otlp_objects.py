"""How many objects a request may hold, in both encodings, before it is refused as a whole."""

from __future__ import annotations

import json

import pytest
from protobuf_fields import field
from telemetry import metrics, point, span, traces

from slogate.recorders.otlp import objects
from slogate.recorders.otlp.answers import JSON, PROTOBUF
from slogate.recorders.otlp.router import Router
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Malformed


def router() -> Router:
    """One that has taken nothing yet."""
    return Router(Settings())


@pytest.mark.parametrize(
    ("holds", "most"),
    [
        pytest.param(lambda n: b"\x0a\x00" * n, 0, id="resources"),
        pytest.param(lambda n: field(1, b"\x12\x00" * n), 1, id="scopes"),
        pytest.param(lambda n: field(1, field(2, b"\x12\x00" * n)), 2, id="items"),
    ],
)
@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_a_crowd_is_refused_before_any_of_it_is_taken(holds, most, signal):
    """One more than may be; counting them is all that is done."""
    room = objects.MOST - most
    objects.check_protobuf(holds(room), signal)
    with pytest.raises(Malformed, match="send fewer at once"):
        router().take(signal, PROTOBUF, holds(room + 1))


@pytest.mark.parametrize("kind", [9, 10, 11])
def test_points_are_counted(kind):
    """Those of histograms, exponential ones and summaries; those of gauges cost nothing."""
    points = field(kind, b"\x0a\x00" * objects.MOST)
    gauges = field(5, b"\x0a\x00" * objects.MOST)
    for found, refused in ((points, True), (gauges, False)):
        body = field(1, field(2, field(2, found)))
        if refused:
            with pytest.raises(Malformed, match="send fewer at once"):
                objects.check_protobuf(body, "metrics")
        else:
            objects.check_protobuf(body, "metrics")


def test_json_is_counted_alike(monkeypatch):
    """Resources, scopes, spans, metrics and points, not their attributes."""
    given = {
        "traces": (traces(span(1), span(2), span(3)), 5),
        "metrics": (metrics(point([1, 0, 2, 0]), point([1, 0, 3, 0], at=120)), 5),
    }
    for signal, (document, count) in given.items():
        body = json.dumps(document).encode()
        monkeypatch.setattr(objects, "MOST", count)
        router().take(signal, JSON, body)
        monkeypatch.setattr(objects, "MOST", count - 1)
        with pytest.raises(Malformed, match="send fewer at once"):
            router().take(signal, JSON, body)
