"""Cuts a file of OTLP/JSON into its messages: blocks of lines at once where that can be.

One message a line, a message over many lines, a list of them, or messages behind their length.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple, cast

from slogate.sources._base import MARK, Origin
from slogate.sources._otlp.documents import take_json
from slogate.sources._otlp.files import Message, failing
from slogate.sources._otlp.json.columns import PLAIN, Reader
from slogate.sources._otlp.json.span_lines import PLAIN as SPANS
from slogate.sources._otlp.json.span_lines import SpanLines
from slogate.sources._otlp.lane.lane import AtOnce, Lane
from slogate.sources._otlp.protobuf.frames import LONGEST, frames, framing, unpacked
from slogate.sources._otlp.telemetry import Malformed
from slogate.sources._otlp.translate import Translator

_ITEM = re.compile(rb'"(?:startTimeUnixNano|start_time_unix_nano)"')
_BLOCK, _SMALL = 8 << 20, 256 << 10


def messages(origin: Origin) -> Iterator[Message]:
    """The messages of a file as it holds them."""
    if framing(origin.head) == "four bytes":
        return _framed(origin)
    return _lines(origin) if _is_lines(origin) else _whole(origin)


def _is_lines(origin: Origin) -> bool:
    """Whether the first line that is not blank is a message, or could be a long one."""
    head = origin.head.removeprefix(MARK).lstrip()
    line, end, _ = head.partition(b"\n")
    if not end:
        return True
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # a message over many lines breaks after its first words
        return len(line) > 1_000 or b"}" in line


def _lines(origin: Origin) -> Iterator[Message]:
    """The messages block by block, and line by line where a block cannot be taken."""
    lanes, number, marked = _Lanes(Lane(Reader()), SpanLines()), 1, origin.head.startswith(MARK)
    with origin.stream() as opened:
        stream = io.BufferedReader(cast("Any", opened), 1 << 20)
        stream.read(len(MARK) if marked else 0)
        # one block after the other in the same memory: the system has to clear what is new
        block = bytearray(_BLOCK)
        while size := stream.readinto(block):
            del block[size:]
            block += stream.readline(LONGEST + 1)
            number += yield from _block(lanes, block, number)
            rest: bytes | bytearray = block
            while len(rest) > LONGEST and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST + 1)
            wanted = lanes.histograms.part(_BLOCK)
            del block[wanted:]
            block += bytes(wanted - len(block))
    lanes.histograms.release()


def _block(lanes: _Lanes, block: bytearray, first: int) -> Generator[Message, None, int]:
    """A block at once, or else each half of it, a small one line by line; how many lines it has."""
    plain = block.startswith(PLAIN)
    if plain:
        fast = AtOnce(lanes.histograms, block)
        yield Message(first, None, fast.take)
        if fast.lines:
            return fast.lines
    if len(block) > _SMALL and (plain or b"\n" + PLAIN in block):
        half = block.find(b"\n", len(block) // 2, -1) + 1
        if half:
            fewer = yield from _block(lanes, block[:half], first)
            return fewer + (yield from _block(lanes, block[half:], first + fewer))
    lanes.histograms.release()
    return (yield from _each(lanes, block, first))


class _Lanes(NamedTuple):
    """What takes blocks of histograms, and lines of spans, faster than they can be read as JSON."""

    histograms: Lane
    spans: SpanLines


def _each(lanes: _Lanes, block: bytearray, first: int) -> Generator[Message, None, int]:
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=first):
        if len(line) >= LONGEST:
            yield Message(number, None, _too_long)
        elif line and not line.isspace():
            yield _message(lanes.spans, line, number)
    return len(lines)


def _message(
    spans: SpanLines, text: bytes | bytearray, line: int | None = None, at: int | None = None
) -> Message:
    def take(translator: Translator) -> None:
        if text.startswith(SPANS) and spans.take(translator, text):
            return
        document = _loads(text)
        for one in document if isinstance(document, list) else [document]:
            take_json(translator, one)

    return Message(line, at, take, lambda: max(1, len(_ITEM.findall(text))))


def _loads(text: bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("it is no whole JSON") from None


def _too_long(_: Translator) -> None:
    raise Malformed(f"it is longer than {LONGEST >> 20} MB")


def _whole(origin: Origin) -> Iterator[Message]:
    with origin.stream() as stream:
        text = stream.read(LONGEST + 1)
    if len(text) > LONGEST:
        hint = "write each message on a line of its own, for example with jq -c"
        raise origin.fail(f"it is one message of over {LONGEST >> 20} MB", hint=hint)
    try:
        document = json.loads(text.removeprefix(MARK))
    except json.JSONDecodeError as error:
        raise origin.fail(f"it is no JSON: {error.msg}", line=error.lineno) from None
    except (ValueError, RecursionError):
        raise origin.fail("it is no JSON") from None
    for one in document if isinstance(document, list) else [document]:
        yield Message(None, None, lambda translator, one=one: take_json(translator, one))  # type: ignore[misc]


def _framed(origin: Origin) -> Iterator[Message]:
    spans = SpanLines()
    with origin.stream() as stream:
        for frame in frames(stream, "four bytes"):
            if frame.fault:
                yield Message(None, frame.at, failing(frame.fault))
            elif frame.content:
                yield _message_of(spans, frame.content, frame.at)


def _message_of(spans: SpanLines, content: bytes, at: int) -> Message:
    try:
        return _message(spans, unpacked(content), at=at)
    except Malformed as error:
        return Message(None, at, failing(str(error)))
