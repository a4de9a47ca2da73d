"""How fast a log of HdrHistogram (`.hlog`, V2) is imported.

    python tests/benchmarks/import_hdr_log.py [megabytes=10] [repeats=3]

An interval a second of five thousand log-normal response times in µs, at three digits. Such a log
is compressed to less than a byte a bucket: look at the rows, not at the megabytes.

On two cores at 2 MB: 1,650,000 buckets a second and core; histogram by histogram in Python 380,000.
"""

from __future__ import annotations

import base64
import random
import struct
import sys
import zlib
from collections import Counter
from pathlib import Path

from side_by_side import run

_START = 1_764_000_000


def generate(path: Path, megabytes: int) -> None:
    """Write a log of this size, of a hundred histograms in turns."""
    chance = random.Random(1)
    payloads = [_encoded(chance) for _ in range(100)]
    with path.open("w") as file:
        file.write(f"#[Histogram log format version 1.2]\n#[StartTime: {_START}.000 (s)]\n")
        second = 0
        while file.tell() < megabytes * 1_000_000:
            for payload in payloads:
                file.write(f"{second}.000,1.000,90.000,{payload}\n")
                second += 1


def _encoded(chance: random.Random) -> str:
    values = (int(chance.lognormvariate(8, 0.6)) for _ in range(5_000))
    counts = Counter(map(_index, values))
    body, at = bytearray(), 0
    for index in sorted(counts):
        if index > at:
            body += _varint(2 * (index - at) - 1)
        body += _varint(2 * counts[index])
        at = index + 1
    head = struct.pack(">iiiiqqd", 0x1C849313, len(body), 0, 3, 1, 3_600_000_000, 1.0)
    packed = zlib.compress(head + body)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


def _index(value: int) -> int:
    shift = max(value.bit_length() - 11, 0)
    return (shift << 10) + (value >> shift)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _options(file: Path) -> dict[str, str]:
    del file
    return {"unit": "us"}


if __name__ == "__main__":
    words = sys.argv[1:] or ["10"]
    run(__file__, "run.hlog", generate, None, words, _options)
