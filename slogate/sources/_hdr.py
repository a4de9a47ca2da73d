"""Decodes the histograms of HdrHistogram (V0, V1, V2) as their logs carry them, in plain Python.

    base64 ─► cookie, length, zlib ─► header, counts (Packed) ─► buckets of values, in any unit

A bucket is (lowest, highest, count): values that HdrHistogram cannot tell apart, highest
included. Refuses histograms of doubles and shifted ones, whose values are scaled; anything
damaged is a ValueError. Never inflates more than 16 MiB.
"""

from __future__ import annotations

import array
import binascii
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST_BYTES = 16 << 20

_COMPRESSED = {0x1C849304: 0x1C849303, 0x1C849302: 0x1C849301, 0x1C849309: 0x1C849308}
_V2, _V0 = 0x1C849303, 0x1C849308
_DOUBLE = range(0x0C72124E, 0x0C721250)
_HEADER = struct.Struct(">iiiiqqd")
_HEADER_V0 = struct.Struct(">iiqqq")
# hdr-histogram-js writes an offset of 1, which it never heeds, and a whole 1 where a double belongs
_UNSCALED = ((0, 1.0), (1, 5e-324))
_WORDS = {2: "h", 4: "i", 8: "q"}
_BUCKETS = 64
_MOST = (1 << 63) - 1

Bucket = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Packed:
    """The counts of a histogram as it holds them: zigzag LEB128, or numbers of a fixed `word`.

    An index is of 2^`half` values or more, told apart in steps of 2^`unit`.
    """

    counts: bytes
    word: int
    half: int
    unit: int

    def lowest(self, index: int) -> int:
        """The lowest value of an index; ValueError for one that no value has."""
        return _limits(self.half, self.unit, index)[0]


def decode(payload: str) -> Iterator[Bucket]:
    """The buckets of a histogram that hold anything, ascending; ValueError if it is damaged."""
    packed = unpack(payload)
    told: Iterable[tuple[int, int]] = varints(packed.counts)
    if packed.word:
        told = ((index, many) for index, many in enumerate(words(packed)) if many)
    return ((*_limits(packed.half, packed.unit, index), many) for index, many in told)


def unpack(payload: str) -> Packed:
    """The counts of a histogram, which may still prove damaged; ValueError if the rest is."""
    cookie, inflated = _inflate(payload)
    if len(inflated) < (_HEADER_V0 if cookie == _V0 else _HEADER).size:
        raise ValueError("its histogram is cut off")
    if cookie == _V0:
        found, digits, lowest, highest, _ = _HEADER_V0.unpack_from(inflated)
        counts = inflated[_HEADER_V0.size :]
    else:
        found, size, offset, digits, lowest, highest, ratio = _HEADER.unpack_from(inflated)
        counts = inflated[_HEADER.size : _HEADER.size + max(size, 0)]
        if len(counts) != size:
            raise ValueError("its histogram is cut off")
        if (offset, ratio) not in _UNSCALED:
            raise ValueError("its histogram is shifted or scaled, which is not supported")
    if found & ~0xF0 != cookie:
        raise ValueError("its histogram is of no known version")
    if not (0 <= digits <= 5 and 1 <= lowest <= highest // 2):
        raise ValueError("its histogram has an absurd range")
    word = 0 if cookie == _V2 else found >> 4 & 0xE
    if cookie != _V2 and (word not in _WORDS or len(counts) % word):
        raise ValueError("its histogram has counts of an odd size")
    half, unit = (2 * 10**digits - 1).bit_length() - 1, lowest.bit_length() - 1
    return Packed(counts, word, half, unit)


def _inflate(payload: str) -> tuple[int, bytes]:
    """The cookie that the inflated bytes must begin with, and those bytes."""
    try:
        content = binascii.a2b_base64(payload, strict_mode=True)
    except (binascii.Error, ValueError):
        raise ValueError("its histogram is no base64") from None
    if len(content) < 8:
        raise ValueError("its histogram is cut off")
    cookie, size = struct.unpack_from(">Ii", content)
    if cookie in _DOUBLE:
        raise ValueError("it is a histogram of doubles, which is not supported")
    wanted = _COMPRESSED.get(cookie & ~0xF0)
    if wanted is None:
        raise ValueError("its histogram is of no known version")
    if len(content) - 8 != size:
        raise ValueError("its histogram is cut off")
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(content[8:], MOST_BYTES)
    except zlib.error:
        raise ValueError("its histogram is damaged") from None
    if not stream.eof:
        raise ValueError("its histogram is cut off, or absurdly large")
    return wanted, inflated


def varints(content: bytes) -> Iterator[tuple[int, int]]:
    """(index, count) of zigzag LEB128 numbers of at most 9 bytes; a negative one skips."""
    index = value = shift = 0
    for byte in content:
        if shift == 56:
            value |= byte << shift
        else:
            value |= (byte & 0x7F) << shift
            if byte & 0x80:
                shift += 7
                continue
        if value & 1:
            index += (value + 1) >> 1
        else:
            if value:
                yield index, value >> 1
            index += 1
        value = shift = 0
    if shift:
        raise ValueError("its histogram is cut off")


def fixed(content: bytes, word: int) -> array.array[int]:
    """The numbers of a fixed size, of so many bytes each."""
    told = array.array(_WORDS[word], content)
    if sys.byteorder == "little":
        told.byteswap()
    return told


def words(packed: Packed) -> array.array[int]:
    """The counts by index, of numbers of a fixed size."""
    told = fixed(packed.counts, packed.word)
    if min(told, default=0) < 0:
        raise ValueError("its histogram has a negative count")
    return told


@lru_cache(maxsize=1 << 16)
def _limits(half: int, unit: int, index: int) -> tuple[int, int]:
    """The lowest and the highest value of an index; ValueError for one that no value has."""
    bucket, rest = (index >> half) - 1, index & ((1 << half) - 1)
    if bucket < 0:
        bucket = 0
    else:
        rest += 1 << half
    if bucket + unit > _BUCKETS or (lowest := rest << (bucket + unit)) > _MOST:
        raise ValueError("its histogram holds a value over 63 bits")
    return lowest, lowest + (1 << (bucket + unit)) - 1
