"""Points read by the shape that the first of them has: what is learnt of it, and what is not."""

from __future__ import annotations

import json

import pytest
from otlp_lane import alike, as_numbers
from telemetry import attributes, exponential, metrics, point

from slogate.sources._otlp.json.columns import Reader
from slogate.sources._otlp.json.shapes import learnt
from slogate.sources._otlp.json.taken import Taken
from slogate.sources._otlp.lane.arrays import Odd

# as exporters of several languages order their fields
ORDERS = {
    "collector": ["attributes", "startTimeUnixNano", "timeUnixNano", "count", "sum", "scale",
                  "zeroCount", "positive", "bucketCounts", "explicitBounds", "flags", "max"],
    "java": ["startTimeUnixNano", "timeUnixNano", "count", "sum", "max", "zeroCount", "scale",
             "positive", "bucketCounts", "explicitBounds", "attributes"],
    "javascript": ["attributes", "bucketCounts", "positive", "explicitBounds", "count", "sum",
                   "max", "scale", "startTimeUnixNano", "timeUnixNano"],
}  # fmt: skip


EXEMPLARS = {
    "exemplars": [
        {"timeUnixNano": "1", "asDouble": 1.5, "spanId": "0" * 16, "traceId": "é",
         "filteredAttributes": attributes({"a": 'b"]}', "n": 2})},
        {"asInt": "3"},
    ]
}  # fmt: skip


def written(*messages, order="collector", spaced=False, numbers=False):
    """The messages as lines, the fields of their points in that order."""
    found = ""
    for message in messages:
        for metric in message["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]:
            body = metric.get("histogram") or metric["exponentialHistogram"]
            for each in body["dataPoints"]:
                fields = dict(each)
                each.clear()
                each.update({name: fields.pop(name) for name in ORDERS[order] if name in fields})
                each.update(fields)
                if "zeroCount" in each:
                    each["zeroCount"] = str(each["zeroCount"])
        separators = (", ", ": ") if spaced else (",", ":")
        told = as_numbers(message) if numbers else message
        found += json.dumps(told, separators=separators) + "\n"
    return found


def both(number, **fields):
    """A message of each kind of histogram, as they are after so many steps."""
    told = {"http.route": "/[a]", "http.request.method": "GET", "n": 2, "x": "a}]b"}
    fields = {"sum": 9.5 * number, "max": 40.0, **fields}
    explicit = point([number, 0, 2, number], at=60 + number, told=told, **fields)
    counts, more = [number, 0, 2], {"sum": 1.0 + number, "max": 1.0, "zeroCount": 0, "flags": 0}
    return metrics(explicit), metrics(exponential(-4, counts, at=60 + number, **more))


@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("numbers", [False, True])
def test_what_exporters_write_has_a_shape(order, spaced, numbers):
    """In each order, with blanks or without, numbers as texts or not: all points are taken."""
    way = {"order": order, "spaced": spaced, "numbers": numbers}
    texts = [written(*both(number), **way) for number in (1, 2, 5)]
    shape = learnt("".join(texts).encode(), wide=False)

    rest = Taken(shape, "".join(texts).encode()).rest

    assert rest.count(b"UnixNano") == 0
    assert rest.count(b"[0]") == rest.count(b"[1]") == 3
    assert alike(*texts, ok="true") == 3


@pytest.mark.parametrize("spaced", [False, True])
def test_fields_that_only_some_points_have(spaced):
    """After a block in which a field was new, fields may be there or not."""
    bare = {"bucketCounts": [], "explicitBounds": []}
    told = {"http.route": "/pay"}
    plain = [metrics(point([1, 0, 2, number], at=60 + number, told=told)) for number in (1, 2)]
    richer = metrics(
        point([1, 1, 2, 3], at=70, told=told, max=30.5, min=0.25, sum=2e3, flags=0, **EXEMPLARS),
        point([4], at=70, told={}, **bare),
    )
    coarse = [
        metrics(exponential(-4, [], at=60, positive={}, negative={}, since=1)),
        metrics(exponential(-4, [1, 2], at=61, negative={"offset": 2, "bucketCounts": []})),
        metrics(exponential(-4, [1, 3], at=62, zeroCount=1, zeroThreshold=0.0, min=0.5)),
        metrics(exponential(-4, [1, 4], at=63, zeroCount=1, **EXEMPLARS)),
    ]
    texts = [written(each, spaced=spaced) for each in (*plain, richer, richer, *coarse)]
    reader = Reader()
    read = [reader.read(text.encode()) for text in [*texts, *texts]]

    assert all(Taken(learnt(text.encode(), wide=True), text.encode()) for text in texts)
    assert read[2].explicit.columns["max"].to_pylist() == [30.5, None]
    assert read[4].exponential.columns["total"].to_pylist() == [0]
    assert alike(*texts, ok="true") == len(texts)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"exemplars": [{"asInt": {}}]}, id="other exemplars"),
        pytest.param({"count": 7.0}, id="a fraction"),
        pytest.param({"sum": "12.5"}, id="a sum as text"),
        pytest.param({"timeUnixNano": 1.7e18}, id="a time as fraction"),
        pytest.param({"attributes": None}, id="no attributes"),
    ],
)
def test_what_is_no_shape(fields):
    """Fields that are none of a plain point, or written otherwise, are read as any JSON is."""
    texts = [written(*both(number, **fields)) for number in (1, 2)]
    shape = learnt(texts[0].encode(), wide=False)

    assert shape is None or b'"sum"' in Taken(shape, texts[0].encode()).rest
    alike(*texts, ok="true")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dataPoints":[', '"dataPoints":[0,'),
        ('"dataPoints":[{', '"dataPoints":[0],"x":[{'),
        ('"histogram"', '"exponentialHistogram"'),
        ('"count":"4"', '"count":"04"'),
        ('"sum":9.5', '"sum":09.5'),
        ('"sum":9.5', '"sum":.5'),
        ('"sum":9.5', '"sum":1e999'),
        ('"sum":9.5', '"sum":-0.0'),
        ('"max":40.0', '"max":40.0,"max":40.0'),
        ('"max":40.0', '"max":4E1'),
        ('"count"', '"Count"'),
        ('"explicitBounds":[5,', '"explicitBounds":[5 5,'),
        ('"stringValue":"GET"', '"stringValue":"G\nET"'),
        ('"scale":3', '"scale":-0'),
        ('"scale":3', '"scale":3000000000'),
        ('{"key":"n",', '{"key":"n";'),
    ],
)
def test_whatever_is_damaged(old, new):
    """What a shape takes for a value is what a reader of JSON takes for one, or nothing is."""
    texts = [written(*both(number)) for number in (1, 2, 3)]
    assert old in texts[0]

    alike(texts[0].replace(old, new), texts[1], texts[2].replace(old, new), ok="true")


def test_exemplars_that_are_no_text():
    """What is passed over has to be UTF-8, too."""
    text = written(*both(1, **EXEMPLARS)).encode()

    assert Taken(learnt(text, wide=False), text).rest.count(b"exemplars") == 0
    assert Reader().read(text).lines == 2
    with pytest.raises(Odd):
        Reader().read(text.replace(b"\\u00e9", b"\xff"))


def test_a_bad_line_is_not_the_fault_of_the_shape():
    """It is kept for the blocks that come after."""
    good = written(*both(1))
    reader = Reader()
    reader.read(good.encode())
    shape = reader._shape
    for _ in range(6):
        with pytest.raises(Odd):
            reader.read(good.replace('"sum":9.5', '"sum":').encode())

    assert shape is not None
    assert reader._shape is shape


def test_attributes_without_an_end():
    """Those that are not closed for long are given up, one after the other."""
    text = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"x","histogram":{'
    text += '"dataPoints":[' + '{"attributes":[' * 50 + "\n"

    alike(text, written(*both(1)), ok="true")
