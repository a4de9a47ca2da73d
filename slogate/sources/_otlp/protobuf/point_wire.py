"""A data point of OTLP's histograms, read from the bytes of protobuf field by field.

Of points that are not as those before them. Attributes and bounds repeat: each has a number by
its bytes. A point that is written otherwise (another order, a field that is there twice, unknown
ones) is Odd. With it comes how long its parts are, so that those like it can be read together.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Protocol

from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.protobuf.gathered import Head, One
from slogate.sources._otlp.protobuf.point_shapes import Explicit, Exponential, signed
from slogate.sources._otlp.protobuf.wire import varint

EXPLICIT, EXPONENTIAL = False, True
_TIMES = rb"(?:\x11(.{8}))?\x19(.{8})(?:\x21(.{8}))?(?:\x29(.{8}))?"
_HEAD = re.compile(_TIMES + rb"(\x32)?", re.DOTALL)
_SIZE = rb"[\x80-\xff]?[\x00-\x7f]"
_SIGNED = rb"[\x80-\xff]{0,3}[\x00-\x7f]"
_HEAD_OF_EXPONENTIAL = re.compile(
    _TIMES
    + rb"(?:\x30(%b))?(?:\x39(.{8}))?(?:\x42(%b)(?:\x08(%b))?(?:\x12(%b))?)?"
    % (_SIGNED, _SIZE, _SIGNED, _SIZE),
    re.DOTALL,
)
_REST = re.compile(rb"(?:\x50([\x00-\x7f]))?(\x59.{8})?(?:\x61(.{8}))?", re.DOTALL)
_REST_OF_EXPONENTIAL = re.compile(rb"(\x61.{8})?(?:\x69(.{8}))?(?:\x71(.{8}))?", re.DOTALL)
_BOUNDS, _ATTRIBUTE, _NEGATIVE, _FLAGS, _FIRST = 0x3A, 0x4A, 0x4A, 0x50, 0x0A
EXEMPLARS = {EXPLICIT: 0x42, EXPONENTIAL: 0x5A}
_NOTHING = bytes(8)
_NUMBER = 9


class Repeated(Protocol):
    """What gives numbers to the bytes that repeat."""

    codes: dict[bool, dict[bytes, int]]

    def learn(self, raw: bytes, kind: bool) -> None:
        """Give a number to the attributes of a point, which has none."""

    def ladder(self, raw: bytes) -> int:
        """The number of bounds."""

    def no_negative(self, raw: bytes) -> bool:
        """Whether nothing was counted in exponential buckets."""


class Read(NamedTuple):
    """A point, the lengths of its parts if those like it have the same, bytes of its exemplars."""

    point: One
    lengths: Explicit | Exponential | None
    exemplars: int


def length(data: bytes, at: int) -> tuple[int, int]:
    """A length of at most two bytes, and where it ends; Odd if it is longer."""
    size = data[at]
    if size < 128:
        return size, at + 1
    if data[at + 1] > 127:
        raise Odd
    return size & 127 | data[at + 1] << 7, at + 2


def behind(data: bytes, at: int, end: int, tag: int) -> int:
    """Where fields of this tag end that are one behind the other."""
    while at < end and data[at] == tag:
        size, at = length(data, at + 1)
        at += size
    return at


def explicit(data: bytes, at: int, end: int, known: Repeated) -> Read:
    """A point of explicit buckets."""
    found = _HEAD.match(data, at, end)
    if found is None:
        raise Odd
    *head, counted = found.groups()
    at = found.end()
    counts = bounds = b""
    if counted:
        size, at = length(data, at)
        counts = data[at : at + size]
        at += size
    begun = at
    if at < end and data[at] == _BOUNDS:
        size, at = length(data, at + 1)
        bounds = data[at : at + size]
        at += size
    laddered = at
    at = behind(data, at, end, EXEMPLARS[EXPLICIT])
    place = behind(data, at, end, _ATTRIBUTE)
    rest = _REST.match(data, place, end)
    if rest is None or rest.end() != end or len(counts) % 8:
        raise Odd
    flags, shortest, longest = rest.groups()
    lengths, exemplars = None, at - laddered
    if counts and flags is None and None not in head:
        lengths = Explicit(
            len(counts), laddered - begun, place - at, _width(shortest), _width(longest)
        )
    if not counts and not bounds:
        # all are in one bucket, which need not be told
        counts = head[2] or _NOTHING
    code = _code(data[at:place], EXPLICIT, known)
    ladder = known.ladder(bounds)
    flag = flags[0] if flags else 0
    return Read(One(code, Head(*head), longest, flag, counts, ladder=ladder), lengths, exemplars)


def exponential(data: bytes, at: int, end: int, known: Repeated) -> Read:
    """A point of exponential buckets."""
    place = behind(data, at, end, _FIRST)
    raw = data[at:place]
    found = _HEAD_OF_EXPONENTIAL.match(data, place, end)
    if found is None:
        raise Odd
    *head, scale, zeros, size, offset, many = found.groups()
    at, counts = found.end(), b""
    if many:
        counts = data[at : at + _number(many)]
        at += len(counts)
    if size and at != found.end(7) + _number(size):
        raise Odd
    begun = at
    if at < end and data[at] == _NEGATIVE:
        wide, at = length(data, at + 1)
        if not known.no_negative(data[at : at + wide]):
            raise Odd
        at += wide
    negative, flags = at - begun, 0
    if at < end and data[at] == _FLAGS and data[at + 1] < 128:
        flags, at = data[at + 1], at + 2
    begun = at
    at = behind(data, at, end, EXEMPLARS[EXPONENTIAL])
    rest = _REST_OF_EXPONENTIAL.match(data, at, end)
    if rest is None or rest.end() != end:
        raise Odd
    shortest, longest, threshold = rest.groups()
    lengths = None
    if counts and not flags and begun - negative == found.end() + len(counts) and None not in head:
        lengths = Exponential(
            len(raw), _tagged(scale), _width(zeros), _tagged(offset), negative, at - begun,
            *map(_width, (shortest, longest, threshold)),
        )  # fmt: skip
    point = One(
        _code(raw, EXPONENTIAL, known), Head(*head), longest, flags, counts,
        scale=_signed(scale), offset=_signed(offset), zeros=zeros, threshold=threshold,
    )  # fmt: skip
    return Read(point, lengths, at - begun)


def _code(raw: bytes, kind: bool, known: Repeated) -> int:
    if raw not in known.codes[kind]:
        known.learn(raw, kind)
    return known.codes[kind][raw]


def _width(number: bytes | None) -> int:
    return 0 if number is None else _NUMBER


def _tagged(number: bytes | None) -> int:
    return 0 if number is None else 1 + len(number)


def _number(raw: bytes) -> int:
    return varint(raw, 0, len(raw))[0]


def _signed(raw: bytes | None) -> int:
    return 0 if raw is None else signed(_number(raw))


READ: dict[bool, Any] = {EXPLICIT: explicit, EXPONENTIAL: exponential}
