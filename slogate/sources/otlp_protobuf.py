"""OpenTelemetry's OTLP as protobuf: spans as requests, histograms as histograms.

A message alone, as it is sent to a receiver; messages behind their length as a varint; messages
behind four bytes of length, as the collector's file exporter writes them with `format: proto`,
compressed one by one or not at all. What each message holds is recognised by its content.
Needs the extra `otlp`. Refuses what otlp-json refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

from slogate.sources._base import Chunk, Origin, Source
from slogate.sources._otlp.protobuf.frames import begins, framing, signal
from slogate.sources._otlp.settings import OPTIONS


def sniff(head: bytes) -> float:
    """How sure it is that messages of OTLP begin so."""
    if framing(head) is None:
        return 0.0
    return 0.9 if signal(begins(head)) else 0.0


def open_otlp(origin: Origin) -> Iterator[Chunk]:
    """The rows of a file; SourceError says why it cannot be used."""
    # much, and nothing that tells the format
    from slogate.sources._otlp.files import translated
    from slogate.sources._otlp.protobuf import from_protobuf
    from slogate.sources._otlp.protobuf_messages import messages

    how = framing(origin.head)
    if how is None:
        raise origin.fail("it does not begin as a message of OTLP does")
    from_protobuf.available()
    return translated(origin, lambda: messages(origin, how))


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
