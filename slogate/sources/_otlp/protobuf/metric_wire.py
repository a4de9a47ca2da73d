"""Messages of OTLP's protobuf → the histograms' data points, column by column; or nothing.

    messages ──Reader──► Block: what each metric is called, and its points as Arrow columns

For the fast lane, as `columns` is for JSON. Points are read from their bytes as collectors and
SDKs write them: fields in the order of their numbers. Whatever is otherwise, even if protobuf
allows it, is Odd: such a message is to be read by the classes. Those also check what is around
the points, once for all messages in which it is the same, and points that were not read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from struct import iter_unpack

from slogate.sources._otlp.lane.arrays import Odd, whole
from slogate.sources._otlp.lane.block import NO_HISTOGRAM, Block, Metric, Points
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.protobuf import from_protobuf, wire
from slogate.sources._otlp.protobuf.gathered import Gathered
from slogate.sources._otlp.protobuf.layouts import Layouts
from slogate.sources._otlp.protobuf.point_wire import EXPLICIT, EXPONENTIAL
from slogate.sources._otlp.telemetry import Attributes, Malformed

_MOST_KEPT, _MOST_CHECKED, _LONGEST_KEPT = 200_000, 1_000, 4_096
_FIRST, _INNER, _NEGATIVE = 0x0A, 0x12, 0x4A
_POINTS, _TEMPORALITY = 0x0A, 0x10
_NAME, _UNIT = 0x0A, 0x1A
_KINDS = {0x4A: EXPLICIT, 0x52: EXPONENTIAL}
_OTHERS = frozenset({0x2A, 0x3A, 0x5A})


def _codes() -> dict[bool, dict[bytes, int]]:
    return {EXPLICIT: {}, EXPONENTIAL: {}}


@dataclass(slots=True)
class Told:
    """What repeats in messages, by the numbers that stand for it."""

    attributes: list[Attributes] = field(default_factory=list)
    ladders: Ladders = field(default_factory=Ladders)
    codes: dict[bool, dict[bytes, int]] = field(default_factory=_codes)
    _resources: dict[bytes, int] = field(default_factory=dict)
    _bounds: dict[bytes, int] = field(default_factory=dict)
    _negative: dict[bytes, bool] = field(default_factory=dict)

    def learn(self, raw: bytes, kind: bool) -> None:
        """Give a number to the attributes of a point of that kind, which has none."""
        if len(self.codes[kind]) >= _MOST_KEPT:
            raise Odd
        _check_point(raw, kind)
        self.codes[kind][raw] = len(self.attributes)
        self.attributes.append(from_protobuf.attributes_in(raw, kind))

    def resource(self, raw: bytes) -> int:
        """The number of the attributes of a resource."""
        found = self._resources.get(raw)
        if found is None:
            if len(self._resources) >= _MOST_KEPT:
                raise Odd
            from_protobuf.check_metrics(wire.enclosed(raw, _FIRST, _FIRST))
            found = self._resources[raw] = len(self.attributes)
            self.attributes.append(from_protobuf.resource_of(raw).attributes)
        return found

    def ladder(self, raw: bytes) -> int:
        """The number of these bounds."""
        found = self._bounds.get(raw)
        if found is None:
            if len(raw) % 8:
                raise Odd
            bounds = tuple(each for (each,) in iter_unpack("<d", raw))
            if any(each - each for each in bounds):
                raise Odd
            found = self._bounds[raw] = self.ladders.code(bounds)
        return found

    def no_negative(self, raw: bytes) -> bool:
        """Whether nothing was counted in these buckets."""
        found = self._negative.get(raw)
        if found is None:
            _check_point(wire.enclosed(raw, _NEGATIVE), EXPONENTIAL)
            found = not from_protobuf.counted_in(raw)
            if len(self._negative) < _MOST_KEPT:
                self._negative[raw] = found
        return found


@dataclass(slots=True)
class Reader:
    """Reads messages, and remembers what they repeat."""

    texts: Told = field(default_factory=Told)
    packs: bool = True
    _layouts: Layouts | None = None
    _checked: set[bytes] = field(default_factory=set)

    def read(self, messages: Sequence[bytes]) -> Block:
        """The data points of messages; Odd if they are not plain."""
        self._layouts = self._layouts or Layouts(self.texts)
        found = _Read(self.texts, self._layouts)
        for content in messages:
            try:
                self._check(found.message(content))
            except (Malformed, IndexError, UnicodeDecodeError):
                raise Odd from None
        return Block(
            lines=len(messages), metrics=found.metrics,
            explicit=found.columns(EXPLICIT), exponential=found.columns(EXPONENTIAL),
        )  # fmt: skip

    def _check(self, around: bytes) -> None:
        """Malformed unless the classes take what was around points, or take it already."""
        if around in self._checked:
            return
        wire.check(around, from_protobuf.check_metrics, wire.METRICS)
        if len(around) <= _LONGEST_KEPT and len(self._checked) < _MOST_CHECKED:
            self._checked.add(around)


@dataclass(slots=True)
class _Read:
    """Metrics and points so far, those by kind, with the places of their metrics."""

    texts: Told
    layouts: Layouts
    metrics: list[tuple[Metric, int]] = field(default_factory=list)
    points: dict[bool, Gathered] = field(
        default_factory=lambda: {kind: Gathered(kind) for kind in (EXPLICIT, EXPONENTIAL)}
    )
    places: dict[bool, list[int]] = field(default_factory=lambda: {EXPLICIT: [], EXPONENTIAL: []})

    def message(self, data: bytes) -> bytes:
        """Take a message; what is left of it without the points that were read whole."""
        every = list(wire.fields(data, 0, len(data)))
        if not any(each.tag == _FIRST for each in every):
            raise Odd
        return _left(data, every, {_FIRST: self._resource})

    def columns(self, kind: bool) -> Points:
        """The points of a kind."""
        return Points(metric=whole(self.places[kind]), columns=self.points[kind].columns())

    def _resource(self, data: bytes, at: int, end: int) -> bytes:
        """Take the metrics of a resource; what is left of it."""
        every = list(wire.fields(data, at, end))
        code = self.texts.resource(_alone(data, every))

        def scope(data: bytes, at: int, end: int) -> bytes:
            every = list(wire.fields(data, at, end))
            of = _alone(data, every)
            name = _alone(of, list(wire.fields(of, 0, len(of)))).decode()

            def metric(data: bytes, at: int, end: int) -> bytes:
                return self._metric(data, at, end, (code, name))

            return _left(data, every, {_INNER: metric})

        return _left(data, every, {_INNER: scope})

    def _metric(self, data: bytes, at: int, end: int, of: tuple[int, str]) -> bytes:
        """Take the points of a metric, or count them if it is no histogram; what is left."""
        texts = {_NAME: "", _UNIT: ""}
        others, temporality, kinds, left = 0, NO_HISTOGRAM, 0, b""
        for tag, begin, content, behind in wire.fields(data, at, end):
            if tag in texts:
                texts[tag] = data[content:behind].decode()
            elif tag in _KINDS:
                kinds += 1
                key = (*of, texts[_NAME], tag)
                temporality, rest = self._points(data, content, behind, key)
                left += wire.enclosed(rest, tag)
                continue
            elif tag in _OTHERS:
                kinds += 1
                others = len(wire.nested(data, content, behind, _POINTS))
            left += data[begin:behind]
        # twice: one message of both; several kinds: the last one
        if kinds > 1:
            raise Odd
        self.metrics.append((Metric(*of, texts[_NAME], texts[_UNIT], temporality), others))
        return left

    def _points(
        self, data: bytes, at: int, end: int, key: tuple[int, str, str, int]
    ) -> tuple[int, bytes]:
        """Take the points of a histogram; its temporality, and what is left of it."""
        into, begin = self.points[_KINDS[key[-1]]], at
        before, temporality, plain = len(into), 0, True
        while at < end:
            if data[at] == _POINTS:
                at, whole = self.layouts.take(data, at, end, key, into)
                plain = plain and whole
            elif data[at] == _TEMPORALITY and data[at + 1] < 128 and not temporality:
                temporality, at = data[at + 1], at + 2
            else:
                raise Odd
        if at > end:
            raise Odd
        self.places[into.exponential] += [len(self.metrics)] * (len(into) - before)
        return temporality, bytes([_TEMPORALITY, temporality]) if plain else data[begin:end]


_Take = Callable[[bytes, int, int], bytes]


def _left(data: bytes, every: Sequence[wire.Field], inner: dict[int, _Take]) -> bytes:
    """Fields, of which some are taken: what is left of those in their place."""
    return b"".join(
        wire.enclosed(take(data, each.content, each.end), each.tag)
        if (take := inner.get(each.tag))
        else data[each.at : each.end]
        for each in every
    )


def _alone(data: bytes, every: Sequence[wire.Field]) -> bytes:
    """The content of the first field, which is there at most once; Odd otherwise."""
    found = [data[each.content : each.end] for each in every if each.tag == _FIRST]
    if len(found) > 1:
        raise Odd
    return found[0] if found else b""


def _check_point(raw: bytes, kind: bool) -> None:
    """Malformed unless these fields are some of a point of that kind, wherever a message has it."""
    tag = next(tag for tag, each in _KINDS.items() if each == kind)
    whole = wire.enclosed(raw, _POINTS, tag, _INNER, _INNER, _FIRST)
    wire.check(whole, from_protobuf.check_metrics, wire.METRICS)
