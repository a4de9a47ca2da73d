"""Counts in plain Python, row by row, as `_base.py` and the model say it: the reference.

It is what the other engines are tested against: it asks the model's own `matches`, `holds` and
`batch_of`, holds all rows in memory, and is slow.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.engines._base import (
    MAX_BACKFILL,
    Engine,
    Tally,
    absurd_pace,
    broken_part,
    busiest_tenth,
    is_absurd,
    ladder_shares,
)
from slogate.errors import StoreError
from slogate.model.evidence import BATCHES, Batch, Evidence, Need
from slogate.model.predicate import Ok, holds
from slogate.model.series import COLUMNS, LAST_TS, SCHEMA_VERSION
from slogate.model.window import Window
from slogate.stats.quantile import nearest_rank

_VERSION = re.compile(b"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    ts: int
    duration_us: int | None
    pace_us: int | None
    endpoint: str | None
    method: str | None
    status: int | None
    ok: bool | None
    error: str | None
    labels: dict[str, str | None]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """All rows of the parts."""

    rows: list[_Row]

    def gather(self, needs: Sequence[Need]) -> dict[str, Evidence]:
        """The evidence of each need by its id."""
        for window in dict.fromkeys(need.window for need in needs):
            _backfilled(self.rows, window)
        latency = [need for need in needs if need.measure == "latency"]
        return {
            need.id: _evidence(
                need, self.rows, ladder_shares(n for n in latency if n.window == need.window)
            )
            for need in needs
        }

    def tally(self, window: Window) -> Tally:
        """How the rows of the parts divide around the window."""
        return _tally(self.rows, window)

    def failures(self, window: Window, most: int) -> list[tuple[str, str, str, int]]:
        """The commonest failures in the window: (method, endpoint, error, count)."""
        found = Counter(
            (row.method or "", row.endpoint or "", _error(row))
            for row in self.rows
            if _inside(window, row.ts)
            and holds(Ok(), ok=row.ok, status=row.status, duration_us=row.duration_us) is not True
        )
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        return [(*key, count) for key, count in ranked[:most]]

    def span(self) -> tuple[int, int | None, int | None]:
        """How many rows the parts hold, and the first and the last start."""
        starts = [row.ts for row in self.rows]
        return len(starts), min(starts, default=None), max(starts, default=None)


@contextmanager
def reading(parts: Sequence[str], threads: int | None = None) -> Iterator[_Reading]:
    """Read the parts; `threads` makes no difference."""
    del threads
    yield _Reading([row for part in parts for row in _read_part(part)])


def _evidence(need: Need, rows: Sequence[_Row], shares: Sequence[Fraction]) -> Evidence:
    mine = [row for row in rows if _matches(need, row)]
    real = [row for row in mine if _inside(need.window, row.ts)]
    added = [fill for row in mine for fill in _missed(row, need.window)]
    corrected = need.measure in {"latency", "mean"}
    judged = [r for r in (*real, *(added if corrected else ())) if _judged(need, r)]
    batches = [[r for r in judged if need.window.batch_of(r.ts, BATCHES) == i] for i in range(10)]
    raw = [row for row in judged if not row.filled]
    return Evidence(
        batches=tuple(_batch(need, batch) for batch in batches),
        matched=len(real),
        failed=sum(not _succeeded(need, row) for row in real),
        untimed=sum(corrected and _left_out(need, row) for row in real),
        backfilled=len(judged) - len(raw),
        raw=(len(raw), sum(_bad(need, row) for row in raw)),
        max_us=max((r.duration_us for r in real if r.duration_us is not None), default=None),
        ladder=_ladder(need, judged, shares) if need.measure == "latency" else (),
    )


def _error(row: _Row) -> str:
    if row.error is not None:
        return row.error
    return "" if row.status is None else f"status {row.status}"


def _matches(need: Need, row: _Row) -> bool:
    endpoint = need.selection.endpoint
    if endpoint is not None and (row.endpoint is None or row.method is None):
        return False
    labels = {key: value for key, value in row.labels.items() if value is not None}
    return need.selection.matches(row.method or "", row.endpoint or "", labels)


def _inside(window: Window, ts: int) -> bool:
    return window.start_ts <= ts <= window.end_ts


def _numbers(row: _Row, window: Window) -> range:
    """Which starts within the window the row made its user miss: start + k·pace for these k."""
    pace, duration = row.pace_us, row.duration_us
    if not pace or pace < 0 or duration is None or row.ts > window.end_ts:
        return range(0)
    first = max(1, -((row.ts - window.start_ts) // pace))
    last = min(duration // pace - 1, (window.end_ts - row.ts) // pace)
    return range(first, min(last + 1, first + MAX_BACKFILL))


def _backfilled(rows: Sequence[_Row], window: Window) -> int:
    """How many starts were missed within the window; StoreError for more than are counted."""
    missed = [len(_numbers(row, window)) for row in rows]
    if is_absurd(sum(missed), len(rows)):
        pace = rows[missed.index(max(missed))].pace_us or 0
        raise absurd_pace(pace, sum(missed), len(rows))
    return sum(missed)


def _missed(row: _Row, window: Window) -> Iterator[_Row]:
    """The requests that the row stands for, at each start that it made its user miss."""
    pace, duration = row.pace_us or 0, row.duration_us or 0
    for k in _numbers(row, window):
        yield _Row(
            ts=row.ts + k * pace, duration_us=duration - k * pace, pace_us=pace,
            endpoint=row.endpoint, method=row.method, status=row.status, ok=row.ok,
            error=row.error, labels=row.labels, filled=True,
        )  # fmt: skip


def _succeeded(need: Need, row: _Row) -> bool:
    known = holds(need.selection.success, ok=row.ok, status=row.status, duration_us=row.duration_us)
    return known is True


def _judged(need: Need, row: _Row) -> bool:
    timed = row.duration_us is not None
    match need.measure:
        case "errors" | "throughput":
            return True
        case "max":
            return timed
    match need.failures:
        case "slow":
            return timed or not _succeeded(need, row)
        case "drop":
            return timed and _succeeded(need, row)
        case "measured":
            return timed


def _left_out(need: Need, row: _Row) -> bool:
    if row.duration_us is not None:
        return False
    return need.failures == "measured" or _succeeded(need, row)


def _failed(need: Need, row: _Row) -> bool:
    return need.failures == "slow" and not _succeeded(need, row)


def _bad(need: Need, row: _Row) -> bool:
    if need.measure in {"errors", "throughput"}:
        return not _succeeded(need, row)
    limit, duration = need.limit_us, row.duration_us
    over = limit is not None and duration is not None and duration > limit
    return over or (need.measure != "max" and _failed(need, row))


def _batch(need: Need, rows: Sequence[_Row]) -> Batch:
    durations = [row.duration_us for row in rows if row.duration_us is not None]
    if need.measure == "mean" and need.limit_us is not None:
        durations = [
            max(r.duration_us if r.duration_us is not None else need.limit_us, need.limit_us)
            if _failed(need, r)
            else r.duration_us or 0
            for r in rows
        ]
    return Batch(total=len(rows), bad=sum(_bad(need, r) for r in rows), sum_us=sum(durations))


def _ladder(
    need: Need, judged: Sequence[_Row], shares: Sequence[Fraction]
) -> tuple[tuple[Fraction, int | None], ...]:
    if not judged:
        return ()
    fast = sorted(
        r.duration_us for r in judged if r.duration_us is not None and not _failed(need, r)
    )
    values: list[int | None] = [*fast, *([None] * (len(judged) - len(fast)))]
    return tuple((share, values[nearest_rank(len(values), share) - 1]) for share in shares)


def _tally(rows: Sequence[_Row], window: Window) -> Tally:
    within = [row for row in rows if _inside(window, row.ts)]
    paces: dict[int, Counter[int]] = defaultdict(Counter)
    for row in within:
        if row.pace_us is not None and row.pace_us > 0:
            paces[row.pace_us][row.ts % row.pace_us * 100 // row.pace_us] += 1
    return Tally(
        rows=len(rows),
        before=sum(row.ts < window.start_ts for row in rows),
        within=len(within),
        after=sum(row.ts > window.end_ts for row in rows),
        backfilled=_backfilled(rows, window),
        paced=sum(count.total() for count in paces.values()),
        lockstep=busiest_tenth(paces),
    )


def _read_part(part: str) -> Iterator[_Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part) as file:
            version = (file.schema_arrow.metadata or {}).get(b"slogate.schema", b"")
            known = _VERSION.fullmatch(version)
            table = file.read(columns=list(COLUMNS)) if known else None
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{part} cannot be read: {error}") from None
    if table is None:
        raise StoreError(f"{part} is not a part of a request series")
    if int(version) > SCHEMA_VERSION:
        hint = "upgrade slogate to read this store"
        raise StoreError(
            f"{part} was written by a newer slogate (schema {int(version)})", hint=hint
        )
    table = table.set_column(0, "ts", table["ts"].cast("int64"))
    wanted = ("ts", "duration_us", "pace_us", "endpoint", "method", "status", "ok", "error")
    for values in table.to_pylist():
        ts, duration = values["ts"], values["duration_us"]
        if ts is None or not 0 <= ts <= LAST_TS or (duration is not None and duration < 0):
            raise broken_part(part)
        labels: list[tuple[str, Any]] = values["labels"] or []
        yield _Row(**{name: values[name] for name in wanted}, labels=dict(labels))


PLUGIN = Engine(
    name="memory",
    help="plain Python, slow, all rows in memory: the reference",
    reading=reading,
)
