"""Messages of OTLP's protobuf → the histograms' data points, column by column; or nothing.

    messages ──Reader──► Block: what each metric is called, and its points as Arrow columns

For the fast lane, as `columns` is for JSON. Messages are checked by their classes, and then read
from their bytes as collectors and SDKs write them: fields in the order of their numbers. Whatever
is otherwise, even if protobuf allows it, is Odd: such a message is to be read by the classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import iter_unpack
from typing import Any

from slogate.sources._otlp.lane.arrays import Odd, whole
from slogate.sources._otlp.lane.block import NO_HISTOGRAM, Block, Metric, Points
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.protobuf import from_protobuf, wire
from slogate.sources._otlp.protobuf.layouts import Layouts
from slogate.sources._otlp.protobuf.point_wire import (
    EXPLICIT,
    EXPONENTIAL,
    columns,
    exponential,
    length,
)
from slogate.sources._otlp.telemetry import Attributes, Malformed

_MOST_KEPT = 200_000
_POINTS, _TEMPORALITY = 0x0A, 0x10
_NAME, _UNIT = 0x0A, 0x1A
_KINDS = {0x4A: EXPLICIT, 0x52: EXPONENTIAL}
_OTHERS = frozenset({0x2A, 0x3A, 0x5A})


@dataclass(slots=True)
class Told:
    """What repeats in messages, by the numbers that stand for it."""

    attributes: list[Attributes] = field(default_factory=list)
    ladders: Ladders = field(default_factory=Ladders)
    codes: dict[bytes, int] = field(default_factory=dict)
    _resources: dict[bytes, int] = field(default_factory=dict)
    _bounds: dict[bytes, int] = field(default_factory=dict)
    _negative: dict[bytes, bool] = field(default_factory=dict)

    def learn(self, raw: bytes, kind: bool) -> None:
        """Give a number to the attributes of a point of that kind, which has none."""
        if len(self.codes) >= _MOST_KEPT:
            raise Odd
        self.codes[raw] = len(self.attributes)
        self.attributes.append(from_protobuf.attributes_in(raw, kind))

    def resource(self, raw: bytes) -> int:
        """The number of the attributes of a resource."""
        found = self._resources.get(raw)
        if found is None:
            if len(self._resources) >= _MOST_KEPT:
                raise Odd
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
            found = not from_protobuf.counted_in(raw)
            if len(self._negative) < _MOST_KEPT:
                self._negative[raw] = found
        return found


@dataclass(slots=True)
class Reader:
    """Reads messages, and remembers what they repeat."""

    texts: Told = field(default_factory=Told)
    _layouts: Layouts | None = None

    def read(self, messages: Sequence[bytes]) -> Block:
        """The data points of messages; Odd if they are not plain."""
        self._layouts = self._layouts or Layouts(self.texts)
        found = _Read(self.texts, self._layouts)
        for content in messages:
            try:
                wire.check(content, from_protobuf.check_metrics, wire.METRICS)
            except Malformed:
                raise Odd from None
            entries = wire.nested(content, 0, len(content), 0x0A)
            if not entries:
                raise Odd
            for begin, end in entries:
                found.resource(content, begin, end)
        return Block(
            lines=len(messages), metrics=found.metrics,
            explicit=found.columns(EXPLICIT), exponential=found.columns(EXPONENTIAL),
        )  # fmt: skip


@dataclass(slots=True)
class _Read:
    """Metrics and points so far, those by kind, with the places of their metrics."""

    texts: Told
    layouts: Layouts
    metrics: list[tuple[Metric, int]] = field(default_factory=list)
    points: dict[bool, list[Any]] = field(default_factory=lambda: {EXPLICIT: [], EXPONENTIAL: []})
    places: dict[bool, list[int]] = field(default_factory=lambda: {EXPLICIT: [], EXPONENTIAL: []})

    def resource(self, data: bytes, at: int, end: int) -> None:
        """Take the metrics of a resource."""
        code = self.texts.resource(_alone(data, at, end))
        for begin, behind in wire.nested(data, at, end, 0x12):
            scope = _alone(data, begin, behind)
            name = _alone(scope, 0, len(scope)).decode()
            for one, its_end in wire.nested(data, begin, behind, 0x12):
                self._metric(data, one, its_end, (code, name))

    def columns(self, kind: bool) -> Points:
        """The points of a kind."""
        found = columns(self.points[kind], kind, self.texts)
        return Points(metric=whole(self.places[kind]), columns=found)

    def _exponential(self, data: bytes, at: int, end: int) -> tuple[Any, ...]:
        return exponential(data, at, end, self.texts)

    def _metric(self, data: bytes, at: int, end: int, of: tuple[int, str]) -> None:
        """Take the points of a metric, or count them if it is no histogram."""
        texts = {_NAME: "", _UNIT: ""}
        others, temporality, seen = 0, NO_HISTOGRAM, list[int]()
        for tag, _, content, behind in wire.fields(data, at, end):
            seen.append(tag)
            if tag in texts:
                texts[tag] = data[content:behind].decode()
            elif tag in _KINDS:
                temporality = self._points(data, content, behind, _KINDS[tag])
            elif tag in _OTHERS:
                others = len(wire.nested(data, content, behind, _POINTS))
        # twice: one message of both; several kinds: the last one
        kinds = sum(tag in _KINDS or tag in _OTHERS for tag in seen)
        if kinds > 1:
            raise Odd
        self.metrics.append((Metric(*of, texts[_NAME], texts[_UNIT], temporality), others))

    def _points(self, data: bytes, at: int, end: int, kind: bool) -> int:
        """Take the points of a histogram; its temporality."""
        take = self._exponential if kind else self.layouts.explicit
        add, before, temporality = self.points[kind].append, len(self.points[kind]), 0
        while at < end:
            if data[at] == _POINTS:
                size, content = data[at + 1], at + 2
                if size > 127:
                    size, content = length(data, at + 1)
                at = content + size
                add(take(data, content, at))
            elif data[at] == _TEMPORALITY and data[at + 1] < 128 and not temporality:
                temporality, at = data[at + 1], at + 2
            else:
                raise Odd
        many = len(self.points[kind]) - before
        self.places[kind] += [len(self.metrics)] * many
        return temporality


def _alone(data: bytes, at: int, end: int) -> bytes:
    """The content of the first field, which is there at most once; Odd otherwise."""
    found = wire.nested(data, at, end, 0x0A)
    if len(found) > 1:
        raise Odd
    return data[found[0][0] : found[0][1]] if found else b""
