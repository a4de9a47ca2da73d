"""Spans of OTLP's protobuf, most of them read from their bytes, as columns.

    a message ──shares──► the fields of its scopes ──expression──► whole spans, as columns
                                                   └─between them─► spans, by the classes

The spans of all scopes of a message are found at once, where they are as those before were. Whose
they are is told by where they end. What is between them is read by the classes, and learnt from.
The message has to be valid: whoever has it taken has it checked before.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, compress
from operator import add
from typing import Any, NamedTuple

from slogate.sources._otlp.json.from_json import OTHER_KINDS, thinned
from slogate.sources._otlp.kinds import Kinds
from slogate.sources._otlp.protobuf import from_protobuf
from slogate.sources._otlp.protobuf import span_expression as of
from slogate.sources._otlp.protobuf.span_layouts import SpanLayouts
from slogate.sources._otlp.protobuf.span_times import durations
from slogate.sources._otlp.protobuf.wire import LARGE, entries, fields
from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.semantics import UNROUTED, path_of
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.taker import Taker
from slogate.sources._otlp.telemetry import Malformed, Resource, Span

_SPAN, _MOST_BLANK = 0x12, 1_000


@lru_cache(maxsize=8)
def scanner(settings: Settings) -> Scanner:
    """A scanner for spans that are asked for by these settings."""
    kinds = frozenset(bytes([kind]) for kind in settings.kinds)
    unrouted = UNROUTED - set(settings.labels)
    return Scanner(settings, SpanLayouts(kinds, settings.wanted, unrouted))


class Share(NamedTuple):
    """Fields of scopes, one behind the other: where each ends, and the place of its resource."""

    data: bytes
    ends: Sequence[int]
    whose: Sequence[int]
    resources: Sequence[Resource]

    def owners(self, ends: Sequence[int]) -> list[int]:
        """Whose spans are that end there."""
        found: list[int] = []
        for whose, end in zip(self.whose, self.ends, strict=True):
            found += [whose] * (bisect_right(ends, end) - len(found))
        return found

    def apart(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """What is between these bytes, and whose each part of it is."""
        at = bisect_right(self.ends, begin)
        while begin < end:
            behind = min(end, self.ends[at])
            if behind > begin:
                yield self.whose[at], self.data[begin:behind]
            begin, at = behind, at + 1


def shares(content: bytes, large: int = LARGE) -> Iterator[Share]:
    """What is in the scopes of a message, in shares that are not large unless a span is."""
    pieces: list[bytes] = []
    whose: list[int] = []
    places: dict[bytes, int] = {}
    size = 0
    for raw, scopes in entries(content, "traces"):
        for scope in scopes:
            whole = scope[1] - scope[0] <= large
            for begin, end in (scope,) if whole else _cut(content, *scope, large):
                if size + end - begin > large and pieces:
                    yield _share(pieces, whose, places)
                    pieces, whose, places, size = [], [], {}, 0
                pieces.append(content[begin:end])
                whose.append(places.setdefault(raw, len(places)))
                size += end - begin
    if pieces:
        yield _share(pieces, whose, places)


def _share(pieces: list[bytes], whose: list[int], places: dict[bytes, int]) -> Share:
    resources = [from_protobuf.resource(raw) for raw in places]
    return Share(b"".join(pieces), list(accumulate(map(len, pieces))), whose, resources)


def _cut(data: bytes, at: int, end: int, large: int) -> Iterator[tuple[int, int]]:
    """Where the fields of a large scope begin and end, in parts that are not large."""
    begun = at
    for each in fields(data, at, end):
        if each.end - begun > large and each.at > begun:
            yield begun, each.at
            begun = each.at
    yield begun, end


class _Sizes(dict[bytes, int]):
    """How long a field with a tag of one byte is, by the length that it says."""

    def __missing__(self, size: bytes) -> int:
        """Read the length, which is remembered if it is short."""
        number = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(size))
        found = 1 + len(size) + number
        if len(size) <= 2:
            self[size] = found
        return found


@dataclass(slots=True)
class Scanner:
    """What is remembered from message to message."""

    settings: Settings
    layouts: SpanLayouts
    kinds: Kinds = field(default_factory=Kinds)
    _sizes: _Sizes = field(default_factory=_Sizes)
    _blank: set[bytes] = field(default_factory=set)

    def take(self, taker: Taker, content: bytes) -> None:
        """Take the spans of a message; first those that are found at once."""
        for share in shares(content):
            columns, odd = self._found(taker, share)
            if columns is not None:
                taker.columns(columns)
            left: dict[int, list[bytes]] = {}
            for whose, some in odd:
                left.setdefault(whose, []).append(some)
            for whose, several in left.items():
                some = b"".join(several)
                self.layouts.learn(some)
                taker.spans(share.resources[whose], self._slowly(taker, some))

    def _slowly(self, taker: Taker, some: bytes) -> Iterator[Span]:
        items, chosen = from_protobuf.spans_of(some), self.settings
        return from_protobuf.spans(items, chosen.kinds, chosen.wanted, taker.losses)

    def _found(
        self, taker: Taker, share: Share
    ) -> tuple[Columns | None, Iterable[tuple[int, bytes]]]:
        """The spans that are found, and what others may be in: all if that is not clear."""
        parts = self.layouts.split(share.data)
        columns = [parts[at :: self.layouts.width] for at in range(self.layouts.width)]
        gaps, wholes = columns[0], columns[of.WHOLE]
        sizes = list(map(self._sizes.__getitem__, columns[of.SIZE]))
        whole = list(map(len, wholes)) == sizes
        try:
            telling = {gap for gap in set(gaps) if gap not in self._blank and self._tells(gap)}
        except Malformed:
            whole = False
        if not whole:
            return None, share.apart(0, len(share.data))
        odd: list[tuple[int, bytes]] = []
        if telling or len(share.ends) > 1:
            ends = list(accumulate(map(add, map(len, gaps), sizes)))
            columns[0] = share.owners(ends)
            for begin, gap in zip((0, *ends), gaps, strict=True) if telling else ():
                if gap in telling:
                    odd += share.apart(begin, begin + len(gap))
        else:
            columns[0] = [0] * len(sizes)
        others = columns[of.START].count(None)
        if others:
            taker.losses.left_out[OTHER_KINDS] += others
            columns = _those(columns, columns[of.START])
        starts, took, clear = durations(*(b"".join(columns[at]) for at in (of.START, of.END)))
        if clear:
            each = zip(columns[0], columns[of.WHOLE], clear, strict=True)
            odd += [(whose, span) for whose, span, is_clear in each if not is_clear]
            columns = _those(columns, clear)
            starts, took = (array("q", compress(times, clear)) for times in (starts, took))
        return self._columns(share, columns, starts, took), odd

    def _columns(
        self, share: Share, columns: list[Any], starts: array[int], took: array[int]
    ) -> Columns:
        """Columns of groups as columns of what they mean."""
        groups, states = self.layouts.paths, columns[of.STATE]
        kept = [columns[at] for at in range(of.KEPT, len(columns)) if at not in groups]
        paths: list[str | None] = [None] * len(states) if groups else []
        for at, front in groups.items():
            paths = [
                path if raw is None else path_of(raw[front[len(raw)] :].decode())
                for raw, path in zip(columns[at], paths, strict=True)
            ]
        sampled = [False] * len(states)
        if any(states):
            sampled = [
                state is not None and b"ot=" in state and thinned(state[2:].decode())
                for state in states
            ]
        telling = (of.STATE, of.NAME, *range(of.KEPT, len(columns)))

        def read(at: int) -> Span:
            raw = b"".join(columns[group][at] or b"" for group in telling)
            return from_protobuf.a_span(raw, self.settings.wanted)

        numbers = self.kinds.numbers([sampled, *kept], columns[of.NAME], paths, read)
        self.layouts.pay(len(numbers))
        return Columns(
            starts, took, columns[of.TRACE], columns[of.SPAN], paths, numbers,
            self.kinds.every, columns[0], share.resources,
        )  # fmt: skip

    def _tells(self, gap: bytes) -> bool:
        """Whether there are spans between others; Malformed if there are no whole fields."""
        if _SPAN in [each.tag for each in fields(gap, 0, len(gap))]:
            return True
        if len(gap) <= of.LONGEST:
            if len(self._blank) >= _MOST_BLANK:
                self._blank.clear()
            self._blank.add(gap)
        return False


def _those(columns: list[Any], which: Sequence[Any]) -> list[Any]:
    """The rows of columns for which that is true."""
    return [list(compress(column, which)) for column in columns]
