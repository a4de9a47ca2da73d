"""What a span tells, from the few bytes of it that tell something.

    state, name, attributes, status ──► a span without ids and times

Texts, whole numbers and truths are read here; whatever else is there, the classes read. The bytes
have to be a valid message.
"""

from __future__ import annotations

from slogate.sources._otlp.json.from_json import thinned
from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.telemetry import ERROR, Span, Value

_STATE, _NAME, _ATTRIBUTE, _STATUS = 0x1A, 0x2A, 0x4A, 0x7A
_KEY, _VALUE, _TEXT, _TRUTH, _WHOLE, _CODE = 0x0A, 0x12, 0x0A, 0x10, 0x18, b"\x18"
_LONG, _MOST_DIGITS = 128, 8


class _Unusual(Exception):
    """The classes are to read it."""


def span_of(raw: bytes, wanted: frozenset[str]) -> Span:
    """A span whose fields are in their order, each attribute with its key in front of its value."""
    try:
        return _span(raw, wanted)
    except (_Unusual, IndexError, UnicodeDecodeError):
        return from_protobuf.a_span(raw, wanted)


def _span(raw: bytes, wanted: frozenset[str]) -> Span:
    name, state, code, message, at = "", "", 0, "", 0
    attributes: dict[str, Value] = {}
    while at < len(raw):
        tag, size = raw[at], raw[at + 1]
        at += 2
        if size >= _LONG:
            if raw[at] >= _LONG:
                raise _Unusual
            size = size & 127 | raw[at] << 7
            at += 1
        end = at + size
        if tag == _ATTRIBUTE:
            key, value = _attribute(raw, at, end)
            if key in wanted:
                attributes[key] = value
        elif tag == _NAME:
            name = raw[at:end].decode()
        elif tag == _STATE:
            state = raw[at:end].decode()
        elif tag == _STATUS:
            code, message = _status(raw[at:end])
        else:
            raise _Unusual
        at = end
    failed = code == ERROR
    return Span(name, 0, 0, "", "", code, message if failed else "", "", thinned(state), attributes)


def _attribute(raw: bytes, at: int, end: int) -> tuple[str, Value]:
    begin = at + 2 + raw[at + 1]
    if raw[at] != _KEY or raw[at + 1] >= _LONG or begin >= end or raw[begin] != _VALUE:
        raise _Unusual
    key, size, begin = raw[at + 2 : begin].decode(), raw[begin + 1], begin + 2
    if size >= _LONG:
        size = size & 127 | raw[begin] << 7
        begin += 1
    if size != end - begin or size < 2:
        raise _Unusual
    return key, _value(raw, begin, end)


def _value(raw: bytes, at: int, end: int) -> Value:
    kind, length, content = raw[at], raw[at + 1], at + 2
    if kind == _TEXT:
        if length >= _LONG:
            length = length & 127 | raw[content] << 7
            content += 1
        if content + length != end:
            raise _Unusual
        return raw[content:end].decode()
    if kind == _TRUTH and content == end and length < 2:
        return length == 1
    digits = raw[at + 1 : end]
    if kind != _WHOLE or len(digits) > _MOST_DIGITS or digits[-1] >= _LONG:
        raise _Unusual
    number = 0
    for place, byte in enumerate(digits):
        if byte < _LONG and place + 1 < len(digits):
            raise _Unusual
        number |= (byte & 127) << 7 * place
    return number


def _status(raw: bytes) -> tuple[int, str]:
    message = ""
    if raw[:1] == b"\x12":
        end = 2 + raw[1]
        if raw[1] >= _LONG:
            raise _Unusual
        message, raw = raw[2:end].decode(), raw[end:]
    if not raw:
        return 0, message
    if len(raw) != 2 or raw[:1] != _CODE or raw[1] >= _LONG:
        raise _Unusual
    return raw[1], message
