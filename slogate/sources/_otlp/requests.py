"""Spans → rows of the request series, column by column.

A span's start and duration are whole nanoseconds: the duration is rounded up to µs. Its error
type, else its exception, else the message of its status is the error of one that failed. What a
span tells apart from when and in which trace is of few kinds: each is looked at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp.semantics import facts, word
from slogate.sources._otlp.telemetry import ERROR, Attributes, Malformed, Resource, Span

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_ERROR = 500
SAMPLED = {"sampled": "true"}
_BYTES = 16


class Told(NamedTuple):
    """What a span tells of its request, apart from when it was; `sampled` if thinned out."""

    endpoint: str
    method: str
    status: int | None
    ok: bool
    error: str | None
    sampled: bool


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What spans tell that differ only in when they were, and their attributes, as asked for."""

    told: Told
    attributes: Attributes


class Columns(NamedTuple):
    """Spans as columns, with times that can be, in ns; `of` are places of their `kinds`.

    `whose` are places of their `resources`. One that has a path has it for its endpoint; there
    are no `paths` if none has.
    """

    starts: array[int]
    durations: array[int]
    traces: Sequence[bytes]
    spans: Sequence[bytes]
    paths: Sequence[str | None]
    of: Sequence[int]
    kinds: Sequence[Kind]
    whose: Sequence[int]
    resources: Sequence[Resource]

    def at(self, places: Sequence[int]) -> Columns:
        """The spans at these places."""
        return self._replace(
            starts=array("q", [self.starts[at] for at in places]),
            durations=array("q", [self.durations[at] for at in places]),
            traces=[self.traces[at] for at in places],
            spans=[self.spans[at] for at in places],
            paths=[self.paths[at] for at in places] if self.paths else [],
            of=[self.of[at] for at in places],
            whose=[self.whose[at] for at in places],
        )


def told(span: Span) -> Told:
    """What a span tells of its request."""
    known = facts(span.attributes, span.name)
    failed = known.failed or span.code == ERROR
    error = (known.error or span.exception or span.message) if failed else None
    error = word(error)[:LONGEST_ERROR] if error else None
    return Told(known.endpoint, known.method, known.status, not failed, error, span.sampled)


class Requests:
    """Rows that wait to be taken as a batch; `sampled` counts those of sampled traces.

    `taken` is how many batches were.
    """

    def __init__(self) -> None:
        self.sampled = 0
        self.taken = 0
        self._starts, self._took = array("q"), array("q")
        # one behind the other; of what has none, the place
        self._traces, self._untraced = bytearray(), array("q")
        self._of, self._paths = array("i"), list[str | None]()
        self._kinds: dict[tuple[Any, ...], int] = {}

    def __len__(self) -> int:
        return len(self._of)

    def add(self, span: Span, labels: Mapping[str, str]) -> None:
        """Add the request that a span tells of; Malformed if its times cannot be."""
        start, end = span.start_ns // 1_000, span.end_ns
        if not EARLIEST_TS <= start <= LATEST_TS:
            raise Malformed("its start is no time between 2001 and 2100")
        duration = -((span.start_ns - end) // 1_000)
        if not end:
            raise Malformed("it has no end")
        if end < span.start_ns or duration > LONGEST_US:
            raise Malformed("it ends before its start, or over a day later")
        found = told(span)
        self.sampled += found.sampled
        self._of.append(self.kind(found, labels))
        self._paths.append(None)
        self._starts.append(span.start_ns)
        self._took.append(end - span.start_ns)
        self._traces += bytes.fromhex(span.trace_id) or self._no_trace()

    def _no_trace(self) -> bytes:
        self._untraced.append(len(self._traces) // _BYTES)
        return bytes(_BYTES)

    def kind(self, told: Told, labels: Mapping[str, str]) -> int:
        """The number of a kind of rows, good until they are taken."""
        if told.sampled:
            labels = {**labels, **SAMPLED}
        return self._kinds.setdefault((*told[:5], tuple(labels.items())), len(self._kinds))

    def extend(self, columns: Columns, numbers: Iterable[int]) -> None:
        """Add the requests of spans; `numbers` are those of their kinds of rows."""
        self._starts += columns.starts
        self._took += columns.durations
        self._traces += b"".join(columns.traces)
        self._paths += columns.paths or [None] * len(columns.of)
        self._of.extend(numbers)
        sampled = {at for at in set(columns.of) if columns.kinds[at].told.sampled}
        if sampled:
            self.sampled += sum(at in sampled for at in columns.of)

    def batch(self) -> pa.RecordBatch:
        """The rows so far, which are then forgotten."""
        import pyarrow as pa
        import pyarrow.compute as pc

        endpoint, method, status, ok, error, labels = zip(*self._kinds, strict=True)
        named = pa.array(list(map(list, labels)), pa.map_(pa.string(), pa.string()))
        kinds = {
            "endpoint": pa.array(endpoint, pa.string()).dictionary_encode(),
            "method": pa.array(method, pa.string()).dictionary_encode(),
            "status": pa.array(status, pa.int16()), "ok": pa.array(ok, pa.bool_()),
            "error": pa.array(error, pa.string()), "labels": named,
        }  # fmt: skip
        of = _wholes(pa.int32(), self._of)
        starts, took = _wholes(pa.int64(), self._starts), _wholes(pa.int64(), self._took)
        found = {name: column.take(of) for name, column in kinds.items()}
        if self._paths.count(None) < len(self._paths):
            paths = pa.array(self._paths, pa.string())
            found["endpoint"] = pc.coalesce(paths, found["endpoint"].cast(pa.string()))
        # whole µs; a duration is rounded up
        columns = {
            "ts": pc.divide(starts, _scalar(1_000)),
            "duration_us": pc.divide(pc.add(took, _scalar(999)), _scalar(1_000)),
            **found,
            "trace_id": _hexadecimal(self._traces, self._untraced),
        }
        self.forget()
        return pa.RecordBatch.from_pydict(columns)

    def forget(self) -> None:
        """Drop the rows so far."""
        self._starts, self._took = array("q"), array("q")
        self._of, self._paths = array("i"), []
        self._traces, self._untraced = bytearray(), array("q")
        self._kinds = {}
        self.taken += 1


@cache
def _scalar(number: int) -> Any:
    """A number for Arrow, which looks for pandas each time that one is made."""
    import pyarrow as pa

    return pa.scalar(number)


def _wholes(kind: pa.DataType, values: array[int]) -> Any:
    """A column of whole numbers, which Arrow would look at one by one."""
    import pyarrow as pa

    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def _hexadecimal(ids: bytearray, without: Sequence[int]) -> Any:
    """Ids one behind the other in hexadecimal; null at places that have none."""
    import pyarrow as pa

    many, digits = len(ids) // _BYTES, pa.py_buffer(ids.hex().encode())
    offsets = pa.py_buffer(array("i", range(0, 2 * len(ids) + 1, 2 * _BYTES)))
    told = None
    if without:
        known = bytearray(b"\1") * many
        for place in without:
            known[place] = 0
        told = pa.array(map(bool, known), pa.bool_()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), many, [told, offsets, digits])
