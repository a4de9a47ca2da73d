"""OpenTelemetry's OTLP as protobuf: spans as requests, histograms as histograms.

A message alone, as it is sent to a receiver; messages behind their length as a varint; messages
behind four bytes of length, as the collector's file exporter writes them with `format: proto`,
compressed one by one or not at all. What each message holds is recognised by its content.
Needs the extra `otlp`. Refuses what otlp-json refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from slogate.sources._base import Chunk, Origin, Source
from slogate.sources._otlp.documents import OTHERS, take_protobuf
from slogate.sources._otlp.files import Message, failing, translated
from slogate.sources._otlp.lane.lane import AtOnce, Lane
from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.protobuf.frames import (
    Frame,
    Framing,
    begins,
    frames,
    framing,
    signal,
    unpacked,
)
from slogate.sources._otlp.protobuf.metric_wire import Reader
from slogate.sources._otlp.settings import OPTIONS
from slogate.sources._otlp.telemetry import Malformed
from slogate.sources._otlp.translate import Translator

# so many bytes of histograms are taken at once; so few messages are not halved any more
_BLOCK, _FEW = 4 << 20, 2


def sniff(head: bytes) -> float:
    """How sure it is that messages of OTLP begin so."""
    if framing(head) is None:
        return 0.0
    return 0.9 if signal(begins(head)) else 0.0


def open_otlp(origin: Origin) -> Iterator[Chunk]:
    """The rows of a file; SourceError says why it cannot be used."""
    how = framing(origin.head)
    if how is None:
        raise origin.fail("it does not begin as a message of OTLP does")
    from_protobuf.available()
    return translated(origin, lambda: _messages(origin, how))


def _messages(origin: Origin, how: Framing) -> Iterator[Message]:
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
                if size < _BLOCK:
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


EXAMPLE = bytes.fromhex(
    "000000b50ab2010a180a160a0c736572766963652e6e616d6512060a0473686f701295011292010a105b8eff"
    "f798038103d269b633813fc60c1208eee19b7ec3c1b1742a09474554202f636172743002390000ca67a7fc7a"
    "18414e618668a7fc7a184a1c0a13687474702e726571756573742e6d6574686f6412050a034745544a150a0a"
    "687474702e726f75746512070a052f636172744a200a19687474702e726573706f6e73652e7374617475735f"
    "636f6465120318c801000000b50ab2010a180a160a0c736572766963652e6e616d6512060a0473686f701295"
    "011292010a105b8efff798038103d269b633813fc60d1208eee19b7ec3c1b1742a09504f5354202f70617930"
    "023900ca64a3a7fc7a1841002f32c1a7fc7a184a1d0a13687474702e726571756573742e6d6574686f641206"
    "0a04504f53544a140a0a687474702e726f75746512060a042f7061794a200a19687474702e726573706f6e73"
    "652e7374617475735f636f6465120318f703"
)

PLUGIN = Source(
    name="otlp-protobuf",
    help="OpenTelemetry traces or histograms as OTLP protobuf (messages, collector's files)",
    sniff=sniff,
    open=open_otlp,
    example=EXAMPLE,
    options=OPTIONS,
)
