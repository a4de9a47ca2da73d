"""A block of lines of OTLP's JSON → the histograms' data points, column by column; or nothing.

    lines ──Texts, read──► Block: what each metric is called, and its points as Arrow columns

Ten times as fast as point by point, for messages as exporters write them: keys in camel case,
numbers of 64 bits of a kind all as text or all as numbers, nothing but metrics, nothing null.
Whatever is otherwise, even if OTLP allows it, is Odd: such a block is to be read line by line,
which also finds out what is wrong with it, and where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from slogate.sources._otlp.json.shapes import EXPLICIT, EXPONENTIAL, Shape, learnt
from slogate.sources._otlp.json.taken import Taken
from slogate.sources._otlp.json.texts import Texts
from slogate.sources._otlp.lane.arrays import (
    Odd,
    ever,
    filled,
    finite,
    lengths,
    natural,
    number,
    places,
)  # fmt: skip
from slogate.sources._otlp.lane.block import NO_HISTOGRAM, Block, Metric, Points

_NO_HISTOGRAMS = ("sum", "gauge", "summary")
PLAIN = b'{"resourceMetrics":'
_NULL = re.compile(rb"[:\[,]\s*null")
_MOST_FAILURES = 4
# whether times and counts are texts
_WAYS = ((True, True), (True, False), (False, False))


@dataclass(slots=True)
class Reader:
    """Reads blocks, and remembers what they repeat and how they write numbers."""

    texts: Texts = field(default_factory=Texts)
    packs: bool = False
    _ways: tuple[tuple[bool, bool], ...] = _WAYS
    _shape: Shape | None = None
    _wide: bool = False
    _failures: int = 0

    def read(self, block: bytes | bytearray) -> Block:
        """The data points of a block; Odd if they are not plain."""
        import pyarrow as pa

        try:
            block.decode()
        except UnicodeDecodeError:
            raise Odd from None
        if self._shape is None and self._failures < _MOST_FAILURES:
            self._shape = learnt(block, wide=self._wide)
        if self._shape is None:
            return self._read(block, None)
        try:
            taken = Taken(self._shape, block)
            found = self._read(taken.rest, taken)
        except (Odd, pa.ArrowException):
            found = self._read(block, None)
            # it is the shape that does not fit
            self._shape, self._wide, self._failures = None, True, self._failures + 1
        else:
            self._failures = 0
        return found

    def _read(self, text: bytes | bytearray, taken: Taken | None) -> Block:
        rest, counts = self.texts.taken_out(text)
        # nothing that was taken out has an end of line
        lines = rest.count(b"\n") + (not rest.endswith(b"\n"))
        if rest.count(PLAIN) != lines or (b"null" in rest and _NULL.search(rest)):
            raise Odd
        found = self._entries(rest, taken=taken is not None)
        # neither other messages, nor other ways to write these keys
        plain = rest.count(b'"resource') == lines + len(found.flatten())
        if len(found) != lines or found.null_count or not plain:
            raise Odd
        return _block(found, counts if taken is None else taken, self.texts)

    def _entries(self, rest: bytes, *, taken: bool) -> Any:
        """The resources of each line, as an exporter writes all of them."""
        import pyarrow as pa
        import pyarrow.json as pj

        options = pj.ReadOptions(use_threads=False, block_size=len(rest) + 1)
        for way in self._ways:
            parsing = pj.ParseOptions(
                explicit_schema=_schema(*way, taken=taken), unexpected_field_behavior="ignore"
            )
            try:
                table = pj.read_json(pa.BufferReader(rest), options, parsing)
            except pa.ArrowException:
                continue
            self._ways = (way, *(other for other in self._ways if other != way))
            return table["resourceMetrics"].combine_chunks()
        raise Odd


@cache
def _schema(times: bool, counts: bool, *, taken: bool) -> Any:
    """What is read of a message; times and counts as texts or as numbers, points if not taken."""
    import pyarrow as pa

    text, real, code = pa.string(), pa.float64(), pa.int64()
    time, count = (text if told else code for told in (times, counts))

    def each(**fields: Any) -> Any:
        return pa.list_(pa.struct(fields.items()))

    def points(**fields: Any) -> Any:
        return pa.list_(code) if taken else each(**fields)

    point = {
        "attributes": code, "startTimeUnixNano": time, "timeUnixNano": time, "count": count,
        "sum": real, "max": real, "flags": code, "bucketCounts": code,
    }  # fmt: skip
    kind = {"aggregationTemporality": code}
    explicit = {**point, "explicitBounds": code}
    buckets = pa.struct([("offset", code), ("bucketCounts", code)])
    exponential = {
        **point, "scale": code, "zeroCount": count, "zeroThreshold": real,
        "positive": buckets, "negative": buckets,
    }  # fmt: skip
    metric = {
        "name": text, "unit": text,
        EXPLICIT: pa.struct({**kind, "dataPoints": points(**explicit)}.items()),
        EXPONENTIAL: pa.struct({**kind, "dataPoints": points(**exponential)}.items()),
        **{other: pa.struct([("dataPoints", each())]) for other in _NO_HISTOGRAMS},
    }  # fmt: skip
    scope = {"scope": pa.struct([("name", text)]), "metrics": each(**metric)}
    resource = pa.struct([("attributes", code)])
    entry = each(resource=resource, scopeMetrics=each(**scope))
    return pa.schema([("resourceMetrics", entry)])


def _block(found: Any, counts: Any, texts: Texts) -> Block:
    """The metrics and points of a block; `counts` are the lists of counts, or all taken points."""
    import pyarrow.compute as pc

    entries = found.flatten()
    listed = entries.field("scopeMetrics")
    if listed.null_count:
        raise Odd
    scopes = listed.flatten()
    inside = scopes.field("metrics")
    metrics = inside.flatten()
    explicit, exponential = metrics.field(EXPLICIT), metrics.field(EXPONENTIAL)
    if ever(pc.and_(explicit.is_valid(), exponential.is_valid())):
        raise Odd
    of_scope = pc.list_parent_indices(inside)
    resources = entries.field("resource").field("attributes").fill_null(texts.no_attributes())
    others = [metrics.field(name).field("dataPoints") for name in _NO_HISTOGRAMS]
    many = [pc.list_value_length(other).fill_null(0) for other in others]
    temporality = pc.coalesce(
        explicit.field("aggregationTemporality"), exponential.field("aggregationTemporality")
    ).fill_null(0)
    neither = pc.invert(pc.or_(explicit.is_valid(), exponential.is_valid()))
    nothing = [pc.and_(neither, metrics.field(name).is_null()) for name in _NO_HISTOGRAMS]
    if ever(pc.and_(pc.and_(nothing[0], nothing[1]), nothing[2])):
        raise Odd
    temporality = pc.if_else(neither, number(NO_HISTOGRAM), temporality)
    told = zip(
        resources.take(pc.list_parent_indices(listed)).take(of_scope).to_pylist(),
        scopes.field("scope").field("name").fill_null("").take(of_scope).to_pylist(),
        metrics.field("name").fill_null("").to_pylist(),
        metrics.field("unit").fill_null("").to_pylist(),
        temporality.to_pylist(),
        strict=True,
    )
    points = pc.add(pc.add(many[0], many[1]), many[2]).to_pylist()
    return Block(
        lines=len(found),
        metrics=list(zip(map(Metric._make, told), points, strict=True)),
        explicit=_points(explicit.field("dataPoints"), counts, texts, EXPLICIT),
        exponential=_points(exponential.field("dataPoints"), counts, texts, EXPONENTIAL),
    )


def _points(listed: Any, counts: Any, texts: Texts, kind: str) -> Points:
    import pyarrow.compute as pc

    points = listed.flatten()
    if isinstance(counts, Taken):
        columns = counts.columns(kind, points, texts)
    else:
        columns = _columns(points, counts, texts, kind)
    if kind == EXPLICIT and columns:
        one = pc.equal(columns["ladder"], number(texts.ladders.code(())))
        bare = pc.and_(one, pc.equal(lengths(columns["counts"]), number(0)))
        if ever(bare):
            columns["counts"] = _of_one(columns["counts"], columns["total"], bare)
    return Points(metric=pc.list_parent_indices(listed), columns=columns)


def _columns(points: Any, counts: Any, texts: Texts, kind: str) -> dict[str, Any]:
    """The columns of points that are read as JSON."""
    import pyarrow.compute as pc

    columns = {
        "attributes": points.field("attributes").fill_null(texts.no_attributes()),
        "start": natural(points.field("startTimeUnixNano")),
        "time": natural(points.field("timeUnixNano")),
        "total": natural(points.field("count")),
        "sum": finite(points.field("sum")),
        "max": finite(points.field("max")),
        "flags": natural(points.field("flags")),
    }
    if kind == EXPLICIT:
        return columns | {
            "ladder": points.field("explicitBounds").fill_null(texts.ladders.code(())),
            "counts": filled(counts.take(points.field("bucketCounts"))),
        }
    positive, negative = points.field("positive"), points.field("negative")
    if (pc.max(counts.take(negative.field("bucketCounts")).flatten()).as_py() or 0) > 0:
        raise Odd
    return columns | {
        "scale": points.field("scale").fill_null(0),
        "zeros": natural(points.field("zeroCount")),
        "threshold": finite(points.field("zeroThreshold")).fill_null(0.0),
        "offset": positive.field("offset").fill_null(0),
        "counts": filled(counts.take(positive.field("bucketCounts"))),
    }


def _of_one(counts: Any, total: Any, bare: Any) -> Any:
    """The lists of counts, with all that was counted in one bucket of points that have none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(total)
    alone = pa.ListArray.from_arrays(places(count + 1).cast(pa.int32()), total)
    everywhere = places(count)
    there = pc.if_else(bare, pc.add(everywhere, number(count)), everywhere)
    return pa.concat_arrays([counts, alone]).take(there)
