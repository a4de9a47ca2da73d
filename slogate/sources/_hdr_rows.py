"""Rows of the histogram series from the buckets of HdrHistogram's logs.

    Buckets, the lines they stand in, unit ──► a record batch, its bounds whole µs, outward

Refuses durations over a day, and counts that no load test reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress
from typing import Any

from slogate.sources._base import LONGEST_US
from slogate.sources._hdr_columns import Buckets, repeated
from slogate.sources._histograms import MOST_COUNT
from slogate.sources._summaries import step_us

_TOO_MANY = "it counts more requests than there can be"
_TOO_LONG = "it holds durations over a day, which the unit does not fit"


@dataclass(slots=True)
class Interval:
    """A line: what it says beside its histogram, or why it cannot be used."""

    line: int
    error: str = ""
    ts: int = 0
    step_us: int = 0
    tag: str | None = None


def tag_of(head: str) -> tuple[str | None, list[str]]:
    """The tag of a row, and its other columns but the histogram."""
    parts = head.split(",")
    if parts[0].startswith("Tag="):
        return parts[0].removeprefix("Tag="), parts[1:]
    return None, parts


def absurd(found: Buckets, at: int, unit_us: Fraction) -> str:
    """Why a histogram cannot be one of durations in this unit; empty if it can."""
    if found.longest[at] * unit_us > LONGEST_US:
        return _TOO_LONG
    return _TOO_MANY if (found.most[at] or 0) > MOST_COUNT else ""


def rows_of(
    found: Buckets,
    wanted: Sequence[bool],
    kept: Sequence[Interval],
    unit_us: Fraction,
    *,
    endpoint: str,
    ok: bool | None,
) -> Any:
    """The rows of the histograms that are wanted, whose lines are `kept`.

    `endpoint` is what untagged intervals are called.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [found.lowest, found.highest, found.counts]
    if not all(wanted):
        mask = pa.array(wanted, pa.bool_()).take(repeated(found.sizes))
        columns = [column.filter(mask) for column in columns]
    lowest, highest, counts = columns
    names = [endpoint if line.tag is None else line.tag for line in kept]
    each = {
        "ts": pa.array([line.ts for line in kept], pa.int64()),
        "step_us": pa.array([step_us(line.step_us) for line in kept], pa.int64()),
        "endpoint": pa.array(names, pa.string()),
        "ok": pa.array([ok] * len(kept), pa.bool_()),
    }
    places = repeated(compress(found.sizes, wanted))
    rows = {name: values.take(places) for name, values in each.items()}
    below = pc.subtract(_us(lowest, unit_us), pa.scalar(1, pa.int64()))
    rows |= {"lo_us": below, "hi_us": _us(highest, unit_us), "count": counts}
    return pa.RecordBatch.from_pydict(rows)


def _us(values: Any, unit_us: Fraction) -> Any:
    """Values of this unit in µs, rounded up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times, parts = (pa.scalar(n, pa.int64()) for n in unit_us.as_integer_ratio())
    up = pa.scalar(unit_us.denominator - 1, pa.int64())
    return pc.divide(pc.add(pc.multiply(values, times), up), parts)
