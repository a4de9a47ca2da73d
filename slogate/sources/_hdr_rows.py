"""Rows of the histogram series from the buckets of HdrHistogram's logs.

    Buckets, the lines they stand in, unit ──► a record batch, its bounds whole µs, outward

Refuses durations over a day, and counts that no load test reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from slogate.sources._hdr_columns import Buckets, repeated
from slogate.sources._histograms import MOST_COUNT

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


def absurd(found: Buckets, at: int, longest: int) -> str:
    """Why a histogram cannot be one of durations, the longest of which is so many of its units.

    Empty if it can.
    """
    if found.longest[at] > longest:
        return _TOO_LONG
    return _TOO_MANY if (found.most[at] or 0) > MOST_COUNT else ""


def rows_of(
    found: Buckets,
    wanted: Sequence[bool],
    kept: Sequence[Interval],
    *,
    endpoint: str,
    ok: bool | None,
) -> Any:
    """The rows of the histograms that are wanted, whose lines are `kept`.

    `endpoint` is what untagged intervals are called.
    """
    import pyarrow as pa

    columns = {"lo_us": found.lo_us, "hi_us": found.hi_us, "count": found.counts}
    if not all(wanted):
        mask = pa.array(wanted, pa.bool_()).take(repeated(found.sizes))
        columns = {name: column.filter(mask) for name, column in columns.items()}
    sizes = list(compress(found.sizes, wanted))
    names = [endpoint if line.tag is None else line.tag for line in kept]
    codes = {name: code for code, name in enumerate(dict.fromkeys(compress(names, sizes)))}
    each = {
        "ts": pa.array([line.ts for line in kept], pa.int64()),
        "step_us": pa.array([line.step_us for line in kept], pa.int64()),
        "endpoint": pa.array([codes.get(name) for name in names], pa.int32()),
    }
    places = repeated(sizes)
    rows = {name: values.take(places) for name, values in each.items()}
    words = pa.array(list(codes), pa.string())
    rows["endpoint"] = pa.DictionaryArray.from_arrays(rows["endpoint"], words)
    rows["ok"] = pa.repeat(pa.scalar(ok, pa.bool_()), len(places))
    return pa.RecordBatch.from_pydict(rows | columns)
