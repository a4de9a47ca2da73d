"""Writes HdrHistogram's logs, in three versions of its encoding, and reads them: for tests."""

from __future__ import annotations

import base64
import struct
import zlib

from foreign import take

from slogate.sources.hdr_log import PLUGIN

HEAD = "#[Histogram log format version 1.2]\n#[StartTime: 1764000000.000 (seconds since epoch)]\n"
START_US = 1_764_000_000_000_000


def varint(value: int) -> bytes:
    """Zigzag LEB128 of at most 9 bytes."""
    rest = (value << 1 ^ value >> 63) & (1 << 64) - 1
    found = bytearray()
    while rest > 0x7F and len(found) < 8:
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*found, rest])


def encoded(
    counts: dict[int, int], version: int = 2, *, digits: int = 2, lowest: int = 1,
    ratio: float = 1.0, offset: int = 0, word: int = 8, tail: bytes = b"",
) -> str:  # fmt: skip
    """A histogram with these counts by index, as a log has it."""
    dense = [counts.get(index, 0) for index in range(max(counts, default=-1) + 1)]
    body = struct.pack(f">{len(dense)}{ {2: 'h', 4: 'i', 8: 'q'}[word] }", *dense)
    outer, inner = {2: (0x1C849304, 0x1C849303), 1: (0x1C849302, 0x1C849301),
                    0: (0x1C849309, 0x1C849308)}[version]  # fmt: skip
    highest = 3_600_000_000_000
    if version == 2:
        body = b"".join(varint(count or -1) for count in dense)
    body += tail
    head = struct.pack(
        ">iiiiqqd", inner | word << 4, len(body), offset, digits, lowest, highest, ratio
    )
    if version == 0:
        head = struct.pack(">iiqqq", inner | word << 4, digits, lowest, highest, sum(dense))
    packed = zlib.compress(head + body)
    return base64.b64encode(struct.pack(">ii", outer | 0x10, len(packed)) + packed).decode()


def log(*rows: str, head: str = HEAD) -> str:
    """A log of these rows."""
    return head + "".join(f"{row}\n" for row in rows)


def read(folder, text: str, **options: str):
    """What is read of a log, in µs unless the options say otherwise."""
    return take(folder, text, source=PLUGIN, **{"unit": "us", **options})
