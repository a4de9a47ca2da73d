"""Cuts a file of OTLP as protobuf into its messages: histograms in a row many at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from slogate.sources._base import Origin
from slogate.sources._otlp.documents import OTHERS, take_protobuf
from slogate.sources._otlp.files import Message, failing
from slogate.sources._otlp.lane.lane import AtOnce, Lane
from slogate.sources._otlp.protobuf.frames import Frame, Framing, frames, signal, unpacked
from slogate.sources._otlp.protobuf.metric_wire import Reader
from slogate.sources._otlp.telemetry import Malformed
from slogate.sources._otlp.translate import Translator

# so many bytes of histograms are taken at once; so few messages are not halved any more
_BLOCK, _FEW = 4 << 20, 2


def messages(origin: Origin, how: Framing) -> Iterator[Message]:
    """The messages, histograms in a row together as long as those can be taken at once."""
    lane = Lane(Reader())
    block: list[_Framed] = []
    size = 0
    with origin.stream() as stream:
        for frame in frames(stream, how):
            fault, message = _opened(frame)
            about = signal(message) if message else None
            is_metrics = about == "metrics"
            if is_metrics:
                block.append(_Framed(frame.at, message))
                size += len(message)
                if size < lane.part(_BLOCK):
                    continue
            yield from _block(lane, block)
            block, size = [], 0
            if not is_metrics:
                lane.release()
                if fault:
                    yield Message(None, frame.at, failing(fault))
                elif frame.content:
                    yield Message(None, frame.at, _taker(message, about))
    yield from _block(lane, block)
    lane.release()


def _opened(frame: Frame) -> tuple[str, bytes]:
    """What is wrong with a frame, and the message in it."""
    if frame.fault:
        return frame.fault, b""
    try:
        return "", unpacked(frame.content)
    except Malformed as error:
        return str(error), b""


def _block(lane: Lane, block: list[_Framed]) -> Iterator[Message]:
    """Messages at once, or else each half of them, a few one by one."""
    if not block:
        return
    fast = AtOnce(lane, [framed.message for framed in block])
    yield Message(None, block[0].at, fast.take)
    if fast.lines:
        return
    if len(block) > _FEW:
        half = len(block) // 2
        yield from _block(lane, block[:half])
        yield from _block(lane, block[half:])
        return
    lane.release()
    for framed in block:
        yield Message(None, framed.at, _taker(framed.message, "metrics"))


class _Framed(NamedTuple):
    """A message of metrics, and where it is in the file."""

    at: int
    message: bytes


def _taker(message: bytes, about: Literal["traces", "metrics", "other"] | None) -> Any:
    def take(translator: Translator) -> None:
        if about is None:
            raise Malformed("it is no message of OTLP")
        if about == "other":
            translator.losses.left_out[OTHERS] += 1
            return
        take_protobuf(translator, message, about)

    return take
