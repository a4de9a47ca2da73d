r"""A span in OTLP's protobuf as one regular expression, which finds all spans of a scope at once.

    \x12 size · ids, state, name, kind, times · attributes in a known order · the rest

Every length in it is bound to the bytes that follow, so that nothing in a value is taken for a
field; only the size of the whole has to be compared with what was matched. Of a span of the kinds
that are asked for it gives ids, times, and what may tell of the request; of another nothing. What
it does not match is to be read otherwise: longer texts, other fields, a failed one with events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

# the groups of a match; those of `kept` attributes are from KEPT on, the last is the status
WHOLE, SIZE, TRACE, SPAN, STATE, NAME, START, END, KEPT = range(1, 10)
# texts, events and attributes up to this are matched
LONGEST: Final = 255
_SIZE = rb"([\x80-\xff]{0,3}[\x00-\x7f])"


def encoded(number: int) -> bytes:
    """A number as a varint."""
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def known(sizes: Iterable[int]) -> bytes:
    """A length, and as many bytes as it says, for each of these lengths."""
    ways = (re.escape(encoded(size)) + b".{%d}" % size for size in sizes)
    return b"(?:" + b"|".join(ways) + b")"


_ANY = known(range(LONGEST + 1))
_LINK, _EVENT = (bytes([tag]) + some for tag, some in ((0x6A, known(range(128))), (0x5A, _ANY)))
_STATUS = rb"\x7a" + known(range(64))
# how many were dropped, flags
_FIELD = rb"[\x50\x60\x70][\x00-\x7f]|\x85\x01.{4}"
_QUIET = b"(?:" + _FIELD + b")*+"
_UNHARMED = rb"(?:\x7a(?:\x00|\x02\x18[\x00\x01]))?"
# then comes the next span, what a scope has around its spans, or nothing
_BEHIND = rb"(?=[\x0a\x12\x1a]|\Z)"
_REST = b"".join(
    (b"(?:(?:", b"|".join((_FIELD, _EVENT, _LINK)), b")*+", _UNHARMED, _QUIET, _BEHIND,
     b"|", _QUIET, b"(", _STATUS, b")", _QUIET, _BEHIND, b")")
)  # fmt: skip
_REST_OF_OTHERS = b"(?:" + b"|".join((_FIELD, _EVENT, _LINK, _STATUS)) + b")*+" + _BEHIND
_HEAD = b"".join(
    (rb"\x0a\x10(.{16})\x12\x08(.{8})(\x1a", known(range(128)), b")?",
     rb"(?:\x22(?:\x00|\x08.{8}))?(\x2a", known(range(128)), rb")\x30")
)  # fmt: skip


def values(key: bytes, most: int = LONGEST) -> bytes:
    """What matches an attribute of that key, whatever its value up to so many bytes."""
    every = ((size, encoded(size)) for size in range(min(most, LONGEST) + 1))
    return _ways(key, ((size, length, size) for size, length in every))


def texts(key: bytes) -> bytes:
    """What matches an attribute of that key whose value is a text that is not empty."""
    return _ways(key, ((len(head) - _value(head) + size, head, size) for size, head in _heads()))


def in_front(key: bytes) -> dict[int, int]:
    """How many bytes are in front of its text, by how long such an attribute is."""
    found = {}
    for size, head in _heads():
        content = 2 + len(key) + 1 + len(head) + size
        front = 1 + len(encoded(content)) + content - size
        found[front + size] = front
    return found


def _heads() -> Iterator[tuple[int, bytes]]:
    """How long texts can be, and what is in front of each in the field of its value."""
    for size in range(1, LONGEST - 2):
        head = b"\x0a" + encoded(size)
        yield size, encoded(len(head) + size) + head


def _value(head: bytes) -> int:
    """How many bytes of what is in front of a text are the length of the value."""
    return 1 if head[0] < 0x80 else 2


def _ways(key: bytes, sizes: Iterable[tuple[int, bytes, int]]) -> bytes:
    """The attribute with values of these sizes, each with what begins it, and how much follows."""
    named = b"\x0a" + encoded(len(key)) + key + b"\x12"
    ways: dict[int, list[bytes]] = {}
    for size, head, rest in sizes:
        content = encoded(len(named) + len(encoded(size)) + size)
        way = re.escape(content) + b".{%d}" % len(named) + re.escape(head) + b".{%d}" % rest
        ways.setdefault(len(content), []).append(way)
    found = (
        rb"\x4a(?=.{%d}%b)(?:%b)" % (many, re.escape(named), b"|".join(some))
        for many, some in ways.items()
    )
    return b"(?:" + b"|".join(found) + b")"


def expression(kinds: Iterable[bytes], orders: Iterable[bytes]) -> re.Pattern[bytes]:
    """What finds spans: of these kinds if their attributes are in one of these orders, or others.

    The orders are expressions, in which attributes that may tell something are in groups.
    """
    asked, attribute = b"".join(map(re.escape, kinds)), rb"\x4a" + _ANY
    parts = (
        rb"(\x12", _SIZE, _HEAD, b"(?:[", asked, rb"]\x39(.{8})\x41(.{8})(?:",
        b"|".join([*orders, b"(?!)"]), b")", _REST, b"|(?![", asked, rb"])[\x00-\x7f]",
        rb"\x39.{8}\x41.{8}(?:", attribute, b")*+", _REST_OF_OTHERS, b"))",
    )  # fmt: skip
    return re.compile(b"".join(parts), re.DOTALL)
