"""Protobuf's wire format: where fields begin and end, and large messages in valid pieces.

Whether a message is valid, its classes say; they take some hundred times the memory of what is
dense. So a large one is cut between its fields, and each piece is checked in the same envelopes.
Refuses what is over a megabyte and has a field for every 16 bytes, as no telemetry has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from slogate.sources._otlp.telemetry import Malformed

LARGE = 1 << 20
DENSE = "it holds more objects than telemetry has"
_SHORT, _LONG, _FEWEST = 5, 10, 16
_VARINT, _KNOWN, _BEGIN, _END = 0, 2, 3, 4
# what tells the kind of a field, and whether its tag goes on; the first tag there is
_ONE_BYTE, _FIRST = 0x87, 0x08
_WIDTHS = {1: 8, 5: 4}
_DEEPEST = 100
_RESOURCES, _RESOURCE, _SCOPE = 0x0A, 0x0A, 0x12
_METRICS, _POINTS, _METADATA = 0x12, 0x0A, 0x62


class Field(NamedTuple):
    """A field: its tag, where it begins, where its content does, where it ends."""

    tag: int
    at: int
    content: int
    end: int


class Nested(NamedTuple):
    """A kind of message: which of its fields are messages that may be large."""

    inner: dict[int, Nested]


_VALUE = Nested({})
_PAIR = Nested({0x12: _VALUE})
_VALUE.inner.update({0x2A: Nested({0x0A: _VALUE}), 0x32: Nested({0x0A: _PAIR})})
_ATTRIBUTES = Nested({0x0A: _PAIR})
_SPAN = Nested({0x4A: _PAIR, 0x5A: Nested({0x1A: _PAIR}), 0x6A: Nested({0x22: _PAIR})})
_SCOPE_SPANS = Nested({0x0A: Nested({0x1A: _PAIR}), 0x12: _SPAN})
TRACES = Nested({0x0A: Nested({0x0A: _ATTRIBUTES, 0x12: _SCOPE_SPANS})})
_EXEMPLAR = Nested({0x3A: _PAIR})
_POINT = Nested({0x4A: _PAIR, 0x42: _EXEMPLAR})
_POINT_OF_EXPONENTIAL = Nested({0x0A: _PAIR, 0x5A: _EXEMPLAR, 0x42: Nested({}), 0x4A: Nested({})})
_NUMBERS = Nested({0x0A: Nested({0x3A: _PAIR, 0x2A: _EXEMPLAR})})
_METRIC = Nested({
    0x2A: _NUMBERS, 0x3A: _NUMBERS, 0x4A: Nested({0x0A: _POINT}),
    0x52: Nested({0x0A: _POINT_OF_EXPONENTIAL}),
    0x5A: Nested({0x0A: Nested({0x3A: _PAIR})}), 0x62: _PAIR,
})  # fmt: skip
_SCOPE_METRICS = Nested({0x0A: Nested({0x1A: _PAIR}), 0x12: _METRIC})
METRICS = Nested({0x0A: Nested({0x0A: _ATTRIBUTES, 0x12: _SCOPE_METRICS})})


def varint(data: bytes, at: int, end: int, longest: int = _LONG) -> tuple[int, int]:
    """(number, the byte after it); Malformed if it is cut off or none."""
    number = shift = 0
    for place in range(at, min(end, at + longest)):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7
    raise Malformed("a number in it breaks off")


def fields(data: bytes, at: int, end: int) -> Iterator[Field]:
    """The fields between two bytes; Malformed where one is not whole."""
    while at < end:
        tag = data[at]
        # of known length, as most are: its tag has one byte, its length two at most
        if tag & _ONE_BYTE == _KNOWN and tag >= _FIRST and at + 3 <= end:
            length, content = data[at + 1], at + 2
            if length > 127:
                length, content = length + (data[at + 2] - 1 << 7), at + 3
            if data[content - 1] < 128 and content + length <= end:
                yield Field(tag, at, content, content + length)
                at = content + length
                continue
        found = _field(data, at, end, 0)
        yield found
        at = found.end


def nested(data: bytes, at: int, end: int, tag: int) -> list[tuple[int, int]]:
    """Where the contents of the fields of that tag begin and end."""
    return [(content, behind) for of, _, content, behind in fields(data, at, end) if of == tag]


def entries(content: bytes, signal: str) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    """Each resource of a message, and where its scopes begin and end; Malformed if there is none.

    A resource that is there twice is one of all their fields.
    """
    found = nested(content, 0, len(content), _RESOURCES)
    if content and not found:
        raise Malformed(f"it is no message of {signal}")
    for begin, end in found:
        of, scopes = b"", []
        for tag, _, at, behind in fields(content, begin, end):
            if tag == _RESOURCE:
                of += content[at:behind]
            elif tag == _SCOPE:
                scopes.append((at, behind))
        yield of, scopes


def _field(data: bytes, at: int, end: int, depth: int) -> Field:
    tag, content = varint(data, at, end, _SHORT)
    kind, after = tag & 7, content
    if kind == _KNOWN:
        length, content = varint(data, content, end, _SHORT)
        after = content + length
    elif kind == _VARINT:
        _, after = varint(data, content, end)
    elif kind in _WIDTHS:
        after += _WIDTHS[kind]
    elif kind == _BEGIN and depth < _DEEPEST:
        after = _behind_group(data, content, end, depth + 1, tag >> 3)
    else:
        raise Malformed("a field in it is none")
    if after > end or not tag >> 3:
        raise Malformed("a field in it is not whole")
    return Field(tag, at, content, after)


def _behind_group(data: bytes, at: int, end: int, depth: int, number: int) -> int:
    while True:
        tag, after = varint(data, at, end, _SHORT)
        if tag & 7 != _END:
            at = _field(data, at, end, depth).end
        elif tag >> 3 == number:
            return after
        else:
            raise Malformed("a field in it is none")


def check(content: bytes, parse: Callable[[bytes], Any], kind: Nested, large: int = LARGE) -> None:
    """Malformed unless `parse`, which raises it, takes the message; piece by piece if large."""
    if len(content) <= large:
        parse(content)
        return
    for piece in _pieces(content, 0, len(content), kind, large):
        parse(piece)


def _pieces(data: bytes, at: int, end: int, kind: Nested, large: int) -> Iterator[bytes]:
    """Runs of fields, no larger unless one is that has no fields of its own."""
    begun, most = at, (end - at) // _FEWEST
    for many, field in enumerate(fields(data, at, end)):
        if many > most:
            raise Malformed(DENSE)
        if field.end - begun > large and field.at > begun:
            yield data[begun : field.at]
            begun = field.at
        inner = kind.inner.get(field.tag)
        if field.end - begun > large and inner is not None:
            for piece in _pieces(data, field.content, field.end, inner, large):
                yield _head(field.tag, len(piece)) + piece
            begun = field.end
    if end > begun:
        yield data[begun:end]


def runs(data: bytes, at: int, end: int, large: int = LARGE) -> Iterator[bytes]:
    """The fields of a scope of metrics in runs, no larger where points can be told apart.

    A large metric is there several times, each time with some of its points; Malformed if it is
    several kinds of metric.
    """
    begun = at
    for field in fields(data, at, end):
        if field.end - begun <= large:
            continue
        if field.at > begun:
            yield data[begun : field.at]
        begun = field.at
        if field.end - begun > large and field.tag == _METRICS:
            yield from _shares(data, field, large)
            begun = field.end
    if end > begun or at == end:
        yield data[begun:end]


def _shares(data: bytes, metric: Field, large: int) -> Iterator[bytes]:
    every = list(fields(data, metric.content, metric.end))
    kinds = [each for each in every if each.tag in _METRIC.inner and each.tag != _METADATA]
    if len(kinds) != 1:
        raise Malformed(DENSE)
    kind, begun = kinds[0], kinds[0].content
    told = b"".join(data[each.at : each.end] for each in every if each is not kind)
    points = fields(data, kind.content, kind.end)
    common = b"".join(data[each.at : each.end] for each in points if each.tag != _POINTS)

    def share(end: int) -> bytes:
        some = common + data[begun:end]
        some = told + _head(kind.tag, len(some)) + some
        return _head(_METRICS, len(some)) + some

    for each in fields(data, kind.content, kind.end):
        if each.end - begun > large and each.at > begun:
            yield share(each.at)
            begun = each.at
    yield share(kind.end)


def enclosed(content: bytes, *tags: int) -> bytes:
    """The content as a field of the first tag, that as one of the second, and so on."""
    for tag in tags:
        content = _head(tag, len(content)) + content
    return content


def _head(tag: int, length: int) -> bytes:
    """What is in front of a field of known length."""
    found = bytearray([tag])
    while length >= 0x80:
        found.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*found, length])
