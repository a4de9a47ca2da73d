"""The fast lane for histograms in OTLP's JSON: blocks of lines into a translator, or not at all.

    lines ──columns──► points ──order, differences──► rows ──► the translator's chunks

A block is taken whole or, where anything in it is Odd, not at all; nothing has changed then, and
it is to be taken in smaller blocks, or line by line. The last points of the streams are kept here
as columns while blocks are taken; `release` gives them back to the translator's `increases`
before lines are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from slogate.sources._base import EARLIEST_TS, LATEST_TS
from slogate.sources._otlp.increases import MOST_IN_FILE, series
from slogate.sources._otlp.lane.arrays import Odd, number, whole
from slogate.sources._otlp.lane.block import NO_HISTOGRAM, Block, Metric, Points
from slogate.sources._otlp.lane.differences import grown
from slogate.sources._otlp.lane.ladders import Ladders
from slogate.sources._otlp.lane.lent import columns_of, points_of
from slogate.sources._otlp.lane.order import Columns, steps_of
from slogate.sources._otlp.lane.rows import Group, Pair, batch_of, chunks_of, left_out_of
from slogate.sources._otlp.lane.streams import Streams
from slogate.sources._otlp.semantics import facts
from slogate.sources._otlp.telemetry import CUMULATIVE, DELTA, MOST_COUNTED, Attributes, Resource
from slogate.sources._otlp.translate import OTHER_SPANS, Ambiguous, Translator

_WIDE = 1 << 32
# rows of a block: when all buckets of all points grew they are a hundred times its bytes
_MANY, _MOST_HALVED = 400_000, 3


class Texts(Protocol):
    """What repeats in blocks, by the numbers that stand for it."""

    attributes: list[Attributes]
    ladders: Ladders


class Blocks(Protocol):
    """Who reads blocks of one encoding."""

    @property
    def texts(self) -> Texts:
        """What repeats in them."""

    @property
    def packs(self) -> bool:
        """Whether counts of exponential buckets are packed in its columns."""

    def read(self, block: Any) -> Block:
        """The data points of a block; Odd if they are not plain."""


@dataclass(slots=True)
class Lane:
    """What is remembered from block to block, for one reader of them."""

    reader: Blocks
    translator: Translator | None = None
    _lent: dict[Hashable, Any] | None = None
    _streams: Streams = field(default_factory=Streams)
    _held: dict[bool, Columns] = field(default_factory=dict)
    _units: list[Fraction] = field(default_factory=list)
    _groups: dict[Metric, int] = field(default_factory=dict)
    _group: list[Group] = field(default_factory=list)
    _pairs: dict[int, Pair] = field(default_factory=dict)
    _kinds: list[bool] = field(default_factory=list)
    _halved: int = 0

    def part(self, size: int) -> int:
        """How much of that size to take next: less where there were many rows in the last."""
        return max(1, size >> self._halved)

    def take(self, translator: Translator, block: Any) -> int:
        """Take a block; how many lines it has, or 0 if it cannot be taken at once."""
        import pyarrow as pa

        try:
            found = self.reader.read(block)
            self._resume(translator)
            self._take(translator, found)
        except (Odd, Ambiguous, pa.ArrowException, OverflowError):
            if self._lent is not None:
                self.release()
            return 0
        return found.lines

    def release(self) -> None:
        """Give the last points back to the translator: lines are to be taken one by one."""
        if self.translator is None:
            return
        streams: dict[Hashable, Any] = {}
        if self._lent is not None:
            streams = self._lent
        else:
            while self._held:
                explicit, held = self._held.popitem()
                for stream, start, point in points_of(held, self._ladders(explicit)):
                    streams.setdefault(self._streams.identities[stream], {})[start] = point
        self.translator.increases.give_back(streams)
        crowded = len(self._streams.keys) > MOST_IN_FILE
        self.translator, self._lent, self._streams, self._held = None, None, Streams(), {}
        if crowded:
            # most of what was read of them is of series that are over
            self.reader = type(self.reader)()
            self._groups, self._group, self._pairs, self._kinds = {}, [], {}, []

    def _ladders(self, explicit: bool) -> Any:
        return self.reader.texts.ladders if explicit else None

    def _resume(self, translator: Translator) -> None:
        """Take over the last points of the translator."""
        if self.translator is not None:
            return
        self.translator, self._lent = translator, translator.increases.lend()
        told: dict[bool, list[Any]] = {True: [], False: []}
        for identity, starts in self._lent.items():
            for start, point in starts.items():
                explicit, delta = hasattr(point.buckets, "bounds"), start != point.start_ns
                stream = self._streams.number(identity, (explicit, delta))
                told[explicit].append((stream, self._streams.key(stream, start), delta, point))
        for explicit, rows in told.items():
            if rows:
                self._held[explicit] = columns_of(rows, self._ladders(explicit), self.reader.packs)

    def _take(self, translator: Translator, block: Block) -> None:
        """Work out all rows of a block, and only then remember them."""
        left_out: Counter[str] = Counter()
        groups = self._groups_of(translator, block, left_out)
        kinds = []
        for explicit, points in ((True, block.explicit), (False, block.exponential)):
            if len(points.metric):
                asked = self._asked(translator, points, groups, left_out)
                if len(asked["start"]):
                    kinds.append((explicit, asked, self._paired(translator, asked, explicit)))
        told = {pair.group.key for *_, pairs in kinds for pair in pairs if pair.facts.told}
        ok, known = translator.settings.ok, translator.outcomes.told_by
        held, lots = dict(self._held), []
        for explicit, now, pairs in kinds:
            _check(now)
            steps, held[explicit] = steps_of(now, held.get(explicit))
            telling, lost = left_out_of(steps, translator.increases.since_ns)
            found = grown(steps, self._ladders(explicit), self._units)
            clear = [bool(ok or pair.group.key in told or known(pair.group.key)) for pair in pairs]
            batch, place = batch_of(steps, telling, found, pairs, clear)
            lots += chunks_of(batch, place, pairs, clear)
            left_out += lost
        self._held, self._lent = held, None
        rows = sum(len(chunk.rows) for _, chunk in lots)
        if rows > _MANY:
            self._halved = min(self._halved + 1, _MOST_HALVED)
        elif rows < _MANY // 4:
            self._halved = max(self._halved - 1, 0)
        translator.losses.left_out += left_out
        for key in told:
            translator.outcomes.learn(key)
        for metric, chunk in lots:
            if metric is None:
                translator.ready.append(chunk)
            else:
                translator.outcomes.wait(metric, chunk)

    def _groups_of(self, translator: Translator, block: Block, left_out: Counter[str]) -> list[int]:
        """For each metric its group's number; those that are no histograms are counted."""
        found = []
        for metric, others in block.metrics:
            if metric.temporality == NO_HISTOGRAM:
                left_out["data points of metrics that are no histograms"] += others
                found.append(0)
                continue
            if (code := self._groups.get(metric)) is None:
                self._group.append(self._new_group(translator, metric))
                code = self._groups[metric] = len(self._group) - 1
            found.append(code)
        return found

    def _new_group(self, translator: Translator, metric: Metric) -> Group:
        resource = Resource(self.reader.texts.attributes[metric.resource])
        against, size = translator.reason_against(resource, metric.name), None
        if against is None:
            size = translator.unit(metric.unit)
            if size is None or metric.temporality not in {DELTA, CUMULATIVE}:
                raise Odd
            # of which deltas of a series that was listened to are repeats, `increases` alone knows
            if metric.temporality == DELTA and translator.increases.since_ns:
                raise Odd
            if size not in self._units:
                self._units.append(size)
        return Group(
            against, (resource.service, metric.name),
            (frozenset(resource.attributes.items()), metric.scope, metric.name),
            translator.labels(resource.attributes),
            0 if size is None else self._units.index(size),
            metric.temporality == DELTA,
        )  # fmt: skip

    def _asked(
        self, translator: Translator, points: Points, groups: list[int], left_out: Counter[str]
    ) -> Columns:
        """The points that were asked for, the others are counted; columns with their groups."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = {**points.columns, "group": whole(groups).take(points.metric)}
        against = pa.array([group.against for group in self._group], pa.string())
        reasons = against.take(columns["group"])
        silent = pc.equal(pc.bit_wise_and(columns["flags"], number(1)), number(1))
        unsaid = pa.scalar("data points without a value", pa.string())
        reasons = pc.if_else(pc.and_(silent, reasons.is_null()), unsaid, reasons)
        for told in self.reader.texts.attributes[len(self._kinds) :]:
            self._kinds.append(translator.is_kind(told))
        if not all(self._kinds):
            other = pc.invert(pa.array(self._kinds, pa.bool_()).take(columns["attributes"]))
            spans = pa.scalar(OTHER_SPANS, pa.string())
            reasons = pc.if_else(pc.and_(other, reasons.is_null()), spans, reasons)
        if reasons.null_count < len(reasons):
            for entry in reasons.drop_null().value_counts().to_pylist():
                left_out[entry["values"]] += entry["counts"]
            keep = reasons.is_null()
            columns = {name: column.filter(keep) for name, column in columns.items()}
        return columns

    def _paired(self, translator: Translator, columns: Columns, explicit: bool) -> list[Pair]:
        """The groups with attributes that there are, `pair` being their places; keys of streams."""
        import pyarrow as pa
        import pyarrow.compute as pc

        both = pc.add(pc.multiply(columns["group"], number(_WIDE)), columns["attributes"])
        both = both.dictionary_encode()
        pairs = [self._pair(translator, code) for code in both.dictionary.to_pylist()]
        streams = [
            self._streams.number(pair.identity, (explicit, pair.group.delta)) for pair in pairs
        ]
        place = columns["pair"] = both.indices.cast(pa.int64())
        columns["unit"] = whole([pair.group.unit for pair in pairs]).take(place)
        columns["delta"] = pa.array([pair.group.delta for pair in pairs], pa.bool_()).take(place)
        columns["stream"] = whole(streams).take(place)
        starts = pc.if_else(columns["delta"], number(0), columns["start"]).dictionary_encode()
        begun, width = starts.dictionary.to_pylist(), len(starts.dictionary)
        keyed = pc.add(
            pc.multiply(columns["stream"], number(width)), starts.indices.cast(pa.int64())
        )
        keyed = keyed.dictionary_encode()
        silence = translator.increases.silence
        keys = [
            self._streams.key(code // width, begun[code % width], silence)
            for code in keyed.dictionary.to_pylist()
        ]
        columns["key"] = whole(keys).take(keyed.indices)
        return pairs

    def _pair(self, translator: Translator, code: int) -> Pair:
        if (found := self._pairs.get(code)) is None:
            group = self._group[code // _WIDE]
            told = self.reader.texts.attributes[code % _WIDE]
            identity = series(group.identity, told)
            own = translator.labels(told)
            # most points have none of their own, and share those of the resource
            labels = {**group.labels, **own} if own else group.labels
            unit = self._units[group.unit]
            found = Pair(group, identity, facts(told), labels, unit)
            self._pairs[code] = found
        return found


def _check(now: Columns) -> None:
    """Odd where a point cannot be, by itself."""
    import pyarrow.compute as pc

    times, least = pc.min_max(now["time"]).as_py(), pc.min(now["sum"]).as_py()
    if times["min"] < EARLIEST_TS * 1_000 or times["max"] // 1_000 > LATEST_TS:
        raise Odd
    if pc.max(now["total"]).as_py() > MOST_COUNTED or (least or 0) < 0:
        raise Odd
    begun = pc.and_(pc.greater(now["start"], number(0)), pc.less(now["start"], now["time"]))
    if pc.any(pc.and_not(now["delta"], begun)).as_py():
        raise Odd


class AtOnce:
    """A block that may be taken at once; `lines` are how many it has, if it is."""

    def __init__(self, lane: Lane, block: Any) -> None:
        self._lane, self._block = lane, block
        self.lines = 0

    def take(self, translator: Translator) -> bool:
        """Take it, if it can be; whether it was."""
        self.lines = self._lane.take(translator, self._block)
        return self.lines > 0
