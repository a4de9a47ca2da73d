"""Rows of all series in plain Python, for the reference: read, placed in a window, divided."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slogate.engines._base import (
    MAX_BACKFILL,
    MAX_COUNT,
    Extent,
    Tally,
    absurd_pace,
    broken_part,
    broken_steps,
    busiest_tenth,
    is_absurd,
)
from slogate.errors import StoreError
from slogate.model.evidence import UNBOUNDED_US, Need
from slogate.model.selection import Selection
from slogate.model.series import (
    COLUMNS,
    HISTOGRAM_COLUMNS,
    LAST_TS,
    SCHEMA_VERSION,
    SERIES,
    Series,
)
from slogate.model.window import Window

_VERSION = re.compile(b"[0-9]{1,9}")
_ALIKE = ("endpoint", "method", "status", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request, or `count` that are told in a bucket and a step.

    They started from `ts` to `last_ts` and took `least_us` to `most_us`, all unknown if they have
    no duration. `total_us` and `top_us` are their sum and the longest where the bucket has them.
    """

    ts: int
    last_ts: int
    least_us: int | None
    most_us: int | None
    endpoint: str | None
    method: str | None
    status: int | None
    ok: bool | None
    labels: dict[str, str | None]
    error: str | None = None
    pace_us: int | None = None
    count: int = 1
    bucket: tuple[int, int | None] | None = None
    total_us: int | None = None
    top_us: int | None = None
    stop_ts: int = 0
    step_us: int = 0
    filled: bool = False

    @property
    def reason(self) -> str:
        """What a failure is told by."""
        if self.error is not None:
            return self.error
        return "" if self.status is None else f"status {self.status}"


def read_part(part: str, extent: Extent) -> tuple[Series, list[Row]]:
    """The series of a part and its rows; StoreError for one that no engine counts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part) as file:
            metadata = file.schema_arrow.metadata or {}
            version = metadata.get(b"slogate.schema", b"")
            named = metadata.get(b"slogate.series", SERIES[0].encode()).decode()
            series = next((name for name in SERIES if name == named), None)
            known = _VERSION.fullmatch(version) and series
            columns = COLUMNS if series == SERIES[0] else HISTOGRAM_COLUMNS
            table = file.read(columns=list(columns)) if known else None
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{part} cannot be read: {error}") from None
    if table is None or series is None:
        raise StoreError(f"{part} is not a part of a request series")
    if int(version) > SCHEMA_VERSION:
        hint = "upgrade slogate to read this store"
        raise StoreError(
            f"{part} was written by a newer slogate (schema {int(version)})", hint=hint
        )
    table = table.set_column(0, "ts", table["ts"].cast("int64"))
    found = table.to_pylist()
    if series == SERIES[0]:
        return series, list(_requests(part, found))
    return series, list(_steps(part, found, extent))


def _requests(part: str, found: list[dict[str, Any]]) -> Iterator[Row]:
    for values in found:
        ts, duration = values["ts"], values["duration_us"]
        if ts is None or not 0 <= ts <= LAST_TS or (duration is not None and duration < 0):
            raise broken_part(part)
        yield Row(
            ts=ts, last_ts=ts, stop_ts=ts, least_us=duration, most_us=duration,
            labels=dict(values["labels"] or []), error=values["error"], pace_us=values["pace_us"],
            **{name: values[name] for name in _ALIKE},
        )  # fmt: skip


def _steps(part: str, found: list[dict[str, Any]], extent: Extent) -> Iterator[Row]:
    since, until = extent
    for values in found:
        if not _is_sound(values):
            raise broken_steps(part)
        start, step = values["ts"], values["step_us"]
        inside = range(start, start + step)
        first = since if since is not None and since in inside else start
        last = until if until is not None and until in inside else None
        lo, hi, top = values["lo_us"], values["hi_us"], values["max_us"]
        ends = [end for end in (hi, top) if end is not None]
        most = min(ends, default=UNBOUNDED_US)
        yield Row(
            ts=first,
            last_ts=start + step - 1 if last is None else last,
            stop_ts=start + step if last is None else last,
            least_us=None if lo is None else lo + 1,
            most_us=None if lo is None else max(lo + 1, most),
            bucket=None if lo is None else (lo, hi),
            count=values["count"],
            total_us=values["sum_us"],
            top_us=top,
            step_us=(start + step - 1 if last is None else last) - first + 1,
            labels=dict(values["labels"] or []),
            **{name: values[name] for name in _ALIKE},
        )


def _is_sound(values: dict[str, Any]) -> bool:
    ts, step, count = (values[name] for name in ("ts", "step_us", "count"))
    if ts is None or step is None or count is None:
        return False
    if not (0 <= ts <= LAST_TS and 1 <= step <= LAST_TS and 1 <= count <= MAX_COUNT):
        return False
    lo, hi = values["lo_us"], values["hi_us"]
    if lo is None and hi is not None:
        return False
    if lo is not None and not -1 <= lo < (UNBOUNDED_US if hi is None else hi):
        return False
    return all(values[name] is None or values[name] >= 0 for name in ("sum_us", "max_us"))


def _numbers(row: Row, window: Window) -> range:
    """Which starts within the window the row made its user miss: start + k·pace for these k."""
    pace, duration = row.pace_us, row.most_us
    if not pace or pace < 0 or duration is None or row.ts > window.end_ts:
        return range(0)
    first = max(1, -((row.ts - window.start_ts) // pace))
    last = min(duration // pace - 1, (window.end_ts - row.ts) // pace)
    return range(first, min(last + 1, first + MAX_BACKFILL))


def backfilled(rows: Sequence[Row], window: Window) -> int:
    """How many starts were missed within the window; StoreError for more than are counted."""
    missed = [len(_numbers(row, window)) for row in rows]
    if is_absurd(sum(missed), len(rows)):
        pace = rows[missed.index(max(missed))].pace_us or 0
        raise absurd_pace(pace, sum(missed), len(rows))
    return sum(missed)


def missed(row: Row, window: Window) -> Iterator[Row]:
    """The requests that the row stands for, at each start that it made its user miss."""
    pace, duration = row.pace_us or 0, row.most_us or 0
    for k in _numbers(row, window):
        ts, left = row.ts + k * pace, duration - k * pace
        yield replace(row, ts=ts, last_ts=ts, least_us=left, most_us=left, filled=True)


def matches(need: Need, row: Row) -> bool:
    """Whether the row is of the requests that the need speaks of, whenever it started."""
    return selects(need.selection, row)


def selects(selection: Selection, row: Row) -> bool:
    """Whether the row is of the requests of a selection."""
    if selection.endpoint is not None and (row.endpoint is None or row.method is None):
        return False
    labels = {key: value for key, value in row.labels.items() if value is not None}
    return selection.matches(row.method or "", row.endpoint or "", labels)


def started(window: Window, row: Row) -> bool:
    """Whether it started in the window, at the earliest."""
    return window.start_ts <= row.ts <= window.end_ts


def inside(window: Window, row: Row) -> bool:
    """Whether it lies in the window as a whole."""
    return window.start_ts <= row.ts and row.last_ts <= window.end_ts


def across(window: Window, row: Row) -> bool:
    """Whether it lies across an end of the window."""
    reaches = row.last_ts >= window.start_ts and row.ts <= window.end_ts
    return reaches and not inside(window, row)


def largest(rows: Sequence[Row], *, worst: bool) -> int | None:
    """The longest as measured; of buckets as long as they allow, or no longer than they must."""
    timed = [row for row in rows if row.least_us is not None]
    return max(
        (duration(r, worst=worst) if r.top_us is None else r.top_us for r in timed), default=None
    )


def duration(row: Row, *, worst: bool) -> int:
    """How long it took in that case."""
    return (row.most_us if worst else row.least_us) or 0


def size(rows: Sequence[Row]) -> int:
    """How many requests the rows stand for."""
    return sum(row.count for row in rows)


def divided(rows: Sequence[Row], window: Window) -> Tally:
    """How the requests divide around the window, and those that make users miss starts."""
    within = [row for row in rows if started(window, row)]
    paces: dict[int, Counter[int]] = defaultdict(Counter)
    for row in within:
        if row.pace_us is not None and row.pace_us > 0:
            paces[row.pace_us][row.ts % row.pace_us * 100 // row.pace_us] += 1
    return Tally(
        rows=size(rows),
        before=size([row for row in rows if row.ts < window.start_ts]),
        within=size(within),
        after=size([row for row in rows if row.ts > window.end_ts]),
        backfilled=backfilled(rows, window),
        paced=sum(count.total() for count in paces.values()),
        lockstep=busiest_tenth(paces),
    )
