"""Histograms block by block and line by line: the same rows, the same losses, whatever comes."""

from __future__ import annotations

import random

import pytest
from foreign import take
from otlp_lane import Reading, alike, as_numbers
from telemetry import attributes, exponential, lines, metrics, point, traces

from slogate.sources import otlp_json
from slogate.sources._otlp import json_messages
from slogate.sources._otlp.lane import lane, rows

HTTP = {"http.request.method": "GET", "http.route": "/cart", "http.response.status_code": 200}
FAILED = {**HTTP, "http.response.status_code": 503, "http.route": "/é"}
TIMED_OUT = {"http.request.method": "GET", "http.route": "/cart", "error.type": "timeout"}
# three lines of two series each
STEADY = [
    metrics(
        point([number, 2, 0, number], at=60 + number, told=HTTP, sum=9.5 * number, max=40.0),
        point([0, 1, 0, 5 * number], at=60 + number, told=FAILED, max=30.0 + number),
    )
    for number in range(1, 4)
]


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_grows_steadily_is_taken_at_once(pieces):
    """In one block or in one a line, with what was remembered of the lines before."""
    texts = [lines(message) for message in STEADY]
    texts = texts if pieces == 3 else ["".join(texts)]

    assert alike(*texts) == pieces


@pytest.mark.parametrize(
    ("second", "at_once"),
    [
        pytest.param(point([9, 9, 9, 9], at=180), True, id="all grew"),
        pytest.param(point([3, 0, 2, 1], at=180), True, id="nothing grew"),
        pytest.param(point([3, 0, 2, 1], at=60), True, id="delivered twice"),
        pytest.param(point([2, 0, 2, 1], at=180), True, id="a fall"),
        pytest.param(point([2, 2, 2, 1], at=180), True, id="a bucket fell"),
        pytest.param(point([1, 0, 0, 0], at=180, since=100), True, id="a restart"),
        pytest.param(point([4, 0, 2, 1], at=180, max=0.5), False, id="contradicted by its longest"),
        pytest.param(point([4, 0, 2, 1], at=180, count="9"), False, id="does not add up"),
        pytest.param(point([4, 0, 2], at=180), False, id="a bucket is missing"),
        pytest.param(
            point([4, 0, 2, 1], at=180, explicitBounds=[5, 11, 25]), False, id="other bounds"
        ),
        pytest.param(point([4, 0, 2, 1], at=180, explicitBounds=[]), False, id="no bounds"),
        pytest.param(point([4, 0, 2, 1], at=180, flags=1), True, id="no value"),
        pytest.param(point([4, 0, 2, 1], at=180, sum=-1.0), False, id="negative sum"),
        pytest.param(point([4, 0, 2, 1], at=180, sum=None), False, id="null"),
        pytest.param(point([4, 0, 2, 1], at=10**12), False, id="absurd time"),
        pytest.param(point([4, 0, 2, 10**13], at=180), False, id="absurd count"),
        pytest.param(point([0, 1, 0, 0], at=180, startTimeUnixNano="0"), True, id="no start"),
        pytest.param(exponential(4, [1], at=180), False, id="exponential since"),
        pytest.param(
            point([4, 0, 2, 1], at=180, bucketCounts=["4", "0", "2", 1]), False, id="mixed"
        ),
        pytest.param(point([4, 0, 2, 1], at=180, count=7), True, id="a number for a text"),
        pytest.param(point([4, 0, 2, 1], at=180, attributes=[{"key": "x"}]), False, id="no value"),
        pytest.param(point([4, 0, 2, 1], at=180, exemplars=[{"asInt": "3"}]), True, id="exemplars"),
    ],
)
def test_a_point_after_another(second, at_once):
    """Whatever is not plain is left to be taken line by line, and what comes after goes on."""
    first = point([3, 0, 2, 1], at=60, max=80.5, sum=12.25)
    if second["attributes"] != [{"key": "x"}]:
        first["attributes"] = second["attributes"]
    last = point([20, 20, 20, 20], at=300, told=HTTP)

    taken = alike(*(lines(metrics(each)) for each in (first, second, last)), ok="true")

    assert taken == 2 + at_once


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(exponential(-4, [2, 0, 3], at=120, zeroCount=3), id="grew"),
        pytest.param(exponential(-6, [0, 1, 2, 0, 3, 1], at=120, zeroCount=2), id="grew both ways"),
        pytest.param(exponential(-3, [0, 3], at=120, zeroCount=2), id="lost a bucket"),
        pytest.param(exponential(-2, [1, 3], at=120, scale=2, zeroCount=2), id="coarser"),
        pytest.param(exponential(-4, [2, 0, 3], at=120, scale=4, zeroCount=2), id="finer"),
        pytest.param(exponential(-4, [2, 0, 3], at=120, zeroCount=1), id="zeros fell"),
        pytest.param(
            exponential(-4, [2, 0, 3], at=120, zeroCount=2, zeroThreshold=0.25), id="threshold"
        ),
        pytest.param(
            exponential(-4, [2, 0, 3], at=120, zeroCount=2, max=1.05), id="longest, by a rounding"
        ),
        pytest.param(exponential(-4, [2, 0, 3], at=120, zeroCount=2, max=0.5), id="longest"),
        pytest.param(exponential(90, [2, 0, 3], at=120, zeroCount=2), id="elsewhere"),
        pytest.param(exponential(2**30, [2], at=120, since=1), id="absurd bucket"),
        pytest.param(
            exponential(-4, [2], at=120, since=1, negative={"bucketCounts": ["1"]}), id="negative"
        ),
    ],
)
def test_an_exponential_point_after_another(second):
    """Of each way in which buckets can change, the rows are the same."""
    first = exponential(-4, [1, 0, 2], at=60, zeroCount=2, max=0.99, zeroThreshold=0.0)
    last = exponential(-6, [9] * 20, at=300, zeroCount=9)

    alike(*(lines(metrics(each)) for each in (first, second, last)), ok="true")


@pytest.mark.parametrize(
    ("change", "options"),
    [
        pytest.param(lambda text: text.replace('"unit": "ms"', '"unit": "h"'), {}, id="unit"),
        pytest.param(lambda text: text.replace('"unit": "ms"', '"unit": "ns"'), {}, id="ns"),
        pytest.param(lambda text: text.replace("server.duration", "other"), {}, id="other metric"),
        pytest.param(lambda text: text, {"first": "skip"}, id="first skipped"),
        pytest.param(lambda text: text, {"signal": "traces"}, id="traces only"),
        pytest.param(lambda text: text, {"service": "other"}, id="other service"),
        pytest.param(lambda text: text, {"attributes": "http.route"}, id="labels"),
        pytest.param(lambda text: text.replace("shop", "sh\\u001eop"), {}, id="control"),
        pytest.param(lambda text: text.replace("bucketCounts", "bucket_counts"), {}, id="snake"),
        pytest.param(lambda text: text.replace("resourceM", "resource_m"), {}, id="all snake"),
        pytest.param(lambda text: text.replace('"18.0"', "NaN"), {}, id="NaN"),
        pytest.param(lambda text: text[:-9] + "\n", {}, id="cut"),
        pytest.param(lambda text: text.replace("}\n", '} {"x": 1}\n'), {}, id="two a line"),
        pytest.param(lambda text: text + '{"x": 1}\n', {}, id="no message"),
        pytest.param(lambda text: text + lines(traces()), {"signal": "metrics"}, id="traces"),
        pytest.param(lambda text: text + "\n", {}, id="blank line"),
        pytest.param(
            lambda text: text.replace('"bucketCounts": ["2", "2", "0", "2"]', '"bucketCounts":0'),
            {},
            id="a number for counts",
        ),
        pytest.param(
            lambda text: text.replace('"bucketCounts": [', '"bucket\\u0043ounts":0, "x": ['),
            {},
            id="an escape in a key",
        ),
        pytest.param(lambda text: text.replace('"2"]', '"2,3"]'), {}, id="two counts in a text"),
        pytest.param(lambda text: text.replace('"2"]', '"2" 3]'), {}, id="two counts, no comma"),
        pytest.param(lambda text: text.replace('"2"]', '"1 1"]'), {}, id="a blank in a count"),
        pytest.param(lambda text: text.replace("/cart", "/a}}]b"), {}, id="brackets in a text"),
        pytest.param(lambda text: text.replace("histogram", "hist"), {}, id="unknown type"),
        pytest.param(lambda text: text.replace('"17640', '"97640'), {}, id="far future"),
        pytest.param(
            lambda text: text.replace('"name": "tests"', '"version": "1"'), {}, id="scope"
        ),
    ],
)
def test_messages_of_other_kinds(change, options):
    """A block that is changed anyhow, between others, comes to what its lines come to."""
    texts = [lines(message) for message in STEADY]

    alike(texts[0], change(texts[1]), texts[2], **options)


@pytest.mark.parametrize("first", ["skip", "count"])
def test_deltas_that_overtake_each_other(first):
    """Which are repeats is the same either way, whether their series began before or not."""
    spans = [(0, 60), (60, 120), (30, 90), (120, 180), (120, 180)]
    found = [point([1, 2, 0, 1], since=since, at=at, told=HTTP) for since, at in spans]

    alike(*(lines(metrics(each, delta=True)) for each in found), first=first)


def test_numbers_of_64_bits_may_be_numbers():
    """As some exporters write them, all of them: such blocks are taken at once too."""
    texts = [lines(as_numbers(message)) for message in STEADY]

    assert '"count": 4' in texts[0]
    assert alike(*texts) == 3


def events(chance: random.Random, count: int):
    """Messages of some series that grow, restart, are repeated and change at random."""
    states = [
        [told, [0] * 4, {"since": 0.0}] for told in (HTTP, FAILED, TIMED_OUT, {**HTTP, "n": 1})
    ]
    for number in range(1, count):
        points = []
        for state in chance.sample(states, chance.randrange(1, 5)):
            told, counts, about = state
            if chance.random() < 0.04:
                counts[:], about["since"] = [0] * 4, number - 0.5
            for _ in range(chance.randrange(3)):
                counts[chance.randrange(4)] += chance.randrange(4)
            more = {"sum": sum(counts) * 2.5} if chance.random() < 0.8 else {}
            more |= {"max": 26.0 + number // 9} if chance.random() < 0.8 else {}
            at = number - 2 if chance.random() < 0.02 else number
            points.append(point(counts, at=at, since=about["since"], told=told, **more))
        yield metrics(*points)


def test_many_series_at_random():
    """Cut into blocks anywhere, a long history of several series gives the same rows and losses."""
    chance = random.Random(20261126)
    taken = 0
    for _ in range(6):
        texts = [lines(message) for message in events(chance, 40)]
        cuts = sorted(chance.sample(range(1, len(texts)), 5))
        pieces = zip([0, *cuts], [*cuts, len(texts)], strict=True)
        taken += alike(*("".join(texts[start:end]) for start, end in pieces))

    assert taken > 8


@pytest.mark.parametrize("make", [point, exponential], ids=["explicit", "exponential"])
def test_blocks_that_tell_of_few_of_many_series(monkeypatch, make):
    """What is told of some is compared with what those said, however long ago and however large."""
    monkeypatch.setattr(rows, "_ROWS_A_CHUNK", 2)
    said = {route: [n, 0, 3] for n, route in enumerate("abcdef", start=1)}
    texts = []
    for at, routes, more in (
        (60, "abcdef", 0), (61, "b", 2), (62, "e", 2**33), (63, "aeg", 1), (64, "bf", 70_000),
        (65, "fedcba", 1), (66, "c", -1),
    ):  # fmt: skip
        for route in routes:
            said[route] = [count + more for count in said.get(route, [1, 1, 1])]
        told = {route: {"http.route": f"/{route}"} for route in routes}
        given = [(said[r] if make is exponential else [*said[r], 0], told[r]) for r in routes]
        points = [
            make(counts, at=at, told=of) if make is point
            else {**make(4, counts, at=at), "attributes": attributes(of)}
            for counts, of in given
        ]  # fmt: skip
        texts.append(lines(metrics(*points)))

    assert alike(*texts) == len(texts)


def test_less_is_taken_at_once_where_it_holds_many_rows(monkeypatch):
    """By halves, down to an eighth, and as much as before where the rows are few again."""
    monkeypatch.setattr(lane, "_MANY", 7)
    reading, sizes = Reading(), []
    for number in (*range(1, 6), 5, 5):
        reading.block(lines(metrics(point([number] * 8, at=number, explicitBounds=[*range(1, 8)]))))
        sizes.append(reading.lane.part(80))

    assert sizes == [40, 20, 10, 10, 10, 20, 40]


@pytest.mark.parametrize("telling", [STEADY[2], None], ids=["later", "never"])
def test_outcomes_that_are_told_later(telling):
    """Rows wait for a point of their metric that tells an outcome, whichever way they came."""
    silent = {"http.route": "/cart", "http.request.method": "GET"}
    texts = [lines(metrics(point([number] * 4, at=number, told=silent))) for number in range(1, 4)]
    if telling:
        texts.append(lines(telling))

    assert alike(*texts) == len(texts)


def test_a_file_with_a_bad_line(tmp_path):
    """The bad line is told by its number, and costs none of the others."""
    told = [lines(metrics(point([number] * 4, at=number, told=HTTP))) for number in range(1, 1200)]
    told[700] = told[700].replace('"count"', '"count')

    rows, tally = take(tmp_path, "".join(told).encode(), source=otlp_json.PLUGIN)

    assert len("".join(told)) > 2 << 18
    assert sum(row["count"] for row in rows) == 1199 * 4
    assert [shown.partition(": ")[0].rpartition(":")[2] for shown in tally.shown] == ["701"]


@pytest.mark.parametrize("block", [1, 3_000, 8 << 20])
def test_lines_are_numbered_through_blocks_of_either_kind(tmp_path, monkeypatch, block):
    """Whether lines before it were taken at once, in halves or one by one, a bad one is told."""
    monkeypatch.setattr(json_messages, "_BLOCK", block)
    monkeypatch.setattr(json_messages, "_SMALL", 1_000)
    told = [lines(metrics(point([n] * 4, at=n, told=HTTP))) for n in range(1, 40)]
    told[3:3] = ["\n", lines(traces())]
    told += [lines(traces())] * 20 + [lines(metrics(point([99] * 4, at=99, told=HTTP)))]
    bad = [0, 1, 30, 50, len(told) - 1]
    for number in bad:
        told[number] = told[number].replace('"resource"', '"resource')

    content = "".join(told).encode().rstrip(b"\n")
    _, tally = take(tmp_path, content, source=otlp_json.PLUGIN, signal="metrics")

    found = [shown.partition(": ")[0].rpartition(":")[2] for shown in tally.shown]
    assert found == [str(number + 1) for number in bad]
