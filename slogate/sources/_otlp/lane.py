"""The fast lane for histograms in OTLP's JSON: blocks of lines into a translator, or not at all.

    lines ──columns──► points ──differences──► rows ──► the translator's chunks

A block is taken whole or, where anything in it is Odd, not at all; nothing has changed then, and
its lines are to be taken one by one. The last points of the streams are kept here as columns while
blocks are taken, and are given back to the translator's `increases` before lines are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from slogate.sources._base import EARLIEST_TS, LATEST_TS
from slogate.sources._otlp.columns import (
    MOST_COUNTED,
    NO_HISTOGRAM,
    Block,
    Odd,
    Points,
    attributes_of,
    read,
    resource_of,
)
from slogate.sources._otlp.differences import Grown, grown
from slogate.sources._otlp.from_json import attributes
from slogate.sources._otlp.ladders import Ladders, number
from slogate.sources._otlp.lane_rows import Pair, chunk_of
from slogate.sources._otlp.lent import columns_of, points_of
from slogate.sources._otlp.semantics import Facts, facts
from slogate.sources._otlp.streams import Streams
from slogate.sources._otlp.telemetry import CUMULATIVE, Attributes, Malformed, Resource
from slogate.sources._otlp.translate import Ambiguous, Translator

_MOST_KEPT = 200_000
_WIDE = 1 << 32


class _Group(NamedTuple):
    """What points of a metric of a resource and scope have in common."""

    against: str | None
    key: tuple[str, str]
    identity: Hashable
    labels: dict[str, str]
    unit: int


class _Told(NamedTuple):
    """What the attributes of a point say."""

    identity: Hashable
    facts: Facts
    attributes: Attributes


@dataclass(slots=True)
class Lane:
    """What is remembered from block to block."""

    texts: bool = True
    taken: bool = False
    translator: Translator | None = None
    _lent: dict[Hashable, Any] | None = None
    _streams: Streams = field(default_factory=Streams)
    _held: dict[bool, dict[str, Any]] = field(default_factory=dict)
    _ladders: Ladders = field(default_factory=Ladders)
    _units: list[Fraction] = field(default_factory=list)
    _resources: dict[bytes, Resource] = field(default_factory=dict)
    _groups: dict[tuple[bytes, str, str, str], int] = field(default_factory=dict)
    _group: list[_Group] = field(default_factory=list)
    _attributes: dict[bytes, int] = field(default_factory=dict)
    _told: list[_Told] = field(default_factory=list)

    def take(self, translator: Translator, block: bytes, lines: int) -> bool:
        """Take a block of so many lines; False if it has to be taken line by line."""
        import pyarrow as pa

        try:
            found = self._read(block, lines)
            self._resume(translator)
            self._planned(translator, found)
        except (Odd, Ambiguous, pa.ArrowException):
            self.release()
            return False
        self.taken = True
        return True

    def release(self) -> None:
        """Give the last points back to the translator: lines are to be taken one by one."""
        if self.translator is None:
            return
        streams: dict[Hashable, Any] = {}
        if self._lent is not None:
            streams = self._lent
        else:
            for explicit, held in self._held.items():
                for stream, point in points_of(held, self._ladders if explicit else None):
                    streams.setdefault(self._streams.identities[stream], {})[point.start_ns] = point
        self.translator.increases.give_back(streams)
        self.translator, self._streams, self._held = None, Streams(), {}

    def _read(self, block: bytes, lines: int) -> Block:
        try:
            return read(block, lines, texts=self.texts)
        except Odd:
            if self.taken:
                raise
        found = read(block, lines, texts=not self.texts)
        self.texts = not self.texts
        return found

    def _resume(self, translator: Translator) -> None:
        """Take over the last points of the translator."""
        if self.translator is not None:
            return
        self.translator, self._lent = translator, translator.increases.lend()
        told: dict[bool, list[Any]] = {True: [], False: []}
        for identity, starts in self._lent.items():
            for start, point in starts.items():
                if start != point.start_ns:
                    raise Odd
                explicit = hasattr(point.buckets, "bounds")
                stream = self._streams.number(identity, explicit)
                told[explicit].append((stream, self._streams.key(stream, start), point))
        for explicit, rows in told.items():
            if rows:
                self._held[explicit] = columns_of(rows, self._ladders if explicit else None)

    def _planned(self, translator: Translator, block: Block) -> None:
        """Work out all rows of a block, and only then remember them."""
        left_out: Counter[str] = Counter()
        groups = self._groups_of(translator, block, left_out)
        kinds = []
        for explicit, points in ((True, block.explicit), (False, block.exponential)):
            if len(points.metric):
                asked = self._asked(points, groups, left_out)
                if len(asked["start"]):
                    kinds.append((explicit, asked, self._pairs(asked, explicit)))
        told = {pair.key for *_, pairs in kinds for pair in pairs if pair.facts.told}
        ok, known = translator.settings.ok, translator.outcomes.told_by
        if not all(
            ok or pair.key in told or known(pair.key) for *_, pairs in kinds for pair in pairs
        ):
            raise Odd
        since, chunks, held = translator.increases.since_ns, [], dict(self._held)
        for explicit, columns, pairs in kinds:
            found, both = self._grown(columns, explicit)
            held[explicit] = {
                name: column.take(found.last) for name, column in both.items() if name != "pair"
            }
            chunk, lost = chunk_of(both, found, pairs, self._units, since)
            left_out += lost
            chunks += [chunk] if chunk is not None else []
        self._held, self._lent = held, None
        translator.losses.left_out += left_out
        for key in told:
            translator.outcomes.learn(key)
        translator.ready += chunks

    def _groups_of(self, translator: Translator, block: Block, left_out: Counter[str]) -> list[int]:
        """For each metric its group's number; those that are no histograms are counted."""
        found = []
        for resource, scope, name, unit, temporality, others in block.metrics:
            if temporality == NO_HISTOGRAM:
                left_out["data points of metrics that are no histograms"] += others
                found.append(0)
                continue
            key = (block.resources[resource], scope, name, unit)
            if (number := self._groups.get(key)) is None:
                number = self._groups[key] = self._new_group(translator, *key)
            if self._group[number].against is None and temporality != CUMULATIVE:
                raise Odd
            found.append(number)
        return found

    def _new_group(
        self, translator: Translator, text: bytes, scope: str, name: str, unit: str
    ) -> int:
        if len(self._resources) > _MOST_KEPT:
            raise Odd
        resource = self._resources.get(text)
        if resource is None:
            try:
                told = attributes(resource_of(text).get("attributes"))
            except Malformed:
                raise Odd from None
            resource = self._resources[text] = Resource(told)
        against, size = translator.reason_against(resource, name), translator.unit(unit)
        if against is None and size is None:
            raise Odd
        if size is not None and size not in self._units:
            self._units.append(size)
        self._group.append(
            _Group(
                against, (resource.service, name),
                (frozenset(resource.attributes.items()), scope, name),
                translator.labels(resource.attributes),
                0 if size is None else self._units.index(size),
            )
        )  # fmt: skip
        return len(self._group) - 1

    def _asked(self, points: Points, groups: list[int], left_out: Counter[str]) -> dict[str, Any]:
        """The points that were asked for, the others are counted; columns with their groups."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = {**points.columns, "attributes": points.attributes}
        columns["group"] = pa.array(groups, pa.int64()).take(points.metric)
        against = pa.array([group.against for group in self._group], pa.string())
        reasons = against.take(columns["group"])
        silent = pc.equal(pc.bit_wise_and(columns["flags"], number(1)), number(1))
        reasons = pc.if_else(
            pc.and_(silent, reasons.is_null()), "data points without a value", reasons
        )
        if reasons.null_count < len(reasons):
            for entry in reasons.drop_null().value_counts().to_pylist():
                left_out[entry["values"]] += entry["counts"]
            keep = reasons.is_null()
            columns = {name: column.filter(keep) for name, column in columns.items()}
        return columns

    def _pairs(self, columns: dict[str, Any], explicit: bool) -> list[Pair]:
        """The groups with attributes that there are, `pair` being their places; keys of streams."""
        import pyarrow as pa
        import pyarrow.compute as pc

        coded = columns.pop("attributes")
        known = [self._told_by(text) for text in coded.dictionary.to_pylist()]
        codes = pa.array(known, pa.int64()).take(coded.indices)
        both = pc.add(pc.multiply(columns["group"], number(_WIDE)), codes).dictionary_encode()
        pairs, streams = [], []
        for code in both.dictionary.to_pylist():
            group, told = self._group[code // _WIDE], self._told[code % _WIDE]
            streams.append(self._streams.number((group.identity, told.identity), explicit))
            labels = {**group.labels, **self._labels(told.attributes)}
            pairs.append(Pair(group.key, told.facts, labels, group.unit))
        columns["pair"] = both.indices.cast(pa.int64())
        columns["unit"] = pa.array([pair.unit for pair in pairs], pa.int64()).take(columns["pair"])
        columns["stream"] = pa.array(streams, pa.int64()).take(columns["pair"])
        starts = columns["start"].dictionary_encode()
        begun, width = starts.dictionary.to_pylist(), len(starts.dictionary)
        keyed = pc.add(pc.multiply(columns["stream"], width), starts.indices.cast(pa.int64()))
        keyed = keyed.dictionary_encode()
        keys = [
            self._streams.key(code // width, begun[code % width])
            for code in keyed.dictionary.to_pylist()
        ]
        columns["key"] = pa.array(keys, pa.int64()).take(keyed.indices)
        return pairs

    def _labels(self, told: Attributes) -> dict[str, str]:
        return {} if self.translator is None else self.translator.labels(told)

    def _told_by(self, text: bytes) -> int:
        found = self._attributes.get(text)
        if found is None:
            if len(self._told) > _MOST_KEPT:
                raise Odd
            told = attributes_of(text)
            self._told.append(_Told(frozenset(told.items()), facts(told), told))
            found = self._attributes[text] = len(self._told) - 1
        return found

    def _grown(self, columns: dict[str, Any], explicit: bool) -> tuple[Grown, dict[str, Any]]:
        """What the points add to those before them, and the columns of both."""
        import pyarrow as pa
        import pyarrow.compute as pc

        times, least = pc.min_max(columns["time"]).as_py(), pc.min(columns["sum"]).as_py()
        if times["min"] < EARLIEST_TS * 1_000 or times["max"] // 1_000 > LATEST_TS:
            raise Odd
        if pc.max(columns["total"]).as_py() > MOST_COUNTED or (least or 0) < 0:
            raise Odd
        if explicit:
            columns["ladder"] = self._ladders.codes(columns.pop("bounds"))
        held = self._held.get(explicit)
        count = 0
        if held is not None:
            count = len(held["key"])
            before = {**held, "pair": pa.nulls(count, pa.int64())}
            columns = {
                name: pa.concat_arrays([before[name], column])
                for name, column in columns.items()
                if name in before
            }
        ladders = self._ladders if explicit else None
        return grown(columns, count, ladders, self._units), columns
