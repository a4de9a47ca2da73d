from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from foreign import take
from otlp_history import history
from otlp_lane import Taken
from telemetry import attributes, encoded, exponential, metrics, point, span, traces

from slogate.sources._otlp.documents import take_protobuf
from slogate.sources._otlp.lane.lane import Lane
from slogate.sources._otlp.protobuf import from_protobuf, wire
from slogate.sources._otlp.protobuf.metric_wire import Reader
from slogate.sources._otlp.settings import settings
from slogate.sources._otlp.telemetry import Losses, Malformed
from slogate.sources._otlp.translate import Ambiguous, Translator
from slogate.sources.otlp_protobuf import PLUGIN


class Reading(Taken):
    """What comes of messages, taken in either way."""

    def __init__(self, **options: str) -> None:
        super().__init__(Lane(Reader()), **options)

    def at_once(self, messages: Sequence[bytes]) -> bool:
        """Take messages at once if they can be, else one by one."""
        self.translator.losses = Losses()
        taken = self.lane.take(self.translator, messages)
        assert taken in {0, len(messages)}
        self.count()
        if not taken:
            self.each(messages)
        return bool(taken)

    def each(self, messages: Sequence[bytes]) -> None:
        """Take messages one by one, by their classes."""
        self.lane.release()
        for message in messages:
            self.translator.losses = Losses()
            try:
                take_protobuf(self.translator, message, "metrics")
            except (Malformed, Ambiguous) as error:
                self.bad[str(error)] += 1
            self.count()


def alike(*blocks: Sequence[bytes], **options: str) -> int:
    """Check that both ways come to the same; how many blocks could be taken at once."""
    fast, slow = Reading(**options), Reading(**options)
    taken = 0
    for block in blocks:
        taken += fast.at_once(block)
        slow.each(block)

    assert fast.all() == slow.all()
    return taken


def cut(chance: random.Random, found: list[bytes]) -> list[list[bytes]]:
    """The messages in blocks."""
    cuts = sorted(chance.sample(range(1, len(found)), min(4, len(found) - 1)))
    pieces = zip([0, *cuts], [*cuts, len(found)], strict=True)
    return [found[start:end] for start, end in pieces]


@pytest.mark.parametrize("seed", range(12))
def test_any_valid_file(seed):
    """Restarts, falls, repeats, deltas, coarser scales, exemplars: the same either way."""
    chance = random.Random(20261127 + seed)
    found = [encoded(message) for message in history(chance, 30)]

    taken = alike(*cut(chance, found), **({"ok": "true"} if seed % 4 == 0 else {}))

    assert taken >= 3


@pytest.mark.parametrize("seed", range(3))
def test_any_damaged_file(seed):
    """Whatever is changed in the bytes of a message, or where it ends, both ways say the same."""
    chance = random.Random(seed)
    whole = [encoded(message) for message in history(chance, 4)]
    for _ in range(50):
        found = [bytearray(message) for message in whole]
        for _ in range(chance.choice([1, 1, 2])):
            message = chance.choice(found)
            if chance.random() < 0.3:
                del message[chance.randrange(len(message)) :]
            elif message:
                message[chance.randrange(len(message))] ^= 1 << chance.randrange(8)
        every = [bytes(message) for message in found]
        alike(every[:3], every[3:])


EXEMPLAR = {
    "timeUnixNano": str(1764 * 10**15), "asDouble": 0.25, "spanId": "00" * 7 + "01",
    "traceId": "00" * 15 + "01",
}  # fmt: skip


def in_turn(chance: random.Random, count: int) -> list[bytes]:
    """Messages of the same series, each time of the same length: the points are written again."""
    counts = {route: [[3, 0, 9, 1], [200, 7, 0, 300, 2]] for route in ("/a", "/bb", "/a/b")}
    found = []
    for n in range(1, count + 1):
        when = {"timeUnixNano": str((1764 * 10**6 + n) * 10**9), "sum": 5.5 * n}
        explicit, others = [], []
        for route, lists in counts.items():
            told = {"http.route": route}
            for each in lists:
                each[chance.randrange(len(each))] += 1
            one = {
                "attributes": attributes(told),
                **when,
                "max": 30.0,
                "exemplars": [EXEMPLAR] * len(route),
            }
            explicit.append(point(lists[0], min=0.5, **one))
            one |= {"attributes": attributes({**told, "n": 1})}
            one |= {"zeroCount": n, "zeroThreshold": 0.5, "negative": {"offset": 1}}
            others.append(exponential(2, lists[1], **one))
        found += [encoded(metrics(*explicit)), encoded(metrics(*others, description="x"))]
    return found


def test_points_that_are_written_again():
    """Of the same series in the same order nothing is lost, wherever a block ends."""
    found = in_turn(random.Random(1), 9)

    assert alike(found[:6], found[6:9], found[9:]) == 3


@pytest.mark.parametrize("seed", range(3))
def test_points_in_any_order(seed):
    """Series whose order changes from message to message, as a map has them, are taken at once."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    chance = random.Random(seed)
    found = []
    for message in in_turn(chance, 12):
        told = MetricsData.FromString(message)
        metric = told.resource_metrics[0].scope_metrics[0].metrics[0]
        points = getattr(metric, metric.WhichOneof("data")).data_points
        kept = [chance.choice(points) for _ in range(chance.randrange(2, 4))]
        del points[:]
        points.extend(kept)
        found.append(told.SerializeToString())

    assert alike(found[:5], found[5:12], found[12:]) == 3


@pytest.mark.parametrize("seed", range(2))
def test_damage_where_points_are_written_again(seed):
    """What is changed in the bytes of a message that is as long as those before it is not lost."""
    chance = random.Random(seed)
    whole = in_turn(chance, 5)
    for _ in range(40):
        found = [bytearray(message) for message in whole]
        for _ in range(chance.choice([1, 1, 2])):
            message = chance.choice(found[6:])
            message[chance.randrange(len(message))] ^= 1 << chance.randrange(8)
        every = [bytes(message) for message in found]
        alike(every[:6], every[6:])


def field(number: int, content: bytes) -> bytes:
    """Bytes, a text or a message as a field."""
    size, length = len(content), bytearray()
    while size >= 128:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def test_large_counts():
    """Counts of exponential buckets that need several bytes are what they are."""
    told = [0, 127, 128, 16_383, 16_384, 2_097_152, 10**9, 10**11, 1]
    first, second = (exponential(-4, [n * count for count in told], sum=9.0) for n in (1, 2))
    found = [
        encoded(metrics(first)),
        encoded(metrics(second | {"timeUnixNano": str(1764 * 10**15)})),
    ]

    assert alike(found[:1], found[1:]) == 2


PLAIN = {"nothing": b"", "flags": b"\x50\x01", "smallest": b"\x59" + bytes(8), "more": b"\x4a\x00"}
ODD = {
    "wide flags": b"\x50\x81\x01", "unknown": b"\xf8\x06\x01", "time again": b"\x19" + bytes(8),
    "bounds again": b"\x3a\x00", "no sum": b"\x29" + b"\xff" * 8, "count": b"\x21" + b"\xff" * 8,
    "longest": b"\x61" + bytes(6) + b"\x08\x40", "exemplar": b"\x42\x00",
    "no text": b"\x4a\x03\x0a\x01\xff", "group": b"\xfb\x06\xfc\x06",
}  # fmt: skip


@pytest.mark.parametrize("name", [*PLAIN, *ODD])
def test_what_a_point_may_end_with(name):
    """A point that ends with something unusual is read as the classes read it."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    message = MetricsData.FromString(encoded(metrics(point([1, 0, 2, 0]))))
    one = message.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points[0]
    raw = one.SerializeToString() + {**PLAIN, **ODD}[name]
    body = field(9, field(1, raw) + b"\x10\x02")
    metric = field(1, b"http.server.duration") + field(3, b"ms") + body
    content = field(1, field(2, field(2, metric)))

    assert alike([content], [content]) == (2 if name in PLAIN else 0)


def test_points_of_other_metrics():
    """Points of sums, gauges and of other names are left out, an empty scope is nothing."""
    gauge = {"name": "heap", "gauge": {"dataPoints": [{"asInt": "1"}, {"asInt": "2"}]}}
    message = metrics(point([1, 0, 0, 0]))
    message["resourceMetrics"][0]["scopeMetrics"][0]["metrics"] += [gauge, {"name": "nothing"}]
    message["resourceMetrics"][0]["scopeMetrics"].append({"scope": {"name": "empty"}})
    other = metrics(point([1, 2, 0, 0]), name="http.client.duration")

    assert alike([encoded(message), encoded(other)]) == 1


def test_points_of_spans_of_other_kinds():
    """They are left out and counted, and those of servers are taken at once."""
    kinds = ("SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_INTERNAL", None)
    found = []
    for n in range(1, 5):
        told = [{"http.route": "/a", **({"span.kind": each} if each else {})} for each in kinds]
        points = [point([n, 0, n, 2], told=each, at=60 * n) for each in told]
        points.append(point([n, 0, 0, 0], told=told[1], at=60 * n, flags=1))
        found.append(encoded(metrics(*points)))

    assert alike(found[:1], found[1:]) == 2


def test_a_file_of_both(tmp_path):
    """Spans between histograms are left out where histograms are asked for, and rows are kept."""
    told = [metrics(point([n, 0, 0, 2 * n], at=60 * n)) for n in range(1, 9)]
    messages = [encoded(each) for each in told]
    messages.insert(4, encoded(traces(span())))
    messages.insert(6, b"\x0a\x03\x12\x05x")
    content = b"".join(len(each).to_bytes(4, "big") + each for each in messages)

    rows, tally = take(tmp_path, content, source=PLUGIN, signal="metrics")

    assert sum(row["count"] for row in rows) == 24
    assert dict(tally.left_out) == {"spans": 1}
    assert sum(tally.bad.values()) == 1


@pytest.mark.parametrize("large", [1, 30, 200, 1_000])
def test_a_large_scope_in_runs(large):
    """A scope of which a part is read at a time has the same points, in their order."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics

    points = [point([n, 0, 0, 0]) for n in range(20)]
    message = metrics(*points, description="x" * 40)
    told = message["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    told.insert(0, {"name": "heap", "gauge": {"dataPoints": [{"asInt": "1"}] * 9}})
    told += metrics(exponential(-4, [1, 2]), delta=True)["resourceMetrics"][0]["scopeMetrics"][0][
        "metrics"
    ]
    content = encoded(message)
    [(begin, end)] = wire.nested(content, 0, len(content), 0x0A)
    [(at, to)] = wire.nested(content, begin, end, 0x12)
    losses, all_losses = Losses(), Losses()

    some = [
        (one.name, one.unit, one.temporality, each)
        for run in wire.runs(content, at, to, large)
        for one in from_protobuf.metrics(from_protobuf.metrics_of(run), losses)
        for each in one.points
    ]

    every = from_protobuf.metrics(ScopeMetrics.FromString(content[at:to]).metrics, all_losses)
    assert some == [(m.name, m.unit, m.temporality, each) for m in every for each in m.points]
    assert len(some) == 21
    assert losses == all_losses


def test_more_objects_than_telemetry_has():
    """A point or span of over a megabyte that is nothing but fields is refused unread."""
    dense = field(9, field(1, b"\x42\x00" * 600_000) + b"\x10\x02")
    for content, signal in (
        (field(1, field(2, field(2, dense))), "metrics"),
        (field(1, field(2, field(2, b"\x4a\x00" * 600_000))), "traces"),
    ):
        with pytest.raises(Malformed, match="more objects than telemetry"):
            take_protobuf(Translator(settings({})), content, signal)


def test_attributes_of_any_kind():
    """Lists, numbers and texts that are long are attributes, too."""
    told = attributes({"http.route": "/" + "x" * 300, "a": 1.5, "b": True, "c": -1})
    told.append({"key": "d", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}})

    assert alike([encoded(metrics(point([1, 0, 0, 0], attributes=told)))]) == 1
