"""Spans of OTLP's protobuf read one by one, where they are not found at once.

    head, attributes, rest ──► a row: when, in which trace, and the number of what it tells

The head of a span (ids, name, kind, times) is of one shape. Of what follows only what tells of the
request is kept; together with the name that is a message, too, which repeats: each is read
once. A span that is written otherwise (unknown fields, another order, one that is there
twice) is odd: it is left in its bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from slogate.sources._otlp.protobuf.span_attributes import SpanAttributes
from slogate.sources._otlp.protobuf.span_facts import span_of
from slogate.sources._otlp.protobuf.span_layouts import SpanLayouts
from slogate.sources._otlp.protobuf.wire import LARGE, fields
from slogate.sources._otlp.requests import Kind, told
from slogate.sources._otlp.telemetry import Malformed

# a span up to its times; what has no fixed length is bounded, and its length is looked at after
_HEAD = re.compile(
    rb"\x12([\x80-\xff]{0,3}[\x00-\x7f])\x0a\x10(.{16})\x12\x08(.{8})(\x1a[\x00-\x7f].{0,127}?)?"
    rb"(?:\x22(?:\x00|\x08.{8}))?(\x2a[\x00-\x7f].{0,127}?)\x30([\x00-\x7f])\x39(.{8})\x41(.{8})",
    re.DOTALL,
)
_SPAN, _MOST = 0x12, 20_000
# start, end, trace, span, number of the kind
Row = tuple[bytes, bytes, bytes, bytes, int]


class Sizes(dict[bytes, int]):
    """How long a field with a tag of one byte is, by the length that it says."""

    def __missing__(self, size: bytes) -> int:
        """Read the length, which is remembered if it is short."""
        number = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(size))
        found = 1 + len(size) + number
        if len(size) <= 2:
            self[size] = found
        return found


@dataclass(slots=True)
class Singly:
    """What is remembered of spans; `kinds` are what they tell, by number."""

    asked: frozenset[bytes]
    attributes: SpanAttributes
    sizes: Sizes = field(default_factory=Sizes)
    kinds: list[Kind] = field(default_factory=list)
    _numbers: dict[bytes, int] = field(default_factory=dict)

    def forget(self) -> bool:
        """Let go of what spans tell, if that is too much; whether it was."""
        if len(self.kinds) <= _MOST:
            return False
        # those that are under way keep theirs
        self.kinds, self._numbers = [], {}
        return True

    def number(self, raw: bytes) -> int:
        """The number of what a span tells; `raw` is a message with all of it."""
        if (found := self._numbers.get(raw)) is None:
            span = span_of(raw, self.attributes.wanted)
            found = self._numbers[raw] = len(self.kinds)
            self.kinds.append(Kind(told(span), span.attributes))
        return found

    def alone(self, whole: bytes) -> int:
        """The number of what a span tells, whose head is of the shape."""
        head = _HEAD.match(whole)
        if head is None or (key := self._key(head, len(whole))) is None:
            raise Malformed("it is no span of the shape")
        return self.number(key)

    def runs(self, layouts: SpanLayouts, data: bytes) -> tuple[list[list[Row] | bytes], int]:
        """Rows and odd spans among fields of a scope, in their order; how many of other kinds.

        How the attributes of the spans follow each other is learnt on the way.
        """
        found: list[list[Row] | bytes] = []
        at, others = 0, 0
        while at < len(data):
            rows, at, passed = self._run(layouts, data, at)
            others += passed
            if rows:
                found.append(rows)
            if at < len(data):
                behind = _odd(data, at)
                found.append(data[at:behind])
                at = behind
        return found, others

    def _run(self, layouts: SpanLayouts, data: bytes, at: int) -> tuple[list[Row], int, int]:
        """The spans from there on up to the first that is odd, and where they end."""
        match, asked, attributes, sizes = _HEAD.match, self.asked, self.attributes, self.sizes
        rows: list[Row] = []
        others = 0
        while found := match(data, at):
            size, trace, span, state, name, kind, start, end = found.groups()
            stop, place = at + sizes[size], found.end()
            if kind in asked:
                key = self._key(found, stop)
                if key is None:
                    break
                if layouts.wants() and (parts := attributes.parts(data, place, stop)) is not None:
                    layouts.learn(parts)
                rows.append((start, end, trace, span, self.number(key)))
            elif (
                not _is_whole(state, name, place, stop)
                or attributes.other(data, place, stop) is None
            ):
                break
            else:
                others += 1
            at = stop
        return rows, at, others

    def _key(self, head: re.Match[bytes], stop: int) -> bytes | None:
        """What tells of the request, of a span that ends there; None if it is odd."""
        state, name, place = head[4], head[5], head.end()
        if not _is_whole(state, name, place, stop):
            return None
        return self.attributes.key(head.string, place, stop, (state or b"") + name)


def _is_whole(state: bytes | None, name: bytes, place: int, stop: int) -> bool:
    """Whether texts are as long as they say, and in the span as a whole."""
    return len(name) == name[1] + 2 and (not state or len(state) == state[1] + 2) and place <= stop


def _odd(data: bytes, at: int) -> int:
    """Where fields of a scope end that are no spans of the shape: at least one, not too many."""
    for each in fields(data, at, len(data)):
        if each.at > at and (_HEAD.match(data, each.at) or each.end - at > LARGE):
            return each.at
    return len(data)


def has_spans(data: bytes) -> bool:
    """Whether there are spans among the fields of a scope; Malformed if those are not whole."""
    return _SPAN in [each.tag for each in fields(data, 0, len(data))]
