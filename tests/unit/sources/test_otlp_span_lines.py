"""Spans of any line, valid or damaged: taken out by an expression as they are read as JSON."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import pytest
from telemetry import SHOP, START_NS, attributes, metrics, span, traces

from slogate.sources._otlp import kinds
from slogate.sources._otlp.documents import take_json
from slogate.sources._otlp.json import span_columns, span_lines
from slogate.sources._otlp.json.grammar import span_expression
from slogate.sources._otlp.json.span_lines import SpanLines
from slogate.sources._otlp.settings import settings
from slogate.sources._otlp.telemetry import Losses, Malformed
from slogate.sources._otlp.translate import Ambiguous, Translator

COMPACT, SPACED = (",", ":"), (", ", ": ")


class Reading:
    """What comes of lines, whose spans are taken out of them first or not."""

    def __init__(self, **options: str) -> None:
        self.translator, self.lines = Translator(settings(options)), SpanLines()
        self.taken = 0
        self.told: list[Any] = []
        self.refused = False

    def line(self, line: bytes, *, fast: bool) -> bool:
        """Take a line, unless one before was refused; whether it was taken fast."""
        if self.refused:
            return False
        self.translator.losses = losses = Losses()
        taken = False
        try:
            taken = fast and self.lines.take(self.translator, line)
            if not taken:
                take_json(self.translator, json.loads(line))
        except Ambiguous as error:
            # nothing is kept then, and spans that are taken out are the first to be looked at
            self.told, self.refused = [error.hint], True
            return False
        except Malformed as error:
            self.told.append(str(error))
        except ValueError:
            self.told.append("no JSON")
        self.taken += taken
        lost = list(losses.bad.items()), list(losses.left_out.items())
        self.told += [*lost, self.translator.requests.sampled]
        return taken

    def rows(self) -> list[dict[str, Any]]:
        """All rows; spans that are taken out come before the others of their line."""
        if self.refused:
            return []
        rows = (
            row for chunk in self.translator.chunks(final=True) for row in chunk.rows.to_pylist()
        )
        return sorted(rows, key=repr)


def alike(*lines: str | bytes, **options: str) -> int:
    """Check that both ways come to the same; how many lines were taken out."""
    fast, slow = Reading(**options), Reading(**options)
    for line in lines:
        text = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
        fast.line(text, fast=True)
        slow.line(text, fast=False)

    assert fast.told == slow.told
    assert fast.rows() == slow.rows()
    return fast.taken


def written(message: Any, separators: tuple[str, str] = COMPACT, **options: Any) -> str:
    """A message as a line."""
    return json.dumps(message, separators=separators, **options)


WORDS = [
    "", "GET /cart", "a\\b", 'say "no"', "tab\tline\n", "é – 🛒", "\ud83d", "x" * 60, "[{]}",
    "-Infinity", '{"traceId":"', "\u2028", "null", "0",
]  # fmt: skip
KEYS = [
    "http.request.method", "http.route", "url.path", "http.target", "url.full", "error.type",
    "http.response.status_code", "rpc.method", "rpc.grpc.status_code", "service.version",
    "thread.id", 'a\\"b', "é",
]  # fmt: skip
VALUES: list[Any] = [
    {"stringValue": "/a?b#c"}, {"intValue": "200"}, {"intValue": 503}, {"intValue": "-7"},
    {"intValue": "0200"}, {"boolValue": True}, {"doubleValue": 2.5e-3}, {"bytesValue": "AAE="}, {},
    {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}, {"arrayValue": {}},
    {"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}}, None, 7,
    {"string_value": "snake"}, {"stringValue": 5}, {"stringValue": None}, {"doubleValue": "NaN"},
    {"intValue": "x"},
]  # fmt: skip


def any_attributes(chance: random.Random) -> Any:
    """Attributes as exporters write them, and seldom as they do not."""
    usual = chance.random() < 0.9
    told: list[Any] = [
        {"key": chance.choice(KEYS), "value": {"stringValue": chance.choice(WORDS)}
         if usual and chance.random() < 0.5 else chance.choice(VALUES[: 9 if usual else None])}
        for _ in range(chance.randrange(6))
    ]  # fmt: skip
    if usual:
        return told
    return chance.choice([told, None, {}, [7], [{"value": {}}], [[told]], "text", told[:1] * 2])


def any_span(chance: random.Random, number: int) -> Any:
    """A span of any kind, state and order of its fields; seldom what is none."""
    found = span(number, kind=chance.choice([1, 2, 2, 2, 3, 9, "SPAN_KIND_SERVER", "SPAN_KIND_X"]),
                 name=chance.choice(WORDS), attributes=any_attributes(chance))  # fmt: skip
    event = {"timeUnixNano": str(START_NS), "name": chance.choice(["exception", "log"]),
             "attributes": any_attributes(chance), "droppedAttributesCount": 0}  # fmt: skip
    found |= {
        "parentSpanId": "", "flags": 257, "events": [event] * chance.randrange(3), "links": [],
        "status": chance.choice([{}, {"code": 1}, {"code": 2, "message": chance.choice(WORDS)},
                                 {"code": "STATUS_CODE_ERROR"}, {"message": "m"}]),
        "traceState": chance.choice(["", "a=1", "ot=th:c", "a=1,ot=rv:1;th:0"]),
    }  # fmt: skip
    for name in chance.sample(sorted(found), chance.choice([0, 0, 1, 3])):
        del found[name]
    if chance.random() < 0.1:
        odd = [None, 7, -1, "", "x", {}, [], 1.5, "0" * 32, "AAAAAAAAAAAAAAAAAAAACg==", 2**64, [[]]]
        found[chance.choice([*found, "unknown"])] = chance.choice(odd)
    if chance.random() < 0.2:
        found = dict(chance.sample(list(found.items()), len(found)))
    if chance.random() < 0.1:
        found["startTimeUnixNano"] = START_NS + number
    return found if chance.random() < 0.98 else chance.choice([None, 7, [], "x", {}])


def any_message(chance: random.Random) -> Any:
    """A message with some resources and scopes."""
    message: dict[str, Any] = {"resourceSpans": []}
    for _ in range(chance.choice([1, 1, 2])):
        told = {**SHOP, "service.version": chance.choice(WORDS)}
        entry = traces(resource=told)["resourceSpans"][0]
        spans = [[any_span(chance, n) for n in range(chance.randrange(5))] for _ in range(2)]
        entry["scopeSpans"] = [{"scope": {"name": "a"}, "spans": each} for each in spans]
        message["resourceSpans"].append(entry)
    return message


@pytest.mark.parametrize("seed", range(6))
def test_any_message(seed):
    """Escapes, nulls, nesting, other orders, kinds and states: the same rows and losses."""
    chance = random.Random(seed)
    messages = [any_message(chance) for _ in range(60)]
    ascii_only = seed % 2 == 0
    lines = [written(each, chance.choice([COMPACT, SPACED]), ensure_ascii=ascii_only)
             for each in messages]  # fmt: skip

    more = {"kinds": "server,client", "attributes": "é,thread.id"}

    taken = alike(*lines, **(more if seed % 3 else {}))

    assert taken >= len(lines) // 6


@pytest.mark.parametrize(("separators", "blank"), [(COMPACT, ""), (SPACED, " ")])
def test_usual_spans_are_taken_out(separators, blank):
    """A span with all that exporters write is found as a whole, one with anything else is not."""
    told = {"http.route": "/a", "n": 7, "ok": True, "x": 0.5}
    event = {"timeUnixNano": "1", "name": "exception", "attributes": attributes(told)}
    link = {"traceId": "0" * 32, "spanId": "0" * 16, "attributes": []}
    usual = span(
        0,
        told=told,
        events=[event],
        links=[link],
        flags=1,
        parentSpanId="0" * 16,
        status={"code": 2, "message": 'n"o'},
        droppedLinksCount=1,
        traceState="ot=th:c",
    )
    find = span_expression(blank)

    assert find.fullmatch(written(usual, separators))
    assert find.search(written({**usual, "more": 1}, separators)) is None
    assert find.search(written(usual, separators).replace('"ok"', '"ok"  ')) is None
    assert alike(written(traces(usual, {**usual, "more": 1}), separators)) == 1


SMALL = traces(
    span(0, told={"http.route": "/é", "n": 1}, status={"code": 2, "message": 'a\\"'}),
    span(1, kind=3),
)


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
def test_cut_anywhere(separators):
    """A line that was not written to its end is no JSON either way."""
    text = written(SMALL, separators, ensure_ascii=False).encode()

    assert alike(text) == 1
    assert not any(alike(text[:end]) for end in range(len(text)))


def test_any_bit_of_it_flipped():
    """Whatever bit of a line changes, both ways say the same of it."""
    text = written(SMALL, ensure_ascii=False).encode()
    changed = [bytearray(text) for _ in range(8 * len(text))]
    for bit, line in enumerate(changed):
        line[bit // 8] ^= 1 << bit % 8

    taken = sum(alike(bytes(line)) for line in changed)

    assert len(changed) > taken > len(text)


ODD = [
    '"', "[", "]", "{", "}", ",", ":", "0", "-", "9", "\\", "\\u00", "e5", " ", "null", "-Infinity",
    '{"traceId":""}', ',"kind":3', ',"spans":[]', '"name":"x",', "\x00", "\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_any_damage(seed):
    """Whatever is changed in the text of a line, both ways say the same of it."""
    chance = random.Random(seed)
    for _ in range(400):
        text = written(any_message(chance), ensure_ascii=False)
        for _ in range(chance.choice([1, 1, 2])):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(ODD) + text[at + chance.randrange(3) :]
        alike(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda m: m | {"resourceMetrics": []}, id="metrics too"),
        pytest.param(lambda m: m | {"more": m["resourceSpans"]}, id="more"),
        pytest.param(lambda m: {"resourceSpans": m}, id="no list"),
        pytest.param(lambda m: {"resourceSpans": [m["resourceSpans"]]}, id="list of lists"),
        pytest.param(lambda m: {"resourceSpans": [{"spans": m["resourceSpans"]}]}, id="elsewhere"),
        pytest.param(lambda _: {"resourceSpans": None}, id="null"),
        pytest.param(lambda _: {"resourceSpans": []}, id="none"),
    ],
)
def test_other_messages(change):
    """What is not as it should be around the spans is found out either way."""
    assert alike(written(change(deepcopy(SMALL)))) <= 1


def test_values_told_twice():
    """Of a field that is there twice the last counts; a list of spans that is lost is no match."""
    text = written(SMALL)
    again = text.replace('"name":"GET /cart"', '"name":"x","kind":2,"name":"y"')
    lost = text.replace('"spans":[', '"spans":[0],"spans":[').replace("]}]}]}", '],"spans":[]}]}]}')

    assert alike(again) == 1
    assert alike(lost) == 0


def test_numbers_that_stand_for_spans():
    """What stands for a span is not taken for one where it was there before."""
    text = written(traces(span(0)))

    assert alike(text.replace('"spans":[', '"spans":[-Infinity,')) == 0
    assert alike(text.replace('"spans":[', '"spans":[Infinity,NaN,')) == 1
    assert alike(text.replace('"shop"', '"-Infinity"')) == 0


def test_several_services_and_signals():
    """Who is asked for is decided as ever, and what is not clear is refused at the same place."""
    mine, other = written(traces(span(0))), written(traces(span(1), resource={"service.name": "x"}))

    assert alike(mine, other) == 1
    assert alike(mine, other, service="*") == 2
    assert alike(mine, other, service="x") == 2
    assert alike(mine, other, signal="metrics") == 2
    assert alike(written(metrics({**span(0), "count": 1})), mine) <= 1


def test_attributes_that_differ_every_time():
    """More of them than are remembered come out as they are."""
    spans = [span(n % 1000, told={"url.path": f"/{n}"}) for n in range(10_400)]

    assert alike(written(traces(*spans[:5_000])), written(traces(*spans[5_000:]))) == 2


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"http.route": "/é", "url.path": "/é?1", "n": 1, "ok": True}, id="a route"),
        pytest.param({"url.path": "/é?1", "http.response.status_code": 503}, id="a path"),
        pytest.param({}, id="nothing"),
    ],
)
def test_usual_spans_are_taken_as_columns(monkeypatch, separators, told):
    """Spans of a list that are all plain are not looked at one by one."""
    kinds = [2, 3, "SPAN_KIND_SERVER", 1, 2]
    usual = [span(at, kind=kind, told=told, flags=257) for at, kind in enumerate(kinds)]
    event = {"timeUnixNano": "1", "name": "exception",
             "attributes": attributes({"exception.type": "KeyError"})}  # fmt: skip
    failed = [span(at, status={"code": 2}, events=[event] * (at % 2)) for at in range(4)]
    text = written(traces(*usual, *failed), separators, ensure_ascii=False)

    assert alike(text, text) == 2

    monkeypatch.setattr(span_lines, "spans", None)
    reading = Reading()
    reading.line(text.encode(), fast=True)
    assert [row["error"] for row in reading.rows()].count("KeyError") == 2


def test_what_columns_remember_is_bounded(monkeypatch):
    """What no two spans tell alike is forgotten, and told rightly."""
    monkeypatch.setattr(span_columns, "_MOST_KEPT", 3)
    monkeypatch.setattr(kinds, "MOST", 3)
    lines = [
        written(traces(*(span(at, told={"http.route": f"/{at + some}"}) for at in range(5))))
        for some in range(0, 40, 4)
    ]

    assert alike(*lines) == len(lines)


def test_paths_that_are_only_queries():
    """Their endpoint is empty; it is not that of spans without a path, nor the other way round."""
    found = [Reading(service="*") for _ in range(2)]
    for reading, fast in zip(found, (True, False), strict=True):
        for at, told in enumerate(({"url.path": "?a"}, {}, {"url.path": "?b"}, {})):
            message = traces(span(at, attributes=attributes(told)))
            line = json.dumps(message, separators=COMPACT).encode()
            assert reading.line(line, fast=fast) is fast

    fast, slow = (reading.rows() for reading in found)
    assert fast == slow
    assert [row["endpoint"] for row in fast] == ["", "/cart", "", "/cart"]
