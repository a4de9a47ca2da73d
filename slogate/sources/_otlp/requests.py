"""Spans → rows of the request series, column by column.

A span's start and duration are whole nanoseconds: the duration is rounded up to µs. Its error
type, else its exception, else the message of its status is the error of one that failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp.semantics import facts, word
from slogate.sources._otlp.telemetry import ERROR, Malformed, Span

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_ERROR = 500
SAMPLED = {"sampled": "true"}
_COLUMNS = (
    "ts", "duration_us", "endpoint", "method", "status", "ok", "error", "trace_id", "labels",
)  # fmt: skip


class Requests:
    """Rows that wait to be taken as a batch; `sampled` counts those of sampled traces."""

    def __init__(self) -> None:
        self.sampled = 0
        self._rows: list[tuple[Any, ...]] = []
        self._labels: dict[tuple[tuple[str, str], ...], int] = {}

    def __len__(self) -> int:
        return len(self._rows)

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
        known = facts(span.attributes, span.name)
        failed = known.failed or span.code == ERROR
        error = (known.error or span.exception or span.message) if failed else None
        if span.sampled:
            labels = {**labels, **SAMPLED}
            self.sampled += 1
        code = self._labels.setdefault(tuple(labels.items()), len(self._labels))
        self._rows.append(
            (
                start, duration, known.endpoint, known.method, known.status, not failed,
                word(error)[:LONGEST_ERROR] if error else None, span.trace_id or None, code,
            )
        )  # fmt: skip

    def batch(self) -> pa.RecordBatch:
        """The rows so far, which are then forgotten."""
        import pyarrow as pa

        types = {
            "ts": pa.int64(), "duration_us": pa.int64(), "status": pa.int16(), "ok": pa.bool_(),
            "labels": pa.int32(),
        }  # fmt: skip
        columns = dict(zip(_COLUMNS, zip(*self._rows, strict=True), strict=True))
        arrays = {
            name: pa.array(column, types.get(name, pa.string())) for name, column in columns.items()
        }
        kinds = pa.array([list(kind) for kind in self._labels], pa.map_(pa.string(), pa.string()))
        arrays["labels"] = kinds.take(arrays["labels"])
        self._rows, self._labels = [], {}
        return pa.RecordBatch.from_pydict(arrays)
