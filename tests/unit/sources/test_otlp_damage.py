from __future__ import annotations

import random

import pytest
from foreign import take
from telemetry import attributes, encoded, exponential, lines, metrics, point, span, traces

from slogate.errors import SourceError
from slogate.recorders.otlp.answers import JSON, PROTOBUF
from slogate.recorders.otlp.router import Router
from slogate.sources import otlp_json, otlp_protobuf
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Malformed
from slogate.store.parts import check_schema

FLIPS = 250
EXCEPTION = {"name": "exception", "attributes": attributes({"exception.type": "KeyError"})}
MESSAGES = [
    traces(span(0, status={"code": 2, "message": "é"}, events=[EXCEPTION]), span(1, kind=3)),
    metrics(point([1, 2, 0, 3], max=99.5, sum=5.0), point([3, 2, 1, 3], at=120)),
    metrics(exponential(-4, [1, 0, 2], zeroCount=2), delta=True),
]
ODD = [b"", b"\0", b'"', b"\n", b"9", b"-", b"e5", b"[", b"{", b"\xff"]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with a few bytes changed, dropped or added."""
    found = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(found))
        found[at : at + 1] = chance.choice([*ODD, bytes([chance.randrange(256)])])
    return bytes(found)


@pytest.mark.parametrize("message", MESSAGES, ids=["spans", "explicit", "exponential"])
@pytest.mark.parametrize("source", [otlp_json.PLUGIN, otlp_protobuf.PLUGIN], ids=["json", "pb"])
def test_a_damaged_file(tmp_path, message, source):
    """Flipped bytes are an error, or rows that can be stored and a count of the others."""
    chance = random.Random(20261126)
    whole = lines(message).encode() if source is otlp_json.PLUGIN else encoded(message)
    refused = 0
    for _ in range(FLIPS):
        content = damaged(whole, chance)
        assert 0 <= source.sniff(content) <= 1
        try:
            rows, tally = take(tmp_path, content, source=source)
        except SourceError:
            refused += 1
            continue
        assert len(rows) == tally.rows
        assert all(row.get("duration_us", 0) >= 0 for row in rows)
        assert bool(tally.shown) == bool(tally.bad)
    assert 0 < refused < FLIPS


@pytest.mark.parametrize("message", MESSAGES, ids=["spans", "explicit", "exponential"])
@pytest.mark.parametrize("kind", [JSON, PROTOBUF], ids=["json", "pb"])
def test_a_damaged_request(message, kind):
    """Flipped bytes are malformed, or rows that fit the series; the router goes on as before."""
    chance = random.Random(7)
    whole = lines(message).encode() if kind == JSON else encoded(message)
    signal = "traces" if "resourceSpans" in message else "metrics"
    router = Router(Settings(service="*", signal="both"))
    refused = 0
    for _ in range(FLIPS):
        try:
            rows, _ = router.take(signal, kind, damaged(whole, chance))
        except Malformed:
            refused += 1
            continue
        for service, series, table in rows:
            assert service
            check_schema(table.schema, series)
    fresh = whole.replace(b"shop", b"SHOP")
    rows, losses = router.take(signal, kind, fresh)
    assert 0 < refused < FLIPS
    assert losses.bad.total() == 0
    assert rows or losses.left_out
