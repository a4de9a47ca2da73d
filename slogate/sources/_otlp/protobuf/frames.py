"""Cuts a file of protobuf messages into messages, whichever way they were put together.

A message alone (or several, put end to end), messages each behind its length as a varint, or
behind four bytes, the highest first, as the collector's file exporter writes them; a message so
framed may be compressed by itself with zstd and may be JSON. What a file is, its first bytes
tell. Needs no library of messages. Refuses a message over `LONGEST`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Any, Literal, NamedTuple

from slogate.sources._otlp.telemetry import Malformed

LONGEST = 64 << 20
ZSTD = b"\x28\xb5\x2f\xfd"
Framing = Literal["message", "varint", "four bytes"]
_FIRST = 0x0A  # field 1, of known length: the resources, in every message of OTLP
_LONGEST_VARINT = 10
_MOST_PASSED = 64
_TELLING: dict[int, Literal["traces", "metrics", "other"] | None] = {
    # texts and bytes that spans and metrics both have under these numbers
    0x0A: None, 0x12: None, 0x1A: None, 0x22: None, 0x2A: None,
    # a span's kind and start; a metric's sum and kinds of histogram; a log record's times
    0x30: "traces", 0x39: "traces", 0x3A: "metrics", 0x4A: "metrics", 0x52: "metrics",
    0x5A: "metrics", 0x62: "metrics", 0x09: "other", 0x10: "other", 0x59: "other",
}  # fmt: skip


class Frame(NamedTuple):
    """A message and the byte of the file at which it begins; the last one may have a fault."""

    at: int
    content: bytes
    fault: str = ""


def framing(head: bytes) -> Framing | None:
    """How the file that begins so is framed; None if it is no file of messages."""
    if len(head) < 6:
        return None
    if head[0] < _FIRST and _counted(head[4:]):
        return "four bytes"
    if head[0] == _FIRST and _fields(head):
        return "message"
    length = _varint(head, 0)
    if length and length[0] <= LONGEST and head[length[1] : length[1] + 1] == bytes([_FIRST]):
        return "varint"
    return None


def _counted(message: bytes) -> bool:
    return message[:1] in {bytes([_FIRST]), b"{"} or message[:4] == ZSTD


def _fields(head: bytes) -> bool:
    """Whether it is fields of number 1 one behind the other, as far as it goes."""
    at = 0
    while at < len(head):
        if head[at] != _FIRST:
            return False
        found = _varint(head, at + 1)
        if found is None:
            return len(head) - at <= _LONGEST_VARINT
        if found[0] > LONGEST:
            return False
        at = found[1] + found[0]
    return True


def _varint(data: bytes, at: int) -> tuple[int, int] | None:
    """(number, the byte after it); None if it is cut off or none."""
    number = 0
    for shift, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, at + shift + 1
    return None


def frames(stream: IO[bytes], how: Framing) -> Iterator[Frame]:
    """The messages one by one; the last has a fault if the file breaks off or goes astray."""
    reader = _Reader(stream)
    length: Callable[[], int | None] = {
        "message": reader.field, "varint": reader.varint, "four bytes": reader.four
    }[how]  # fmt: skip
    at = 0
    try:
        while (size := length()) is not None:
            content = reader.take(size)
            if content and how == "message":
                content = bytes([_FIRST]) + _as_varint(size) + content
            yield Frame(at, content)
            at = reader.at
    except Malformed as error:
        yield Frame(at, b"", str(error))


class _Reader:
    """A stream that knows where it is; it may end only in front of a message."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > LONGEST:
            raise Malformed("the length of a message is absurd")
        content = self._stream.read(size)
        self.at += len(content)
        if len(content) < size:
            raise Malformed("it ends in the middle of a message")
        return content

    def four(self) -> int | None:
        first = self._stream.read(1)
        if not first:
            return None
        self.at += 1
        return int.from_bytes(first + self.take(3), "big")

    def varint(self) -> int | None:
        number = 0
        for shift in range(_LONGEST_VARINT):
            byte = self._stream.read(1)
            if not byte and not shift:
                return None
            if not byte:
                raise Malformed("it ends in the middle of a message")
            self.at += 1
            number |= (byte[0] & 0x7F) << 7 * shift
            if byte[0] < 0x80:
                return number
        raise Malformed("the length of a message is absurd")

    def field(self) -> int | None:
        tag = self._stream.read(1)
        if not tag:
            return None
        self.at += 1
        if tag[0] != _FIRST:
            raise Malformed("something that is no message of OTLP stands here")
        length = self.varint()
        if length is None:
            raise Malformed("it ends in the middle of a message")
        return length


def _as_varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def unpacked(content: bytes, limit: int = LONGEST) -> bytes:
    """A message that was compressed by itself, as it was before; others as they are."""
    if not content.startswith(ZSTD):
        return content
    import pyarrow as pa

    try:
        with pa.input_stream(io.BytesIO(content), compression="zstd") as stream:
            found: bytes = stream.read(limit + 1)
    except (OSError, pa.ArrowException):
        raise Malformed("the compression of a message is damaged") from None
    if len(found) > limit:
        raise Malformed("the length of a message is absurd")
    return found


def begins(head: bytes) -> bytes:
    """The beginning of the first message of a framed file, decompressed as far as it goes."""
    how = framing(head)
    if how == "message":
        return head
    size, at = _varint(head, 0) or (0, 0)
    if how == "four bytes":
        size, at = int.from_bytes(head[:4], "big"), 4
    message = head[at : at + size]
    if not message.startswith(ZSTD):
        return message
    import pyarrow as pa

    parts: list[bytes] = []
    try:
        stream: Any = pa.input_stream(io.BytesIO(message), compression="zstd")
        while part := stream.read(256):
            parts.append(part)
    except (OSError, pa.ArrowException, ValueError):
        pass
    return b"".join(parts)


def signal(message: bytes) -> Literal["traces", "metrics", "other"] | None:
    """What a message that begins so is about; None if it is no message of OTLP."""
    # resources (1) → scopes (2) → spans or metrics (2), of which the first may be empty
    return _signal_at(message, 0, len(message), (1, 2, 2))


def _signal_at(
    data: bytes, at: int, end: int, path: tuple[int, ...]
) -> Literal["traces", "metrics", "other"] | None:
    """What the first field of that path is that tells; only known lengths are passed."""
    if not path:
        return _signal_of_item(data, at, end)
    for _ in range(_MOST_PASSED):
        if at >= end or (found := _varint(data, at)) is None:
            return None
        tag, length = found[0], _varint(data, found[1])
        if tag & 7 != 2 or length is None or tag >> 3 not in {1, 2, 3}:
            return None
        behind = length[1] + length[0]
        if tag >> 3 == path[0] and (told := _signal_at(data, length[1], behind, path[1:])):
            return told
        at = behind
    return None


def _signal_of_item(data: bytes, at: int, end: int) -> Literal["traces", "metrics", "other"] | None:
    """Whether it is a span, a metric or a log record: by the first field that only one has."""
    for _ in range(16):
        found = _varint(data, at)
        if at >= end or found is None or found[0] not in _TELLING:
            return None
        told = _TELLING[found[0]]
        if told:
            return told
        length = _varint(data, found[1])
        if length is None:
            return None
        at = length[1] + length[0]
    return None
