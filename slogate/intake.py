"""Reads foreign files through their sources as batches of a series, and keeps count.

A scan is run by the store, everything else yields its chunks itself; both come out here as
batches that can be stored: endpoints split into method and name, the labels of the import on
every row, types as the schema has them. Rows that are bad or left out are taken from the
batches and counted in a `Tally`, the first bad ones with file and line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

from slogate.errors import SourceError
from slogate.model.series import Series
from slogate.sources._base import (
    DAMAGED,
    NO_UTF8,
    REJECTS_LIMIT,
    BadRow,
    Chunk,
    Feed,
    Origin,
    Scan,
    Source,
    damaged,
    lines_at,
)
from slogate.store.parts import SCHEMA
from slogate.store.scans import Reject, scan
from slogate.store.words import endpoints, labelled, mapped
from slogate.units import format_count, format_share

if TYPE_CHECKING:
    import pyarrow as pa

Rows = tuple[Series, "pa.Table"]
SHOWN = 5
_FATES = ("bad", "left_out", "line")
SMALL_BYTES = 4 << 20
ENDPOINTS_COUNTED = 100_000
ALLOWED_SHARE = Fraction(1, 100)
CONVERT = "convert it, if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE > CONVERTED"
_NAME_KEPT = 200


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was read so far; grows while the batches of `read` are consumed.

    `requests` is how many requests the rows stand for; `last_ts` the end of the last step where
    they are histograms. `endpoints` (method, name, hash of a long one) are so many at most.
    `spans` are the first and the last moment of the requests of each file.
    """

    rows: int = 0
    requests: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_ts: int | None = None
    last_ts: int | None = None
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    endpoints: set[tuple[str, str, int]] = field(default_factory=set)

    def note(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Count the endpoints, up to one over ENDPOINTS_COUNTED; long names are not kept whole."""
        for method, name in pairs:
            if len(self.endpoints) > ENDPOINTS_COUNTED:
                return
            more = hash(name) if len(name) > _NAME_KEPT else 0
            self.endpoints.add((method, name[:_NAME_KEPT], more))

    @property
    def listed(self) -> str:
        """The first bad rows, each on a line of its own."""
        return "".join(f"\n  {line}" for line in self.shown)

    def named(self) -> tuple[str, ...]:
        """The first endpoints in the order of the alphabet, as specs name them."""
        return tuple(sorted(f"{m} {e}".strip() for m, e, _ in self.endpoints)[:SHOWN])


def read(
    files: Sequence[tuple[Source, Origin]],
    tally: Tally,
    labels: Mapping[str, str],
    progress: Callable[[int, int | None], None],
) -> Generator[Rows]:
    """The rows of all files as tables ready to store, none empty; SourceError as they come."""
    guesses = [_expected_rows(origin) for _, origin in files]
    expected = None if None in guesses else sum(guess or 0 for guess in guesses)
    memory = files[0][1].memory if files else {}
    for source, origin in files:
        for chunk in chunks(source, replace(origin, memory=memory)):
            table = taken(origin, chunk, tally, labels)
            if table is not None:
                progress(tally.rows, expected)
                yield chunk.series, table


def taken(origin: Origin, chunk: Chunk, tally: Tally, labels: Mapping[str, str]) -> pa.Table | None:
    """The rows of a chunk as a table ready to store, None if there are none; counts them."""
    _count(tally, origin, chunk)
    if chunk.rows is None or not chunk.rows.num_rows:
        return None
    table = prepare(chunk, labels, tally)
    _count_rows(tally, origin, table)
    return table


def _expected_rows(origin: Origin) -> int | None:
    """A guess at the file's rows, from the length of its first lines."""
    lines = origin.head.count(b"\n")
    if origin.compression != "none" or not lines:
        return None
    return origin.path.stat().st_size * lines // len(origin.head)


def chunks(source: Source, origin: Origin) -> Iterator[Chunk]:
    """What a source makes of a file, chunk by chunk; only SourceError is raised."""
    if origin.compression != "none" and not origin.whole:
        _check_whole(origin)
    opened = source.open(origin)
    if isinstance(opened, Scan):
        yield from _scanned(origin, opened)
    else:
        yield from opened


def _check_whole(origin: Origin) -> None:
    """Read to the end of a compressed file: not every engine minds if its end is missing."""
    try:
        with origin.stream() as stream:
            while stream.read(1 << 20):
                pass
    except DAMAGED as error:
        raise damaged(origin, error) from None


def _scanned(origin: Origin, plan: Scan) -> Iterator[Chunk]:
    bad: Counter[str] = Counter()
    shown: list[BadRow] = []
    kept = 0
    threads = 1 if origin.path.stat().st_size < SMALL_BYTES else None
    feed = plan.feed.reader if plan.feed else None
    with scan(plan.sql, plan.parameters, feed=feed, threads=threads) as running:
        try:
            for batch in running.batches:
                chunk = _sorted_out(batch, plan.labels)
                bad += Counter(chunk.bad)
                shown += chunk.shown if len(shown) < SHOWN else ()
                kept += chunk.rows.num_rows
                yield replace(chunk, shown=())
        except SourceError as error:
            raise plan.explain() or origin.fail(error.message) from None
        rejects, recorded = running.rejects(), running.recorded()
    if recorded >= REJECTS_LIMIT:
        first = _placed(origin, rejects[:1])[0]
        raise origin.fail(f"{first.reason}, and too many lines are bad", line=first.line)
    if bad and not shown:
        located = list(islice(plan.locate(), SHOWN))
        shown += located or [BadRow(line=None, reason=reason) for reason in bad]
    shown += _placed(origin, rejects[:SHOWN])
    lost = Counter(reject.reason for reject in rejects)
    if plan.feed:
        shown = _numbered(plan.feed, [*shown, *plan.feed.shown])
        lost += plan.feed.bad
    if not (kept or bad or lost) and (nothing := plan.empty()):
        raise nothing
    shown.sort(key=lambda row: row.line or 0)
    yield Chunk(rows=None, bad=lost, shown=tuple(shown[:SHOWN]), notes=plan.notes)


def _numbered(feed: Feed, shown: Iterable[BadRow]) -> list[BadRow]:
    """The first bad rows with the numbers of their lines, which the feed finds."""
    first = sorted(shown, key=lambda row: row.line or 0)[:SHOWN]
    lines = feed.lines(row.line for row in first if row.line is not None)
    return [replace(row, line=None if row.line is None else lines[row.line]) for row in first]


def _placed(origin: Origin, rejects: Sequence[Reject]) -> list[BadRow]:
    lines = lines_at(origin, [reject.offset for reject in rejects])
    return [BadRow(line=lines[reject.offset], reason=reject.reason) for reject in rejects]


def _sorted_out(batch: pa.Table, labels: Sequence[str]) -> Chunk:
    """The rows of a scan to keep, and how many are not, by reason."""
    import pyarrow.compute as pc

    bad, left_out = batch["bad"], batch["left_out"]
    rows = batch.select([name for name in batch.column_names if name not in _FATES])
    if labels:
        at = rows.column_names.index("labels")
        rows = rows.set_column(at, "labels", mapped(rows["labels"], labels))
    if bad.null_count == len(bad) and left_out.null_count == len(left_out):
        return Chunk(rows=rows)
    requests = pc.is_null(left_out)
    faulty = bad.filter(requests)
    return Chunk(
        rows=rows.filter(pc.and_(pc.is_null(bad), requests)),
        bad=_tallied(faulty),
        left_out=_tallied(left_out),
        shown=_shown(batch),
    )


def _shown(batch: pa.Table) -> tuple[BadRow, ...]:
    """The first bad rows of a batch that says their lines."""
    import pyarrow.compute as pc

    if "line" not in batch.column_names:
        return ()
    bad = pc.and_(pc.is_valid(batch["bad"]), pc.is_null(batch["left_out"]))
    rows = batch.select(["line", "bad"]).filter(bad).slice(0, SHOWN).to_pylist()
    return tuple(BadRow(line=row["line"], reason=row["bad"]) for row in rows)


def _tallied(reasons: Any) -> dict[str, int]:
    counts = reasons.drop_null().value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counts}


def _count(tally: Tally, origin: Origin, chunk: Chunk) -> None:
    tally.bad.update(chunk.bad)
    tally.left_out.update(chunk.left_out)
    tally.notes += [note for note in chunk.notes if note not in tally.notes]
    for row in chunk.shown[: SHOWN - len(tally.shown)]:
        at = None if row.line is None else origin.first_line - 1 + row.line
        where = origin.name if at is None else f"{origin.name}:{at}"
        tally.shown.append(f"{where}: {row.reason}")


def _count_rows(tally: Tally, origin: Origin, table: pa.Table) -> None:
    import pyarrow.compute as pc

    starts = table["ts"].cast("int64")
    if "step_us" in table.column_names:
        last = pc.max(pc.add(starts, table["step_us"])).as_py()
        tally.requests += pc.sum(table["count"]).as_py()
    else:
        last = pc.max(starts).as_py()
        tally.requests += table.num_rows
    first = pc.min(starts).as_py()
    if "step_us" not in table.column_names:
        low, high = tally.spans.get(origin.name, (first, last))
        tally.spans[origin.name] = min(first, low), max(last, high)
    tally.rows += table.num_rows
    tally.first_ts = first if tally.first_ts is None else min(first, tally.first_ts)
    tally.last_ts = last if tally.last_ts is None else max(last, tally.last_ts)


def prepare(chunk: Chunk, labels: Mapping[str, str], tally: Tally) -> pa.Table:
    """A batch as the series has it; the endpoints it speaks of are noted."""
    import pyarrow as pa

    batch, schema = chunk.rows, SCHEMA(chunk.series)
    given = batch.schema.names
    columns = {
        name: batch[name] if name in given else pa.nulls(len(batch), schema.field(name).type)
        for name in schema.names
    }
    columns["method"], columns["endpoint"], pairs = endpoints(columns)
    tally.note(pairs)
    if labels:
        columns["labels"] = labelled(columns["labels"], labels)
    for field_ in schema:
        column = columns[field_.name]
        if not pa.types.is_dictionary(column.type) and column.type != field_.type:
            # a map's type names its parts, and differs where only those names do
            empty = column.null_count == len(column)
            nothing = pa.nulls(len(column), field_.type)
            columns[field_.name] = nothing if empty else column.cast(field_.type)
    return pa.table(columns)


def judge_bad(name: str, tally: Tally, max_bad: Fraction | None) -> None:
    """SourceError if more rows are bad than the share allows."""
    bad, total = tally.bad.total(), tally.bad.total() + tally.rows
    allowed = ALLOWED_SHARE if max_bad is None else max_bad
    if bad <= allowed * total or (max_bad is None and bad == 1):
        return
    hint = CONVERT if NO_UTF8 in tally.bad else "correct the file"
    raise SourceError(
        f"{name}: {format_count(bad)} of {format_count(total)} rows are bad "
        f"({format_share(Fraction(bad, total))}, {format_share(allowed)} allowed){tally.listed}",
        hint=f"{hint}, or keep the other rows with --max-bad and a share",
    )
