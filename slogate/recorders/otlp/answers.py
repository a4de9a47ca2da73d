"""The bodies of OTLP/HTTP's answers, in the encoding of the request.

Three small messages; written by hand, so that JSON needs no library of protobuf.
"""

from __future__ import annotations

import json
from typing import Literal

Signal = Literal["traces", "metrics"]
PROTOBUF, JSON = "application/x-protobuf", "application/json"
INVALID, LATE, UNAVAILABLE, EXHAUSTED, UNKNOWN_PATH, INTERNAL = 3, 4, 14, 8, 12, 13
_REJECTED: dict[Signal, str] = {"traces": "rejectedSpans", "metrics": "rejectedDataPoints"}
LONGEST = 1_000


def success(kind: str, signal: Signal, rejected: int = 0, why: str = "") -> bytes:
    """An export's response; `partial_success` only where something was rejected."""
    if kind == JSON:
        partial = {_REJECTED[signal]: str(rejected), "errorMessage": why[:LONGEST]}
        return _json({"partialSuccess": partial} if rejected else {})
    if not rejected:
        return b""
    return _field(1, _number(1, rejected) + _field(2, why[:LONGEST].encode()))


def status(kind: str, code: int, message: str) -> bytes:
    """A Status: what went wrong, for developers."""
    if kind == JSON:
        return _json({"code": code, "message": message})
    return _number(1, code) + _field(2, message.encode())


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
